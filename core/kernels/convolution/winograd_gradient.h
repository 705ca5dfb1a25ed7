/* What a tile's gradient becomes, and what becomes of the sums, for either layout. Included after the
 * matrices. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_GRADIENT_H
#define LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_GRADIENT_H

#include "winograd_strip.h"

/* Weights of a channel and a filter. */
enum { WEIGHTS = TAPS * TAPS };

/* Number (i, j) of A g A' goes to to[(SIDE * i + j) * point]. */
static inline void widen_tile(part g[2][2], real *to, ptrdiff_t point)
{
    part columns[2][SIDE];
    UNROLL for (int j = 0; j < 2; j++) widen_gradient((part[2]){ g[0][j], g[1][j] }, columns[j]);
    UNROLL for (int i = 0; i < SIDE; i++)
    {
        part row[SIDE];
        widen_gradient((part[2]){ columns[0][i], columns[1][i] }, row);
        UNROLL for (int j = 0; j < SIDE; j++, to += point) store_part(to, row[j]);
    }
}

/* G' s G: tap (p, q) is taps[TAPS * p + q]; point (i, j) of s is sums[(SIDE * i + j) * point]. */
static inline void narrow_tile(const real *sums, ptrdiff_t point, part taps[WEIGHTS])
{
    part columns[TAPS][SIDE], column[TAPS];
    UNROLL for (int j = 0; j < SIDE; j++, sums += point)
    {
        part s[SIDE];
        UNROLL for (int i = 0; i < SIDE; i++) s[i] = load_part(sums + SIDE * i * point);
        narrow_sums(s, column);
        UNROLL for (int p = 0; p < TAPS; p++) columns[p][j] = column[p];
    }
    UNROLL for (int p = 0; p < TAPS; p++) narrow_sums(columns[p], taps + TAPS * p);
}

#endif
