/*
 * Winograd's tiles. A tile is two by two results. It reads TAPS + 1 places to a side. A header of matrices
 * defines TAPS and SIDE, the side of a tile's products, and includes this one. A tile of results is
 *
 *     A' [(G w G') * (B' x B)] A
 *
 * Tiles are counted row by row, and a strip is a run of them, short enough that its transformed places stay
 * in the cache.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_STRIP_H
#define LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_STRIP_H

#include "conv_axis.h"
#include "../lanes.h"

/* Products of a tile; places that it reads, to a side. */
enum { POINTS = SIDE * SIDE, READ = TAPS + 1 };

/* Tiles that a strip may have. */
enum { LONGEST_STRIP = 8 };

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

#endif
