#include "part_impl.h"

#include <math.h>
#include <stdint.h>

void lathe_part_scale(int size_height, int size_width, double ratio, int *height, int *width)
{
    /* 224 / 0.875 must not become 255. */
    const int down = (int)floor(size_height / ratio + 1e-6), across = (int)floor(size_width / ratio + 1e-6);
    const int64_t h = *height, w = *width;
    const bool by_width = w * down <= h * across;
    *height = by_width ? (int)(across * h / w) : down;
    *width = by_width ? across : (int)(down * w / h);
}

lathe_box lathe_part_middle(const lathe_part *part, double ratio, int height, int width)
{
    int down = height, across = width;
    lathe_part_scale(part->height, part->width, ratio, &down, &across);
    /* Halves are rounded to even numbers, as Python does it. */
    const double left = rint((across - part->width) / 2.0), top = rint((down - part->height) / 2.0);
    const double wide = (double)width / across, high = (double)height / down;
    return (lathe_box){ left * wide, top * high, fmin((left + part->width) * wide, width),
        fmin((top + part->height) * high, height) };
}
