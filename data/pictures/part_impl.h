/* Private: the part of a photograph that evaluation takes. */
#ifndef LATHE_DATA_PICTURES_PART_IMPL_H
#define LATHE_DATA_PICTURES_PART_IMPL_H

#include "../part.h"

/**
 * The middle of a photograph for evaluation. The shorter side is scaled to size / ratio, rounded down, and the
 * middle is cut out.
 *
 * part     the sizes of the result
 * ratio    above 0 to 1, such as 0.875: 224 of 256 pixels
 * Same as  torchvision.transforms.Resize(size / ratio) and CenterCrop(size)
 */
lathe_box lathe_part_middle(const lathe_part *part, double ratio, int height, int width);

#endif
