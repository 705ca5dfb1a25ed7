#!/usr/bin/env python3
"""Learning rates (and momenta) of PyTorch's schedulers: sched_NAME.txt, arrays "CASE.lr" and "CASE.momentum".

One number a step for steps 0 to 1000, then every tenth to 3000. Run with Debian's python3-torch (1.13.1)."""
import os
import sys
import warnings

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
        try:
            scheduler.step()
        except ValueError:  # OneCycleLR refuses to go on behind its end
            break
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
}


def write(out, name, values):
    out.write("%s %d\n" % (name, len(values)))
    for i in range(0, len(values), 6):
        out.write(" ".join(repr(v) for v in values[i:i + 6]) + "\n")


for name in sys.argv[1:] or CASES:
    with open(os.path.join(HERE, "sched_%s.txt" % name), "w") as out:
        for case, make in CASES[name].items():
            rates = torch_run(make)
            kept = [rates[t] for t in KEPT if t < len(rates)]
            write(out, case + ".lr", [r[0] for r in kept])
            if name in ("cyclic", "one_cycle"):
                write(out, case + ".momentum", [r[1] for r in kept])
