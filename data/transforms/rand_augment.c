/* RandAugment: a few operations drawn from a list, all with the same strength. */
#include <math.h>
#include <string.h>

#include "../../core/alloc.h"
#include "transform_impl.h"

typedef struct lathe_rand_augment {
    int num_ops, magnitude, interpolation, fill;
} lathe_rand_augment;

static const lathe_field fields[] = {
    { .name = "num_ops",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_rand_augment, num_ops),
        .preset = { 2 },
        .min = 1,
        .max = 14,
        .help = "operations on each picture" },
    { .name = "magnitude",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_rand_augment, magnitude),
        .preset = { 9 },
        .min = 1,
        .max = 30,
        .help = "how strong" },
    LATHE_INTERPOLATION_FIELD(lathe_rand_augment, interpolation),
    { .name = "fill",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_rand_augment, fill),
        .min = 0,
        .max = 255,
        .help = "beyond the edge" },
    { 0 },
};

/* One operation: `strength` is 0 ... 1; about half of the time it is negative where there are two directions.
 */
typedef struct lathe_operation {
    const lathe_rand_augment *opts;
    const lathe_image *in;
    lathe_image *out; /* a copy of *in already */
    double strength;
} lathe_operation;

static void move(const lathe_operation *op, const double m[6])
{
    lathe_image_warp(op->in, m, op->opts->interpolation, &(lathe_edge){ .fill = op->opts->fill }, op->out);
}

static void identity(const lathe_operation *op) { (void)op; }

static void shear_x(const lathe_operation *op) { move(op, (double[]){ 1, 0.3 * op->strength, 0, 0, 1, 0 }); }

static void shear_y(const lathe_operation *op) { move(op, (double[]){ 1, 0, 0, 0.3 * op->strength, 1, 0 }); }

static void translate_x(const lathe_operation *op)
{
    move(op, (double[]){ 1, 0, trunc(150.0 / 331 * op->in->width * op->strength), 0, 1, 0 });
}

static void translate_y(const lathe_operation *op)
{
    move(op, (double[]){ 1, 0, 0, 0, 1, trunc(150.0 / 331 * op->in->height * op->strength) });
}

static void rotate(const lathe_operation *op)
{
    double angle = op->strength * 30 * 3.14159265358979323846 / 180, a = cos(angle), b = sin(angle);
    double x = op->in->width / 2.0 - 0.5, y = op->in->height / 2.0 - 0.5;
    move(op, (double[]){ a, -b, x - a * x + b * y, b, a, y - b * x - a * y });
}

static void brightness(const lathe_operation *op) { lathe_image_brightness(op->out, 1 + 0.9 * op->strength); }

static void color(const lathe_operation *op) { lathe_image_saturation(op->out, 1 + 0.9 * op->strength); }

static void contrast(const lathe_operation *op) { lathe_image_contrast(op->out, 1 + 0.9 * op->strength); }

/* Move away from the picture smoothed by a 3x3 square with weight 5 in its middle; the edge is unchanged. */
static void sharpness(const lathe_operation *op)
{
    double factor = 1 + 0.9 * op->strength;
    int width = op->in->width, height = op->in->height;
    for (int c = 0; c < op->in->channels; c++) {
        size_t begin = (size_t)c * (size_t)height * (size_t)width;
        for (int y = 1; y < height - 1; y++)
            for (int x = 1; x < width - 1; x++) {
                const uint8_t *at = op->in->pixels + begin + (size_t)(y * width + x);
                int sum = 4 * at[0];
                for (int i = -1; i <= 1; i++) sum += at[i * width - 1] + at[i * width] + at[i * width + 1];
                double value = at[0] * factor + sum / 13.0 * (1 - factor);
                op->out->pixels[begin + (size_t)(y * width + x)] = (uint8_t)(value < 0 ? 0 :
                        value > 255                                                    ? 255 :
                                                                                         value + 0.5);
            }
    }
}

static void posterize(const lathe_operation *op)
{
    uint8_t table[256], bits = (uint8_t)(0xFF << lround(4 * fabs(op->strength)));
    for (int v = 0; v < 256; v++) table[v] = (uint8_t)v & bits;
    lathe_image_map(op->out, table);
}

static void solarize(const lathe_operation *op)
{
    uint8_t table[256];
    for (int v = 0; v < 256; v++) table[v] = (uint8_t)(v >= 255 * (1 - fabs(op->strength)) ? 255 - v : v);
    lathe_image_map(op->out, table);
}

/* Map each channel through a table from its histogram. */
static void by_channel(const lathe_operation *op, void (*make)(const uint32_t count[256], uint8_t table[256]))
{
    size_t area = (size_t)op->in->height * (size_t)op->in->width;
    for (int c = 0; c < (op->in->channels >= 3 ? 3 : op->in->channels); c++) {
        uint32_t count[256];
        uint8_t table[256];
        lathe_image plane = { .channels = 1,
            .height = op->in->height,
            .width = op->in->width,
            .pixels = op->out->pixels + (size_t)c * area };
        lathe_image_histogram(&plane, 0, count);
        make(count, table);
        lathe_image_map(&plane, table);
    }
}

static void stretch_table(const uint32_t count[256], uint8_t table[256])
{
    int low = 0, high = 255;
    while (low < 255 && !count[low]) low++;
    while (high > low && !count[high]) high--;
    for (int v = 0; v < 256; v++) {
        double value = high > low ? (v - low) * 255.0 / (high - low) : v;
        table[v] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

static void even_table(const uint32_t count[256], uint8_t table[256])
{
    lathe_equalize_table(count, true, table);
}

static void auto_contrast(const lathe_operation *op) { by_channel(op, stretch_table); }

static void equalize(const lathe_operation *op) { by_channel(op, even_table); }

static const struct {
    void (*run)(const lathe_operation *op);
    bool colours; /* not applied to masks */
} operations[] = { { identity, false }, { shear_x, false }, { shear_y, false }, { translate_x, false },
    { translate_y, false }, { rotate, false }, { brightness, true }, { color, true }, { contrast, true },
    { sharpness, true }, { posterize, true }, { solarize, true }, { auto_contrast, true },
    { equalize, true } };

static lathe_status apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    const lathe_rand_augment *augment = opts;
    size_t bytes = (size_t)in->channels * (size_t)in->height * (size_t)in->width;
    lathe_image before = *in;
    before.pixels = lathe_alloc_raw(bytes, 1);
    if (!before.pixels) return LATHE_ENOMEM;
    lathe_image_copy(in, out);
    for (int i = 0; i < augment->num_ops; i++) {
        size_t which = (size_t)lathe_rng_below(rng, sizeof operations / sizeof operations[0]);
        double sign = lathe_rng_below(rng, 2) ? -1 : 1;
        memcpy(before.pixels, out->pixels, bytes);
        if (!in->mask || !operations[which].colours)
            operations[which].run(
                &(lathe_operation){ augment, &before, out, sign * augment->magnitude / 30.0 });
    }
    lathe_free(before.pixels);
    return LATHE_OK;
}

/* torchvision.transforms.RandAugment, with bilinear warps. Source: Cubuk et al., arXiv:1909.13719 */
const lathe_transform_type lathe_rand_augment_transform = {
    .name = "rand_augment",
    .help = "a few of fourteen operations, all of one strength",
    .fields = fields,
    .opts_size = sizeof(lathe_rand_augment),
    .p = 1,
    .apply = apply,
    .no_objects = "its second warp can bring back what the first moved out of the picture",
};
