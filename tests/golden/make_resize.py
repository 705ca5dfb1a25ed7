#!/usr/bin/python3
"""Golden values of lathe_image_resize: Pillow's resize of a picture made by a formula. Writes resize.txt beside this file.

Made with Pillow 9.4 (Debian 12: python3-pil).
"""
import os
from PIL import Image

FILTERS = {"bilinear": Image.BILINEAR, "nearest": Image.NEAREST, "bicubic": Image.BICUBIC, "area": Image.BOX, "lanczos": Image.LANCZOS}
# name: width and height before, width and height after, box or None
CASES = {
    "smaller": (23, 17, 9, 6, None),
    "larger": (7, 5, 19, 16, None),
    "mixed": (12, 30, 25, 8, None),
    "one": (1, 1, 3, 4, None),
    "to_one": (11, 9, 1, 1, None),
    "same": (6, 6, 6, 6, None),
    "box": (20, 18, 7, 8, (2.25, 3.5, 17.75, 14.0)),
    "small_box": (20, 18, 9, 10, (4.0, 6.0, 8.5, 9.25)),
    "wide": (64, 3, 5, 3, None),
}


def pixel(x, y):
    return (x * x * 7 + y * 31 + x * y * 13 + (x // 3) * 90) % 256


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "resize.txt"), "w") as out:
    for case, (w, h, nw, nh, box) in CASES.items():
        source = Image.new("L", (w, h))
        source.putdata([pixel(x, y) for y in range(h) for x in range(w)])
        for name, code in FILTERS.items():
            values = list(source.resize((nw, nh), code, box).getdata())
            out.write("%s_%s %d %s\n" % (case, name, len(values), " ".join(map(str, values))))
