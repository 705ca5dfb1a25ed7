/* Private: the scenes of the generated data set, and how they are drawn. */
#ifndef LATHE_DATA_FORMATS_SHAPES_SCENE_IMPL_H
#define LATHE_DATA_FORMATS_SHAPES_SCENE_IMPL_H

#include "../../core/batch.h"
#include "../../core/rng.h"

enum { LATHE_SHAPES_CLASSES = 10, LATHE_SHAPES_MOST = 6 };

/** Names of the shapes. */
extern const char *const lathe_shapes_names[LATHE_SHAPES_CLASSES];

/** One shape, with its shade for each channel. */
typedef struct lathe_figure {
    int kind;
    double x, y, radius, cosine, sine; /* position in pixels; rotation */
    double ink[3];                     /* 0 ... 255 */
} lathe_figure;

/** A scene: shapes on a background whose shade changes from one edge to the other. */
typedef struct lathe_scene {
    int count;
    lathe_figure figure[LATHE_SHAPES_MOST];
    double slope_x, slope_y; /* of the background's shade, over the whole picture */
    double ground[3];        /* 0 ... 255 */
    double noise;            /* standard deviation */
} lathe_scene;

/** One shape in the middle of a picture of size x size. */
void lathe_scene_one(lathe_scene *scene, lathe_rng *rng, int kind, int size, int channels);

/** 0 to LATHE_SHAPES_MOST smaller shapes that do not touch each other. */
void lathe_scene_many(lathe_scene *scene, lathe_rng *rng, int size, int channels);

/**
 * Draw the scene into pixels [channels, size, size], with noise from `rng`. instances [size, size]
 * receives the number, from 1, of the shape that covers at least half of each pixel. object [scene->count]
 * receives the shapes, each with the box around its pixels. Both or neither may be NULL.
 */
void lathe_scene_draw(const lathe_scene *scene, lathe_rng *rng, int size, int channels, uint8_t *pixels,
    uint8_t *instances, lathe_object *object);

#endif
