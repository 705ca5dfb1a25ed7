"""PyTorch's side of the comparisons: the models of lathe's zoo, and a worker that runs one of them on request.

    torch_models.py MODEL BATCH THREADS CHANNELS_LAST EXTRA OPTIM

MODEL is a name, or NAME@SIZE for pictures of SIZE x SIZE. The program builds the model and warms up. Then for each line "STEPS SECONDS" on standard
input it runs steps and prints their milliseconds as one JSON object: at most STEPS, for about SECONDS, and at least 3. A step trains with OPTIM; EXTRA
1 asks for its foreach form. If OPTIM is "eval", a step evaluates in inference mode; EXTRA 1 asks for a traced and frozen model.

    torch_models.py export FOLDER MODEL...

writes FOLDER/MODEL.onnx for each model, in evaluation, for any batch. Batch norms stay apart from convolutions.
"""
import json
import os
import resource
import sys
import time
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.f1, self.f2, self.f3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c2(x)), 2)
        x = F.relu(self.f1(x.flatten(1)))
        return self.f3(F.relu(self.f2(x)))


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.f1, self.f2, self.f3 = nn.Linear(784, 512), nn.Linear(512, 256), nn.Linear(256, 10)

    def forward(self, x):
        return self.f3(F.relu(self.f2(F.relu(self.f1(x.flatten(1))))))


class MnistCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)
        self.d1, self.d2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.f1, self.f2 = nn.Linear(9216, 128), nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.c2(F.relu(self.c1(x))))
        x = self.d1(F.max_pool2d(x, 2)).flatten(1)
        return self.f2(self.d2(F.relu(self.f1(x))))


class Cifar10Quick(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(3, 32, 5, padding=2)
        self.c2 = nn.Conv2d(32, 32, 5, padding=2)
        self.c3 = nn.Conv2d(32, 64, 5, padding=2)
        self.f1, self.f2 = nn.Linear(1024, 64), nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.c1(x), 3, 2, ceil_mode=True))
        x = F.avg_pool2d(F.relu(self.c2(x)), 3, 2, ceil_mode=True)
        x = F.avg_pool2d(F.relu(self.c3(x)), 3, 2, ceil_mode=True)
        return self.f2(self.f1(x.flatten(1)))


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut: a strided slice with zero channels (option A), or a 1x1 convolution (B)."""

    def __init__(self, before, after, stride, option):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)
        self.c2, self.b2 = nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)
        self.stride, self.pad, self.shortcut = stride, (after - before) // 2, None
        if option == "B" and (stride != 1 or before != after):
            self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        y = self.b2(self.c2(F.relu(self.b1(self.c1(x)))))
        if self.shortcut is not None:
            x = self.shortcut(x)
        elif self.stride != 1 or self.pad:
            x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(y + x)


class ResNet(nn.Module):
    def __init__(self, widths, blocks, option):
        super().__init__()
        self.c, self.b = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0])
        body, before = [], widths[0]
        for stage, width in enumerate(widths):
            for block in range(blocks):
                body.append(Block(before, width, 2 if stage and not block else 1, option))
                before = width
        self.body, self.fc = nn.Sequential(*body), nn.Linear(before, 10)

    def forward(self, x):
        x = self.body(F.relu(self.b(self.c(x))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class MobileNetTiny(nn.Module):
    def __init__(self):
        super().__init__()

        def unit(before, after, kernel, stride, groups=1):
            return [nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(after),
                    nn.ReLU(inplace=True)]
        body = unit(3, 32, 3, 1)
        for before, after, stride in [(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1)]:
            body += unit(before, before, 3, stride, before) + unit(before, after, 1, 1)
        self.body, self.fc = nn.Sequential(*body), nn.Linear(256, 10)

    def forward(self, x):
        return self.fc(F.adaptive_avg_pool2d(self.body(x), 1).flatten(1))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()

        def double(before, after):
            return nn.Sequential(nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True),
                                 nn.Conv2d(after, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True))
        self.e1, self.e2, self.middle = double(1, 16), double(16, 32), double(32, 64)
        self.u2, self.d2 = nn.ConvTranspose2d(64, 32, 2, 2), double(64, 32)
        self.u1, self.d1 = nn.ConvTranspose2d(32, 16, 2, 2), double(32, 16)
        self.out = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        a = self.e1(x)
        b = self.e2(F.max_pool2d(a, 2))
        y = self.d2(torch.cat([b, self.u2(self.middle(F.max_pool2d(b, 2)))], 1))
        return self.out(self.d1(torch.cat([a, self.u1(y)], 1)))


MODELS = {
    "lenet5": (LeNet5, (1, 28, 28)),
    "mlp": (MLP, (1, 28, 28)),
    "mnistcnn": (MnistCNN, (1, 28, 28)),
    "cifar10-quick": (Cifar10Quick, (3, 32, 32)),
    "resnet20": (lambda: ResNet([16, 32, 64], 3, "A"), (3, 32, 32)),
    "mobilenet-tiny": (MobileNetTiny, (3, 32, 32)),
    "unet": (UNet, (1, 64, 64)),
    "nothing": (nn.Identity, (1, 1, 1)),  # what a call costs
    "resnet18": (lambda: ResNet([64, 128, 256, 512], 2, "B"), (3, 32, 32)),
}
PHOTOGRAPHS = ("resnet34", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_b0", "squeezenet1_1", "vgg11_bn",
               "regnet_y_400mf", "convnext_tiny")  # torchvision's, with 1000 classes


def build(model):
    """The net, and the shape of a picture. From 64 x 64 pixels on, resnet18 is torchvision's, as in lathe."""
    name, _, size = model.partition("@")
    if name in PHOTOGRAPHS:
        import torchvision
        return getattr(torchvision.models, name)(), (3, int(size or 224), int(size or 224))
    make, shape = MODELS[name]
    if size:
        shape = (shape[0], int(size), int(size))
    if name == "resnet18" and shape[1] >= 64:
        import torchvision
        return torchvision.models.resnet18(num_classes=10), shape
    return make(), shape


def export(folder, models):
    warnings.filterwarnings("ignore")  # of what the exporter does not fold
    for model in models:
        net, shape = build(model)
        axes = {"x": {0: "batch"}, "y": {0: "batch"}}
        torch.onnx.export(net.eval(), torch.zeros(2, *shape), os.path.join(folder, model + ".onnx"), opset_version=14, input_names=["x"],
                          output_names=["y"], dynamic_axes=axes, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)


def training(model, x, foreach, optim):
    """A step of training."""
    batch, *shape = (x.shape[0], *x.shape[2:])
    scores = model(x)
    y = torch.randint(0, scores.shape[1], (batch, *shape) if scores.dim() == 4 else (batch,))
    every = foreach or None
    if optim == "sgd":
        optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, foreach=every)
    else:
        optimizer = torch.optim.AdamW(model.parameters(), 1e-4, weight_decay=0.01, foreach=every)

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return step


def evaluation(model, x, frozen):
    """A step of evaluation."""
    model.eval()
    if frozen:
        with torch.no_grad():
            model = torch.jit.freeze(torch.jit.trace(model, x))

    def step():
        with torch.inference_mode():
            model(x)
    return step


def main():
    if sys.argv[1] == "export":
        export(sys.argv[2], sys.argv[3:])
        return
    name, batch, threads, channels_last, extra, optim = sys.argv[1:7]
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    model, shape = build(name)
    x = torch.randn(int(batch), *shape)
    if channels_last == "1":
        model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    step = evaluation(model, x, extra == "1") if optim == "eval" else training(model, x, extra == "1", optim)
    for _ in range(3):
        step()
    print(json.dumps({"ready": True, "parameters": sum(p.numel() for p in model.parameters())}), flush=True)
    for line in sys.stdin:
        most, seconds = line.split()
        times, begin = [], time.perf_counter()
        while len(times) < int(most) and (len(times) < 3 or time.perf_counter() - begin < float(seconds)):
            start = time.perf_counter()
            step()
            times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps({"ms": times, "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)


if __name__ == "__main__":
    main()
