/* Windows of a picture, with a border where the window is outside. */
#include <string.h>

#include "transform_impl.h"

int lathe_edge_fill(const lathe_edge *edge, const lathe_image *image)
{
    return image->mask == LATHE_INSTANCE_MASK ? 0 : image->mask ? edge->fill_mask : edge->fill;
}

void lathe_affine_window(int top, int left, double m[6])
{
    memcpy(m, (double[6]){ 1, 0, -left, 0, 1, -top }, 6 * sizeof *m);
}

/* Columns begin ... end of a window's row, which lie outside the picture. */
static void fill_columns(const uint8_t *from, int width, int left, int begin, int end, int border, int fill,
    uint8_t *to)
{
    for (int x = begin; x < end; x++) {
        int column = lathe_border_place((lathe_border)border, left + x, width);
        to[x] = column < 0 ? (uint8_t)fill : from[column];
    }
}

void lathe_image_window(const lathe_image *in, const double m[6], const lathe_edge *edge, lathe_image *out)
{
    const int left = (int)-m[2], top = (int)-m[5];
    const int border = in->mask == LATHE_INSTANCE_MASK ? LATHE_BORDER_CONSTANT : edge->border;
    int first = left < 0 ? -left : 0,
        last = in->width - left; /* columns of out that lie inside: first ... last */
    int fill = lathe_edge_fill(edge, in);
    if (first > out->width) first = out->width;
    if (last > out->width) last = out->width;
    if (last < first) last = first;
    for (int c = 0; c < out->channels; c++)
        for (int y = 0; y < out->height; y++) {
            uint8_t *to = out->pixels + ((size_t)c * (size_t)out->height + (size_t)y) * (size_t)out->width;
            int row = lathe_border_place((lathe_border)border, top + y, in->height);
            if (row < 0) {
                memset(to, fill, (size_t)out->width);
                continue;
            }
            const uint8_t *from =
                in->pixels + ((size_t)c * (size_t)in->height + (size_t)row) * (size_t)in->width;
            fill_columns(from, in->width, left, 0, first, border, fill, to);
            if (last > first) memcpy(to + first, from + (left + first), (size_t)(last - first));
            fill_columns(from, in->width, left, last, out->width, border, fill, to);
        }
}

void lathe_image_copy(const lathe_image *in, lathe_image *out)
{
    memcpy(out->pixels, in->pixels, (size_t)in->channels * (size_t)in->height * (size_t)in->width);
}
