"""Names and shapes of nets' tensors by torchvision and zoo_definitions.py: writes zoo_names.txt beside this file.

A row is a net with 1000 classes: its tensors, its parameters, its running statistics, and the sum of the 32-bit
FNV-1a of each "name:shape", such as "features.0.0.weight:32,3,3,3". The sum does not depend on their order.
    make_zoo_names.py [NET ...]      all nets without names
"""
import os
import sys

import torchvision.models as zoo

from make_zoo import stream
from zoo_definitions import NETS

NETS = dict(NETS)
for name in ['mobilenet_v3_small', 'mobilenet_v3_large', 'convnext_tiny'] + ['efficientnet_b%d' % i for i in range(8)]:
    NETS[name] = getattr(zoo, name)
NETS['mobilenet_v3_small:width=0.5'] = lambda: zoo.mobilenet_v3_small(width_mult=0.5)


def row(model):
    state = {n: t for n, t in model.state_dict(keep_vars=True).items() if not n.endswith('num_batches_tracked')}
    sizes = [sum(t.numel() for t in state.values() if t.requires_grad == trained) for trained in (True, False)]
    digest = sum(stream('%s:%s' % (n, ','.join(map(str, t.shape)))) for n, t in state.items())
    return [len(state)] + sizes + [digest & 0xffffffff]


if __name__ == '__main__':
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'zoo_names.txt'), 'w') as out:
        for name in sys.argv[1:] or sorted(NETS):
            values = row(NETS[name]())
            out.write(' '.join([name, str(len(values))] + [str(v) for v in values]) + '\n')
