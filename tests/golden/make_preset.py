#!/usr/bin/python3
"""Golden values of photographs as torchvision's presets prepare them: Resize and CenterCrop, and resized_crop of given boxes.

Writes beside this file preset.jpg, preset_turned.jpg (EXIF's orientation 6), and preset.txt, whose lines are NAME COUNT PIXELS, channel
after channel. Other pictures are made by a formula. The first numbers of a line named "..._box" are left, top, right, bottom.

Made with torchvision 0.14.1 and Pillow 9.4 (Debian 12: python3-torchvision, python3-pil).
"""
import math
import os
import numpy as np
from PIL import Image, ImageOps
from torchvision.transforms import CenterCrop, InterpolationMode, Resize
from torchvision.transforms.functional import resized_crop

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC, "lanczos": InterpolationMode.LANCZOS}
# name: width, height; size and size / crop ratio; left, top, right, bottom of a crop
CASES = {
    "wide": (61, 40, 16, 18, (5, 3, 44, 40)),
    "tall": (33, 75, 12, 15, (0, 20, 33, 31)),
    "square": (50, 50, 28, 32, (1, 2, 7, 9)),
    "thin": (90, 20, 24, 27, (13, 0, 90, 20)),
}


def made(width, height):
    """Channel c of pixel (x, y), as in tests/data/pictures/test_resize.c."""
    pixel = lambda x, y, c: ((x * x * 7 + y * 31 + x * y * 13 + (x // 3) * 90) % 256) ^ c * 85
    return Image.fromarray(np.array([[[pixel(x, y, c) for c in range(3)] for x in range(width)] for y in range(height)], np.uint8))


def photograph(width, height):
    """Something smooth with edges, and fine stripes."""
    value = lambda x, y, c: 127 + 60 * math.sin(x / (17 + 5 * c)) + 40 * math.cos(y / 23 + c) + (25 if (x // 40 + y // 30) % 2 else -25)
    return Image.fromarray(np.array([[[min(255, max(0, int(value(x, y, c) + 9 * math.sin(x * 1.9 + y)))) for c in range(3)]
                                      for x in range(width)] for y in range(height)], np.uint8))


def numbers(picture):
    return np.asarray(picture).transpose(2, 0, 1).reshape(-1)


def main():
    exif = Image.Exif()
    exif[0x0112] = 6
    photograph(403, 301).save(os.path.join(HERE, "preset.jpg"), quality=88)
    photograph(403, 301).save(os.path.join(HERE, "preset_turned.jpg"), quality=88, exif=exif)
    pictures = {name: (made(*case[:2]),) + case[2:] for name, case in CASES.items()}
    upright = lambda name: ImageOps.exif_transpose(Image.open(os.path.join(HERE, name))).convert("RGB")
    pictures["jpeg"] = (upright("preset.jpg"), 21, 24, (40, 7, 391, 299))
    pictures["turned"] = (upright("preset_turned.jpg"), 21, 24, (5, 60, 290, 403))
    with open(os.path.join(HERE, "preset.txt"), "w") as out:
        for name, (picture, size, short, box) in pictures.items():
            for mode, code in MODES.items():
                left, top, right, bottom = box
                middle = CenterCrop(size)(Resize(short, code)(picture))
                crop = resized_crop(picture, top, left, bottom - top, right - left, [size, size], code)
                for kind, values in (("middle", numbers(middle)), ("box", np.concatenate([box, numbers(crop)]))):
                    out.write("%s_%s_%s %d %s\n" % (name, mode, kind, len(values), " ".join(map(str, values))))


main()
