/* One tile's weights and results, for either layout. Included after the matrices. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_TILE_H
#define LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_TILE_H

#include "store.h"
#include "winograd_strip.h"

typedef real eight_reals __attribute__((vector_size(8 * sizeof(real)), aligned(sizeof(real))));

/* G w G' of one channel of up to eight filters: point p goes to packed + p * point. */
static void pack_channel(const lathe_conv_weights *w, int filters, real *packed, ptrdiff_t point)
{
    eight taps[TAPS][TAPS] = { 0 }, columns[SIDE][TAPS], points[SIDE]; /* taps[column][row] */
    const real *at = w->at;
    for (int f = 0; f < filters; f++, at += w->filter)
        for (int p = 0; p < TAPS; p++)
            for (int q = 0; q < TAPS; q++) taps[q][p][f] = at[p * w->row + q * w->column];
    for (int q = 0; q < TAPS; q++) {
        widen_taps(taps[q], points);
        for (int i = 0; i < SIDE; i++) columns[i][q] = points[i];
    }
    for (int i = 0; i < SIDE; i++) {
        widen_taps(columns[i], points);
        for (int j = 0; j < SIDE; j++, packed += point)
            *(eight_reals *)packed = __builtin_convertvector(points[j], eight_reals);
    }
}

/* A' m A: the results of one tile. */
static inline void results_of(const real *m, ptrdiff_t plane, part y[2][2])
{
    part columns[2][SIDE];
    UNROLL for (int j = 0; j < SIDE; j++, m += plane)
    {
        part points[SIDE], sums[2];
        UNROLL for (int i = 0; i < SIDE; i++) points[i] = load_part(m + SIDE * i * plane);
        sum_points(points, sums);
        columns[0][j] = sums[0];
        columns[1][j] = sums[1];
    }
    UNROLL for (int i = 0; i < 2; i++) sum_points(columns[i], y[i]);
}

static inline void write_result(real *y, part v, lathe_conv_store how)
{
    store_part(y, clamped(how & LATHE_CONV_ADD ? load_part(y) + v : v, how));
}

#endif
