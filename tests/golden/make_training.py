"""Golden losses: LeNet-5 and ResNet-8 trained for 50 steps by PyTorch 1.13 in double; writes training.txt beside this file.

First weights and data are formulas that the test computes too, so no weights are stored: number `index` of stream `stream` is
uniform on [-1, 1) by splitmix64.
"""
import os
import numpy as np
import torch
import torch.nn as nn

from make_models import MODELS

torch.set_default_dtype(torch.float64)
BATCH, BATCHES, STEPS = 20, 4, 50


def numbers(stream, count):
    with np.errstate(over='ignore'):
        z = (np.arange(count, dtype=np.uint64) + np.uint64(stream << 32)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0 ** -52 - 1


def initialise(model):
    """Weights uniform on +-sqrt(3 / fan_in), biases on +-0.1, norms' weights 1 + that."""
    for stream, parameter in enumerate(model.parameters()):
        values = torch.tensor(numbers(stream, parameter.numel())).view_as(parameter)
        if parameter.dim() > 1:
            values = values * (3.0 / parameter[0].numel()) ** 0.5
        else:
            values = values * 0.1
        with torch.no_grad():
            parameter.copy_(values)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            with torch.no_grad():
                layer.weight.add_(1)


def batch(index, shape):
    """Noise, brighter in one row of pixels that tells the label."""
    count = BATCH * shape[0] * shape[1] * shape[2]
    x = torch.tensor(numbers(1000 + index, count)).view(BATCH, *shape)
    labels = torch.tensor([(7 * i + index) % 10 for i in range(BATCH)])
    for i in range(BATCH):
        x[i, :, labels[i]] += 1
    return x, labels


def train(name, shape, optimizer, scheduler):
    model = MODELS[name]()
    initialise(model)
    optim = optimizer(model.parameters())
    sched = scheduler(optim) if scheduler else None
    losses, loss = [], nn.CrossEntropyLoss()  # the last one is of the first batch in evaluation mode
    for step in range(STEPS):
        x, labels = batch(step % BATCHES, shape)
        optim.zero_grad()
        value = loss(model(x), labels)
        value.backward()
        optim.step()
        if sched:
            sched.step()
        losses.append(value.item())
    model.eval()
    with torch.no_grad():
        x, labels = batch(0, shape)
        losses.append(loss(model(x), labels).item())
    return losses


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=5e-4)


def adamw(parameters):
    return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01)


def cyclic(optimizer):
    return torch.optim.lr_scheduler.CyclicLR(optimizer, base_lr=1e-4, max_lr=2e-3, step_size_up=10, cycle_momentum=False)


if __name__ == '__main__':
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'training.txt'), 'w') as out:
        for name, shape in [('lenet5', (1, 28, 28)), ('resnet8', (3, 16, 16))]:
            for kind, optimizer, scheduler in [('sgd', sgd, None), ('adamw', adamw, cyclic)]:
                losses = train(name, shape, optimizer, scheduler)
                out.write(' '.join(['%s.%s' % (name, kind), str(len(losses))] + ['%.17g' % v for v in losses]) + '\n')
