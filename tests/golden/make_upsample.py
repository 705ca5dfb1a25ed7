#!/usr/bin/env python3
"""Golden values of interpolation, from PyTorch in double precision: writes upsample.txt beside this file.

setup: B C H W height width mode (0 nearest, 1 bilinear) align_corners
"""
import os
import torch
import torch.nn.functional as F

torch.manual_seed(12)
torch.set_default_dtype(torch.float64)
out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "upsample.txt"), "w")

SETUPS = [(b, c, h, w, up, across, mode, align) for mode, align in [(0, 0), (1, 0), (1, 1)]
          for b, c, h, w, up, across in [(2, 2, 3, 4, 6, 8), (17, 1, 2, 3, 5, 4), (1, 2, 5, 4, 2, 3), (2, 1, 1, 3, 4, 1)]]


def put(name, values):
    flat = values.detach().flatten().tolist()
    print(name, len(flat), *("%.17g" % v for v in flat), file=out)


def numbers(*shape):  # exact in a float
    return torch.randn(*shape).mul(64).round().div(64)


put("cases", torch.tensor([len(SETUPS)]))
for number, (b, c, h, w, up, across, mode, align) in enumerate(SETUPS):
    x = numbers(b, c, h, w).requires_grad_()
    y = F.interpolate(x, (up, across), mode="bilinear", align_corners=bool(align)) if mode else F.interpolate(x, (up, across))
    gy = numbers(*y.shape)
    y.backward(gy)
    put(f"case{number}.setup", torch.tensor(SETUPS[number]))
    put(f"case{number}.x0", x)
    put(f"case{number}.g0", x.grad)
    put(f"case{number}.y", y)
    put(f"case{number}.gy", gy)
