/* Other sizes: the whole picture, or a part of it, scaled as Pillow does it (antialiased), masks to the
 * nearest pixel. */
#include <math.h>

#include "transform_impl.h"

/* The fields "height", which is required, and "width" of struct `opts`. */
#define HEIGHT_AND_WIDTH(opts) \
    { .name = "height", \
        .kind = LATHE_FIELD_INT, \
        .offset = offsetof(opts, height), \
        .min = 1, \
        .max = 16384, \
        .required = true, \
        .help = "of what comes out" }, \
    { \
        .name = "width", .kind = LATHE_FIELD_INT, .offset = offsetof(opts, width), .min = 0, .max = 16384, \
        .help = "0: the height" \
    }

lathe_status lathe_image_scale(const lathe_image *in, int filter, const lathe_box *box, lathe_image *out)
{
    return lathe_image_resize(in, in->mask ? LATHE_NEAREST : (lathe_filter)filter, box, out);
}

double lathe_rng_between(lathe_rng *rng, const double range[2])
{
    return range[0] + lathe_rng_uniform(rng) * (range[1] - range[0]);
}

lathe_box lathe_box_unscaled(const lathe_box *box, const lathe_image *in, const lathe_image *scaled)
{
    const double across = (double)in->width / scaled->width, down = (double)in->height / scaled->height;
    return (lathe_box){ box->left * across, box->top * down, fmin(box->right * across, in->width),
        fmin(box->bottom * down, in->height) };
}

/* The map of pixels when the part `box` of *in fills *out; pixel centres are whole numbers. */
static void box_affine(const lathe_box *box, const lathe_image *out, double m[6])
{
    double across = out->width / (box->right - box->left), down = out->height / (box->bottom - box->top);
    m[0] = across;
    m[1] = m[3] = 0;
    m[2] = (0.5 - box->left) * across - 0.5;
    m[4] = down;
    m[5] = (0.5 - box->top) * down - 0.5;
}

/* ---- the whole picture --------------------------------------------------------------------------------- */

typedef struct lathe_to_size {
    int height, width, interpolation;
} lathe_to_size;

static const lathe_field resize_fields[] = { HEIGHT_AND_WIDTH(lathe_to_size),
    LATHE_INTERPOLATION_FIELD(lathe_to_size, interpolation), { 0 } };

static lathe_status resize_size(const void *opts, int channels, int *height, int *width)
{
    (void)channels;
    const lathe_to_size *size = opts;
    *height = size->height;
    *width = size->width ? size->width : size->height;
    return LATHE_OK;
}

static void whole_affine(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    (void)opts, (void)rng;
    box_affine(&(lathe_box){ 0, 0, in->width, in->height }, out, m);
}

static lathe_status resize_still(const void *opts, const lathe_image *in, lathe_image *out)
{
    const lathe_to_size *size = opts;
    return lathe_image_scale(in, size->interpolation, NULL, out);
}

/* albumentations.Resize; torchvision.transforms.Resize((height, width)) */
const lathe_transform_type lathe_resize_transform = {
    .name = "resize",
    .help = "the whole picture in another size",
    .fields = resize_fields,
    .opts_size = sizeof(lathe_to_size),
    .p = 1,
    .size = resize_size,
    .still = resize_still,
    .affine = whole_affine,
};

typedef struct lathe_max_size {
    int max_size, interpolation;
} lathe_max_size;

static const lathe_field max_fields[] = {
    { .name = "max_size",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_max_size, max_size),
        .min = 1,
        .max = 16384,
        .required = true,
        .help = "length of that side" },
    LATHE_INTERPOLATION_FIELD(lathe_max_size, interpolation),
    { 0 },
};

/* Scale the side of `from` pixels to `to`, and the other side in proportion. */
static void in_proportion(int from, int to, int *height, int *width)
{
    double scale = (double)to / from;
    *height = (int)fmax(1, floor(*height * scale + 0.5));
    *width = (int)fmax(1, floor(*width * scale + 0.5));
}

static lathe_status smallest_size(const void *opts, int channels, int *height, int *width)
{
    (void)channels;
    in_proportion(*height < *width ? *height : *width, ((const lathe_max_size *)opts)->max_size, height,
        width);
    return LATHE_OK;
}

static lathe_status longest_size(const void *opts, int channels, int *height, int *width)
{
    (void)channels;
    in_proportion(*height > *width ? *height : *width, ((const lathe_max_size *)opts)->max_size, height,
        width);
    return LATHE_OK;
}

static lathe_status max_still(const void *opts, const lathe_image *in, lathe_image *out)
{
    const lathe_max_size *size = opts;
    return lathe_image_scale(in, size->interpolation, NULL, out);
}

/* albumentations.SmallestMaxSize */
const lathe_transform_type lathe_smallest_max_size_transform = {
    .name = "smallest_max_size",
    .help = "scaled until the shorter side has that length",
    .fields = max_fields,
    .opts_size = sizeof(lathe_max_size),
    .p = 1,
    .size = smallest_size,
    .still = max_still,
    .affine = whole_affine,
};

/* albumentations.LongestMaxSize */
const lathe_transform_type lathe_longest_max_size_transform = {
    .name = "longest_max_size",
    .help = "scaled until the longer side has that length",
    .fields = max_fields,
    .opts_size = sizeof(lathe_max_size),
    .p = 1,
    .size = longest_size,
    .still = max_still,
    .affine = whole_affine,
};

/* ---- a part of it -------------------------------------------------------------------------------------- */

/* The largest part in the middle that has the proportions of *out. */
static lathe_box middle_part(const lathe_image *in, const lathe_image *out)
{
    double width = in->width, height = in->height, ratio = (double)out->width / out->height;
    if (width > height * ratio) width = height * ratio;
    else height = width / ratio;
    double left = (in->width - width) / 2, top = (in->height - height) / 2;
    return (lathe_box){ left, top, fmin(left + width, in->width), fmin(top + height, in->height) };
}

/* A window of whole pixels at a random place. */
static lathe_box random_part(lathe_rng *rng, const lathe_image *in, int height, int width)
{
    double top = (double)lathe_rng_below(rng, (uint64_t)(in->height - height) + 1);
    double left = (double)lathe_rng_below(rng, (uint64_t)(in->width - width) + 1);
    return (lathe_box){ left, top, left + width, top + height };
}

typedef struct lathe_resized_crop {
    int height, width, interpolation;
    double scale[2], ratio[2];
} lathe_resized_crop;

static const lathe_field resized_fields[] = {
    HEIGHT_AND_WIDTH(lathe_resized_crop),
    { .name = "scale",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_resized_crop, scale),
        .count = 2,
        .preset = { 0.08, 1 },
        .min = 0,
        .max = 1,
        .above_min = true,
        .help = "how much of the picture's area is cut out" },
    { .name = "ratio",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_resized_crop, ratio),
        .count = 2,
        .preset = { 3.0 / 4, 4.0 / 3 },
        .min = 0.01,
        .max = 100,
        .help = "width to height of what is cut out" },
    LATHE_INTERPOLATION_FIELD(lathe_resized_crop, interpolation),
    { 0 },
};

static lathe_status resized_size(const void *opts, int channels, int *height, int *width)
{
    (void)channels;
    const lathe_resized_crop *crop = opts;
    *height = crop->height;
    *width = crop->width ? crop->width : crop->height;
    return LATHE_OK;
}

/* As in torchvision: ten attempts. Returns false if the part never fits in. */
static bool attempt_part(const lathe_resized_crop *crop, lathe_rng *rng, const lathe_image *in,
    lathe_box *box)
{
    double area = (double)in->height * in->width;
    const double logs[2] = { log(crop->ratio[0]), log(crop->ratio[1]) };
    for (int attempt = 0; attempt < 10; attempt++) {
        double part = area * lathe_rng_between(rng, crop->scale), ratio = exp(lathe_rng_between(rng, logs));
        double width = floor(sqrt(part * ratio) + 0.5), height = floor(sqrt(part / ratio) + 0.5);
        if (width >= 1 && height >= 1 && width <= in->width && height <= in->height)
            return *box = random_part(rng, in, (int)height, (int)width), true;
    }
    return false;
}

/* Otherwise the middle, with the nearest of the allowed proportions. */
static lathe_box draw_part(const lathe_resized_crop *crop, lathe_rng *rng, const lathe_image *in,
    const lathe_image *out)
{
    lathe_box box;
    if (!rng) return middle_part(in, out);
    if (attempt_part(crop, rng, in, &box)) return box;
    double ratio = (double)in->width / in->height;
    lathe_image shape = { .height = 1000,
        .width = (int)fmax(1, 1000 * fmin(fmax(ratio, crop->ratio[0]), crop->ratio[1])) };
    return middle_part(in, &shape);
}

static lathe_status resized_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    const lathe_resized_crop *crop = opts;
    lathe_box box = draw_part(crop, rng, in, out);
    return lathe_image_scale(in, crop->interpolation, &box, out);
}

static lathe_status resized_still(const void *opts, const lathe_image *in, lathe_image *out)
{
    return resized_apply(opts, NULL, in, out);
}

static void resized_affine(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    lathe_box box = draw_part(opts, rng, in, out);
    box_affine(&box, out, m);
}

static bool resized_whole(const void *opts, lathe_filter *filter, bool *cut)
{
    *filter = (lathe_filter)((const lathe_resized_crop *)opts)->interpolation;
    return *cut = true;
}

/* The middle is of whole pixels here, as in torchvision. */
static lathe_box resized_part(const void *opts, lathe_rng *rng, const lathe_image *in,
    const lathe_image *scaled, const lathe_image *out)
{
    (void)scaled, (void)out;
    const lathe_resized_crop *crop = opts;
    lathe_box box;
    if (attempt_part(crop, rng, in, &box)) return box;
    double ratio = (double)in->width / in->height, width = in->width, height = in->height;
    if (ratio < crop->ratio[0]) height = fmax(1, rint(width / crop->ratio[0]));
    else if (ratio > crop->ratio[1]) width = fmax(1, rint(height * crop->ratio[1]));
    double left = floor((in->width - width) / 2), top = floor((in->height - height) / 2);
    return (lathe_box){ left, top, left + width, top + height };
}

/* torchvision.transforms.RandomResizedCrop; albumentations.RandomResizedCrop */
const lathe_transform_type lathe_random_resized_crop_transform = {
    .name = "random_resized_crop",
    .help = "a random part of the picture, in random proportions, scaled",
    .fields = resized_fields,
    .opts_size = sizeof(lathe_resized_crop),
    .p = 1,
    .size = resized_size,
    .apply = resized_apply,
    .still = resized_still,
    .affine = resized_affine,
    .whole = resized_whole,
    .part = resized_part,
};

typedef struct lathe_sized_crop {
    int min_height, max_height, height, width, interpolation;
    double w2h_ratio;
} lathe_sized_crop;

static const lathe_field sized_fields[] = {
    { .name = "min_height",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_sized_crop, min_height),
        .min = 1,
        .max = 16384,
        .required = true,
        .help = "of what is cut out" },
    { .name = "max_height",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_sized_crop, max_height),
        .min = 1,
        .max = 16384,
        .required = true,
        .help = "and the most" },
    HEIGHT_AND_WIDTH(lathe_sized_crop),
    { .name = "w2h_ratio",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_sized_crop, w2h_ratio),
        .preset = { 1 },
        .min = 0.01,
        .max = 100,
        .help = "width to height of what is cut out" },
    LATHE_INTERPOLATION_FIELD(lathe_sized_crop, interpolation),
    { 0 },
};

static lathe_status sized_size(const void *opts, int channels, int *height, int *width)
{
    (void)channels;
    const lathe_sized_crop *crop = opts;
    if (crop->min_height > crop->max_height || crop->max_height > *height ||
        (int)(crop->max_height * crop->w2h_ratio) > *width)
        return lathe_fail(LATHE_ESHAPE,
            "random_sized_crop: heights %d to %d, w2h_ratio %g, of pictures of %d x %d", crop->min_height,
            crop->max_height, crop->w2h_ratio, *height, *width);
    *height = crop->height;
    *width = crop->width ? crop->width : crop->height;
    return LATHE_OK;
}

static lathe_box draw_sized(const lathe_sized_crop *crop, lathe_rng *rng, const lathe_image *in,
    const lathe_image *out)
{
    if (!rng) return middle_part(in, out);
    int height =
        crop->min_height + (int)lathe_rng_below(rng, (uint64_t)(crop->max_height - crop->min_height) + 1);
    int width = (int)(height * crop->w2h_ratio);
    return random_part(rng, in, height, width < 1 ? 1 : width);
}

static lathe_status sized_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    const lathe_sized_crop *crop = opts;
    lathe_box box = draw_sized(crop, rng, in, out);
    return lathe_image_scale(in, crop->interpolation, &box, out);
}

static lathe_status sized_still(const void *opts, const lathe_image *in, lathe_image *out)
{
    return sized_apply(opts, NULL, in, out);
}

static void sized_affine(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    lathe_box box = draw_sized(opts, rng, in, out);
    box_affine(&box, out, m);
}

static bool sized_whole(const void *opts, lathe_filter *filter, bool *cut)
{
    *filter = (lathe_filter)((const lathe_sized_crop *)opts)->interpolation;
    return *cut = true;
}

static lathe_box sized_part(const void *opts, lathe_rng *rng, const lathe_image *in,
    const lathe_image *scaled, const lathe_image *out)
{
    lathe_box box = draw_sized(opts, rng, scaled, out);
    return lathe_box_unscaled(&box, in, scaled);
}

/* albumentations.RandomSizedCrop */
const lathe_transform_type lathe_random_sized_crop_transform = {
    .name = "random_sized_crop",
    .help = "a random part whose height is between two, scaled",
    .fields = sized_fields,
    .opts_size = sizeof(lathe_sized_crop),
    .p = 1,
    .size = sized_size,
    .apply = sized_apply,
    .still = sized_still,
    .affine = sized_affine,
    .whole = sized_whole,
    .part = sized_part,
};
