#!/usr/bin/env python3
"""Golden values of transposed convolution, from PyTorch in double precision: writes conv_transpose2d.txt beside this file.

setup: B C H W O k stride padding output_padding dilation groups bias
"""
import os
import torch
import torch.nn.functional as F

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "conv_transpose2d.txt"), "w")

SETUPS = [
    (2, 3, 4, 5, 2, 2, 2, 0, 0, 1, 1, 1),
    (17, 1, 3, 3, 2, 3, 1, 0, 0, 1, 1, 0),
    (2, 2, 3, 4, 3, 3, 2, 1, 1, 1, 1, 1),
    (3, 4, 3, 3, 6, 3, 2, 1, 0, 1, 2, 1),
    (2, 2, 4, 3, 2, 3, 1, 2, 0, 2, 1, 1),
    (1, 2, 2, 3, 2, 2, 3, 0, 2, 1, 1, 1),
    (2, 4, 4, 4, 4, 4, 2, 1, 0, 1, 4, 0),
    (2, 3, 2, 2, 2, 1, 1, 0, 0, 1, 1, 1),
]


def put(name, values):
    flat = values.detach().flatten().tolist()
    print(name, len(flat), *("%.17g" % v for v in flat), file=out)


def numbers(*shape):  # exact in a float
    return torch.randn(*shape).mul(64).round().div(64)


put("cases", torch.tensor([len(SETUPS)]))
for number, (b, c, h, w, o, k, s, p, more, d, g, bias) in enumerate(SETUPS):
    leaves = [numbers(b, c, h, w), numbers(c, o // g, k, k)] + [numbers(o)] * bias
    for leaf in leaves:
        leaf.requires_grad_()
    y = F.conv_transpose2d(leaves[0], leaves[1], leaves[2] if bias else None, s, p, more, g, d)
    gy = numbers(*y.shape)
    y.backward(gy)
    put(f"case{number}.setup", torch.tensor(SETUPS[number]))
    for i, leaf in enumerate(leaves):
        put(f"case{number}.x{i}", leaf)
        put(f"case{number}.g{i}", leaf.grad)
    put(f"case{number}.y", y)
    put(f"case{number}.gy", gy)
