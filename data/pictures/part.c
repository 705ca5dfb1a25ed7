#include "part_impl.h"

#include <math.h>
#include <stdint.h>

lathe_box lathe_part_middle(const lathe_part *part, double ratio, int height, int width)
{
    /* The sides that the whole photograph is scaled to; 224 / 0.875 must not become 255. */
    int across = (int)floor(part->width / ratio + 1e-6), down = (int)floor(part->height / ratio + 1e-6);
    if ((int64_t)width * down <= (int64_t)height * across) down = (int)((int64_t)across * height / width);
    else across = (int)((int64_t)down * width / height);
    /* Halves are rounded to even numbers, as Python does it. */
    const double left = rint((across - part->width) / 2.0), top = rint((down - part->height) / 2.0);
    const double wide = (double)width / across, high = (double)height / down;
    return (lathe_box){ left * wide, top * high, fmin((left + part->width) * wide, width),
        fmin((top + part->height) * high, height) };
}
