#!/usr/bin/env python3
"""Learning rates (and momenta) of PyTorch's schedulers: sched_NAME.txt, arrays "CASE.lr" and "CASE.momentum".

One number a step for steps 0 to 1000, then every tenth to 3000. Run with Debian's python3-torch (1.13.1)."""
import math
import os
import sys
import warnings

import numpy as np
import torch
from torch.optim import lr_scheduler as L

warnings.simplefilter("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
KEPT = list(range(1001)) + list(range(1010, 3001, 10))


def torch_run(make, lr=0.1, momentum=0.9):
    p = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.SGD([p], lr=lr, momentum=momentum)
    scheduler = make(optimizer)
    rates = []
    for t in range(3001):
        group = optimizer.param_groups[0]
        rates.append((group["lr"], group["momentum"]))
        if getattr(scheduler, "total_steps", None) == t + 1:
            break  # OneCycleLR goes on beyond its end for a step, and then refuses to
        scheduler.step()
    return rates


CASES = {
    "cyclic": {
        "triangular": lambda o: L.CyclicLR(o, 0.001, 0.006, step_size_up=100),
        "uneven": lambda o: L.CyclicLR(o, 1e-4, 0.3, step_size_up=7, step_size_down=11, base_momentum=0.85, max_momentum=0.95),
        "triangular2": lambda o: L.CyclicLR(o, 0.001, 0.006, step_size_up=40, step_size_down=60, mode="triangular2"),
        "exp_range": lambda o: L.CyclicLR(o, 0.001, 0.006, step_size_up=100, mode="exp_range", gamma=0.9994),
        "scale_cycle": lambda o: L.CyclicLR(o, 0.001, 0.006, step_size_up=50, scale_fn=lambda x: 1 / x, scale_mode="cycle"),
        "scale_iterations": lambda o: L.CyclicLR(o, 0.001, 0.006, step_size_up=50, scale_fn=lambda x: 1 / 5 ** (x * 0.0001),
                                                 scale_mode="iterations"),
    },
    "step": {
        "plain": lambda o: L.StepLR(o, 30, gamma=0.5),
        "defaults": lambda o: L.StepLR(o, 700),
    },
    "multi_step": {
        "plain": lambda o: L.MultiStepLR(o, [30, 80, 500], gamma=0.3),
        "unsorted": lambda o: L.MultiStepLR(o, [700, 80, 80, 2500]),
    },
    "exponential": {"plain": lambda o: L.ExponentialLR(o, 0.999), "fast": lambda o: L.ExponentialLR(o, 0.95)},
    "cosine": {
        "plain": lambda o: closed(L.CosineAnnealingLR(o, 1000, eta_min=0.001)),
        "odd": lambda o: closed(L.CosineAnnealingLR(o, 77, eta_min=0.01)),
    },
    "warm_restarts": {
        "plain": lambda o: L.CosineAnnealingWarmRestarts(o, 50, eta_min=0.001),
        "doubling": lambda o: L.CosineAnnealingWarmRestarts(o, 10, T_mult=2, eta_min=0.001),
        "tripling": lambda o: L.CosineAnnealingWarmRestarts(o, 7, T_mult=3, eta_min=0.01),
    },
    "linear": {
        "defaults": lambda o: L.LinearLR(o),
        "down": lambda o: L.LinearLR(o, start_factor=1.0, end_factor=0.05, total_iters=1000),
    },
    "polynomial": {
        "defaults": lambda o: closed(L.PolynomialLR(o)),
        "square": lambda o: closed(L.PolynomialLR(o, total_iters=1000, power=2.0)),
        "root": lambda o: closed(L.PolynomialLR(o, total_iters=333, power=0.5)),
    },
    "warmup": {
        "linear": lambda o: L.LinearLR(o, start_factor=0.01, total_iters=200),
        "constant": lambda o: L.ConstantLR(o, factor=0.25, total_iters=40),
    },
    "one_cycle": {
        "defaults": lambda o: L.OneCycleLR(o, 0.5, total_steps=3000),
        "linear": lambda o: L.OneCycleLR(o, 0.5, total_steps=1000, anneal_strategy="linear", pct_start=0.25, div_factor=10.0,
                                         final_div_factor=100.0, base_momentum=0.8, max_momentum=0.9),
        "three": lambda o: L.OneCycleLR(o, 0.5, total_steps=777, three_phase=True),
        "three_linear": lambda o: L.OneCycleLR(o, 0.5, total_steps=2001, three_phase=True, anneal_strategy="linear", pct_start=0.4),
    },
    # What PyTorch has no class for: its LambdaLR with the formula written out here.
    "constant": {"plain": lambda o: L.ConstantLR(o, factor=1.0), "own": lambda o: L.LambdaLR(o, lambda t: 0.25 / 0.1)},
    "cooldown": {
        "linear": lambda o: L.LinearLR(o, start_factor=1.0, end_factor=0.02, total_iters=900),
        "cosine": lambda o: L.LambdaLR(o, lambda t: 0.05 + 0.95 * (1 + math.cos(math.pi * min(t / 700, 1))) / 2),
    },
    "wsd": {
        "sqrt": lambda o: L.LambdaLR(o, lambda t: wsd(t, 1000, 50, 200, 0.0, math.sqrt)),
        "linear": lambda o: L.LambdaLR(o, lambda t: wsd(t, 2500, 100, 900, 0.1, lambda w: w)),
    },
    "table": {
        "steps": lambda o: L.LambdaLR(o, lambda t: next(lr for step, lr in reversed(TABLE) if step <= max(t, TABLE[0][0])) / 0.1),
        "interpolated": lambda o: L.LambdaLR(o, lambda t: np.interp(t, *zip(*TABLE)) / 0.1),
    },
    "sequence": {
        "pytorch": lambda o: L.SequentialLR(o, [L.LinearLR(o, start_factor=0.01, total_iters=200), L.ExponentialLR(o, 0.997),
                                                L.StepLR(o, 300, gamma=0.5)], [200, 1100]),
        "cycles": lambda o: Rates(o, warm_cycle_cool),
    },
}
TABLE = ((5, 0.01), (60, 0.2), (100, 0.2), (1500, 0.001), (2000, 0.05))


def wsd(t, total, warmup, decay, end, shape):
    if t < warmup:
        return (t + 1) / (warmup + 1)
    return 1 - (1 - end) * shape(min(max(t - (total - decay), 0) / decay, 1))


class Rates:
    """Learning rate and momentum straight from a function of the step."""

    def __init__(self, optimizer, rates):
        self.group, self.rates, self.t = optimizer.param_groups[0], rates, 0
        self.set()

    def set(self):
        self.group["lr"], self.group["momentum"] = self.rates(self.t)

    def step(self):
        self.t += 1
        self.set()


def warm_cycle_cool(t):
    """warmup:200 from a tenth, cyclic:triangular2:1200 of 150 up and 250 down, cooldown:400: section 1 of Smith 2017 and 2018."""
    base, top, high, low = 0.002, 0.05, 0.95, 0.85
    if t < 200:
        return base * (0.1 + 0.9 * t / 200), 0.9
    i = min(t, 1400) - 200
    cycle, place = divmod(i, 400)
    height = (place / 150 if place <= 150 else (400 - place) / 250) / 2**cycle
    lr, momentum = base + (top - base) * height, high - (high - low) * height
    return (lr if t < 1400 else lr * (1 - 0.99 * min((t - 1400) / 400, 1))), momentum


def closed(scheduler):
    """Let the scheduler use its closed form: its recursion collects roundings, and divides by what may be 0."""
    scheduler.get_lr = scheduler._get_closed_form_lr
    return scheduler


def metric(t):
    return 1 / (1 + 0.05 * min(t, 100)) + 0.05 * math.sin(1.7 * t)


PLATEAU = {
    "defaults": dict(), "impatient": dict(factor=0.5, patience=0), "cooldown": dict(factor=0.7, patience=2, cooldown=5),
    "max": dict(mode="max", factor=0.5, patience=3, threshold=0.01, threshold_mode="abs"),
    "floor": dict(factor=0.3, patience=1, min_lr=0.004, threshold=0.05), "eps": dict(factor=0.5, patience=0, eps=0.002),
}


def plateau_run(options):
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([p], lr=0.1)
    scheduler = L.ReduceLROnPlateau(optimizer, **options)
    rates = []
    for t in range(3001):
        scheduler.step(metric(t))
        rates.append(optimizer.param_groups[0]["lr"])
    return [rates[t] for t in KEPT]


def write(out, name, values):
    out.write("%s %d\n" % (name, len(values)))
    for i in range(0, len(values), 6):
        out.write(" ".join(repr(v) for v in values[i:i + 6]) + "\n")


with open(os.path.join(HERE, "sched_plateau.txt"), "w") as out:
    for case, options in PLATEAU.items():
        write(out, case, plateau_run(options))

for name in sys.argv[1:] or CASES:
    with open(os.path.join(HERE, "sched_%s.txt" % name), "w") as out:
        for case, make in CASES[name].items():
            rates = torch_run(make)
            kept = [rates[t] for t in KEPT if t < len(rates)]
            write(out, case + ".lr", [r[0] for r in kept])
            if len(set(r[1] for r in kept)) > 1:
                write(out, case + ".momentum", [r[1] for r in kept])
