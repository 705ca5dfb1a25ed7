# A notebook as a script: editors that know cells (`# %%`) run it piece by piece. It trains LeNet-5 on Fashion-MNIST
# twice, with a cycle of the learning rate and with one rate, and draws both. With lathe's own rates, python3 example.py
# takes about fifteen seconds on two cores and writes rates.svg and accuracy.svg.

# %% the data: each `for` over a loader is an epoch, and pictures are normalised as they are read
import lathe

train = lathe.datasets.fashion_mnist()
test = lathe.datasets.fashion_mnist(split="test")
tester = lathe.DataLoader(test, batch_size=256, mean=train.mean, std=train.std)
EPOCHS = 4
steps_per_epoch = len(lathe.DataLoader(train, batch_size=64))
print(f"{len(train)} pictures {train.shape} of {len(train.classes)} classes, {steps_per_epoch} steps an epoch")

# %% two schedules, looked at before anything is trained
schedules = {
    "one rate": (lathe.sched.ConstantLR, {"lr": 1e-3}),
    "a cycle": (lathe.sched.CyclicLR, {"base_lr": 1e-4, "max_lr": 3e-3, "step_size_up": steps_per_epoch}),
}
rates = {name: list(kind(**options, steps=EPOCHS * steps_per_epoch)) for name, (kind, options) in schedules.items()}
lathe.Chart(rates, title="learning rate", x_label="step", y_label="lr").save("rates.svg")


# %% the loop that every learner knows
def accuracy(model):
    model.eval()
    right = sum(int((model(x).argmax(1) == y).sum()) for x, y in tester)
    model.train()
    return right / len(test)


def run(kind, options):
    loader = lathe.DataLoader(train, batch_size=64, shuffle=True, seed=1)
    model = lathe.models.lenet5(seed=42)
    optimizer = lathe.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    scheduler = kind(optimizer, **options)
    found = []
    for _ in range(EPOCHS):
        for x, y in loader:
            optimizer.zero_grad()
            loss = lathe.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            scheduler.step()
            if scheduler.last_epoch % (steps_per_epoch // 4 or 1) == 0:
                found.append((scheduler.last_epoch, accuracy(model)))
        print(f"  rate {scheduler.get_last_lr()[0]:.5f}  loss {loss.item():.4f}  accuracy {100 * found[-1][1]:.2f} %")
    return model, found


# %% both runs: the same first weights, and the same order of pictures
curves = {}
for name, (kind, options) in schedules.items():
    print(name)
    model, found = run(kind, options)
    curves[name] = [step for step, _ in found], [value for _, value in found]

# %% the accuracy is high whenever the rate is low
lathe.Chart(curves, title="accuracy on the test set", x_label="step", y_label="accuracy").save("accuracy.svg")
