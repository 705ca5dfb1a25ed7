/* Shapes: a generated data set that needs no files. */
#ifndef LATHE_DATA_FORMATS_SHAPES_H
#define LATHE_DATA_FORMATS_SHAPES_H

#include <stdbool.h>

#include "../dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: 10,000 grey pictures of 28x28 for training, 2,000 for testing. Objects: 4,000 and 1,000. */
typedef struct lathe_shapes_opts {
    size_t count;  /* pictures */
    bool colour;   /* three channels, not one */
    bool objects;  /* 0 to 6 shapes a picture, with their boxes and instance masks */
    int size;      /* side in pixels, 16 to 1024; 0: 28, in colour 32. Objects: 32 to 1024; 0: 64 */
    uint64_t seed; /* decides the pictures */
} lathe_shapes_opts;

/**
 * Pictures of ten shapes: circle, ring, half disc, crescent, triangle, square, bar, cross, star, heart.
 * Picture i shows shape i mod 10. Position, size, rotation, shades and noise are random, keyed by (seed,
 * split, i). So training and test pictures differ, and any picture can be drawn without the others. Edges are
 * anti-aliased. mean and std are measured from the first 200 pictures.
 *
 * With `objects` a picture shows 0 to 6 random shapes that do not touch each other. These are its objects:
 * the instance mask has the pixels that a shape covers at least half, and the box is the box around these
 * pixels. The task is "tags": which shapes the picture shows.
 *
 * Memory   the pictures, each drawn when it is first read.
 * Errors   LATHE_EARG, LATHE_ENOMEM: returns NULL.
 */
lathe_dataset *lathe_data_shapes(lathe_split split, const lathe_shapes_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
