/* Colours. */
#include <math.h>

#include "transform_impl.h"

/* ---- color_jitter -------------------------------------------------------------------------------------- */

typedef struct lathe_jitter {
    double brightness[2], contrast[2], saturation[2], hue[2];
} lathe_jitter;

/* A range of factors around 1. */
#define FACTOR(member, text) \
    { \
        .name = #member, .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_jitter, member), .count = 2, \
        .preset = { 0.8, 1.2 }, .min = 0, .max = 100, .help = text \
    }

static const lathe_field jitter_fields[] = {
    FACTOR(brightness, "factor, 1: as it is"),
    FACTOR(contrast, "factor, 1: as it is"),
    FACTOR(saturation, "factor, 1: as it is, 0: grey"),
    { .name = "hue",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_jitter, hue),
        .count = 2,
        .preset = { -0.5, 0.5 },
        .min = -0.5,
        .max = 0.5,
        .help = "parts of the colour circle" },
    { 0 },
};

static lathe_status jitter_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    static void (*const adjust[])(lathe_image * image, double amount) = { lathe_image_brightness,
        lathe_image_contrast, lathe_image_saturation, lathe_image_hue };
    const lathe_jitter *jitter = opts;
    const double amount[4] = { lathe_rng_between(rng, jitter->brightness),
        lathe_rng_between(rng, jitter->contrast), lathe_rng_between(rng, jitter->saturation),
        lathe_rng_between(rng, jitter->hue) };
    size_t order[4] = { 0, 1, 2, 3 };
    lathe_rng_shuffle(rng, order, 4);
    lathe_image_copy(in, out);
    for (int i = 0; i < 4; i++)
        if (amount[order[i]] != (order[i] < 3 ? 1 : 0)) adjust[order[i]](out, amount[order[i]]);
    return LATHE_OK;
}

/* torchvision.transforms.ColorJitter; albumentations.ColorJitter */
const lathe_transform_type lathe_color_jitter_transform = {
    .name = "color_jitter",
    .alias = "jitter",
    .help = "brightness, contrast, saturation and hue, in random order",
    .fields = jitter_fields,
    .opts_size = sizeof(lathe_jitter),
    .p = 0.5,
    .pixels_only = true,
    .apply = jitter_apply,
};

/* ---- to_gray ------------------------------------------------------------------------------------------- */

static lathe_status gray_still(const void *opts, const lathe_image *in, lathe_image *out)
{
    (void)opts;
    size_t area = (size_t)in->height * (size_t)in->width;
    lathe_image_copy(in, out);
    for (size_t i = 0; i < area && in->channels >= 3; i++)
        out->pixels[i] = out->pixels[area + i] = out->pixels[2 * area + i] = (uint8_t)lathe_image_grey(in, i);
    return LATHE_OK;
}

/* albumentations.ToGray; cv2.cvtColor(COLOR_RGB2GRAY) */
const lathe_transform_type lathe_to_gray_transform = {
    .name = "to_gray",
    .help = "grey, in as many channels as before",
    .fields = lathe_no_fields,
    .p = 0.5,
    .pixels_only = true,
    .still = gray_still,
};

/* ---- equalize ------------------------------------------------------------------------------------------ */

typedef struct lathe_equalize {
    int mode, by;
} lathe_equalize;

static const char *const modes[] = { "cv", "pil", NULL };
static const char *const bys[] = { "channel", "luma", NULL };

static const lathe_field equalize_fields[] = {
    { .name = "mode",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_equalize, mode),
        .choices = modes,
        .help = "OpenCV's rule or Pillow's" },
    { .name = "by",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_equalize, by),
        .choices = bys,
        .help = "each channel, or brightness alone (YCrCb)" },
    { 0 },
};

static void equalize_plane(lathe_image *plane, bool pil)
{
    uint32_t count[256];
    uint8_t table[256];
    lathe_image_histogram(plane, 0, count);
    lathe_equalize_table(count, pil, table);
    lathe_image_map(plane, table);
}

static uint8_t clip(double value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5); }

/* Equalise the grey picture; colours keep their difference from it. */
static void equalize_luma(const lathe_image *in, bool pil, lathe_image *out)
{
    size_t area = (size_t)in->height * (size_t)in->width;
    lathe_image luma = { .channels = 1,
        .height = in->height,
        .width = in->width,
        .pixels = out->pixels + area };
    for (size_t i = 0; i < area; i++) luma.pixels[i] = (uint8_t)lathe_image_grey(in, i);
    equalize_plane(&luma, pil);
    for (size_t i = 0; i < area; i++) {
        int red = in->pixels[i], blue = in->pixels[2 * area + i], grey = lathe_image_grey(in, i),
            y = luma.pixels[i];
        int cr = (int)floor((red - grey) * 0.713 + 0.5), cb = (int)floor((blue - grey) * 0.564 + 0.5);
        out->pixels[i] = clip(y + 1.403 * cr);
        out->pixels[area + i] = clip(y - 0.714 * cr - 0.344 * cb);
        out->pixels[2 * area + i] = clip(y + 1.773 * cb);
    }
}

static lathe_status equalize_still(const void *opts, const lathe_image *in, lathe_image *out)
{
    const lathe_equalize *equalize = opts;
    size_t area = (size_t)in->height * (size_t)in->width;
    lathe_image_copy(in, out);
    if (equalize->by && in->channels >= 3) {
        equalize_luma(in, equalize->mode, out);
        return LATHE_OK;
    }
    for (int c = 0; c < (in->channels >= 3 ? 3 : in->channels); c++) {
        lathe_image plane = { .channels = 1,
            .height = in->height,
            .width = in->width,
            .pixels = out->pixels + (size_t)c * area };
        equalize_plane(&plane, equalize->mode);
    }
    return LATHE_OK;
}

/* albumentations.Equalize */
const lathe_transform_type lathe_equalize_transform = {
    .name = "equalize",
    .help = "every brightness equally often",
    .fields = equalize_fields,
    .opts_size = sizeof(lathe_equalize),
    .p = 0.5,
    .pixels_only = true,
    .still = equalize_still,
};
