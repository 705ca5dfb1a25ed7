"""The numbers of lathe.py are those of the command. usage: test_numbers.py LATHE"""
import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np

import lathe
from lathe import nn

LATHE = sys.argv[1]
F = lathe.functional


def command(*words):
    return subprocess.run([LATHE, *words], capture_output=True, text=True, check=True,
                          env={**os.environ, "LATHE_CACHE": "off"}).stdout


class SameRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.run_ = os.path.join(cls.folder.name, "run")
        command("train", "--data", "shapes", "--model", "resnet8", "--train-count", "192", "--val-split", "0.02",
                "--epochs", "2", "--batch-size", "32", "--seed", "5", "--optim", "adamw", "--lr", "2e-3",
                "--weight-decay", "0.02", "--sched", "cyclic", "--base-lr", "1e-4", "--max-lr", "3e-3",
                "--step-size-up", "7", "--augment", "hflip", "--quiet", "--out", cls.run_)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def train(self):
        data = lathe.datasets.shapes()
        rest, _ = data.split(0.02, seed=5)
        _, train = rest.split(192 / len(rest), seed=5)
        loader = lathe.DataLoader(train, batch_size=32, shuffle=True, seed=5, transforms="hflip")
        model = lathe.models.resnet8(channels=1, size=28, classes=10, seed=5)
        optimizer = lathe.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.02)
        scheduler = lathe.sched.CyclicLR(optimizer, base_lr=1e-4, max_lr=3e-3, step_size_up=7)
        rows = []
        for _ in range(2):
            for x, y in loader:
                optimizer.zero_grad()
                loss = lathe.cross_entropy(model(x), y)
                loss.backward()
                rows.append((optimizer.lr, loss.item()))
                optimizer.step()
                scheduler.step()
        return model, rows

    def test_the_loop_gives_the_bits_of_lathe_train(self):
        model, rows = self.train()
        with open(os.path.join(self.run_, "steps.csv"), encoding="utf-8") as file:
            written = [(float(row["lr"]), float(row["loss"])) for row in csv.DictReader(file)]
        self.assertEqual(rows, written)
        other = lathe.models.resnet8(channels=1, size=28, classes=10)
        self.assertFalse(all(np.array_equal(other.state_dict()[key], value)
                             for key, value in model.state_dict().items()))
        other.load(os.path.join(self.run_, "last.safetensors"))
        for key, value in other.state_dict().items():
            np.testing.assert_array_equal(model.state_dict()[key], value, key)

    def test_a_trained_model_answers_as_lathe_predict(self):
        trained = lathe.load(self.run_, "last")
        self.assertEqual(trained.classes, lathe.datasets.shapes().classes)
        self.assertEqual(trained.shape, (1, 28, 28))
        pixels = np.random.default_rng(3).integers(0, 256, (40, 50), np.uint8)
        picture = os.path.join(self.folder.name, "a.pgm")
        with open(picture, "wb") as file:
            file.write(b"P5 50 40 255\n" + pixels.tobytes())
        p = trained.predict(pixels)
        self.assertAlmostEqual(p.sum(), 1, 6)
        np.testing.assert_array_equal(p, trained.predict(picture))
        np.testing.assert_array_equal(trained.predict([pixels, picture])[1], p)
        try:
            told = json.loads(command("predict", self.run_, picture, "--weights", "last", "--top", "10", "--json"))
        except subprocess.CalledProcessError:
            return  # a build without JSON
        text = json.dumps(told)
        self.assertIn(trained.classes[int(p.argmax())], text)

    def test_threads_ask_a_trained_model(self):
        trained, rng, wrong = lathe.load(self.run_, "last"), np.random.default_rng(2), []
        pixels = rng.integers(0, 256, (4, 28, 28), np.uint8)
        expected = [trained.predict(one) for one in pixels]

        def ask(which):
            for _ in range(200):
                if (trained.predict(pixels[which]) != expected[which]).any():
                    wrong.append(which)

        threads = [threading.Thread(target=ask, args=(which,)) for which in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_exports_are_those_of_lathe_export(self):
        kinds = lathe._export_names()
        self.assertIn("onnx", kinds)
        for kind in kinds:
            mine, its = (os.path.join(self.folder.name, who, f"net.{kind}") for who in ("mine", "its"))
            for path in (mine, its):
                os.makedirs(os.path.dirname(path), exist_ok=True)
            command("export", self.run_, its, "--to", kind, "--name", "net")
            lathe.export(lathe.load(self.run_), mine, name="net")
            with open(mine, "rb") as one, open(its, "rb") as other:
                self.assertTrue(one.read() == other.read(), kind)
            lathe.export(lathe.models.lenet5(), mine)
        with self.assertRaisesRegex(lathe.UnknownName, "onnx"):
            lathe.export(lathe.models.lenet5(), "net.tflite")

    def test_the_trained_net_as_a_model(self):
        trained = lathe.load(self.run_)
        data = lathe.datasets.shapes(split="test")
        x, _ = next(iter(trained.loader(data, 32)))
        scores = trained.model(x).numpy()
        e = np.exp(scores - scores.max(1, keepdims=True))
        pixels = np.stack([data[i][0] for i in range(32)])
        np.testing.assert_allclose(e / e.sum(1, keepdims=True), trained.predict(pixels), rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(trained.predict(pixels), trained.predict(pixels[:, 0]))

    def test_schedules_are_those_of_lathe_preview(self):
        text = command("preview", "--sched", "warmup:5,cyclic:20,cooldown:8", "--base-lr", "1e-4", "--max-lr",
                       "3e-3", "--step-size-up", "6", "--mode", "triangular2", "--steps", "33", "--csv")
        written = [float(row["lr"]) for row in csv.DictReader(text.splitlines())]
        mine = lathe.sched.from_text("warmup:5,cyclic:20,cooldown:8", base_lr=1e-4, max_lr=3e-3, step_size_up=6,
                                     mode="triangular2", steps=33)
        self.assertEqual(list(mine), written[:33])
        self.assertEqual(len(list(mine)), 33)


class Registries(unittest.TestCase):
    SCHEDULES = {"cosine": {"t_max": 9}, "cyclic": {"base_lr": 0.1, "max_lr": 1}, "exponential": {"gamma": 0.9},
                 "multi_step": {"milestones": [3, 5]}, "one_cycle": {"max_lr": 1, "total_steps": 9},
                 "step": {"step_size": 3}, "warm_restarts": {"t_0": 4}, "wsd": {"total_steps": 9}}

    def test_every_optimizer_lowers_a_loss(self):
        rng = np.random.default_rng(0)
        x, y = rng.standard_normal((64, 5)), rng.integers(0, 3, 64)
        self.assertGreater(len(dir(lathe.optim)), 12)
        for name in lathe.optim._known():
            model = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 3)).init(1)
            optimizer = getattr(lathe.optim, name)(model.parameters())
            losses = []
            for _ in range(20):
                optimizer.zero_grad()
                loss = lathe.cross_entropy(model(x), y)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            self.assertLess(losses[-1], losses[0], name)
            self.assertTrue(getattr(lathe.optim, name).__doc__)

    def test_every_schedule_runs_with_and_without_an_optimizer(self):
        names = [name for name in lathe.sched._known() if name != "table"]
        self.assertGreater(len(names), 12)
        for name in names:
            options = self.SCHEDULES.get(name, {})
            rates = list(getattr(lathe.sched, name)(**options, lr=0.5, steps=9))
            model = nn.Linear(2, 2)
            optimizer = lathe.optim.SGD(model.parameters(), lr=0.5)
            if name == "constant":
                options = {"lr": 0.5}
            scheduler = getattr(lathe.sched, name)(optimizer, **options)
            for rate in rates:
                self.assertEqual([rate], scheduler.get_last_lr(), name)
                scheduler.step()
            self.assertEqual(scheduler.last_epoch, 9)

    def test_every_loss_by_labels_or_by_targets(self):
        scores, labels = np.random.default_rng(1).standard_normal((6, 4)), np.array([0, 1, 2, 3, 3, 0])
        ones = np.eye(4, dtype=int)[labels]
        taken = 0
        for name in lathe.losses._known():
            loss, x = getattr(lathe, name), lathe.tensor(scores)
            for target in (labels, ones, ones * 1.0):
                try:
                    self.assertTrue(np.isfinite(loss(x, target).item()), name)
                    taken += 1
                except (lathe.ArgumentError, lathe.ShapeError):
                    pass
        self.assertGreater(taken, len(lathe.losses._known()))

    def test_every_model_is_there_and_every_layer_of_the_registry(self):
        self.assertGreater(len(lathe.models._known()), 40)
        for name in lathe.models._known():
            self.assertTrue(callable(getattr(lathe.models, name)), name)
        names = lathe._registry("layer", "lathe_layer_type")[0]()
        made = {name for name in names if name in lathe._layer_functions()}
        self.assertEqual(set(names) - made, set())
        self.assertIn("relu", made)

    def test_names_as_pytorch_has_them(self):
        for module, names in ((nn, "Conv2d ReLU MaxPool2d BatchNorm2d Linear Flatten Dropout GELU SiLU LeakyReLU "
                                   "GroupNorm LayerNorm Sequential Identity Softmax AdaptiveAvgPool2d Upsample "
                                   "CrossEntropyLoss"),
                              (nn.functional, "relu max_pool2d linear conv2d cross_entropy"),
                              (sys.modules["lathe.optim.lr_scheduler"], "CyclicLR"),
                              (lathe.optim, "SGD Adam AdamW RMSprop Adagrad Adadelta NAdam RAdam Adamax ASGD Rprop"),
                              (lathe.sched, "CyclicLR OneCycleLR StepLR MultiStepLR ExponentialLR CosineAnnealingLR "
                                            "CosineAnnealingWarmRestarts ReduceLROnPlateau LinearLR PolynomialLR"),
                              (lathe.losses, "CrossEntropyLoss BCEWithLogitsLoss MSELoss L1Loss SmoothL1Loss "
                                             "HuberLoss KLDivLoss"),
                              (lathe.datasets, "FashionMNIST MNIST CIFAR10")):
            for name in names.split():
                self.assertTrue(callable(getattr(module, name)), name)


class Tensors(unittest.TestCase):
    def test_convolution_by_hand(self):
        y = F.conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), np.array([0.5]), padding=1)
        np.testing.assert_array_equal(y.numpy()[0, 0], [[4.5, 6.5, 4.5], [6.5, 9.5, 6.5], [4.5, 6.5, 4.5]])

    def test_arithmetic_and_its_gradient(self):
        x = lathe.tensor([[1.0, -2.0], [3.0, 0.5]], requires_grad=True)
        y = ((x * x - 1) * 0.5 + x / 4 - (1 - x)).sum()
        values = np.array([[1.0, -2.0], [3.0, 0.5]])
        self.assertAlmostEqual(y.item(), float(((values ** 2 - 1) / 2 + values / 4 - (1 - values)).sum()), 5)
        y.backward()
        np.testing.assert_allclose(x.grad, values + 1.25, rtol=1e-6)

    def test_numbers_come_back_in_order_for_any_shape(self):
        rng = np.random.default_rng(2)
        for shape in ((3,), (5, 4), (17, 3, 2), (1, 3, 8, 8), (33, 2, 5, 7), (2, 20, 40, 40)):
            values = rng.standard_normal(shape).astype(lathe._real)
            np.testing.assert_array_equal(lathe.tensor(values).numpy(), values)
            np.testing.assert_array_equal((lathe.tensor(values) * 2.0).numpy(), values * 2)

    def test_a_net_of_ones_own_gives_the_bits_of_the_same_sequential(self):
        class Net(nn.Module):
            def __init__(self):
                self.first = nn.Conv2d(1, 4, 3, padding=1)
                self.last = nn.Linear(4 * 14 * 14, 10)

            def forward(self, x):
                return self.last(F.max_pool2d(F.relu(self.first(x)), kernel=2).flatten())

        net = Net().init(3)
        same = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                             nn.Linear(4 * 14 * 14, 10)).init(3)
        same.load_state_dict(dict(zip(same.state_dict(), net.state_dict().values())))
        x, y = np.random.default_rng(0).standard_normal((32, 1, 28, 28)), np.arange(32) % 10
        for model in (net, same):
            lathe.cross_entropy(model(x), y).backward()
        for one, other in zip(net.parameters(), same.parameters()):
            np.testing.assert_array_equal(one.grad, other.grad)

    def test_gradient_by_differences(self):
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).init(1)
        x, y = np.random.default_rng(4).standard_normal((5, 3)), np.array([0, 1, 1, 0, 1])
        lathe.cross_entropy(model(x), y).backward()
        weight = model.parameters()[0]
        found, step = weight.grad[1, 2], 1e-2
        sides = []
        for sign in (1, -1):
            weight.data[1, 2] += sign * step
            sides.append(lathe.cross_entropy(model(x), y).item())
            weight.data[1, 2] -= sign * step
        self.assertAlmostEqual((sides[0] - sides[1]) / (2 * step), found, 3)

    def test_evaluation_sees_new_weights(self):
        model = nn.Sequential(nn.Linear(2, 2)).init(0)
        model.eval()
        before = model([[1.0, 1.0]]).numpy()
        model.parameters()[0].data[...] += 1
        np.testing.assert_allclose(model([[1.0, 1.0]]).numpy(), before + 2, rtol=1e-6)

    def test_mixed_labels_are_shares(self):
        data = lathe.Dataset(np.zeros((64, 16, 16), np.uint8) + 7, np.arange(64) % 3)
        x, y = next(iter(lathe.DataLoader(data, 64, transforms="mixup:1:p=1")))
        self.assertEqual(y.shape, (64, 3))
        np.testing.assert_allclose(y.sum(1), 1, rtol=1e-6)
        self.assertTrue(((y > 0) & (y < 1)).any())
        model = nn.Sequential(nn.Flatten(), nn.Linear(256, 3))
        scores = model(x)
        value = lathe.cross_entropy(scores, y).item()
        s = scores.numpy().astype(float)
        logs = s - np.log(np.exp(s).sum(1, keepdims=True))
        self.assertAlmostEqual(value, float(-(y * logs).sum(1).mean()), 5)

    def test_targets_of_each_task(self):
        data = lathe.datasets.shapes("objects", size=32).subset(range(16))
        x, y = next(iter(lathe.DataLoader(data, 8)))
        self.assertEqual((x.shape, y.shape), ((8, 3, 32, 32), (8, 10)))  # zero or one for each class
        model = lathe.models.resnet8(channels=3, size=32, classes=10, seed=1)
        lathe.binary_cross_entropy(model(x), y).backward()
        with tempfile.TemporaryDirectory() as folder:
            for place, most in (("images", 256), ("masks", 2)):
                os.mkdir(os.path.join(folder, place))
                for number in range(8):
                    pixels = np.random.default_rng(number).integers(0, most, (32, 32), np.uint8)
                    with open(os.path.join(folder, place, f"{number}.pgm"), "wb") as file:
                        file.write(b"P5 32 32 255\n" + pixels.tobytes())
            masks = lathe.datasets.masks(folder, size=32, channels=1)
            x, y = next(iter(lathe.DataLoader(masks, 4)))
        self.assertEqual((x.shape, y.shape), ((4, 1, 32, 32), (4, 32, 32)))  # a class for each pixel
        self.assertEqual(set(np.unique(y)), {0, 1})
        model = lathe.models.unet(channels=1, size=32, classes=2, seed=1)
        lathe.cross_entropy(model(x), y).backward()

    def test_weights_of_classes(self):
        scores, y, w = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([0, 1]), np.array([1.0, 3.0])
        logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
        value = lathe.cross_entropy(scores, y, weight=w).item()
        self.assertAlmostEqual(value, float(-(w[y] * logs[[0, 1], y]).sum() / w[y].sum()), 5)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
