/* Noise, and erased parts. */
#include <math.h>
#include <string.h>

#include "transform_impl.h"

/* ---- gauss_noise --------------------------------------------------------------------------------------- */

typedef struct lathe_gauss_noise {
    double std_range[2], mean_range[2];
    bool same_in_channels;
} lathe_gauss_noise;

static const lathe_field noise_fields[] = {
    { .name = "std_range",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_gauss_noise, std_range),
        .count = 2,
        .preset = { 0.2, 0.44 },
        .min = 0,
        .max = 1,
        .help = "standard deviation as a part of 255" },
    { .name = "mean_range",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_gauss_noise, mean_range),
        .count = 2,
        .min = -1,
        .max = 1,
        .help = "what is added on average, as a part of 255" },
    { .name = "same_in_channels",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_gauss_noise, same_in_channels),
        .help = "the same noise in every channel" },
    { 0 },
};

static lathe_status noise_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    const lathe_gauss_noise *noise = opts;
    double std = 255 * lathe_rng_between(rng, noise->std_range),
           mean = 255 * lathe_rng_between(rng, noise->mean_range);
    size_t area = (size_t)in->height * (size_t)in->width;
    lathe_rng first = *rng;
    for (size_t c = 0; c < (size_t)in->channels; c++) {
        if (noise->same_in_channels) *rng = first;
        for (size_t i = c * area; i < (c + 1) * area; i++) {
            double value = in->pixels[i] + mean + std * lathe_rng_normal(rng);
            out->pixels[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5);
        }
    }
    return LATHE_OK;
}

/* albumentations.GaussNoise */
const lathe_transform_type lathe_gauss_noise_transform = {
    .name = "gauss_noise",
    .help = "normal noise added to each pixel",
    .fields = noise_fields,
    .opts_size = sizeof(lathe_gauss_noise),
    .p = 0.5,
    .pixels_only = true,
    .apply = noise_apply,
};

/* ---- erasing ------------------------------------------------------------------------------------------- */

/* Rows top ... bottom, columns left ... right, as far as they are inside, become `fill`, or noise if that is
 * -1. */
static void erase(lathe_image *image, int top, int bottom, int left, int right, int fill, lathe_rng *rng)
{
    if (top < 0) top = 0;
    if (left < 0) left = 0;
    if (bottom > image->height) bottom = image->height;
    if (right > image->width) right = image->width;
    for (int c = 0; c < image->channels; c++)
        for (int y = top; y < bottom; y++) {
            uint8_t *row =
                image->pixels + ((size_t)c * (size_t)image->height + (size_t)y) * (size_t)image->width;
            for (int x = left; x < right; x++)
                row[x] = (uint8_t)(fill < 0 ? (int)lathe_rng_below(rng, 256) : fill);
        }
}

typedef struct lathe_random_erasing {
    double scale[2], ratio[2];
    int value;
} lathe_random_erasing;

static const char *const values[] = { "black", "gray", "white", "random", NULL };
static const int value_of[] = { 0, 128, 255, -1 };

static const lathe_field erasing_fields[] = {
    { .name = "scale",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_random_erasing, scale),
        .count = 2,
        .preset = { 0.02, 0.33 },
        .min = 0,
        .max = 1,
        .help = "part of the area" },
    { .name = "ratio",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_random_erasing, ratio),
        .count = 2,
        .preset = { 0.3, 3.3 },
        .min = 0.01,
        .max = 100,
        .help = "height to width" },
    { .name = "value",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_random_erasing, value),
        .choices = values,
        .help = "what is put there" },
    { 0 },
};

static lathe_status erasing_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    const lathe_random_erasing *erasing = opts;
    const double logs[2] = { log(erasing->ratio[0]), log(erasing->ratio[1]) };
    lathe_image_copy(in, out);
    for (int attempt = 0; attempt < 10; attempt++) {
        double part = (double)in->height * in->width * lathe_rng_between(rng, erasing->scale);
        double ratio = exp(lathe_rng_between(rng, logs));
        int height = (int)floor(sqrt(part * ratio) + 0.5), width = (int)floor(sqrt(part / ratio) + 0.5);
        if (height >= in->height || width >= in->width) continue;
        int top = (int)lathe_rng_below(rng, (uint64_t)(in->height - height) + 1);
        int left = (int)lathe_rng_below(rng, (uint64_t)(in->width - width) + 1);
        erase(out, top, top + height, left, left + width, value_of[erasing->value], rng);
        break;
    }
    return LATHE_OK;
}

/* torchvision.transforms.RandomErasing. Source: Zhong et al., "Random Erasing Data Augmentation",
 * arXiv:1708.04896 */
const lathe_transform_type lathe_random_erasing_transform = {
    .name = "random_erasing",
    .alias = "erasing",
    .help = "a random rectangle taken away",
    .fields = erasing_fields,
    .opts_size = sizeof(lathe_random_erasing),
    .p = 0.5,
    .pixels_only = true,
    .apply = erasing_apply,
};

typedef struct lathe_cutout {
    int size, holes, fill;
} lathe_cutout;

static const lathe_field cutout_fields[] = {
    { .name = "size",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_cutout, size),
        .preset = { 8 },
        .min = 1,
        .max = 16384,
        .help = "side of a square" },
    { .name = "holes",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_cutout, holes),
        .preset = { 1 },
        .min = 1,
        .max = 1000,
        .help = "how many of them" },
    { .name = "fill",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_cutout, fill),
        .min = 0,
        .max = 255,
        .help = "what is put there" },
    { 0 },
};

static lathe_status cutout_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    const lathe_cutout *cutout = opts;
    lathe_image_copy(in, out);
    for (int i = 0; i < cutout->holes; i++) {
        int top = (int)lathe_rng_below(rng, (uint64_t)in->height) - cutout->size / 2;
        int left = (int)lathe_rng_below(rng, (uint64_t)in->width) - cutout->size / 2;
        erase(out, top, top + cutout->size, left, left + cutout->size, cutout->fill, rng);
    }
    return LATHE_OK;
}

/* DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout",
 * arXiv:1708.04552 */
const lathe_transform_type lathe_cutout_transform = {
    .name = "cutout",
    .help = "squares taken away; their middle is anywhere in the picture",
    .fields = cutout_fields,
    .opts_size = sizeof(lathe_cutout),
    .p = 1,
    .pixels_only = true,
    .apply = cutout_apply,
};
