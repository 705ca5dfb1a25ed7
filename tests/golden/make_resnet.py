"""resnet18 by torchvision in double: counts, scores and gradients; writes resnet.txt beside this file.

Weights and pictures are those of make_training.py's formula. Of each parameter's gradient the file has the
norm, and the sum of its products with numbers of stream 2000 + p.
    make_resnet.py [OUT [HEIGHT WIDTH BATCH]]
"""
import os
import sys

import torch
import torchvision

from make_models import flops
from make_training import initialise, numbers


def pictures(batch, height, width):
    return torch.tensor(numbers(1000, batch * 3 * height * width)).view(batch, 3, height, width)


def write(out, name, values):
    out.write(' '.join([name, str(len(values))] + ['%.17g' % v for v in values]) + '\n')


def main(path, height, width, batch):
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    model, large = torchvision.models.resnet18(num_classes=10), torchvision.models.resnet18()
    initialise(model)
    x, labels = pictures(batch, height, width), torch.arange(batch)
    scores = model(x)
    loss = torch.nn.functional.cross_entropy(scores, labels)
    loss.backward()
    gradients = [p.grad.flatten() for p in model.parameters()]
    model.eval()
    with torch.no_grad():
        evaluated = model(x)
    with open(path, 'w') as out:
        write(out, 'counts', [sum(p.numel() for p in large.parameters()),
                              sum(b.numel() for n, b in large.named_buffers() if 'running' in n), flops(large, torch.zeros(1, 3, 224, 224))])
        write(out, 'input', [batch, height, width])
        write(out, 'scores', scores.flatten().tolist())
        write(out, 'loss', [loss.item()])
        write(out, 'evaluated', evaluated.flatten().tolist())
        write(out, 'norms', [g.norm().item() for g in gradients])
        write(out, 'products', [g.dot(torch.tensor(numbers(2000 + p, g.numel()))).item() for p, g in enumerate(gradients)])
        write(out, 'deviations', [p.std().item() if p.dim() > 1 else 0 for p in large.parameters()])


if __name__ == '__main__':
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'resnet.txt')
    main(sys.argv[1] if sys.argv[1:] else here, *map(int, sys.argv[2:5] or (75, 96, 3)))
