#!/usr/bin/python3
"""Golden values of the transforms: OpenCV, Pillow and torchvision on a picture made by a formula and on a part of a photograph.

Writes transform.txt beside this file: a line is NAME COUNT PIXELS, channel after channel, row after row. And transform_photo.txt, of the
photograph given as the argument (ants-bees/train/ants/0013035.jpg): of each result 400 numbers, number i from place i * 7919 modulo their count.
Made with OpenCV 4.6, Pillow 9.4 and torchvision 0.14.1 (Debian 12: python3-opencv, python3-pil, python3-torchvision).
"""
import os
import sys

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision.transforms import functional as F

BORDERS = {"constant": cv2.BORDER_CONSTANT, "replicate": cv2.BORDER_REPLICATE, "reflect": cv2.BORDER_REFLECT,
           "reflect_101": cv2.BORDER_REFLECT_101, "wrap": cv2.BORDER_WRAP}
FILTERS = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC, "lanczos": cv2.INTER_LANCZOS4,
           "area": cv2.INTER_AREA}


def picture(height, width):
    """As tests/support/transform.c makes it: waves with a hard edge and a little texture."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    wave = (x * (3 + c) + y * (5 - c) + (x * y) // 7) % 97
    edge = np.where((x + 2 * y + 5 * c) % 29 < 11, 120, 20)
    return (wave + edge + (x * x + y * 3) % 17).astype(np.uint8)


def rotation(image, angle, scale=1.0, right=0.0, down=0.0):
    """albumentations' rotate and shift_scale_rotate."""
    h, w = image.shape[:2]
    m = cv2.getRotationMatrix2D((w / 2 - 0.5, h / 2 - 0.5), angle, scale)
    m[0, 2] += right * w
    m[1, 2] += down * h
    return m


def warp(image, matrix, filter_="bilinear", border="constant", fill=0):
    h, w = image.shape[:2]
    return cv2.warpAffine(image, matrix, (w, h), flags=FILTERS[filter_], borderMode=BORDERS[border], borderValue=(fill, fill, fill))


def affine(image, angle, percent, scale, shear):
    """torchvision's order of the parts, OpenCV's warp."""
    h, w = image.shape[:2]
    inverse = F._get_inverse_affine_matrix([w / 2 - 0.5, h / 2 - 0.5], angle, [percent * w, percent * h], scale, shear)
    return cv2.warpAffine(image, np.array(inverse).reshape(2, 3), (w, h), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def adjusted(image, function, amount):
    return function(torch.from_numpy(image.transpose(2, 0, 1).copy()), amount).numpy().transpose(1, 2, 0)


def equalized_luma(image):
    ycc = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
    ycc[..., 0] = cv2.equalizeHist(ycc[..., 0].copy())
    return cv2.cvtColor(ycc, cv2.COLOR_YCrCb2RGB)


def transformed(image):
    results = {}
    for border in BORDERS:
        for filter_ in FILTERS:
            if filter_ == "area" and border != "constant":
                continue
            results["rotate_%s_%s" % (border, filter_)] = warp(image, rotation(image, 33), filter_, border, 77)
    for angle in (-90, 7.5, 180):
        results["rotate_%g" % angle] = warp(image, rotation(image, angle))
    results["ssr"] = warp(image, rotation(image, -20, 1.3, 0.1, 0.1), "bilinear", "reflect_101")
    results["ssr_small"] = warp(image, rotation(image, 10, 0.4, -0.2, -0.2), "bicubic", "wrap")
    results["affine"] = affine(image, 25, 0.1, 0.8, [10.0, 10.0])
    results["shear"] = affine(image, 0, 0, 1.0, [15.0, 15.0])
    for factor in (0.0, 0.4, 1.7):
        results["brightness_%g" % factor] = adjusted(image, F.adjust_brightness, factor)
        results["contrast_%g" % factor] = adjusted(image, F.adjust_contrast, factor)
        results["saturation_%g" % factor] = adjusted(image, F.adjust_saturation, factor)
    for turn in (-0.5, -0.3, -0.05, 0.1, 0.4):
        results["hue_%g" % turn] = adjusted(image, F.adjust_hue, turn)
    results["to_gray"] = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    results["equalize_cv"] = np.dstack([cv2.equalizeHist(image[..., c].copy()) for c in range(3)])
    results["equalize_pil"] = np.asarray(ImageOps.equalize(Image.fromarray(image)))
    results["equalize_luma"] = equalized_luma(image)
    for size in (3, 5, 7, 11):
        results["blur_%d" % size] = cv2.blur(image, (size, size))
        results["gaussian_%d" % size] = cv2.GaussianBlur(image, (size, size), 0)
    results["gaussian_9_1.5"] = cv2.GaussianBlur(image, (9, 9), 1.5)
    return {name: result.transpose(2, 0, 1).reshape(-1) for name, result in results.items()}


def write(name, results):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w") as out:
        for key, values in results.items():
            out.write("%s %d %s\n" % (key, len(values), " ".join(map(str, values))))


def main():
    write("transform.txt", transformed(picture(18, 23)))
    photo = np.ascontiguousarray(np.asarray(Image.open(sys.argv[1]))[160:352, 256:512])
    write("transform_photo.txt", {key: values[np.arange(400) * 7919 % len(values)] for key, values in transformed(photo).items()})


main()
