#!/usr/bin/env python3
"""Golden values of pooling, from PyTorch in double precision: writes pool.txt beside this file. Needs torch 1.13.

setup: kind (0 max, 1 average, 2 adaptive average) B C H W kernel stride padding ceil_mode exclude_padding;
for adaptive, kernel and stride are the result's height and width.
"""
import os
import torch
import torch.nn.functional as F

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "pool.txt"), "w")

SETUPS = [
    # kind, B, C, H, W, kernel, stride, padding, ceil, exclude
    (0, 3, 2, 4, 4, 2, 2, 0, 0, 0),
    (0, 2, 1, 5, 7, 2, 2, 0, 0, 0),
    (0, 2, 1, 5, 7, 2, 2, 0, 1, 0),
    (0, 17, 1, 6, 5, 3, 2, 0, 0, 0),
    (0, 2, 2, 8, 8, 3, 2, 0, 1, 0),
    (0, 2, 2, 7, 8, 3, 2, 1, 0, 0),
    (0, 2, 2, 6, 8, 3, 2, 1, 1, 0),
    (0, 1, 1, 6, 6, 2, 3, 0, 0, 0),
    (0, 1, 1, 6, 6, 2, 3, 1, 1, 0),
    (0, 2, 1, 7, 6, 5, 1, 2, 0, 0),
    (0, 2, 1, 1, 1, 1, 1, 0, 0, 0),
    (0, 2, 1, 1, 3, 2, 2, 0, 1, 0),
    (1, 3, 2, 4, 4, 2, 2, 0, 0, 0),
    (1, 2, 1, 5, 7, 2, 2, 0, 1, 0),
    (1, 2, 1, 5, 7, 2, 2, 0, 1, 1),
    (1, 17, 1, 6, 5, 3, 2, 1, 0, 0),
    (1, 2, 1, 6, 5, 3, 2, 1, 0, 1),
    (1, 2, 2, 8, 6, 3, 2, 1, 1, 0),
    (1, 2, 2, 8, 6, 3, 2, 1, 1, 1),
    (1, 1, 1, 7, 9, 4, 3, 2, 1, 0),
    (1, 1, 1, 7, 9, 4, 3, 2, 1, 1),
    (1, 1, 1, 6, 6, 2, 3, 1, 1, 0),
    (1, 2, 1, 3, 4, 3, 1, 1, 0, 0),
    (2, 3, 2, 4, 4, 1, 1, 0, 0, 0),
    (2, 2, 1, 5, 7, 3, 2, 0, 0, 0),
    (2, 2, 1, 7, 5, 4, 3, 0, 0, 0),
    (2, 17, 1, 4, 6, 2, 3, 0, 0, 0),
    (2, 2, 1, 3, 2, 5, 4, 0, 0, 0),
    (2, 1, 2, 10, 3, 7, 3, 0, 0, 0),
]


def put(name, values):
    flat = values.detach().flatten().tolist()
    print(name, len(flat), *("%.17g" % v for v in flat), file=out)


put("cases", torch.tensor([len(SETUPS)]))
for number, (kind, b, c, h, w, k, s, p, ceil, exclude) in enumerate(SETUPS):
    # halves and zeros: many ties, and all exact in a float
    x = (torch.randn(b, c, h, w) * 3).round().div(2).relu_().requires_grad_()
    if kind == 0:
        y = F.max_pool2d(x, k, s, p, ceil_mode=bool(ceil))
    elif kind == 1:
        y = F.avg_pool2d(x, k, s, p, ceil_mode=bool(ceil), count_include_pad=not exclude)
    else:
        y = F.adaptive_avg_pool2d(x, (k, s))
    gy = torch.randn_like(y).mul(64).round().div(64)
    y.backward(gy)
    put(f"case{number}.setup", torch.tensor(SETUPS[number]))
    put(f"case{number}.x0", x)
    put(f"case{number}.y", y)
    put(f"case{number}.gy", gy)
    put(f"case{number}.g0", x.grad)

# kind B C H W, kernel, stride and dilation (each: down, across), top bottom left right, same
SIDES = [
    (0, 2, 2, 7, 8, 3, 3, 2, 2, 1, 1, 0, 1, 0, 1, 0),
    (0, 2, 2, 7, 8, 3, 3, 2, 2, 1, 1, 0, 0, 0, 0, 1),
    (0, 2, 2, 6, 7, 2, 3, 1, 2, 1, 1, 0, 0, 0, 0, 1),
    (0, 1, 2, 9, 8, 2, 3, 2, 1, 2, 1, 1, 0, 0, 2, 0),
    (0, 1, 2, 9, 8, 3, 3, 1, 1, 2, 3, 2, 2, 3, 3, 0),
    (1, 2, 2, 7, 8, 3, 3, 2, 2, 1, 1, 0, 1, 0, 1, 0),
    (1, 2, 2, 7, 8, 3, 2, 2, 3, 1, 1, 0, 0, 0, 0, 1),
    (1, 1, 2, 6, 9, 1, 4, 1, 2, 1, 1, 0, 0, 1, 2, 0),
]


def same(size, taps, stride, dilation):
    """timm's pad_same."""
    total = max((-(size // -stride) - 1) * stride + (taps - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


put("sides", torch.tensor([len(SIDES)]))
for number, setup in enumerate(SIDES):
    kind, b, c, h, w, kh, kw, sh, sw, dh, dw, top, bottom, left, right, is_same = setup
    if is_same:
        (top, bottom), (left, right) = same(h, kh, sh, dh), same(w, kw, sw, dw)
    x = (torch.randn(b, c, h, w) * 3).round().div(2).requires_grad_()
    padded = F.pad(x, (left, right, top, bottom), value=0 if kind else -float("inf"))
    if kind == 0:
        y = F.max_pool2d(padded, (kh, kw), (sh, sw), 0, (dh, dw))
    else:
        y = F.avg_pool2d(padded, (kh, kw), (sh, sw))
    gy = torch.randn_like(y).mul(64).round().div(64)
    y.backward(gy)
    put(f"sides{number}.setup", torch.tensor(setup))
    put(f"sides{number}.x0", x)
    put(f"sides{number}.y", y)
    put(f"sides{number}.gy", gy)
    put(f"sides{number}.g0", x.grad)
