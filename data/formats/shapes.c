#include "shapes.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/rng.h"
#include "../dataset_impl.h"

#define CLASSES 10
#define TAU 6.283185307179586

/* Each shape is a distance: how far (x, y) is outside, negative inside, for a shape of about radius 1. */

static double disc(double x, double y, double radius) { return hypot(x, y) - radius; }

static double box(double x, double y, double half_width, double half_height)
{
    return fmax(fabs(x) - half_width, fabs(y) - half_height);
}

static double circle(double x, double y) { return disc(x, y, 0.85); }

static double ring(double x, double y) { return fabs(disc(x, y, 0.75)) - 0.2; }

static double half_disc(double x, double y) { return fmax(disc(x, y + 0.4, 1), -(y + 0.4)); }

static double crescent(double x, double y) { return fmax(disc(x, y, 0.95), -disc(x - 0.45, y, 0.75)); }

static double triangle(double x, double y)
{
    double side = fmax(0.8660254 * x + 0.5 * y, -0.8660254 * x + 0.5 * y);
    return fmax(side, -y) - 0.52;
}

static double square(double x, double y) { return box(x, y, 0.75, 0.75); }

static double bar(double x, double y) { return box(x, y, 1, 0.32); }

static double cross(double x, double y) { return fmin(box(x, y, 0.95, 0.28), box(x, y, 0.28, 0.95)); }

/* Five tips at radius 1.05: folded into half a tip, its outline is one line from the tip to the notch at
 * radius 0.42. */
static double star(double x, double y)
{
    double angle = fabs(remainder(atan2(x, y), TAU / 5)), radius = hypot(x, y);
    double along = radius * cos(angle), across = radius * sin(angle);
    double notch_along = 0.42 * 0.8090170, notch_across = 0.42 * 0.5877853;
    double normal_along = notch_across, normal_across = 1.05 - notch_along;
    return ((along - 1.05) * normal_along + across * normal_across) / hypot(normal_along, normal_across);
}

/* A square on its corner with a disc on each upper side. */
static double heart(double x, double y)
{
    double u = (x - y - 0.15) * 0.7071068, v = (-x - y - 0.15) * 0.7071068, half = 0.5;
    return fmin(box(u, v, half, half), fmin(disc(u, v + half, half), disc(u + half, v, half)));
}

static double (*const outlines[CLASSES])(double, double) = { circle, ring, half_disc, crescent, triangle,
    square, bar, cross, star, heart };
static const char *const names[CLASSES] = { "circle", "ring", "half disc", "crescent", "triangle", "square",
    "bar", "cross", "star", "heart" };

typedef struct lathe_shapes {
    uint64_t seed, stream;
    uint8_t *pixels;     /* [count, C, H, W] */
    atomic_uchar *drawn; /* [count]: 0 not yet, 1 being drawn by some thread, 2 there */
} lathe_shapes;

/* What is drawn: a shape on a background that shades from one edge to the other, each with its shade for each
 * channel. */
typedef struct lathe_scene {
    double x, y, radius, cosine, sine; /* in pixels; its turn */
    double slope_x, slope_y;           /* of the background's shade, over the whole picture */
    double ground[3], ink[3];          /* 0 ... 255 */
    double noise;                      /* standard deviation */
} lathe_scene;

static double between(lathe_rng *rng, double low, double high)
{
    return low + (high - low) * lathe_rng_uniform(rng);
}

static void random_scene(lathe_scene *scene, lathe_rng *rng, int size, int channels)
{
    double side = size;
    scene->radius = side * between(rng, 0.24, 0.42);
    double play = fmin(side * 0.15, side / 2 - scene->radius);
    scene->x = side / 2 + between(rng, -play, play);
    scene->y = side / 2 + between(rng, -play, play);
    double turn = between(rng, -0.6, 0.6);
    scene->cosine = cos(turn);
    scene->sine = sin(turn);
    scene->slope_x = between(rng, -40, 40);
    scene->slope_y = between(rng, -40, 40);
    scene->noise = between(rng, 3, 22);
    double contrast;
    do { /* until the shape stands out, lighter or darker */
        contrast = 0;
        for (int c = 0; c < channels; c++) {
            scene->ground[c] = between(rng, 20, 235);
            scene->ink[c] = between(rng, 10, 245);
            contrast += fabs(scene->ink[c] - scene->ground[c]) / channels;
        }
    } while (contrast < 80);
}

/* About normal, standard deviation 1: the sum of four bytes. */
static double rough_normal(lathe_rng *rng)
{
    uint32_t word = lathe_rng_u32(rng);
    uint32_t sum = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24);
    return ((double)sum - 510) / 147.8;
}

static void draw(const lathe_dataset *data, size_t index, uint8_t *pixels)
{
    const lathe_shapes *shapes = data->state;
    lathe_rng rng = lathe_rng_at(shapes->seed, shapes->stream, index);
    lathe_scene scene;
    random_scene(&scene, &rng, data->width, data->channels);
    double (*outline)(double, double) = outlines[data->labels[index]];
    size_t area = (size_t)data->height * (size_t)data->width;
    for (int row = 0; row < data->height; row++)
        for (int column = 0; column < data->width; column++) {
            double dx = (column + 0.5 - scene.x) / scene.radius, dy = (row + 0.5 - scene.y) / scene.radius;
            double away = outline(dx * scene.cosine + dy * scene.sine, dy * scene.cosine - dx * scene.sine) *
                scene.radius;
            double cover = fmin(fmax(0.5 - away, 0), 1); /* the part of the pixel that the shape covers */
            double shade = scene.slope_x * ((column + 0.5) / data->width - 0.5) +
                scene.slope_y * ((row + 0.5) / data->height - 0.5);
            for (int c = 0; c < data->channels; c++) {
                double ground = scene.ground[c] + shade;
                double value = ground + (scene.ink[c] - ground) * cover + scene.noise * rough_normal(&rng);
                pixels[(size_t)c * area + (size_t)row * (size_t)data->width + (size_t)column] =
                    (uint8_t)(fmin(fmax(value, 0), 255) + 0.5);
            }
        }
}

static lathe_status shapes_read(const lathe_dataset *data, size_t index, uint8_t *scratch,
    lathe_sample *sample)
{
    lathe_shapes *shapes = data->state;
    size_t bytes = (size_t)data->channels * (size_t)data->height * (size_t)data->width;
    uint8_t *kept = shapes->pixels + index * bytes;
    *sample = (lathe_sample){ .pixels = kept,
        .channels = data->channels,
        .height = data->height,
        .width = data->width,
        .label = data->labels[index] };
    if (atomic_load_explicit(&shapes->drawn[index], memory_order_acquire) == 2) return LATHE_OK;
    unsigned char nobody = 0;
    if (atomic_compare_exchange_strong(&shapes->drawn[index], &nobody, 1)) {
        draw(data, index, kept);
        atomic_store_explicit(&shapes->drawn[index], 2, memory_order_release);
    } else if (nobody != 2) { /* another thread is at it: rather than wait, draw it twice */
        draw(data, index, scratch);
        sample->pixels = scratch;
    }
    return LATHE_OK;
}

static void shapes_close(lathe_dataset *data)
{
    lathe_shapes *shapes = data->state;
    if (shapes) {
        lathe_free(shapes->pixels);
        lathe_free(shapes->drawn);
    }
    lathe_free(shapes);
    lathe_free((void *)data->labels);
}

static const lathe_dataset_type shapes_type = { .name = "shapes",
    .read = shapes_read,
    .close = shapes_close };

static lathe_status check(lathe_split split, const lathe_shapes_opts *opts)
{
    if (split != LATHE_SPLIT_TRAIN && split != LATHE_SPLIT_TEST)
        return lathe_fail(LATHE_EARG, "lathe_data_shapes: split %d is neither train nor test", (int)split);
    if (opts->size && (opts->size < 16 || opts->size > 1024))
        return lathe_fail(LATHE_EARG, "lathe_data_shapes: size is %d, expected 16 to 1024", opts->size);
    return LATHE_OK;
}

/* The arrays, and mean and std, of a data set whose sizes are filled in. */
static lathe_status furnish(lathe_dataset *data, lathe_split split, uint64_t seed)
{
    size_t bytes = (size_t)data->channels * (size_t)data->height * (size_t)data->width;
    lathe_shapes *shapes = lathe_alloc(1, sizeof *shapes);
    data->state = shapes;
    data->name = lathe_strdup("shapes");
    int *labels = lathe_alloc_raw(data->count, sizeof *labels);
    data->labels = labels;
    if (!shapes || !data->name || !labels) return LATHE_ENOMEM;
    for (size_t i = 0; i < data->count; i++) labels[i] = (int)(i % CLASSES);
    shapes->seed = seed;
    shapes->stream = lathe_rng_stream(split == LATHE_SPLIT_TRAIN ? "data/shapes/train" : "data/shapes/test");
    shapes->pixels = lathe_alloc_raw(data->count, bytes);
    shapes->drawn = lathe_alloc(data->count, sizeof *shapes->drawn);
    if (!shapes->pixels || !shapes->drawn) return LATHE_ENOMEM;
    size_t measured = data->count < 200 ? data->count : 200;
    lathe_sample sample;
    for (size_t i = 0; i < measured; i++) shapes_read(data, i, NULL, &sample);
    lathe_data_moments(shapes->pixels, measured, data->channels, bytes / (size_t)data->channels, data->mean,
        data->std);
    return LATHE_OK;
}

lathe_dataset *lathe_data_shapes(lathe_split split, const lathe_shapes_opts *opts)
{
    static const lathe_shapes_opts none;
    if (!opts) opts = &none;
    if (check(split, opts)) return NULL;
    lathe_dataset *data = lathe_alloc(1, sizeof *data);
    if (!data) return NULL;
    int size = opts->size ? opts->size : opts->colour ? 32 : 28;
    *data = (lathe_dataset){ .type = &shapes_type,
        .channels = opts->colour ? 3 : 1,
        .height = size,
        .width = size,
        .count = opts->count           ? opts->count :
            split == LATHE_SPLIT_TRAIN ? 10000 :
                                         2000,
        .classes = CLASSES,
        .class_names = names,
        .task = "classify" };
    if (!furnish(data, split, opts->seed)) return data;
    lathe_data_free(data);
    return NULL;
}

static lathe_dataset *open_shapes(const char *argument, lathe_split split, const lathe_data_opts *opts)
{
    bool colour = argument ? !strcmp(argument, "colour") || !strcmp(argument, "color") : opts->channels == 3;
    if (argument && !colour && strcmp(argument, "grey") && strcmp(argument, "gray")) {
        lathe_fail(LATHE_EARG, "shapes: '%s' is neither grey nor colour", argument);
        return NULL;
    }
    if (opts->channels && opts->channels != (colour ? 3 : 1)) {
        lathe_fail(LATHE_EARG, "shapes: pictures have %d channels, %d were asked for", colour ? 3 : 1,
            opts->channels);
        return NULL;
    }
    return lathe_data_shapes(split,
        &(lathe_shapes_opts){ .colour = colour, .size = opts->size, .seed = opts->seed });
}

const lathe_data_source lathe_shapes_source = {
    .name = "shapes",
    .argument = "[grey|colour]",
    .help = "ten drawn shapes, generated: needs no files",
    .open = open_shapes,
};
