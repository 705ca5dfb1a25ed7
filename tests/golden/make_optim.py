#!/usr/bin/env python3
"""Trajectories of PyTorch's optimizers in double: optim_NAME.txt, arrays "CASE.PROBLEM" of the parameters after STEPS.

Run with Debian's python3-torch (1.13.1). The problems are those of tests/support/trajectory.c. What that version does not have is
written out here: Lion after its paper, the decoupled weight decay of NAdam and RAdam as in PyTorch 2. NAdam runs with foreach=True,
for the plain loop of 1.13.1 has one factor twice in the product of mu. Rates and eps are such that 1,000 steps do not make more
of a rounding than it was.
"""
import math
import os
import sys

import torch

torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = (1, 2, 3, 10, 30, 100, 300, 1000)


class Lion(torch.optim.Optimizer):
    """Chen et al., "Symbolic discovery of optimization algorithms", 2023, algorithm 2."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("exp_avg", torch.zeros_like(p))
                direction = torch.sign(beta1 * m + (1 - beta1) * p.grad)
                p.data -= group["lr"] * (direction + group["weight_decay"] * p.data)
                m.mul_(beta2).add_(p.grad, alpha=1 - beta2)


class Muon(torch.optim.Optimizer):
    """Jordan et al., "Muon", 2024 (https://kellerjordan.github.io/posts/muon/), in the parameters' own precision; AdamW for vectors and the
    last matrix."""

    def __init__(self, params, lr=0.02, momentum=0.95, weight_decay=0.0, nesterov=True, ns_steps=5, ratio=0.05, betas=(0.9, 0.95)):
        params = list(params)
        matrices = [p for p in params if p.dim() > 1][:-1]
        others = [p for p in params if not any(p is m for m in matrices)]
        super().__init__(params, dict(lr=lr))
        self.matrices, self.lr, self.momentum, self.decay = matrices, lr, momentum, weight_decay
        self.nesterov, self.ns_steps = nesterov, ns_steps
        self.adamw = torch.optim.AdamW(others, lr=lr * ratio, betas=betas, eps=1e-10, weight_decay=weight_decay)

    def orthogonal(self, x):
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        x = x / (x.norm() + 1e-7)
        for _ in range(self.ns_steps):
            a = x @ x.T
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
        return x.T if tall else x

    def step(self):
        self.adamw.step()
        for p in self.matrices:
            m = self.state[p].setdefault("momentum_buffer", torch.zeros_like(p))
            m.lerp_(p.grad, 1 - self.momentum)
            x = (p.grad.lerp(m, self.momentum) if self.nesterov else m).flatten(1)
            scale = max(1, x.shape[0] / x.shape[1]) ** 0.5
            p.data.mul_(1 - self.lr * self.decay)
            p.data.add_(self.orthogonal(x).reshape(p.shape), alpha=-self.lr * scale)


def decoupled(make):
    """The optimizer with AdamW's weight decay before its step."""
    class Decoupled(make):
        def __init__(self, params, decay, **options):
            super().__init__(params, **options)
            self.decay = decay

        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data.mul_(1 - group["lr"] * self.decay)
            super().step()
    return Decoupled


def numbers(count, phase, scale):
    return [scale * math.sin(1.0 + phase + 0.7 * i) for i in range(count)]


class Quadratic:
    def __init__(self):
        self.p = torch.tensor([1 + 0.1 * i for i in range(10)], requires_grad=True)
        self.a = torch.tensor([0.1 * (i + 1) for i in range(10)])
        self.c = torch.tensor([float(i % 3 - 1) for i in range(10)])
        self.params = [self.p]

    def loss(self):
        return 0.5 * (self.a * (self.p - self.c) ** 2).sum()


class Rosenbrock:
    def __init__(self):
        self.p = torch.tensor([-0.6, 0.9], requires_grad=True)
        self.params = [self.p]

    def loss(self):
        x, y = self.p
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2


class Shapes:
    """Matrices and kernels of several shapes, pulled towards where they are not."""

    def __init__(self):
        shapes = ((2, 3), (5, 3), (3, 2, 2, 1), (6, 1, 2, 2), (3,), (2, 2))
        self.params, self.goals = [], []
        for i, shape in enumerate(shapes):
            count = math.prod(shape)
            self.params.append(torch.tensor(numbers(count, 10 * i, 0.5)).reshape(shape).requires_grad_())
            self.goals.append(torch.tensor(numbers(count, 10 * i + 5, 1)).reshape(shape))

    def loss(self):
        return sum(0.5 * ((p - goal) ** 2).sum() for p, goal in zip(self.params, self.goals))


class Net:
    def __init__(self):
        self.x = torch.tensor(numbers(8 * 4, 0, 1)).reshape(8, 4)
        self.t = torch.tensor(numbers(8 * 3, 50, 1)).reshape(8, 3)
        shapes = ((6, 4), (6,), (3, 6), (3,))
        self.params = []
        for i, shape in enumerate(shapes):
            count = math.prod(shape)
            self.params.append(torch.tensor(numbers(count, 100 * (i + 1), 0.5)).reshape(shape).requires_grad_())

    def loss(self):
        w1, b1, w2, b2 = self.params
        y = torch.tanh(self.x @ w1.T + b1) @ w2.T + b2
        return ((y - self.t) ** 2).mean()


PROBLEMS = {"quadratic": Quadratic, "rosenbrock": Rosenbrock, "net": Net, "shapes": Shapes}

CASES = {
    "sgd": (torch.optim.SGD, {
        "plain": dict(lr=0.001), "momentum": dict(lr=0.0005, momentum=0.9),
        "nesterov": dict(lr=0.0005, momentum=0.9, nesterov=True),
        "decay": dict(lr=0.001, momentum=0.5, dampening=0.3, weight_decay=0.01)}),
    "adamw": (torch.optim.AdamW, {
        "defaults": dict(), "plain": dict(lr=0.01), "decay": dict(lr=0.01, weight_decay=0.1), "amsgrad": dict(lr=0.01, amsgrad=True),
        "betas": dict(lr=0.003, betas=(0.8, 0.99), eps=1e-3, weight_decay=0.0)}),
    "adam": (torch.optim.Adam, {
        "defaults": dict(), "plain": dict(lr=0.01), "decay": dict(lr=0.02, weight_decay=0.1, eps=1e-2), "amsgrad": dict(lr=0.01, amsgrad=True),
        "betas": dict(lr=0.003, betas=(0.8, 0.99), eps=1e-3)}),
    "rmsprop": (torch.optim.RMSprop, {
        "plain": dict(lr=0.003, eps=0.1), "centered": dict(lr=0.002, eps=0.1, centered=True),
        "momentum": dict(lr=0.005, momentum=0.9, alpha=0.9, eps=0.1),
        "all": dict(lr=0.002, momentum=0.5, centered=True, weight_decay=0.1, eps=0.1)}),
    "adagrad": (torch.optim.Adagrad, {
        "defaults": dict(), "plain": dict(lr=0.3, eps=1e-2), "decay": dict(lr=0.3, lr_decay=0.001, weight_decay=0.1),
        "initial": dict(lr=0.3, initial_accumulator_value=0.5, eps=1e-6)}),
    "adadelta": (torch.optim.Adadelta, {
        "plain": dict(lr=0.1), "decay": dict(lr=0.1, rho=0.95, weight_decay=0.1), "eps": dict(lr=0.01, eps=1e-3)}),
    "adamax": (torch.optim.Adamax, {
        "defaults": dict(), "plain": dict(lr=0.02), "decay": dict(lr=0.02, weight_decay=0.1, eps=1e-2),
        "betas": dict(betas=(0.8, 0.99), eps=1e-2)}),
    "nadam": (torch.optim.NAdam, {
        "plain": dict(lr=0.01, eps=1e-2, foreach=True), "decay": dict(lr=0.01, eps=1e-2, weight_decay=0.1, foreach=True),
        "betas": dict(betas=(0.8, 0.99), momentum_decay=0.01, eps=1e-2, foreach=True),
        "decoupled": dict(lr=0.01, eps=1e-2, decay=0.1, foreach=True)}),
    "radam": (torch.optim.RAdam, {
        "plain": dict(lr=0.02, eps=1e-2), "decay": dict(lr=0.02, weight_decay=0.1, eps=1e-2), "betas": dict(lr=0.01, betas=(0.8, 0.95), eps=0.1),
        "decoupled": dict(lr=0.02, eps=1e-2, decay=0.1)}),
    "asgd": (torch.optim.ASGD, {
        "plain": dict(lr=0.001), "averaged": dict(lr=0.001, lambd=0.01, alpha=0.6, t0=100.0, weight_decay=0.01)}),
    "rprop": (torch.optim.Rprop, {
        "plain": dict(lr=0.001), "etas": dict(lr=0.01, etas=(0.4, 1.1), step_sizes=(1e-5, 0.1)), "fine": dict(step_sizes=(1e-9, 50))}),
    "lion": (Lion, {
        "plain": dict(lr=2**-10), "decay": dict(lr=0.003, betas=(0.95, 0.98), weight_decay=0.1)}),
    "muon": (Muon, {
        "plain": dict(lr=0.0005), "decay": dict(lr=0.001, weight_decay=0.1, momentum=0.9),
        "classic": dict(lr=0.0005, nesterov=False, ns_steps=3)}),
}


def run(make, options, problem):
    problem = problem()
    options = dict(options)
    if "decay" in options:
        make = decoupled(make)
    optimizer = make(problem.params, **options)
    kept = []
    for step in range(1, max(STEPS) + 1):
        optimizer.zero_grad()
        problem.loss().backward()
        optimizer.step()
        if step in STEPS:
            kept += [float(x) for p in problem.params for x in p.detach().flatten()]
    return kept, optimizer, problem


def write(out, name, values):
    out.write("%s %d\n" % (name, len(values)))
    for i in range(0, len(values), 6):
        out.write(" ".join("%.17g" % v for v in values[i:i + 6]) + "\n")


for name in sys.argv[1:] or CASES:
    make, cases = CASES[name]
    with open(os.path.join(HERE, "optim_%s.txt" % name), "w") as out:
        for case, options in cases.items():
            for problem in PROBLEMS:
                if problem == "shapes" and name != "muon":
                    continue
                values, optimizer, problem_run = run(make, options, PROBLEMS[problem])
                write(out, "%s.%s" % (case, problem), values)
                if name == "asgd":
                    ax = [float(x) for p in problem_run.params for x in optimizer.state[p]["ax"].flatten()]
                    write(out, "%s.%s.ax" % (case, problem), ax)
