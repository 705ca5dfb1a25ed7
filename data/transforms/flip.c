/* Mirror images. */
#include <string.h>

#include "transform_impl.h"

static lathe_status flip_columns(const void *opts, const lathe_image *in, lathe_image *out)
{
    (void)opts;
    size_t width = (size_t)in->width, rows = (size_t)in->channels * (size_t)in->height;
    for (size_t row = 0; row < rows; row++) {
        const uint8_t *from = in->pixels + row * width;
        uint8_t *to = out->pixels + row * width;
        size_t x = 0;
        for (; x + 8 <= width; x += 8) { /* eight at a time, reversed in a register */
            uint64_t eight;
            memcpy(&eight, from + (width - 8 - x), 8);
            eight = __builtin_bswap64(eight);
            memcpy(to + x, &eight, 8);
        }
        for (; x < width; x++) to[x] = from[width - 1 - x];
    }
    return LATHE_OK;
}

static lathe_status flip_rows(const void *opts, const lathe_image *in, lathe_image *out)
{
    (void)opts;
    size_t width = (size_t)in->width, height = (size_t)in->height;
    for (size_t c = 0; c < (size_t)in->channels; c++)
        for (size_t y = 0; y < height; y++)
            memcpy(out->pixels + (c * height + y) * width, in->pixels + (c * height + height - 1 - y) * width,
                width);
    return LATHE_OK;
}

static void columns_affine(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    (void)opts, (void)rng, (void)out;
    memcpy(m, (double[6]){ -1, 0, in->width - 1, 0, 1, 0 }, 6 * sizeof *m);
}

static void rows_affine(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    (void)opts, (void)rng, (void)out;
    memcpy(m, (double[6]){ 1, 0, 0, 0, -1, in->height - 1 }, 6 * sizeof *m);
}

const lathe_transform_type lathe_horizontal_flip_transform = {
    .name = "horizontal_flip",
    .alias = "hflip",
    .help = "mirror left and right",
    .fields = lathe_no_fields,
    .p = 0.5,
    .still = flip_columns,
    .affine = columns_affine,
};

const lathe_transform_type lathe_vertical_flip_transform = {
    .name = "vertical_flip",
    .alias = "vflip",
    .help = "mirror top and bottom",
    .fields = lathe_no_fields,
    .p = 0.5,
    .still = flip_rows,
    .affine = rows_affine,
};
