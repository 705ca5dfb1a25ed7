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

/* The results of a segment, whose products are m, of one plane y. bias [16] or NULL is added to each. */
static void write_segment(const lathe_correlation *c, const segment *s, const real *m, ptrdiff_t point,
    const real *bias, real *y, lathe_conv_store how)
{
    ptrdiff_t row = (ptrdiff_t)c->columns.results * LANES;
    int rows = smaller(2, c->rows.results - 2 * s->row);
    y += 2 * (s->row * row + (ptrdiff_t)s->column * LANES);
    for (int half = 0; half < LANES; half += PART)
        for (int n = 0; n < s->count; n++) {
            bool both = 2 * (s->column + n) + 1 < c->columns.results;
            real *to = y + 2 * n * LANES + half;
            part results[2][2];
            results_of(m + n * LANES + half, point, results);
            if (bias)
                UNROLL for (int i = 0; i < 2; i++) UNROLL for (int j = 0; j < 2; j++) results[i][j] +=
                    load_part(bias + half);
            for (int i = 0; i < rows; i++, to += row) {
                write_result(to, results[i][0], how);
                if (both) write_result(to + LANES, results[i][1], how);
            }
        }
}

#endif
