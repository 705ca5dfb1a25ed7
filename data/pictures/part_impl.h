/* Private: the sizes and the part of a photograph that evaluation takes. */
#ifndef LATHE_DATA_PICTURES_PART_IMPL_H
#define LATHE_DATA_PICTURES_PART_IMPL_H

#include "../part.h"

/**
 * Scale the sides of a photograph for samples of size_height x size_width: the shorter side becomes
 * size / ratio, rounded down, and the longer side follows, rounded down too.
 *
 * ratio  above 0 to 1, such as 0.875: 224 of 256 pixels
 */
void lathe_part_scale(int size_height, int size_width, double ratio, int *height, int *width);

/**
 * The middle of a photograph of height x width pixels, scaled as lathe_part_scale says.
 *
 * part     the sizes of the result
 * Same as  torchvision.transforms.Resize(size / ratio) and CenterCrop(size)
 */
lathe_box lathe_part_middle(const lathe_part *part, double ratio, int height, int width);

#endif
