/* Crops and padding: a window of the picture as it is, with a border where the window lies outside. */
#include <string.h>

#include "border_impl.h"
#include "transform.h"

/* Columns begin ... end of a window's row, which lie outside the picture. */
static void fill_columns(const uint8_t *from, int width, int left, int begin, int end, lathe_border border, int fill, uint8_t *to)
{
    for (int x = begin; x < end; x++) {
        int column = lathe_border_place(border, left + x, width);
        to[x] = column < 0 ? (uint8_t)fill : from[column];
    }
}

/* Copy the window whose top left corner is (top, left) of *in. */
static void copy_window(const lathe_image *in, int top, int left, lathe_border border, int fill, lathe_image *out)
{
    int first = left < 0 ? -left : 0, last = in->width - left; /* columns of out that lie inside: first ... last */
    if (first > out->width) first = out->width;
    if (last > out->width) last = out->width;
    if (last < first) last = first;
    for (int c = 0; c < out->channels; c++)
        for (int y = 0; y < out->height; y++) {
            uint8_t *to = out->pixels + ((size_t)c * (size_t)out->height + (size_t)y) * (size_t)out->width;
            int row = lathe_border_place(border, top + y, in->height);
            if (row < 0) {
                memset(to, fill, (size_t)out->width);
                continue;
            }
            const uint8_t *from = in->pixels + ((size_t)c * (size_t)in->height + (size_t)row) * (size_t)in->width;
            fill_columns(from, in->width, left, 0, first, border, fill, to);
            if (last > first) memcpy(to + first, from + (left + first), (size_t)(last - first));
            fill_columns(from, in->width, left, last, out->width, border, fill, to);
        }
}

typedef struct lathe_crop {
    int padding, size, border, fill;
} lathe_crop;

static const lathe_field crop_fields[] = {
    { .name = "padding", .kind = LATHE_FIELD_INT, .offset = offsetof(lathe_crop, padding), .min = 0, .max = 4096,
        .help = "pixels added on each side first" },
    { .name = "size", .kind = LATHE_FIELD_INT, .offset = offsetof(lathe_crop, size), .min = 0, .max = 16384,
        .help = "side of what is cut out; 0: the size that goes in" },
    { .name = "border", .kind = LATHE_FIELD_CHOICE, .offset = offsetof(lathe_crop, border), .choices = lathe_border_names,
        .help = "what the padding shows" },
    { .name = "fill", .kind = LATHE_FIELD_INT, .offset = offsetof(lathe_crop, fill), .min = 0, .max = 255,
        .help = "the constant border's value" },
    { 0 },
};

static lathe_status crop_size(const void *opts, int channels, int *height, int *width)
{
    (void)channels;
    const lathe_crop *crop = opts;
    if (!crop->size) return LATHE_OK;
    if (crop->size > *height + 2 * crop->padding || crop->size > *width + 2 * crop->padding)
        return lathe_fail(LATHE_ESHAPE, "random_crop: size %d of pictures of %d x %d with padding %d", crop->size, *height, *width,
            crop->padding);
    *height = *width = crop->size;
    return LATHE_OK;
}

static lathe_status crop_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    const lathe_crop *crop = opts;
    int down = in->height + 2 * crop->padding - out->height, across = in->width + 2 * crop->padding - out->width;
    int top = (int)lathe_rng_below(rng, (uint64_t)down + 1) - crop->padding;
    int left = (int)lathe_rng_below(rng, (uint64_t)across + 1) - crop->padding;
    copy_window(in, top, left, (lathe_border)crop->border, crop->fill, out);
    return LATHE_OK;
}

/* torchvision.transforms.RandomCrop; albumentations.RandomCrop with pad_if_needed */
const lathe_transform_type lathe_random_crop_transform = {
    .name = "random_crop", .alias = "crop", .help = "a window at a random place, after padding", .fields = crop_fields,
    .opts_size = sizeof(lathe_crop), .p = 1, .size = crop_size, .apply = crop_apply,
};

typedef struct lathe_center_crop {
    int size;
} lathe_center_crop;

static const lathe_field center_fields[] = {
    { .name = "size", .kind = LATHE_FIELD_INT, .offset = offsetof(lathe_center_crop, size), .min = 1, .max = 16384, .required = true,
        .help = "side of what is cut out" },
    { 0 },
};

static lathe_status center_size(const void *opts, int channels, int *height, int *width)
{
    (void)channels;
    const lathe_center_crop *crop = opts;
    if (crop->size > *height || crop->size > *width)
        return lathe_fail(LATHE_ESHAPE, "center_crop: size %d of pictures of %d x %d", crop->size, *height, *width);
    *height = *width = crop->size;
    return LATHE_OK;
}

static lathe_status center_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    (void)opts, (void)rng;
    copy_window(in, (in->height - out->height) / 2, (in->width - out->width) / 2, LATHE_BORDER_CONSTANT, 0, out);
    return LATHE_OK;
}

/* albumentations.CenterCrop */
const lathe_transform_type lathe_center_crop_transform = {
    .name = "center_crop", .help = "the middle", .fields = center_fields, .opts_size = sizeof(lathe_center_crop), .p = 1,
    .size = center_size, .apply = center_apply,
};

typedef struct lathe_pad {
    int padding, border, fill;
} lathe_pad;

static const lathe_field pad_fields[] = {
    { .name = "padding", .kind = LATHE_FIELD_INT, .offset = offsetof(lathe_pad, padding), .min = 1, .max = 4096, .required = true,
        .help = "pixels added on each side" },
    { .name = "border", .kind = LATHE_FIELD_CHOICE, .offset = offsetof(lathe_pad, border), .choices = lathe_border_names,
        .help = "what they show" },
    { .name = "fill", .kind = LATHE_FIELD_INT, .offset = offsetof(lathe_pad, fill), .min = 0, .max = 255,
        .help = "the constant border's value" },
    { 0 },
};

static lathe_status pad_size(const void *opts, int channels, int *height, int *width)
{
    (void)channels;
    const lathe_pad *pad = opts;
    *height += 2 * pad->padding;
    *width += 2 * pad->padding;
    return LATHE_OK;
}

static lathe_status pad_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    (void)rng;
    const lathe_pad *pad = opts;
    copy_window(in, -pad->padding, -pad->padding, (lathe_border)pad->border, pad->fill, out);
    return LATHE_OK;
}

/* torchvision.transforms.Pad */
const lathe_transform_type lathe_pad_transform = {
    .name = "pad", .help = "a border on each side", .fields = pad_fields, .opts_size = sizeof(lathe_pad), .p = 1,
    .size = pad_size, .apply = pad_apply,
};
