#!/usr/bin/env python3
"""Golden values of layer, group and instance normalisation, from PyTorch in double precision: writes norms.txt beside this file."""
import os
import torch
import torch.nn.functional as F

torch.manual_seed(31)
torch.set_default_dtype(torch.float64)
out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "norms.txt"), "w")


def put(name, values):
    flat = values.detach().flatten().tolist()
    print(name, len(flat), *("%.17g" % v for v in flat), file=out)


def inputs(*shape, scale=1.0, offset=0.0):
    """Numbers that a float holds exactly."""
    return (torch.randn(*shape) * scale + offset).mul(64).round().div(64).requires_grad_()


def case(name, function, leaves):
    y = function(*leaves)
    gy = inputs(*y.shape).detach()
    for i, (leaf, g) in enumerate(zip(leaves, torch.autograd.grad(y, leaves, gy))):
        put(f"{name}.x{i}", leaf)
        put(f"{name}.g{i}", g)
    put(f"{name}.y", y)
    put(f"{name}.gy", gy)


def layer_norm2d(x, weight, bias):
    """torchvision's LayerNorm2d, with its convnext's eps."""
    return F.layer_norm(x.permute(0, 2, 3, 1), (x.shape[1],), weight, bias, 1e-6).permute(0, 3, 1, 2)


case("layer.all", lambda x, w, b: F.layer_norm(x, (3, 2, 3), w, b),
     [inputs(3, 3, 2, 3, scale=2, offset=1), inputs(3, 2, 3), inputs(3, 2, 3)])
case("layer.last", lambda x, w, b: F.layer_norm(x, (5,), w, b, 1e-3), [inputs(2, 3, 2, 5), inputs(5), inputs(5)])
case("layer.two", lambda x: F.layer_norm(x, (3, 4)), [inputs(2, 3, 3, 4, offset=5)])
case("layer.features", lambda x, w, b: F.layer_norm(x, (7,), w, b), [inputs(5, 7), inputs(7), inputs(7)])
case("layer2d", layer_norm2d, [inputs(2, 20, 2, 3, scale=2, offset=-1), inputs(20), inputs(20)])
case("group", lambda x, w, b: F.group_norm(x, 2, w, b), [inputs(3, 6, 2, 3, scale=2, offset=1), inputs(6), inputs(6)])
case("group.one", lambda x: F.group_norm(x, 1, eps=1e-3), [inputs(2, 5, 3, 2)])
case("group.features", lambda x, w, b: F.group_norm(x, 4, w, b), [inputs(17, 8), inputs(8), inputs(8)])
case("instance", lambda x: F.instance_norm(x), [inputs(2, 18, 3, 3, offset=4)])
case("instance.affine", lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=1e-2),
     [inputs(2, 3, 2, 3), inputs(3), inputs(3)])
