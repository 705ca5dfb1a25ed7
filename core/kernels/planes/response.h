/* Local response normalisation: planes of one block, [channels][height][width][16]. */
#ifndef LATHE_CORE_KERNELS_PLANES_RESPONSE_H
#define LATHE_CORE_KERNELS_PLANES_RESPONSE_H

#include "../../real.h"

/** The blocks' shape, the window around each number, and the formula's constants. */
typedef struct lathe_response {
    int channels, height, width;
    int channel_radius, radius;  /* of the window, in channels and in rows and columns */
    lathe_real alpha_n, beta, k; /* alpha_n is alpha over the numbers of a whole window */
} lathe_response;

typedef struct lathe_response_kernels {
    /** For one channel of a whole block: s = k + alpha_n * (sum of x^2 over the window), y = x * s^-beta. */
    void (*forward)(const lathe_response *r, int channel, const lathe_real *x, lathe_real *s, lathe_real *y);
    /** For one channel: product = gy * x * s^(-beta-1). */
    void (*product)(const lathe_response *r, int channel, const lathe_real *x, const lathe_real *s,
        const lathe_real *gy, lathe_real *product);
    /** For one channel: gx (+)= gy * s^-beta - 2 * alpha_n * beta * x * (sum of product over the window). */
    void (*backward)(const lathe_response *r, int channel, const lathe_real *x, const lathe_real *s,
        const lathe_real *gy, const lathe_real *product, lathe_real *gx, int add);
} lathe_response_kernels;

#endif
