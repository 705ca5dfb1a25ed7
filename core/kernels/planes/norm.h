/*
 * Normalisation over planes of sixteen lanes: `size` vectors of sixteen images of one channel, or of sixteen
 * channels of one image.
 */
#ifndef LATHE_CORE_KERNELS_PLANES_NORM_H
#define LATHE_CORE_KERNELS_PLANES_NORM_H

#include <stddef.h>

#include "../../real.h"

/** The function that follows a normalisation at once. */
typedef enum lathe_norm_then {
    LATHE_THEN_NOTHING,
    LATHE_THEN_RELU,
    LATHE_THEN_RELU6,
    LATHE_THEN_HARDSWISH,
    LATHE_THEN_SILU
} lathe_norm_then;

/** The forward: y = then((x - mean) * scale + shift). One number, or one for each lane. */
typedef struct lathe_norm_affine {
    const lathe_real *mean, *scale, *shift;
    lathe_norm_then then;
} lathe_norm_affine;

/**
 * The backward: gx = by_gy * g - by_x * (x - mean) - constant; g is gy times the slope of the
 * function that follows. One number, or one for each lane.
 */
typedef struct lathe_norm_gradient {
    const lathe_real *by_gy, *by_x, *constant;
} lathe_norm_gradient;

/*
 * A run of vectors of one plane each. Only the first `used` lanes hold images (or channels): the others take
 * no part in sums, and become 0 in what is written.
 *
 * There are two tables. One takes a plane of one channel: affine and gradient have one number each, and sums
 * run over all lanes. The other takes a plane of sixteen channels: affine and gradient have sixteen numbers
 * each, aligned as a vector, and each lane has its own sums.
 */
typedef struct lathe_norm_kernels {
    int channels; /* of a plane: 1 or 16 */
    /** moments[0] = the mean of x, moments[1] = the sum of (x - mean)^2, `channels` numbers each */
    void (*moments)(size_t size, int used, const lathe_real *x, double *moments);
    void (*normalise)(size_t size, int used, const lathe_norm_affine *affine, const lathe_real *x,
        lathe_real *y);
    /** y = then((x - mean) * scale + shift + base); then is nothing or relu */
    void (*normalise_add)(size_t size, int used, const lathe_norm_affine *affine, const lathe_real *x,
        const lathe_real *base, lathe_real *y);
    /**
     * sums[0] = sum of g, sums[1] = sum of g * (x - mean), `channels` numbers each. Tail lanes of gy are 0.
     */
    void (*gradient_sums)(size_t size, const lathe_norm_affine *affine, const lathe_real *x,
        const lathe_real *gy, double *sums);
    /** The same of g = gy where y is above 0, which is written; it may have gy's memory. */
    void (*masked_sums)(size_t size, const lathe_norm_affine *affine, const lathe_real *x,
        const lathe_real *y, const lathe_real *gy, lathe_real *g, double *sums);
    /** gx (+)= the above; add says whether to add or to write */
    void (*gradient)(size_t size, int used, const lathe_norm_affine *affine,
        const lathe_norm_gradient *gradient, const lathe_real *x, const lathe_real *gy, lathe_real *gx,
        int add);
} lathe_norm_kernels;

#endif
