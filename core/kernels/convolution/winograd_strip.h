/*
 * Winograd's tiles. A tile is two by two results; it reads four by four places. Tiles are counted row by row,
 * and a strip is a run of them, short enough that its transformed places stay in the cache.
 *
 * Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015: with the matrices
 *
 *           1  0 -1  0         1    0    0
 *     B' =  0  1  1  0    G = 1/2  1/2  1/2    A' = 1  1  1  0
 *           0 -1  1  0        1/2 -1/2  1/2         0  1 -1 -1
 *           0  1  0 -1         0    0    1
 *
 * a tile of results is A' [(G w G') * (B' x B)] A: 16 products where the sum has 36.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_STRIP_H
#define LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_STRIP_H

#include "conv_axis.h"
#include "../lanes.h"

/* Products of a tile, a side; and in all. */
enum { SIDE = 4, POINTS = SIDE * SIDE };

static inline int winograd_tiles(const lathe_conv_axis *axis) { return (axis->results + 1) / 2; }

/* A part of a strip: neighbouring tiles of one row, the first of them number `at` of the strip. */
typedef struct segment {
    int row, column, count, at;
} segment;

/* The strip's next segment. Begin with { 0 }, and go on while its count is not 0. */
static inline segment next_segment(const lathe_correlation *c, int first_tile, int count, segment s)
{
    int columns = winograd_tiles(&c->columns), at = s.at + s.count, tile = first_tile + at;
    int column = tile % columns;
    return (segment){ tile / columns, column, smaller(columns - column, count - at), at };
}

/*
 * B' x B for a strip's tiles: number (i, j) of tile t of channel c goes to
 * v[(4 * i + j) * plane + c * channel + t * 16].
 */
void KERNEL(lathe_winograd_read)(const lathe_correlation *c, int channels, const real *x, int first_tile,
    int count, real *v, ptrdiff_t plane, ptrdiff_t channel);

#endif
