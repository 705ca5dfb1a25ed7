/*
 * Winograd's matrices for 3 x 3 taps, each times a column of vectors. Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2015:
 *
 *           1  0 -1  0         1    0    0
 *     B' =  0  1  1  0    G = 1/2  1/2  1/2    A' = 1  1  1  0
 *           0 -1  1  0        1/2 -1/2  1/2         0  1 -1 -1
 *           0  1  0 -1         0    0    1
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_3X3_H
#define LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_3X3_H

#define WINOGRAD(name) KERNEL_JOIN_EXPANDED(name##_3x3, LATHE_ISA_NAME)

enum { TAPS = 3, SIDE = 4 };

#include "winograd_strip.h"

/*
 * Of a correlation: sixteens of numbers of a strip's transformed places; the most tiles of a strip, of few
 * and of many channels.
 */
enum { PLACES = 6144, MOST_TILES = 6, FEW_TILES = 3 };

/*
 * Of the gradient of the weights: tiles of a strip, and those whose products are one sum; the most channels
 * of a part.
 */
enum { STRIP = 4, SUMMED = 2, CHANNELS_WANTED = 64 };

/* B' x */
static inline void read_places(const part x[READ], part to[SIDE])
{
    to[0] = x[0] - x[2];
    to[1] = x[1] + x[2];
    to[2] = x[2] - x[1];
    to[3] = x[1] - x[3];
}

/* Weights of a group of filters. */
typedef real eight __attribute__((vector_size(8 * sizeof(real))));

/* G w */
static inline void widen_taps(const eight w[TAPS], eight to[SIDE])
{
    to[0] = w[0];
    to[1] = (real)0.5 * (w[0] + w[2] + w[1]);
    to[2] = (real)0.5 * (w[0] + w[2] - w[1]);
    to[3] = w[2];
}

/* A' m */
static inline void sum_points(const part m[SIDE], part to[2])
{
    to[0] = m[0] + m[1] + m[2];
    to[1] = m[1] - m[2] - m[3];
}

/* A g, but for the sign of the last number, which the sums have instead. */
static inline void widen_gradient(const part g[2], part to[SIDE])
{
    to[0] = g[0];
    to[1] = g[0] + g[1];
    to[2] = g[0] - g[1];
    to[3] = g[1];
}

/*
 * G' s of such sums. Its last step is no product, which would become one with the addition to other sums, and
 * not be rounded.
 */
static inline void narrow_sums(const part s[SIDE], part to[TAPS])
{
    part a = (real)0.5 * s[1], b = (real)0.5 * s[2];
    to[0] = s[0] + (a + b);
    to[1] = a - b;
    to[2] = (a + b) - s[3];
}

/* Whether a point's product begins with the bias, so that it is added once to each result. */
static inline bool has_bias(int row, int column) { return row == 1 && column == 1; }

#endif
