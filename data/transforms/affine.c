/* Rotation, shift, scaling, shear: each is one warp of the picture about its middle. */
#include <math.h>

#include "transform_impl.h"

#define RADIANS (3.14159265358979323846 / 180)

/* The interpolation of a warp, and the pixels beyond the edge. */
typedef struct lathe_look {
    int interpolation;
    lathe_edge edge;
} lathe_look;

/* The last fields of each of these transforms; area means bilinear here. */
#define LOOK_FIELDS(opts) \
    LATHE_INTERPOLATION_FIELD(opts, look.interpolation), LATHE_EDGE_FIELDS(opts, look.edge)

/* A range of degrees. */
#define DEGREES(opts, member, low, high, text) \
    { \
        .name = #member, .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(opts, member), .count = 2, \
        .preset = { low, high }, .min = -360, .max = 360, .help = text \
    }

static lathe_status warp(const lathe_image *in, const double forward[6], const lathe_look *look,
    lathe_image *out)
{
    double back[6];
    lathe_affine_invert(forward, back);
    lathe_image_warp(in, back, look->interpolation, &look->edge, out);
    return LATHE_OK;
}

/* Turn by `angle` degrees against the clock and scale about the middle, then shift: cv2.getRotationMatrix2D.
 */
static void set_rotation(const lathe_image *in, double angle, double scale, double right, double down,
    double m[6])
{
    double x = in->width / 2.0 - 0.5, y = in->height / 2.0 - 0.5;
    double a = scale * cos(angle * RADIANS), b = scale * sin(angle * RADIANS);
    m[0] = a;
    m[1] = b;
    m[2] = (1 - a) * x - b * y + right;
    m[3] = -b;
    m[4] = a;
    m[5] = b * x + (1 - a) * y + down;
}

/* ---- rotate -------------------------------------------------------------------------------------------- */

typedef struct lathe_rotate {
    double limit[2];
    lathe_look look;
} lathe_rotate;

static const lathe_field rotate_fields[] = {
    DEGREES(lathe_rotate, limit, -90, 90, "degrees against the clock"), LOOK_FIELDS(lathe_rotate), { 0 }
};

static void rotate_map(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    (void)out;
    const lathe_rotate *rotate = opts;
    set_rotation(in, lathe_rng_between(rng, rotate->limit), 1, 0, 0, m);
}

static lathe_status rotate_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    double m[6];
    rotate_map(opts, rng, in, out, m);
    return warp(in, m, &((const lathe_rotate *)opts)->look, out);
}

/* albumentations.Rotate */
const lathe_transform_type lathe_rotate_transform = {
    .name = "rotate",
    .help = "turned about the middle",
    .fields = rotate_fields,
    .opts_size = sizeof(lathe_rotate),
    .p = 0.5,
    .apply = rotate_apply,
    .affine = rotate_map,
};

/* ---- shift_scale_rotate -------------------------------------------------------------------------------- */

typedef struct lathe_shift_scale_rotate {
    double shift_limit[2], scale_limit[2], rotate_limit[2];
    lathe_look look;
} lathe_shift_scale_rotate;

static const lathe_field ssr_fields[] = {
    { .name = "shift_limit",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_shift_scale_rotate, shift_limit),
        .count = 2,
        .preset = { -0.0625, 0.0625 },
        .min = -1,
        .max = 1,
        .help = "parts of width and height" },
    { .name = "scale_limit",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_shift_scale_rotate, scale_limit),
        .count = 2,
        .preset = { -0.1, 0.1 },
        .min = -0.99,
        .max = 100,
        .help = "larger by this part" },
    DEGREES(lathe_shift_scale_rotate, rotate_limit, -45, 45, "degrees against the clock"),
    LOOK_FIELDS(lathe_shift_scale_rotate),
    { 0 },
};

static void ssr_map(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    (void)out;
    const lathe_shift_scale_rotate *ssr = opts;
    double angle = lathe_rng_between(rng, ssr->rotate_limit),
           scale = 1 + lathe_rng_between(rng, ssr->scale_limit);
    double right = lathe_rng_between(rng, ssr->shift_limit), down = lathe_rng_between(rng, ssr->shift_limit);
    set_rotation(in, angle, scale, right * in->width, down * in->height, m);
}

static lathe_status ssr_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    double m[6];
    ssr_map(opts, rng, in, out, m);
    return warp(in, m, &((const lathe_shift_scale_rotate *)opts)->look, out);
}

/* albumentations.ShiftScaleRotate */
const lathe_transform_type lathe_shift_scale_rotate_transform = {
    .name = "shift_scale_rotate",
    .alias = "ssr",
    .help = "shifted, scaled and turned in one warp",
    .fields = ssr_fields,
    .opts_size = sizeof(lathe_shift_scale_rotate),
    .p = 0.5,
    .apply = ssr_apply,
    .affine = ssr_map,
};

/* ---- affine and shear ---------------------------------------------------------------------------------- */

/* Shear, turn (degrees with the clock), scale about the middle, then shift:
 * torchvision.transforms.functional.affine. */
static void set_affine(const lathe_image *in, double angle, const double shear[2], double scale,
    const double shift[2], double m[6])
{
    double rotation = angle * RADIANS, sx = shear[0] * RADIANS, sy = shear[1] * RADIANS;
    double x = in->width / 2.0 - 0.5, y = in->height / 2.0 - 0.5;
    m[0] = scale * cos(rotation - sy) / cos(sy);
    m[1] = scale * (-cos(rotation - sy) * tan(sx) / cos(sy) - sin(rotation));
    m[3] = scale * sin(rotation - sy) / cos(sy);
    m[4] = scale * (-sin(rotation - sy) * tan(sx) / cos(sy) + cos(rotation));
    m[2] = x + shift[0] - m[0] * x - m[1] * y;
    m[5] = y + shift[1] - m[3] * x - m[4] * y;
}

typedef struct lathe_affine {
    double scale[2], translate_percent[2], rotate[2], shear[2];
    lathe_look look;
} lathe_affine;

static const lathe_field affine_fields[] = {
    { .name = "scale",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_affine, scale),
        .count = 2,
        .preset = { 1, 1 },
        .min = 0,
        .max = 100,
        .above_min = true,
        .help = "1: as it is" },
    { .name = "translate_percent",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_affine, translate_percent),
        .count = 2,
        .preset = { 0, 0 },
        .min = -1,
        .max = 1,
        .help = "parts of width and height" },
    DEGREES(lathe_affine, rotate, 0, 0, "degrees with the clock"),
    DEGREES(lathe_affine, shear, 0, 0, "degrees, across and down"),
    LOOK_FIELDS(lathe_affine),
    { 0 },
};

static void affine_map(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    (void)out;
    const lathe_affine *affine = opts;
    double angle = lathe_rng_between(rng, affine->rotate), scale = lathe_rng_between(rng, affine->scale),
           shear[2], shift[2];
    for (int i = 0; i < 2; i++) {
        shear[i] = lathe_rng_between(rng, affine->shear);
        shift[i] = lathe_rng_between(rng, affine->translate_percent) * (i ? in->height : in->width);
    }
    set_affine(in, angle, shear, scale, shift, m);
}

static lathe_status affine_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    double m[6];
    affine_map(opts, rng, in, out, m);
    return warp(in, m, &((const lathe_affine *)opts)->look, out);
}

/* albumentations.Affine and torchvision.transforms.RandomAffine, with the latter's order of the parts */
const lathe_transform_type lathe_affine_transform = {
    .name = "affine",
    .help = "sheared, turned, scaled and shifted in one warp",
    .fields = affine_fields,
    .opts_size = sizeof(lathe_affine),
    .p = 0.5,
    .apply = affine_apply,
    .affine = affine_map,
};

typedef struct lathe_shear {
    double limit[2];
    lathe_look look;
} lathe_shear;

static const lathe_field shear_fields[] = { DEGREES(lathe_shear, limit, -20, 20, "degrees"),
    LOOK_FIELDS(lathe_shear), { 0 } };

static void shear_map(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
    double m[6])
{
    (void)out;
    const lathe_shear *shear = opts;
    static const double none[2];
    double degrees[2] = { lathe_rng_between(rng, shear->limit), lathe_rng_between(rng, shear->limit) };
    set_affine(in, 0, degrees, 1, none, m);
}

static lathe_status shear_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    double m[6];
    shear_map(opts, rng, in, out, m);
    return warp(in, m, &((const lathe_shear *)opts)->look, out);
}

/* albumentations.Affine(shear=limit) */
const lathe_transform_type lathe_shear_transform = {
    .name = "shear",
    .help = "slanted across and down",
    .fields = shear_fields,
    .opts_size = sizeof(lathe_shear),
    .p = 0.5,
    .apply = shear_apply,
    .affine = shear_map,
};
