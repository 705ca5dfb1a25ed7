"""Nets that torchvision lacks, written out once more in PyTorch with the tensors' published names.

tf_efficientnet_* and fbnetv3_* are as timm has them, fbnetv3_a0, fbnetv3_a and mv_fbnetv3_* as mobile-vision has them.
efficientnet-tiny and fbnetv3-tiny are lathe's own.
Run as a program, it prints each net's parameters and multiply-adds.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision.models.efficientnet import EfficientNet, MBConvConfig


class SameConv(nn.Conv2d):
    """TensorFlow's "SAME": as many outputs as ceil(input / stride), the odd pixel of padding at right and bottom."""

    def forward(self, x):
        pads = []
        for size, kernel, stride in zip(reversed(x.shape[2:]), reversed(self.kernel_size), reversed(self.stride)):
            total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, 0, 1, self.groups)


def divisible(value, limit):
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < limit * value else rounded


class Squeeze(nn.Module):
    """timm's SqueezeExcite."""

    def __init__(self, width, squeezed, act, gate):
        super().__init__()
        self.conv_reduce = nn.Conv2d(width, squeezed, 1)
        self.act1 = act()
        self.conv_expand = nn.Conv2d(squeezed, width, 1)
        self.gate = gate()

    def forward(self, x):
        return x * self.gate(self.conv_expand(self.act1(self.conv_reduce(x.mean((2, 3), keepdim=True)))))


class TimmBlock(nn.Module):
    def __init__(self, net, inside, kernel, stride, expand, out, squeezed):
        super().__init__()
        width = inside * expand
        if expand > 1:
            self.conv_pw = net.conv(inside, width, 1)
            self.bn1 = net.norm(width)
        names = ('bn2', 'conv_pwl', 'bn3') if expand > 1 else ('bn1', 'conv_pw', 'bn2')
        self.conv_dw = net.conv(width, width, kernel, stride, width)
        setattr(self, names[0], net.norm(width))
        self.se = Squeeze(width, squeezed, net.act, net.gate) if squeezed else nn.Identity()
        setattr(self, names[1], net.conv(width, out, 1))
        setattr(self, names[2], net.norm(out))
        self.names, self.expand, self.skip, self.act = names, expand, stride == 1 and inside == out, net.act()

    def forward(self, x):
        y = self.act(self.bn1(self.conv_pw(x))) if self.expand > 1 else x
        y = self.se(self.act(getattr(self, self.names[0])(self.conv_dw(y))))
        y = getattr(self, self.names[2])(getattr(self, self.names[1])(y))
        return x + y if self.skip else y


class TimmNet(nn.Module):
    """stages: a list of lists of (kernel, stride, expand, out, repeats, squeeze)."""

    def __init__(self, stem, stages, same, act, gate, eps, momentum, limit, classes):
        super().__init__()
        self.same, self.act, self.gate, self.eps, self.momentum = same, act, gate, eps, momentum
        self.conv_stem, self.bn1, self.relu = self.conv(3, stem, 3, 2), self.norm(stem), act()
        made, inside = [], stem
        for stage in stages:
            blocks = []
            for kernel, stride, expand, out, repeats, squeeze in stage:
                for i in range(repeats):
                    squeezed = 0
                    if squeeze:
                        squeezed = round(inside * .25) if limit is None else divisible(inside * .25, limit)
                    blocks.append(TimmBlock(self, inside, kernel, 1 if i else stride, expand, out, squeezed))
                    inside = out
            made.append(nn.Sequential(*blocks))
        self.blocks, self.inside = nn.Sequential(*made), inside
        self.head(classes)

    def conv(self, inside, out, kernel, stride=1, groups=1):
        if self.same:
            return SameConv(inside, out, kernel, stride, 0, groups=groups, bias=False)
        return nn.Conv2d(inside, out, kernel, stride, kernel // 2, groups=groups, bias=False)

    def norm(self, width):
        return nn.BatchNorm2d(width, self.eps, self.momentum)

    def forward(self, x):
        return self.tail(self.blocks(self.relu(self.bn1(self.conv_stem(x)))))

    def first_weights(self):
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                fan = layer.kernel_size[0] * layer.kernel_size[1] * layer.out_channels // layer.groups
                nn.init.normal_(layer.weight, 0, math.sqrt(2 / fan))
            elif isinstance(layer, nn.Linear):
                bound = 1 / math.sqrt(layer.out_features)
                nn.init.uniform_(layer.weight, -bound, bound)
            if isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None:
                nn.init.zeros_(layer.bias)
        return self


class TfEfficientNet(TimmNet):
    def head(self, classes):
        self.conv_head = self.conv(self.inside, self.width, 1)
        self.bn2 = self.norm(self.width)
        self.classifier = nn.Linear(self.width, classes)

    def tail(self, x):
        return self.classifier(self.relu(self.bn2(self.conv_head(x))).mean((2, 3)))


def tf_efficientnet(index, classes=1000):
    wide = [1, 1, 1.1, 1.2, 1.4, 1.6, 1.8, 2][index]
    deep = [1, 1.1, 1.2, 1.4, 1.8, 2.2, 2.6, 3.1][index]
    table = [(3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4),
             (3, 1, 6, 320, 1)]
    stages = [[(k, s, e, divisible(c * wide, .9), math.ceil(n * deep), True)] for k, s, e, c, n in table]
    TfEfficientNet.width = divisible(1280 * wide, .9)
    return TfEfficientNet(divisible(32 * wide, .9), stages, True, nn.SiLU, nn.Sigmoid, 1e-3, .01, None, classes).first_weights()


class TimmFbnet(TimmNet):
    def head(self, classes):
        self.blocks.append(nn.Sequential(ConvNormAct(self.inside, self.inside * 6)))
        self.conv_head = nn.Conv2d(self.inside * 6, 1984, 1, bias=False)
        self.classifier = nn.Linear(1984, classes)

    def tail(self, x):
        return self.classifier(self.relu(self.conv_head(x.mean((2, 3), keepdim=True))).flatten(1))


class ConvNormAct(nn.Module):
    """timm's 1x1 block "cn"."""

    def __init__(self, inside, out):
        super().__init__()
        self.conv, self.bn1 = nn.Conv2d(inside, out, 1, bias=False), nn.BatchNorm2d(out)

    def forward(self, x):
        return F.hardswish(self.bn1(self.conv(x)))


# (kernel, stride, expand, out, repeats, squeeze), by stage
FBNETS = {
    'a0': (12, 5, [[(3, 1, 1, 12, 1, 0)], [(3, 2, 4, 24, 1, 0), (3, 1, 2, 24, 2, 0)], [(3, 2, 4, 40, 1, 1), (3, 1, 2, 40, 2, 1)],
                   [(5, 2, 4, 72, 1, 0), (3, 1, 3, 72, 2, 0), (3, 1, 4, 104, 1, 1), (5, 1, 3, 104, 3, 1)],
                   [(3, 2, 4, 176, 1, 1), (3, 1, 4, 176, 3, 1), (3, 1, 5, 208, 1, 1)]]),
    'b': (16, 6, [[(3, 1, 1, 16, 2, 0)], [(5, 2, 4, 24, 1, 0), (5, 1, 2, 24, 3, 0)], [(5, 2, 5, 40, 1, 1), (5, 1, 3, 40, 4, 1)],
                  [(5, 2, 5, 72, 1, 0), (3, 1, 3, 72, 4, 0)], [(3, 1, 5, 120, 1, 1), (5, 1, 3, 120, 5, 1)],
                  [(3, 2, 6, 184, 1, 1), (5, 1, 4, 184, 5, 1), (5, 1, 6, 224, 1, 1)]]),
    'd': (24, 6, [[(3, 1, 1, 16, 2, 0)], [(3, 2, 5, 24, 1, 0), (3, 1, 2, 24, 5, 0)], [(5, 2, 4, 40, 1, 1), (3, 1, 3, 40, 4, 1)],
                  [(3, 2, 5, 72, 1, 0), (3, 1, 3, 72, 4, 0)], [(3, 1, 5, 128, 1, 1), (5, 1, 3, 128, 6, 1)],
                  [(3, 2, 6, 208, 1, 1), (5, 1, 5, 208, 5, 1), (5, 1, 6, 240, 1, 1)]]),
    'g': (32, 6, [[(3, 1, 1, 24, 3, 0)], [(5, 2, 4, 40, 1, 0), (5, 1, 2, 40, 4, 0)], [(5, 2, 4, 56, 1, 1), (5, 1, 3, 56, 4, 1)],
                  [(5, 2, 5, 104, 1, 0), (3, 1, 3, 104, 4, 0)], [(3, 1, 5, 160, 1, 1), (5, 1, 3, 160, 8, 1)],
                  [(3, 2, 6, 264, 1, 1), (5, 1, 5, 264, 6, 1), (5, 1, 6, 288, 2, 1)]])}
FBNETS['a'] = FBNETS['b']
FBNETS['tiny'] = (16, 4, [[(3, 1, 1, 16, 1, 0)], [(3, 2, 4, 24, 1, 0), (3, 1, 2, 24, 1, 0)], [(5, 2, 4, 40, 1, 1), (5, 1, 3, 40, 2, 1)],
                          [(3, 2, 4, 64, 1, 1), (5, 1, 3, 64, 2, 1), (3, 1, 4, 96, 1, 1)]])


def fbnetv3(letter, classes=1000):
    stem, _, stages = FBNETS[letter]
    return TimmFbnet(stem, stages, False, nn.Hardswish, nn.Hardsigmoid, 1e-5, .1, .95, classes).first_weights()


# ---- mobile-vision --------------------------------------------------------------------------------------------

class Unit(nn.Module):
    """ConvBNRelu."""

    def __init__(self, inside, out, kernel=1, stride=1, groups=1, norm=True, act=True, padding=None, bias=False):
        super().__init__()
        self.conv = nn.Conv2d(inside, out, kernel, stride, kernel // 2 if padding is None else padding, groups=groups, bias=bias)
        nn.init.kaiming_normal_(self.conv.weight, mode='fan_out')
        if bias:
            nn.init.zeros_(self.conv.bias)
        self.bn, self.act = nn.BatchNorm2d(out) if norm else None, act

    def forward(self, x):
        x = self.conv(x)
        x = self.bn(x) if self.bn else x
        return F.hardswish(x) if self.act else x


class SqueezeModule(nn.Module):
    def __init__(self, width, squeezed):
        super().__init__()
        self.se = nn.Sequential(Unit(width, squeezed, norm=False, bias=True), nn.Conv2d(squeezed, width, 1))

    def forward(self, x):
        return x * F.hardsigmoid(self.se(x.mean((2, 3), keepdim=True)))


class Inverted(nn.Module):
    def __init__(self, inside, kernel, stride, expand, out, squeeze, padding):
        super().__init__()
        width = divisible(inside * expand, .95)
        if width != inside:
            self.pw = Unit(inside, width)
        self.dw = Unit(width, width, kernel, stride, width, padding=padding)
        if squeeze:
            self.se = SqueezeModule(width, divisible(int(width * (.25 / expand)), .95))
        self.pwl = Unit(width, out, act=False)
        self.skip = stride == 1 and inside == out
        if self.skip:
            nn.init.zeros_(self.pwl.bn.weight)

    def forward(self, x):
        y = x
        for name in ('pw', 'dw', 'se', 'pwl'):
            if hasattr(self, name):
                y = getattr(self, name)(y)
        return x + y if self.skip else y


class Pool(nn.Module):
    def __init__(self, inside, expand, out):
        super().__init__()
        self.pw, self.pwl = Unit(inside, inside * expand), Unit(inside * expand, out, norm=False)

    def forward(self, x):
        return self.pwl(self.pw(x).mean((2, 3), keepdim=True))


class MobileVision(nn.Module):
    def __init__(self, letter, classes=1000, features=1984):
        super().__init__()
        stem, expand, stages = FBNETS[letter]
        if len(stages) == 6:  # timm has two stages where mobile-vision has one
            stages = stages[:3] + [stages[3] + stages[4]] + stages[5:]
        # the first blocks of the last two stages of a and b have less padding than half their kernel
        padding = {(4, 0): 1, (5, 0): 0} if letter in 'ab' else {}
        layers, inside = nn.Sequential(), stem
        layers.add_module('xif0_0', Unit(3, stem, 3, 2))
        for number, stage in enumerate(stages, 1):
            place = 0
            for kernel, stride, widen, out, repeats, squeeze in stage:
                for i in range(repeats):
                    layers.add_module('xif%d_%d' % (number, place), Inverted(
                        inside, kernel, 1 if i else stride, widen, out, squeeze, padding.get((number, place))))
                    inside, place = out, place + 1
        layers.add_module('xif%d_0' % (len(stages) + 1), Pool(inside, expand, features))
        self.backbone, self.head = nn.Module(), nn.Module()
        self.backbone.stages, self.head.conv = layers, nn.Conv2d(features, classes, 1)

    def forward(self, x):
        return self.head.conv(self.backbone.stages(x)).flatten(1)


def efficientnet_tiny(classes=1000):
    """lathe's table in torchvision's class, for pictures of at least 48 pixels; without what draws at random."""
    table = [(1, 3, 1, 16, 16, 1), (4, 3, 2, 16, 24, 2), (4, 5, 2, 24, 40, 2), (4, 3, 1, 40, 64, 2), (4, 5, 2, 64, 96, 2)]
    return EfficientNet([MBConvConfig(*row) for row in table], 0, 0, num_classes=classes, last_channel=256)


NETS = {'tf_efficientnet_b%d' % i: lambda classes=1000, i=i: tf_efficientnet(i, classes) for i in range(8)}
NETS.update({'fbnetv3_' + v: lambda classes=1000, v=v: fbnetv3(v, classes) for v in 'bdg'})
NETS.update({'fbnetv3_' + v: lambda classes=1000, v=v: MobileVision(v, classes) for v in ('a0', 'a')})
NETS.update({'mv_fbnetv3_' + v: lambda classes=1000, v=v: MobileVision(v, classes) for v in 'bdg'})
NETS['fbnetv3-tiny'] = lambda classes=1000: MobileVision('tiny', classes, 512)
NETS['efficientnet-tiny'] = efficientnet_tiny

if __name__ == '__main__':
    from make_models import flops
    for name, make in NETS.items():
        model, size = make(), 224
        print(name, sum(p.numel() for p in model.parameters()), flops(model, torch.zeros(1, 3, size, size)) / 2e6)
