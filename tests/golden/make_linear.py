#!/usr/bin/python3
"""Golden values of fully connected layers from PyTorch (1.13.1 when linear.txt was made): make_linear.py > linear.txt

setup: B F O bias
"""
import torch
import torch.nn.functional as F

torch.manual_seed(12)

SETUPS = [(1, 1, 1, 1), (2, 3, 4, 1), (17, 5, 2, 1), (16, 20, 10, 0), (3, 33, 7, 1)]


def show(name, tensor):
    numbers = tensor.flatten().tolist()
    print(name, len(numbers), *(repr(n) if n != int(n) else int(n) for n in numbers))


def rounded(*shape):
    return (torch.randn(*shape, dtype=torch.float64) * 16).round().div(16)  # exact in a float


print("cases 1", len(SETUPS))
for number, (b, f, o, has_bias) in enumerate(SETUPS):
    x = rounded(b, f).requires_grad_()
    weight = rounded(o, f).requires_grad_()
    bias = rounded(o).requires_grad_() if has_bias else None
    y = F.linear(x, weight, bias)
    gy = rounded(*y.shape)
    y.backward(gy)
    name = f"case{number}."
    show(name + "setup", torch.tensor(SETUPS[number]))
    show(name + "x", x.detach())
    show(name + "w", weight.detach())
    show(name + "y", y.detach())
    show(name + "gy", gy)
    show(name + "gx", x.grad)
    show(name + "gw", weight.grad)
    if has_bias:
        show(name + "bias", bias.detach())
        show(name + "gbias", bias.grad)
