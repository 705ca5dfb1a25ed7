/* Crops: a window of the picture, not scaled. */
#include "transform_impl.h"

/* The window in the middle. */
static void middle_window(const lathe_image *in, const lathe_image *out, double m[6])
{
    lathe_affine_window((in->height - out->height) / 2, (in->width - out->width) / 2, m);
}

typedef struct lathe_crop {
    int padding, size;
    lathe_edge edge;
} lathe_crop;

static const lathe_field crop_fields[] = {
    { .name = "padding",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_crop, padding),
        .min = 0,
        .max = 4096,
        .help = "pixels added on each side first" },
    { .name = "size",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_crop, size),
        .min = 0,
        .max = 16384,
        .help = "side of what is cut out; 0: the size that goes in" },
    LATHE_EDGE_FIELDS(lathe_crop, edge),
    { 0 },
};

static lathe_status crop_size(const void *opts, int channels, int *height, int *width)
{
    (void)channels;
    const lathe_crop *crop = opts;
    if (!crop->size) return LATHE_OK;
    if (crop->size > *height + 2 * crop->padding || crop->size > *width + 2 * crop->padding)
        return lathe_fail(LATHE_ESHAPE, "random_crop: size %d of pictures of %d x %d with padding %d",
            crop->size, *height, *width, crop->padding);
    *height = *width = crop->size;
    return LATHE_OK;
}

static void crop_affine(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    const lathe_crop *crop = opts;
    if (!rng) {
        middle_window(in, out, m);
        return;
    }
    int down = in->height + 2 * crop->padding - out->height,
        across = in->width + 2 * crop->padding - out->width;
    int top = (int)lathe_rng_below(rng, (uint64_t)down + 1) - crop->padding;
    int left = (int)lathe_rng_below(rng, (uint64_t)across + 1) - crop->padding;
    lathe_affine_window(top, left, m);
}

static lathe_status crop_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    const lathe_crop *crop = opts;
    double m[6];
    crop_affine(opts, rng, in, out, m);
    lathe_image_window(in, m, &crop->edge, out);
    return LATHE_OK;
}

static lathe_status crop_still(const void *opts, const lathe_image *in, lathe_image *out)
{
    return crop_apply(opts, NULL, in, out);
}

/* A border is put around a picture of one size. */
static bool crop_whole(const void *opts, lathe_filter *filter, bool *cut)
{
    *filter = LATHE_BILINEAR; /* the data set's own */
    *cut = false;
    return !((const lathe_crop *)opts)->padding;
}

static lathe_box crop_part(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *scaled,
    const lathe_image *out)
{
    double m[6];
    crop_affine(opts, rng, scaled, out, m);
    return lathe_box_unscaled(&(lathe_box){ -m[2], -m[5], out->width - m[2], out->height - m[5] }, in,
        scaled);
}

/* torchvision.transforms.RandomCrop; albumentations.RandomCrop with pad_if_needed */
const lathe_transform_type lathe_random_crop_transform = {
    .name = "random_crop",
    .alias = "crop",
    .help = "a window at a random place, after padding",
    .fields = crop_fields,
    .opts_size = sizeof(lathe_crop),
    .p = 1,
    .size = crop_size,
    .apply = crop_apply,
    .still = crop_still,
    .affine = crop_affine,
    .whole = crop_whole,
    .part = crop_part,
};

typedef struct lathe_center_crop {
    int height, width;
} lathe_center_crop;

static const lathe_field center_fields[] = {
    { .name = "height",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_center_crop, height),
        .min = 1,
        .max = 16384,
        .required = true,
        .help = "of what is cut out" },
    { .name = "width",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_center_crop, width),
        .min = 0,
        .max = 16384,
        .help = "0: the height" },
    { 0 },
};

static lathe_status center_size(const void *opts, int channels, int *height, int *width)
{
    (void)channels;
    const lathe_center_crop *crop = opts;
    int wide = crop->width ? crop->width : crop->height;
    if (crop->height > *height || wide > *width)
        return lathe_fail(LATHE_ESHAPE, "center_crop: size %d x %d of pictures of %d x %d", crop->height,
            wide, *height, *width);
    *height = crop->height;
    *width = wide;
    return LATHE_OK;
}

static void center_affine(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    (void)opts, (void)rng;
    middle_window(in, out, m);
}

static lathe_status center_still(const void *opts, const lathe_image *in, lathe_image *out)
{
    (void)opts;
    double m[6];
    middle_window(in, out, m);
    lathe_image_window(in, m, &(lathe_edge){ 0 }, out);
    return LATHE_OK;
}

/* albumentations.CenterCrop */
const lathe_transform_type lathe_center_crop_transform = {
    .name = "center_crop",
    .help = "the middle",
    .fields = center_fields,
    .opts_size = sizeof(lathe_center_crop),
    .p = 1,
    .size = center_size,
    .still = center_still,
    .affine = center_affine,
};
