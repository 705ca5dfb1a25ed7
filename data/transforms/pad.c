/* Padding. */
#include "transform_impl.h"

typedef struct lathe_pad {
    int padding;
    lathe_edge edge;
} lathe_pad;

static const lathe_field pad_fields[] = {
    { .name = "padding",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_pad, padding),
        .min = 1,
        .max = 4096,
        .required = true,
        .help = "pixels added on each side" },
    LATHE_EDGE_FIELDS(lathe_pad, edge),
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

/* The picture stays in the middle. */
static void pad_affine(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    (void)opts, (void)rng;
    lathe_affine_window(-((out->height - in->height) / 2), -((out->width - in->width) / 2), m);
}

static lathe_status pad_still(const void *opts, const lathe_image *in, lathe_image *out)
{
    const lathe_pad *pad = opts;
    double m[6];
    pad_affine(opts, NULL, in, out, m);
    lathe_image_window(in, m, &pad->edge, out);
    return LATHE_OK;
}

/* torchvision.transforms.Pad */
const lathe_transform_type lathe_pad_transform = {
    .name = "pad",
    .help = "a border on each side",
    .fields = pad_fields,
    .opts_size = sizeof(lathe_pad),
    .p = 1,
    .size = pad_size,
    .still = pad_still,
    .affine = pad_affine,
};

typedef struct lathe_pad_if_needed {
    int min_height, min_width;
    lathe_edge edge;
} lathe_pad_if_needed;

static const lathe_field needed_fields[] = {
    { .name = "min_height",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_pad_if_needed, min_height),
        .min = 1,
        .max = 16384,
        .required = true,
        .help = "pixels from top to bottom at least" },
    { .name = "min_width",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_pad_if_needed, min_width),
        .min = 0,
        .max = 16384,
        .help = "and across; 0: min_height" },
    LATHE_EDGE_FIELDS(lathe_pad_if_needed, edge),
    { 0 },
};

static lathe_status needed_size(const void *opts, int channels, int *height, int *width)
{
    (void)channels;
    const lathe_pad_if_needed *pad = opts;
    int wide = pad->min_width ? pad->min_width : pad->min_height;
    if (*height < pad->min_height) *height = pad->min_height;
    if (*width < wide) *width = wide;
    return LATHE_OK;
}

static lathe_status needed_still(const void *opts, const lathe_image *in, lathe_image *out)
{
    const lathe_pad_if_needed *pad = opts;
    double m[6];
    pad_affine(opts, NULL, in, out, m);
    lathe_image_window(in, m, &pad->edge, out);
    return LATHE_OK;
}

/* albumentations.PadIfNeeded with position center; after longest_max_size it makes a letterbox */
const lathe_transform_type lathe_pad_if_needed_transform = {
    .name = "pad_if_needed",
    .help = "a border where the picture is smaller, in the middle",
    .fields = needed_fields,
    .opts_size = sizeof(lathe_pad_if_needed),
    .p = 1,
    .size = needed_size,
    .still = needed_still,
    .affine = pad_affine,
};
