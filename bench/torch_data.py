#!/usr/bin/env python3
"""JPEGs through torchvision: RandomResizedCrop(224), flip, normalise, batches of 64; and the files to do it on.

torch_data.py make FOLDER       writes 800 pictures of 224x224 in 10 class folders, train/ and val/
torch_data.py run FOLDER N...   pictures/s with N workers each: the best of three epochs
"""
import os
import sys
import time


def make(folder):
    import numpy as np
    from PIL import Image
    numbers = np.random.default_rng(0)
    for i in range(880):
        place = os.path.join(folder, 'train' if i < 800 else 'val', str(i % 10))
        os.makedirs(place, exist_ok=True)
        soft = Image.fromarray(numbers.integers(0, 256, (14, 14, 3), np.uint8)).resize((224, 224), Image.BICUBIC)
        grain = np.asarray(soft).astype(np.float32) + numbers.normal(0, 6, (224, 224, 3))
        Image.fromarray(grain.clip(0, 255).astype(np.uint8)).save(os.path.join(place, '%05d.jpg' % i), quality=90)


def run(folder, workers):
    import torch
    import torchvision
    from torchvision import transforms as t
    steps = t.Compose([t.RandomResizedCrop(224), t.RandomHorizontalFlip(), t.ToTensor(), t.Normalize((.485, .456, .406), (.229, .224, .225))])
    data = torchvision.datasets.ImageFolder(os.path.join(folder, 'train'), steps)
    loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True, num_workers=workers)
    best = 0
    for _ in range(3):
        begin, count = time.perf_counter(), 0
        for images, _labels in loader:
            count += len(images)
        best = max(best, count / (time.perf_counter() - begin))
    print('torchvision %s, %d workers: %.0f pictures/s' % (torchvision.__version__, workers, best), flush=True)


if sys.argv[1] == 'make':
    make(sys.argv[2])
else:
    for n in sys.argv[3:]:
        run(sys.argv[2], int(n))
