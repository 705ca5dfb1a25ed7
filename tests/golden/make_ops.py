#!/usr/bin/env python3
"""Golden values of the operations, from PyTorch in double precision: writes ops.txt beside this file. Needs torch 1.13."""
import os
import torch
import torch.nn.functional as F

torch.manual_seed(20240517)
torch.set_default_dtype(torch.float64)
out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops.txt"), "w")


def put(name, values):
    flat = values.detach().flatten().tolist()
    print(name, len(flat), *("%.17g" % v for v in flat), file=out)


def inputs(*shape):
    """Numbers that a float holds exactly, so that both builds start from the same ones."""
    return torch.randn(*shape).float().double().requires_grad_()


def gradients(name, y, leaves):
    gy = torch.randn(y.shape).float().double()
    put(name + ".y", y)
    put(name + ".gy", gy)
    for i, (leaf, g) in enumerate(zip(leaves, torch.autograd.grad(y, leaves, gy))):
        put(f"{name}.x{i}", leaf)
        put(f"{name}.g{i}", g)


def cross_entropy():
    x, weights = inputs(17, 5), torch.rand(5).float().double()
    labels = torch.randint(0, 5, (17,))
    labels[3] = labels[11] = 4
    soft = torch.softmax(torch.randn(17, 5), 1).float().double()
    put("cross_entropy.weights", weights)
    put("cross_entropy.labels", labels.double())
    put("cross_entropy.targets", soft)
    for reduction in ("mean", "sum", "none"):
        gradients(f"cross_entropy.{reduction}", F.cross_entropy(x, labels, reduction=reduction), [x])
        gradients(f"cross_entropy.all.{reduction}",
                  F.cross_entropy(x, labels, weights, ignore_index=4, label_smoothing=0.1, reduction=reduction), [x])
        gradients(f"cross_entropy.soft.{reduction}",
                  F.cross_entropy(x, soft, weights, label_smoothing=0.2, reduction=reduction), [x])


def activations():
    x = inputs(17, 6)
    with torch.no_grad():
        x[0] = torch.tensor([-12.0, -3.0, -0.001, 0.001, 3.0, 12.0]).float()
    gradients("relu", F.relu(x), [x])
    gradients("leaky_relu", F.leaky_relu(x, 0.25), [x])
    gradients("gelu", F.gelu(x), [x])
    gradients("silu", F.silu(x), [x])
    gradients("sigmoid", torch.sigmoid(x), [x])
    gradients("tanh", torch.tanh(x), [x])


def softmaxes():
    x = inputs(17, 4, 3)
    gradients("softmax", torch.softmax(x, 1), [x])
    gradients("log_softmax", torch.log_softmax(x, 1), [x])


def shapes():
    a, b, c = inputs(17, 2, 3, 2), inputs(17, 1, 3, 2), inputs(17, 3, 3, 2)
    gradients("concat", torch.cat([a, b, c], 1), [a, b, c])
    x = inputs(17, 2, 5, 4)
    gradients("subsample", F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 1, 2)), [x])
    gradients("flatten", torch.flatten(x, 1), [x])
    gradients("reshape", torch.reshape(x, (17, 4, 10)), [x])
    gradients("mean", x.mean(), [x])


def more_activations():
    """Those that came later; the numbers above stay as they were."""
    x = inputs(17, 6)
    with torch.no_grad():
        x[0] = torch.tensor([-12.0, -3.0, 0, 3.0, 6.0, 12.0]).float()
        x[1] = torch.tensor([-1.1015625, 2.1015625, -1.0, 1.0, 9.75, 10.25]).float()
    gradients("relu6", F.relu6(x), [x])
    gradients("clip", torch.clip(x, -1.1015625, 2.1015625), [x])
    gradients("hardswish", F.hardswish(x), [x])
    assert torch.allclose(F.hardsigmoid(x), F.relu6(x + 3) / 6)  # its gradient is a 1/6 in float
    gradients("hardsigmoid", F.relu6(x + 3) / 6, [x])
    gradients("elu", F.elu(x, 0.5), [x])
    gradients("softplus", F.softplus(x, 2), [x])


def spreading():
    a = inputs(17, 5, 2, 3)
    for i, b in enumerate([inputs(17, 5, 1, 1), inputs(5, 1, 1), inputs(17, 1, 2, 3)]):
        gradients(f"add.spread{i}", a + b, [a, b])
        gradients(f"mul.spread{i}", a * b, [a, b])


def reductions():
    for bits, dims, keepdim in ((12, (2, 3), False), (2, 1, True), (1, 0, False)):
        x = inputs(17, 3, 2, 3)
        gradients(f"mean_dims.{bits}", x.mean(dims, keepdim), [x])
    for bits, dims, keepdim in ((12, (2, 3), False), (2, 1, True), (5, (0, 2), False)):
        x = inputs(17, 3, 2, 3)
        gradients(f"amax.{bits}", x.amax(dims, keepdim), [x])


def shuffled(x):
    return x.reshape(3, 3, 6, 2, 1).transpose(1, 2).reshape(x.shape)


def channels():
    x = inputs(3, 18, 2, 1)
    assert torch.equal(F.channel_shuffle(x.detach(), 3), shuffled(x))  # which has no derivative
    gradients("channel_shuffle", shuffled(x), [x])
    x, one, each = inputs(3, 18, 2, 1), inputs(1), inputs(18)
    gradients("prelu.one", F.prelu(x, one), [x, one])
    gradients("prelu.each", F.prelu(x, each), [x, each])


cross_entropy()
activations()
softmaxes()
shapes()
more_activations()
spreading()
reductions()
channels()
