/* One picture from several, with their labels, masks or objects. */
#include <math.h>
#include <string.h>

#include "mix_impl.h"

static const lathe_transform_type *mixing_type(const lathe_transforms *transforms, int i)
{
    const lathe_transform_type *type = transforms->step[i].type;
    return type && type->mix ? type : NULL;
}

int lathe_transforms_mix(const lathe_transforms *transforms)
{
    int most = 1;
    for (int i = 0; transforms && i < transforms->count; i++) {
        const lathe_transform_type *type = mixing_type(transforms, i);
        if (type && type->mixes > most) most = type->mixes;
    }
    return most;
}

bool lathe_transforms_mixes(const lathe_transforms *transforms)
{
    return lathe_transforms_mix(transforms) > 1;
}

lathe_status lathe_transforms_mix_check(const lathe_transforms *transforms, bool masks, bool one_label,
    bool objects)
{
    for (int i = 0; transforms && i < transforms->count; i++) {
        const lathe_transform_type *type = mixing_type(transforms, i);
        if (type && masks && type->labels_only)
            return lathe_fail(LATHE_EARG,
                "%s: mixes labels, and masks have none: use cutmix, mosaic or copy_paste", type->name);
        if (type && !masks && type->masks_only && !(objects && type->mixes_objects))
            return lathe_fail(LATHE_EARG, "%s: is for pictures with masks%s", type->name,
                type->mixes_objects ? " or objects" : "");
        if (type && !masks && !one_label && !(objects && type->mixes_objects))
            return lathe_fail(LATHE_EARG, "%s: is for data with one class a picture, or with masks",
                type->name);
    }
    return LATHE_OK;
}

lathe_mixing lathe_mixing_at(const lathe_transforms *transforms, uint64_t seed, uint64_t epoch, size_t index,
    size_t count)
{
    for (int i = 0; i < transforms->count; i++) {
        const lathe_step *step = &transforms->step[i];
        if (!mixing_type(transforms, i)) continue;
        lathe_mixing mixing = { .step = step, .rng = lathe_transform_rng(step, seed, epoch, index) };
        if (step->p < 1 && lathe_rng_uniform(&mixing.rng) >= step->p) continue;
        for (int k = 1; k < step->type->mixes; k++)
            mixing.partner[k - 1] = (size_t)lathe_rng_below(&mixing.rng, count);
        return mixing;
    }
    return (lathe_mixing){ 0 };
}

/* Gamma(shape): Marsaglia and Tsang, "A simple method for generating gamma variables", 2000. */
static double gamma_number(lathe_rng *rng, double shape)
{
    if (shape < 1) return gamma_number(rng, shape + 1) * pow(lathe_rng_uniform(rng), 1 / shape);
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = lathe_rng_normal(rng), v = 1 + c * x;
        if (v <= 0) continue;
        v = v * v * v;
        if (log(1 - lathe_rng_uniform(rng)) < 0.5 * x * x + d * (1 - v + log(v))) return d * v;
    }
}

/* Beta(alpha, alpha). */
static double beta_number(lathe_rng *rng, double alpha)
{
    double a = gamma_number(rng, alpha), b = gamma_number(rng, alpha), uniform = lathe_rng_uniform(rng);
    return a + b > 0 ? a / (a + b) : uniform < 0.5; /* for very small alphas both can be 0 */
}

typedef struct lathe_mix {
    double alpha;
} lathe_mix;

static const lathe_field mix_fields[] = {
    { .name = "alpha",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_mix, alpha),
        .preset = { 1 },
        .min = 1e-3,
        .max = 1000,
        .help = "the part that stays is drawn from Beta(alpha, alpha)" },
    { 0 },
};

static void mixup(const void *opts, lathe_rng *rng, lathe_view *view, lathe_view *made, double *share)
{
    const lathe_mix *mix = opts;
    const lathe_image *in = &view[0].picture, *partner = &view[1].picture, *out = &made->picture;
    size_t count = (size_t)in->channels * (size_t)in->height * (size_t)in->width;
    *share = beta_number(rng, mix->alpha);
    const int part = (int)floor(*share * 65536 + 0.5), rest = 65536 - part;
    for (size_t i = 0; i < count; i++)
        out->pixels[i] = (uint8_t)((in->pixels[i] * part + partner->pixels[i] * rest + 32768) >> 16);
    *share = part / 65536.0;
}

/* torchvision.transforms.v2.MixUp. Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization",
 * arXiv:1710.09412 */
const lathe_transform_type lathe_mixup_transform = {
    .name = "mixup",
    .help = "a mean of two pictures and their labels; last in the list",
    .fields = mix_fields,
    .opts_size = sizeof(lathe_mix),
    .p = 1,
    .mixes = 2,
    .labels_only = true,
    .mix = mixup,
    .no_objects = "objects of both pictures would be seen through each other",
};

static int within(int value, int most) { return value < 0 ? 0 : value > most ? most : value; }

/* Copy a rectangle between pictures of the same size, without the column `right` and the row `bottom`. */
static void copy_rectangle(const lathe_image *from, int from_top, int from_left, lathe_image *to, int top,
    int bottom, int left, int right)
{
    if (right <= left) return;
    for (int c = 0; c < to->channels; c++)
        for (int row = top; row < bottom; row++) {
            size_t plane = (size_t)c * (size_t)to->height, width = (size_t)to->width;
            const uint8_t *source =
                from->pixels + (plane + (size_t)(from_top + row - top)) * width + (size_t)from_left;
            memcpy(to->pixels + (plane + (size_t)row) * width + (size_t)left, source, (size_t)(right - left));
        }
}

static void cutmix(const void *opts, lathe_rng *rng, lathe_view *view, lathe_view *made, double *share)
{
    const lathe_mix *mix = opts;
    const lathe_image *in = &view[0].picture;
    double half = 0.5 * sqrt(1 - beta_number(rng, mix->alpha));
    int x = (int)lathe_rng_below(rng, (uint64_t)in->width),
        y = (int)lathe_rng_below(rng, (uint64_t)in->height);
    int across = (int)(half * in->width), down = (int)(half * in->height);
    int left = within(x - across, in->width), right = within(x + across, in->width);
    int top = within(y - down, in->height), bottom = within(y + down, in->height);
    lathe_image_copy(in, &made->picture);
    copy_rectangle(&view[1].picture, top, left, &made->picture, top, bottom, left, right);
    *share = 1 - (double)(right - left) * (bottom - top) / ((double)in->width * in->height);
    if (!view[0].mask.pixels) return;
    lathe_image_copy(&view[0].mask, &made->mask);
    copy_rectangle(&view[1].mask, top, left, &made->mask, top, bottom, left, right);
}

/* torchvision.transforms.v2.CutMix. Source: Yun et al., "CutMix: Regularization Strategy to Train Strong
 * Classifiers", arXiv:1905.04899 */
const lathe_transform_type lathe_cutmix_transform = {
    .name = "cutmix",
    .help = "a rectangle of another picture, labels by the area; last in the list",
    .fields = mix_fields,
    .opts_size = sizeof(lathe_mix),
    .p = 1,
    .mixes = 2,
    .mix = cutmix,
    .no_objects =
        "what the rectangle leaves of an object need not be a box; mosaic cuts boxes at straight lines",
};

typedef struct lathe_mosaic {
    double center_range[2];
} lathe_mosaic;

static const lathe_field mosaic_fields[] = {
    { .name = "center_range",
        .kind = LATHE_FIELD_DOUBLE,
        .count = 2,
        .offset = offsetof(lathe_mosaic, center_range),
        .preset = { 0.3, 0.7 },
        .min = 0.01,
        .max = 0.99,
        .help = "where the four meet, as parts of width and height" },
    { 0 },
};

/* Four pictures around a point, each with the corner that lies there: top left of the first, top right of the
 * second, ... */
static void mosaic(const void *opts, lathe_rng *rng, lathe_view *view, lathe_view *made, double *share)
{
    const lathe_mosaic *mosaic = opts;
    const int width = made->picture.width, height = made->picture.height;
    int x = (int)(lathe_rng_between(rng, mosaic->center_range) * width);
    int y = (int)(lathe_rng_between(rng, mosaic->center_range) * height);
    int number = 1;
    for (int k = 0; k < 4; k++) {
        bool right = k & 1, below = k & 2;
        int top = below ? y : 0, bottom = below ? height : y, left = right ? x : 0, end = right ? width : x;
        copy_rectangle(&view[k].picture, top, left, &made->picture, top, bottom, left, end);
        if (made->mask.pixels) copy_rectangle(&view[k].mask, top, left, &made->mask, top, bottom, left, end);
        lathe_objects_clip(&view[k].objects, left, top, end, bottom);
        lathe_objects_drop(&view[k].objects);
        uint8_t table[256];
        number = lathe_objects_number(&view[k].objects, number, table);
        lathe_objects_append(&made->objects, &view[k].objects);
        if (!made->instances.pixels) continue;
        copy_rectangle(&view[k].instances, top, left, &made->instances, top, bottom, left, end);
        for (int row = top; row < bottom; row++)
            for (int column = left; column < end; column++) {
                uint8_t *instance = made->instances.pixels + (size_t)row * (size_t)width + (size_t)column;
                *instance = table[*instance];
            }
    }
    *share = 1;
}

/* albumentations.Mosaic with a 2 x 2 grid, but each picture stays at its scale. Source: Bochkovskiy et al.,
 * "YOLOv4", arXiv:2004.10934 */
const lathe_transform_type lathe_mosaic_transform = {
    .name = "mosaic",
    .help = "four pictures around a point, with their masks or objects; last in the list",
    .fields = mosaic_fields,
    .opts_size = sizeof(lathe_mosaic),
    .p = 1,
    .mixes = 4,
    .masks_only = true,
    .mixes_objects = true,
    .mix = mosaic,
};

typedef struct lathe_copy_paste {
    int background;
} lathe_copy_paste;

static const lathe_field copy_paste_fields[] = {
    { .name = "background",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_copy_paste, background),
        .min = 0,
        .max = 255,
        .help = "the class in a mask that is not pasted" },
    { 0 },
};

static void copy_paste(const void *opts, lathe_rng *rng, lathe_view *view, lathe_view *made, double *share)
{
    (void)rng;
    const lathe_copy_paste *paste = opts;
    const lathe_image *mask = &view[1].mask;
    size_t area = (size_t)mask->height * (size_t)mask->width;
    lathe_image_copy(&view[0].picture, &made->picture);
    lathe_image_copy(&view[0].mask, &made->mask);
    for (size_t i = 0; i < area; i++) {
        if (mask->pixels[i] == paste->background) continue;
        for (int c = 0; c < made->picture.channels; c++)
            made->picture.pixels[(size_t)c * area + i] = view[1].picture.pixels[(size_t)c * area + i];
        made->mask.pixels[i] = mask->pixels[i];
    }
    *share = 1;
}

/* Ghiasi et al., "Simple Copy-Paste is a Strong Data Augmentation Method for Instance Segmentation",
 * arXiv:2012.07177, on whole masks */
const lathe_transform_type lathe_copy_paste_transform = {
    .name = "copy_paste",
    .help = "what another picture's mask shows, pasted in with the mask; last in the list",
    .fields = copy_paste_fields,
    .opts_size = sizeof(lathe_copy_paste),
    .p = 0.5,
    .mixes = 2,
    .masks_only = true,
    .mix = copy_paste,
    .no_objects = "it pastes classes of masks, which do not tell objects apart",
};
