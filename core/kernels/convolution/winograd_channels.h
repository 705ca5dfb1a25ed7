/*
 * Winograd's tiles of 3 x 3 taps where sixteen channels of one image lie abreast: the gradient of the weights
 * (winograd_channels_weights.c), and what it reads as a correlation does.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_CHANNELS_H
#define LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_CHANNELS_H

#include "winograd_3x3.h"

#include "channels.h"

int KERNEL(lathe_channels_winograd_units)(const lathe_correlation *c);
int KERNEL(lathe_channels_winograd_weight_parts)(const lathe_correlation *c);
void KERNEL(lathe_channels_winograd_to_weights)(const lathe_correlation *c, const lathe_channels_image *x,
    const real *gy, size_t gy_image, long first, long last, int part, real *sums);

static inline int blocks_of(const lathe_correlation *c) { return pieces(c->channels, LANES); }

static inline int tiles_of(const lathe_correlation *c)
{
    return winograd_tiles(&c->rows) * winograd_tiles(&c->columns);
}

/* Some tiles of one image. */
typedef struct piece {
    const lathe_correlation *c;
    int first, count;
    ptrdiff_t block, point; /* in the transformed places: to the next block of channels, to the next point */
} piece;

/* B' times one column, of four rows; rows and columns outside the image are zeros. */
static inline void read_column(const lathe_correlation *c, const real *x, int row, int column, part to[SIDE])
{
    part from[READ] = { { 0 } };
    if ((unsigned)column < (unsigned)c->columns.size)
        UNROLL for (int i = 0; i < READ; i++) if ((unsigned)(row + i) < (unsigned)c->rows.size) from[i] =
            load_part(x + ((ptrdiff_t)(row + i) * c->columns.size + column) * LANES);
    read_places(from, to);
}

/* A segment's tiles of one block of channels: point (i, j) of tile t goes to v + (SIDE * i + j) * point. */
static void read_segment(const piece *p, const segment *s, const real *x, real *v)
{
    const lathe_correlation *c = p->c;
    int row = c->rows.first + 2 * s->row, column = c->columns.first + 2 * s->column;
    for (int half = 0; half < LANES; half += PART) {
        part columns[READ][SIDE];
        for (int j = 0; j < READ - 2; j++) read_column(c, x + half, row, column + j, columns[j]);
        real *to = v + half;
        for (int n = 0; n < s->count; n++, to += LANES) {
            for (int j = READ - 2; j < READ; j++)
                read_column(c, x + half, row, column + 2 * n + j, columns[j]);
            UNROLL for (int i = 0; i < SIDE; i++)
            {
                part points[SIDE];
                read_places((part[READ]){ columns[0][i], columns[1][i], columns[2][i], columns[3][i] },
                    points);
                UNROLL for (int j = 0; j < SIDE; j++) store_part(to + (SIDE * i + j) * p->point, points[j]);
            }
            UNROLL for (int j = 0; j < READ - 2; j++) UNROLL for (int i = 0; i < SIDE; i++) columns[j][i] =
                columns[j + 2][i];
        }
    }
}

/* All of a piece's tiles, of blocks first ... first + blocks - 1 of the channels. */
static void read_piece(const piece *p, const lathe_channels_image *x, int first, int blocks, real *v)
{
    for (segment s = next_segment(p->c, p->first, p->count, (segment){ 0 }); s.count;
         s = next_segment(p->c, p->first, p->count, s))
        for (int block = 0; block < blocks; block++)
            read_segment(p, &s, x->at + (first + block) * x->block, v + block * p->block + s.at * LANES);
}

#endif
