#!/usr/bin/python3
"""Golden values of convolution from PyTorch (1.13.1 when conv2d.txt was made): make_conv2d.py > conv2d.txt

setup: B C H W O kernel_height kernel_width stride padding dilation groups bias
"""
import torch
import torch.nn.functional as F

torch.manual_seed(11)

SETUPS = [
    (2, 1, 4, 4, 1, 3, 3, 1, 0, 1, 1, 1),
    (3, 2, 5, 5, 3, 3, 3, 1, 1, 1, 1, 1),
    (1, 3, 6, 4, 2, 3, 3, 2, 1, 1, 1, 0),
    (17, 1, 3, 3, 2, 2, 2, 1, 0, 1, 1, 1),
    (2, 4, 5, 6, 6, 3, 3, 1, 1, 1, 2, 1),   # two groups
    (2, 3, 6, 5, 3, 3, 3, 1, 1, 1, 3, 1),   # depthwise
    (2, 3, 6, 5, 6, 3, 3, 2, 1, 1, 3, 0),   # depthwise, two filters a channel, stride 2
    (1, 2, 9, 8, 2, 3, 3, 1, 2, 2, 1, 1),   # dilated
    (1, 2, 9, 9, 2, 3, 3, 2, 2, 2, 1, 1),   # dilated and strided
    (1, 1, 11, 10, 1, 3, 2, 3, 1, 2, 1, 1),
    (2, 2, 7, 5, 2, 1, 3, 1, 0, 1, 1, 1),   # rectangular kernels
    (2, 2, 7, 5, 2, 5, 1, 2, 1, 1, 1, 1),
    (2, 5, 4, 3, 4, 1, 1, 1, 0, 1, 1, 1),   # pointwise
    (2, 4, 5, 5, 3, 1, 1, 2, 0, 1, 1, 1),
    (1, 1, 7, 7, 1, 2, 2, 4, 0, 1, 1, 1),   # stride > kernel
    (1, 2, 3, 3, 2, 5, 5, 1, 2, 1, 1, 1),   # kernel > image
    (1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1),
    (1, 1, 2, 2, 1, 1, 1, 1, 3, 1, 1, 1),   # padding beyond the kernel
]


def show(name, tensor):
    numbers = tensor.flatten().tolist()
    print(name, len(numbers), *(repr(n) if n != int(n) else int(n) for n in numbers))


def rounded(*shape):
    return (torch.randn(*shape, dtype=torch.float64) * 16).round().div(16)  # exact in a float


print("cases 1", len(SETUPS))
for number, (b, c, h, w, o, kh, kw, stride, padding, dilation, groups, has_bias) in enumerate(SETUPS):
    x = rounded(b, c, h, w).requires_grad_()
    weight = rounded(o, c // groups, kh, kw).requires_grad_()
    bias = rounded(o).requires_grad_() if has_bias else None
    y = F.conv2d(x, weight, bias, stride, padding, dilation, groups)
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

# B C H W O kernel_height kernel_width, stride and dilation (each: down, across), groups, top bottom left
# right, same
SIDES = [
    (2, 3, 8, 8, 4, 3, 3, 2, 2, 1, 1, 1, 0, 1, 0, 1, 0),   # TensorFlow's stem, by sides
    (2, 3, 8, 9, 4, 3, 3, 2, 2, 1, 1, 1, 0, 0, 0, 0, 1),
    (2, 4, 7, 6, 4, 3, 3, 2, 2, 1, 1, 4, 0, 0, 0, 0, 1),   # depthwise
    (2, 4, 6, 6, 4, 5, 5, 2, 2, 1, 1, 4, 0, 0, 0, 0, 1),
    (2, 3, 5, 5, 4, 1, 1, 2, 2, 1, 1, 1, 0, 0, 0, 0, 1),
    (1, 2, 9, 8, 2, 3, 2, 1, 2, 2, 1, 1, 0, 0, 0, 0, 1),
    (1, 2, 9, 8, 2, 1, 5, 1, 1, 1, 1, 1, 0, 0, 2, 2, 0),   # 1 x 5
    (1, 2, 9, 8, 2, 3, 3, 1, 2, 1, 2, 1, 1, 1, 2, 2, 0),   # stride (1, 2), dilation (1, 2), padding (1, 2)
    (1, 2, 5, 7, 2, 2, 3, 3, 1, 2, 1, 2, 2, 0, 1, 3, 0),
]


def same(size, taps, stride, dilation):
    """timm's pad_same."""
    total = max((-(size // -stride) - 1) * stride + (taps - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


print("sides 1", len(SIDES))
for number, setup in enumerate(SIDES):
    b, c, h, w, o, kh, kw, *stride, dilation, dilation_width, groups, top, bottom, left, right, is_same = setup
    if is_same:
        top, bottom = same(h, kh, stride[0], dilation)
        left, right = same(w, kw, stride[1], dilation_width)
    x = rounded(b, c, h, w).requires_grad_()
    weight = rounded(o, c // groups, kh, kw).requires_grad_()
    padded = F.pad(x, (left, right, top, bottom))
    y = F.conv2d(padded, weight, None, stride, 0, (dilation, dilation_width), groups)
    gy = rounded(*y.shape)
    y.backward(gy)
    name = f"sides{number}."
    show(name + "setup", torch.tensor(setup))
    show(name + "x", x.detach())
    show(name + "w", weight.detach())
    show(name + "y", y.detach())
    show(name + "gy", gy)
    show(name + "g0", x.grad)
    show(name + "g1", weight.grad)
