#!/usr/bin/env python3
"""Golden values of batch normalisation, from PyTorch in double precision: writes batch_norm.txt beside this file. Needs torch 1.13."""
import os
import torch
import torch.nn.functional as F

torch.manual_seed(20240518)
torch.set_default_dtype(torch.float64)
out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "batch_norm.txt"), "w")


def put(name, values):
    flat = values.detach().flatten().tolist()
    print(name, len(flat), *("%.17g" % v for v in flat), file=out)


def inputs(*shape, scale=1.0, offset=0.0):
    """Numbers that a float holds exactly, so that both builds start from the same ones."""
    return (torch.randn(*shape) * scale + offset).float().double().requires_grad_()


def case(name, shape, momentum, eps, affine=True):
    """Three training steps on different batches, then one evaluation; gradients of the last training step."""
    channels = shape[1]
    weight = inputs(channels, scale=0.5, offset=1.0) if affine else None
    bias = inputs(channels) if affine else None
    mean, var = torch.zeros(channels), torch.ones(channels)
    if affine:
        put(name + ".x1", weight)
        put(name + ".x2", bias)
    for step in range(3):
        x = inputs(*shape, scale=2.0, offset=step - 1.0)
        y = F.batch_norm(x, mean, var, weight, bias, True, momentum, eps)
        put(f"{name}.step{step}.x0", x)
        put(f"{name}.step{step}.y", y)
        put(f"{name}.step{step}.mean", mean)
        put(f"{name}.step{step}.var", var)
    gy = torch.randn(y.shape).float().double()
    leaves = [x, weight, bias] if affine else [x]
    put(f"{name}.step2.gy", gy)
    for i, g in enumerate(torch.autograd.grad(y, leaves, gy)):
        put(f"{name}.step2.g{i}", g)
    put(name + ".eval", F.batch_norm(x, mean, var, weight, bias, False, momentum, eps))


case("images", (17, 2, 2, 3), 0.1, 1e-5)
case("features", (5, 6), 0.3, 1e-3)
case("plain", (2, 2, 3, 3), 1.0, 1e-5, affine=False)
case("one", (1, 4, 2, 2), 0.1, 1e-5)
