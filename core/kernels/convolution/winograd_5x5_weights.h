/*
 * Winograd's matrices for the gradient of the weights of 5 x 5 taps, each times a column of vectors. With the
 * matrices of winograd_5x5.h its errors would be four to seven times those of direct sums. So the first three
 * taps of an axis are taken as in winograd_3x3.h, and the others by
 *
 *           1 -1  0           1  0
 *     B' =  0  1  0      G =  1  1      A' = 1  1  0
 *           0 -1  1           0  1           0  1  1
 *
 * which multiplies 49 times where a direct sum multiplies 100 times.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_5X5_WEIGHTS_H
#define LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_5X5_WEIGHTS_H

#define WINOGRAD(name) KERNEL_JOIN_EXPANDED(name##_5x5, LATHE_ISA_NAME)

enum { TAPS = 5, SIDE = 7 };

#include "winograd_strip.h"

/* Tiles of a strip, and those whose products are one sum; the most channels of a part of the weights. */
enum { STRIP = 2, SUMMED = 1, CHANNELS_WANTED = 32 };

/* B' x */
static inline void read_places(const part x[READ], part to[SIDE])
{
    to[0] = x[0] - x[2];
    to[1] = x[1] + x[2];
    to[2] = x[2] - x[1];
    to[3] = x[1] - x[3];
    to[4] = x[3] - x[4];
    to[5] = x[4];
    to[6] = x[5] - x[4];
}

/* A g, but for the sign of number 3, which the sums have instead. */
static inline void widen_gradient(const part g[2], part to[SIDE])
{
    to[0] = g[0];
    to[1] = g[0] + g[1];
    to[2] = g[0] - g[1];
    to[3] = g[1];
    to[4] = g[0];
    to[5] = to[1];
    to[6] = g[1];
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
    to[3] = s[4] + s[5];
    to[4] = s[5] + s[6];
}

#endif
