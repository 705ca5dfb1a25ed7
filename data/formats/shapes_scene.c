#include "shapes_scene_impl.h"

#include <math.h>

#define TAU 6.283185307179586

/* How far an outline reaches, with half a pixel of its edge, in radii. */
#define REACH 1.25

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

static double (*const outlines[LATHE_SHAPES_CLASSES])(double, double) = { circle, ring, half_disc, crescent,
    triangle, square, bar, cross, star, heart };
const char *const lathe_shapes_names[LATHE_SHAPES_CLASSES] = { "circle", "ring", "half disc", "crescent",
    "triangle", "square", "bar", "cross", "star", "heart" };

static double between(lathe_rng *rng, double low, double high)
{
    return low + (high - low) * lathe_rng_uniform(rng);
}

static void turn_figure(lathe_figure *figure, double turn)
{
    figure->cosine = cos(turn);
    figure->sine = sin(turn);
}

void lathe_scene_one(lathe_scene *scene, lathe_rng *rng, int kind, int size, int channels)
{
    double side = size;
    lathe_figure *figure = scene->figure;
    scene->count = 1;
    figure->kind = kind;
    figure->radius = side * between(rng, 0.24, 0.42);
    double play = fmin(side * 0.15, side / 2 - figure->radius);
    figure->x = side / 2 + between(rng, -play, play);
    figure->y = side / 2 + between(rng, -play, play);
    turn_figure(figure, between(rng, -0.6, 0.6));
    scene->slope_x = between(rng, -40, 40);
    scene->slope_y = between(rng, -40, 40);
    scene->noise = between(rng, 3, 22);
    double contrast;
    do { /* until the shape stands out, lighter or darker */
        contrast = 0;
        for (int c = 0; c < channels; c++) {
            scene->ground[c] = between(rng, 20, 235);
            figure->ink[c] = between(rng, 10, 245);
            contrast += fabs(figure->ink[c] - scene->ground[c]) / channels;
        }
    } while (contrast < 80);
}

/* Find a place where the figure touches no earlier figure. Returns false after thirty attempts. */
static bool place_figure(const lathe_scene *scene, lathe_figure *figure, lathe_rng *rng, double side)
{
    double reach = figure->radius * REACH;
    for (int attempt = 0; attempt < 30; attempt++) {
        bool free = true;
        figure->x = between(rng, reach, side - reach);
        figure->y = between(rng, reach, side - reach);
        for (int i = 0; i < scene->count && free; i++) {
            const lathe_figure *other = &scene->figure[i];
            free = hypot(figure->x - other->x, figure->y - other->y) > reach + other->radius * REACH;
        }
        if (free) return true;
    }
    return false;
}

void lathe_scene_many(lathe_scene *scene, lathe_rng *rng, int size, int channels)
{
    scene->count = 0;
    scene->slope_x = between(rng, -20, 20);
    scene->slope_y = between(rng, -20, 20);
    scene->noise = between(rng, 3, 12);
    for (int c = 0; c < channels; c++) scene->ground[c] = between(rng, 50, 205);
    int wanted = (int)lathe_rng_below(rng, LATHE_SHAPES_MOST + 1);
    for (int i = 0; i < wanted; i++) {
        lathe_figure *figure = &scene->figure[scene->count];
        figure->kind = (int)lathe_rng_below(rng, LATHE_SHAPES_CLASSES);
        figure->radius = fmax(4,
            size * between(rng, 0.09, wanted > 3 ? 0.14 : 0.2)); /* thinner bars could miss every pixel */
        turn_figure(figure, between(rng, -0.6, 0.6));
        double contrast;
        do {
            contrast = 0;
            for (int c = 0; c < channels; c++) {
                figure->ink[c] = between(rng, 5, 250);
                contrast += fabs(figure->ink[c] - scene->ground[c]) / channels;
            }
        } while (contrast < 70);
        scene->count += place_figure(scene, figure, rng, size);
    }
}

/* Approximately normal with standard deviation 1: the sum of four bytes. */
static double rough_normal(lathe_rng *rng)
{
    uint32_t word = lathe_rng_u32(rng);
    uint32_t sum = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24);
    return ((double)sum - 510) / 147.8;
}

/* The part of the pixel around (x, y) that the figure covers. */
static double cover_of(const lathe_figure *figure, double x, double y)
{
    double dx = (x - figure->x) / figure->radius, dy = (y - figure->y) / figure->radius;
    if (dx * dx + dy * dy > REACH * REACH) return 0;
    double away = outlines[figure->kind](dx * figure->cosine + dy * figure->sine,
                      dy * figure->cosine - dx * figure->sine) *
        figure->radius;
    return fmin(fmax(0.5 - away, 0), 1);
}

/* Pixel (column, row) shows the object: its box grows. */
static void grow_box(lathe_object *object, int column, int row)
{
    if (object->x1 <= object->x0)
        *object = (lathe_object){ object->label, object->instance, (float)column, (float)row,
            (float)column + 1, (float)row + 1 };
    object->x0 = fminf(object->x0, (float)column);
    object->x1 = fmaxf(object->x1, (float)column + 1);
    object->y1 = (float)row + 1; /* rows come from the top down */
}

void lathe_scene_draw(const lathe_scene *scene, lathe_rng *rng, int size, int channels, uint8_t *pixels,
    uint8_t *instances, lathe_object *object)
{
    size_t area = (size_t)size * (size_t)size;
    for (int i = 0; object && i < scene->count; i++)
        object[i] = (lathe_object){ .label = scene->figure[i].kind, .instance = i + 1 };
    for (int row = 0; row < size; row++)
        for (int column = 0; column < size; column++) {
            double cover[LATHE_SHAPES_MOST];
            size_t place = (size_t)row * (size_t)size + (size_t)column;
            if (instances) instances[place] = 0;
            for (int i = 0; i < scene->count; i++) {
                cover[i] = cover_of(&scene->figure[i], column + 0.5, row + 0.5);
                if (!instances || cover[i] < 0.5) continue;
                instances[place] = (uint8_t)(i + 1);
                grow_box(&object[i], column, row);
            }
            double shade =
                scene->slope_x * ((column + 0.5) / size - 0.5) + scene->slope_y * ((row + 0.5) / size - 0.5);
            for (int c = 0; c < channels; c++) {
                double value = scene->ground[c] + shade;
                for (int i = 0; i < scene->count; i++) value += (scene->figure[i].ink[c] - value) * cover[i];
                value += scene->noise * rough_normal(rng);
                pixels[(size_t)c * area + place] = (uint8_t)(fmin(fmax(value, 0), 255) + 0.5);
            }
        }
}
