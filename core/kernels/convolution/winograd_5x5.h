/*
 * Winograd's matrices for 5 x 5 taps, each times a column of vectors. Toom and Cook's way with the points 0,
 * a, -a, b, -b and infinity, a = 5/8 and b = 3/2: with s = a a + b b, t = a a b b,
 *
 *           t    0   -s   0   1  0          1  0   0     0      0
 *           0  -abb  -bb  a   1  0          1  a  aa   aaa   aaaa
 *     B' =  0   abb  -bb -a   1  0     G =  1 -a  aa  -aaa   aaaa    A' = 1  1  1  1  1  0
 *           0  -aab  -aa  b   1  0          1  b  bb   bbb   bbbb         0  a -a  b -b  1
 *           0   aab  -aa -b   1  0          1 -b  bb  -bbb   bbbb
 *           0    t    0  -s   0  1          0  0   0     0      1
 *
 * and rows of G divided by t, 2 aa (aa - bb) twice, 2 bb (bb - aa) twice, and 1. Of the points with short
 * numbers these have the smallest errors: docs/performance.md.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_5X5_H
#define LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_5X5_H

#define WINOGRAD(name) KERNEL_JOIN_EXPANDED(name##_5x5, LATHE_ISA_NAME)

enum { TAPS = 5, SIDE = 6 };

#include "winograd_strip.h"

/*
 * Sixteens of numbers of a strip's transformed places, of 32 channels; the most tiles of a strip, of few and
 * of many channels.
 */
enum { PLACES = 9216, MOST_TILES = 8, FEW_TILES = 8 };

/* The points; their squares are exact. */
static const real A = (real)0.625, B = (real)1.5;

/* B' x */
static inline void read_places(const part x[READ], part to[SIDE])
{
    part a_even = x[4] - B * B * x[2], a_odd = x[3] - B * B * x[1], b_even = x[4] - A * A * x[2],
         b_odd = x[3] - A * A * x[1];
    to[0] = A * A * B * B * x[0] + x[4] - (A * A + B * B) * x[2];
    to[1] = a_even + A * a_odd;
    to[2] = a_even - A * a_odd;
    to[3] = b_even + B * b_odd;
    to[4] = b_even - B * b_odd;
    to[5] = A * A * B * B * x[1] + x[5] - (A * A + B * B) * x[3];
}

/* Weights of a group of filters, in double, so that they are rounded once. */
typedef double eight __attribute__((vector_size(8 * sizeof(double))));

/* One pair of rows of G w. */
static inline void widen_pair(const eight w[TAPS], double p, double scale, eight to[2])
{
    eight even = w[0] + p * p * (w[2] + p * p * w[4]), odd = p * (w[1] + p * p * w[3]);
    to[0] = scale * (even + odd);
    to[1] = scale * (even - odd);
}

/* G w */
static inline void widen_taps(const eight w[TAPS], eight to[SIDE])
{
    const double a = A, b = B;
    to[0] = w[0] / (a * a * b * b);
    widen_pair(w, a, 1 / (2 * a * a * (a * a - b * b)), to + 1);
    widen_pair(w, b, 1 / (2 * b * b * (b * b - a * a)), to + 3);
    to[5] = w[4];
}

/* A' m */
static inline void sum_points(const part m[SIDE], part to[2])
{
    to[0] = m[0] + (m[1] + m[2]) + (m[3] + m[4]);
    to[1] = m[5] + A * (m[1] - m[2]) + B * (m[3] - m[4]);
}

/* Whether a point's product begins with the bias, so that it is added once to each result. */
static inline bool has_bias(int row, int column) { return row % 5 == 0 && column % 5 == 0; }

#endif
