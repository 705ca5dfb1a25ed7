/* Shapes: a generated data set, for where no files are installed. */
#ifndef LATHE_DATA_FORMATS_SHAPES_H
#define LATHE_DATA_FORMATS_SHAPES_H

#include <stdbool.h>

#include "../dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: 10,000 grey pictures of 28x28 to train with, 2,000 to test with. */
typedef struct lathe_shapes_opts {
    size_t count;  /* pictures */
    bool colour;   /* three channels, not one */
    int size;      /* side, 16 ... 1024; 0: 28, in colour 32 */
    uint64_t seed; /* another seed, another set */
} lathe_shapes_opts;

/**
 * Pictures of ten shapes: circle, ring, half disc, crescent, triangle, square, bar, cross, star, heart;
 * picture i shows shape i mod 10. Place, size, turn, shades and noise are random, keyed by (seed, split, i),
 * so that the training and test pictures differ and any of them can be drawn without the others. Edges are
 * anti-aliased.
 * mean and std are measured from the first 200 pictures.
 *
 * Memory   the pictures, each drawn when it is first read.
 * Errors   LATHE_EARG, LATHE_ENOMEM: returns NULL.
 */
lathe_dataset *lathe_data_shapes(lathe_split split, const lathe_shapes_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
