/* Normalisation over the planes of a batched tensor: `size` vectors of sixteen images of one channel. */
#ifndef LATHE_CORE_KERNELS_PLANES_NORM_H
#define LATHE_CORE_KERNELS_PLANES_NORM_H

#include <stddef.h>

#include "../../real.h"

/** The forward of one channel: y = (x - mean) * scale + shift; max(y, 0) if relu. */
typedef struct lathe_norm_affine {
    lathe_real mean, scale, shift;
    int relu;
} lathe_norm_affine;

/** The backward: gx = by_gy * g - by_x * (x - mean) - constant; g is gy, or 0 where the relu gave 0. */
typedef struct lathe_norm_gradient {
    lathe_real by_gy, by_x, constant;
} lathe_norm_gradient;

/*
 * One plane each. Only the first `used` lanes hold images: the others take no part in sums, and become 0 in
 * what is written.
 */
typedef struct lathe_norm_kernels {
    /** moments[0] = the mean of x, moments[1] = the sum of (x - mean)^2 */
    void (*moments)(size_t size, int used, const lathe_real *x, double moments[2]);
    void (*normalise)(size_t size, int used, const lathe_norm_affine *affine, const lathe_real *x,
        lathe_real *y);
    /** sums[0] = sum of g, sums[1] = sum of g * (x - mean). Tail lanes of gy are 0. */
    void (*gradient_sums)(size_t size, const lathe_norm_affine *affine, const lathe_real *x,
        const lathe_real *gy, double sums[2]);
    /** gx (+)= the above; add says whether to add or to write */
    void (*gradient)(size_t size, int used, const lathe_norm_affine *affine,
        const lathe_norm_gradient *gradient, const lathe_real *x, const lathe_real *gy, lathe_real *gx,
        int add);
} lathe_norm_kernels;

#endif
