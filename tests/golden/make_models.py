"""Parameters and forward FLOPs of the models in PyTorch: writes models.txt beside this file.

The networks are written out here once more, layer by layer, in PyTorch's terms.
"""
import os
import torch
import torch.nn as nn
import torch.nn.functional as F

from zoo_definitions import NETS


class Block(nn.Module):
    def __init__(self, inside, out, stride, option):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(inside, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
                                  nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out))
        self.stride, self.more = stride, out - inside
        self.shortcut = None
        if option == 'B' and (stride != 1 or inside != out):
            self.shortcut = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.body(x)
        if self.shortcut is not None:
            x = self.shortcut(x)
        else:
            before = self.more // 2
            x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, before, self.more - before))
        return F.relu(y + x)


def resnet(widths, blocks, option):
    layers, inside = [nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()], widths[0]
    for stage, width in enumerate(widths):
        for block in range(blocks):
            layers.append(Block(inside, width, 2 if stage and not block else 1, option))
            inside = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inside, 10))


def mobilenet_tiny():
    def conv(inside, out, kernel, stride=1, groups=1):
        return [nn.Conv2d(inside, out, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
    layers = conv(3, 32, 3)
    for inside, out, stride in [(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1)]:
        layers += conv(inside, inside, 3, stride, inside) + conv(inside, out, 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()

        def double(inside, out):
            return nn.Sequential(nn.Conv2d(inside, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
                                 nn.Conv2d(out, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU())
        self.e1, self.e2, self.middle = double(1, 16), double(16, 32), double(32, 64)
        self.u2, self.d2 = nn.ConvTranspose2d(64, 32, 2, 2), double(64, 32)
        self.u1, self.d1 = nn.ConvTranspose2d(32, 16, 2, 2), double(32, 16)
        self.out = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        a = self.e1(x)
        b = self.e2(F.max_pool2d(a, 2))
        y = self.d2(torch.cat([b, self.u2(self.middle(F.max_pool2d(b, 2)))], 1))
        return self.out(self.d1(torch.cat([a, self.u1(y)], 1)))


def caffe(*head):
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.ReLU(),
        nn.Conv2d(32, 32, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2, ceil_mode=True), nn.Flatten(), *head)


MODELS = {
    'mlp': lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10)),
    'lenet5': lambda: nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    'mnistcnn': lambda: nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten(),
        nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)),
    'small-cnn': lambda: nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)),
    'cifar10-quick': lambda: caffe(nn.Linear(1024, 64), nn.Linear(64, 10)),
    'cifar10-full': lambda: caffe(nn.Linear(1024, 10)),  # the norms between have no parameters
    'resnet8': lambda: resnet([16, 32, 64], 1, 'A'), 'resnet14': lambda: resnet([16, 32, 64], 2, 'A'),
    'resnet20': lambda: resnet([16, 32, 64], 3, 'A'), 'resnet32': lambda: resnet([16, 32, 64], 5, 'A'),
    'resnet44': lambda: resnet([16, 32, 64], 7, 'A'), 'resnet56': lambda: resnet([16, 32, 64], 9, 'A'),
    'resnet110': lambda: resnet([16, 32, 64], 18, 'A'),
    'resnet18': lambda: resnet([64, 128, 256, 512], 2, 'B'), 'mobilenet-tiny': mobilenet_tiny,
    'unet': UNet,
}


def tiny(name):
    """For pictures below 48 pixels: the first convolution keeps their size."""
    model = NETS[name](10)
    next(layer for layer in model.modules() if isinstance(layer, nn.Conv2d)).stride = (1, 1)
    return model


MODELS.update({name: lambda name=name: tiny(name) for name in ('efficientnet-tiny', 'fbnetv3-tiny')})


def flops(model, x):
    total = []

    def note(layer, inputs, output):
        if isinstance(layer, nn.Conv2d):
            total.append(2 * output[0].numel() * layer.weight[0].numel())
        elif isinstance(layer, nn.ConvTranspose2d):
            total.append(2 * inputs[0][0].numel() * layer.weight[0].numel())
        elif isinstance(layer, nn.Linear):
            total.append(2 * output[0].numel() * layer.weight.shape[1])

    for layer in model.modules():
        layer.register_forward_hook(note)
    model.eval()
    with torch.no_grad():
        model(x)
    return sum(total)


if __name__ == '__main__':
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'models.txt'), 'w') as out:
        for name, make in sorted(MODELS.items()):
            model = make()
            shape = (1, 1, 28, 28) if name in ('mlp', 'lenet5', 'mnistcnn', 'small-cnn') else (1, 1, 64, 64) if name == 'unet' else (1, 3, 32, 32)
            buffers = sum(b.numel() for n, b in model.named_buffers() if 'running' in n)
            out.write('%s 3 %d %d %d\n' % (name, sum(p.numel() for p in model.parameters()), buffers, flops(model, torch.zeros(shape))))
