/*
 * Normalisation of rows, each by its own mean and deviation. A row is `vectors` vectors of sixteen lanes:
 * sixteen rows of as many images abreast, or one row whose numbers lie abreast.
 */
#ifndef LATHE_CORE_KERNELS_PLANES_LAYER_NORM_H
#define LATHE_CORE_KERNELS_PLANES_LAYER_NORM_H

#include <stddef.h>

#include "../../real.h"

typedef struct lathe_layer_norm_rows {
    int vectors;                     /* of a row */
    ptrdiff_t step;                  /* numbers from one of them to the next */
    int abreast;                     /* whether a row's numbers lie abreast; otherwise a lane has one row */
    int used;                        /* lanes: of a row's last vector where they lie abreast, or with rows */
    double eps;                      /* is added to the variance */
    const lathe_real *weight, *bias; /* [vectors], or abreast [vectors][16] */
} lathe_layer_norm_rows;

/*
 * All work on rows at `places` neighbouring places: the vectors of one lie beside those of the next. Lanes
 * that are not used take no part and become 0. `moments` has a row's mean and 1 / deviation for each place:
 * [places][2][16], or abreast [places][2].
 */
typedef struct lathe_layer_norm_kernels {
    /** y = (x - mean) / deviation * weight + bias. moments  NULL: not wanted */
    void (*normalise)(const lathe_layer_norm_rows *rows, int places, const lathe_real *x, lathe_real *y,
        lathe_real *moments);
    /**
     * gx (+)= (h - mean of h - xhat * mean of (h * xhat)) / deviation,  h = gy * weight. gx  NULL: not wanted
     * sums[0] += gy * xhat, sums[1] += gy over all rows, each like the weights.
     */
    void (*gradient)(const lathe_layer_norm_rows *rows, int places, const lathe_real *x, const lathe_real *gy,
        const lathe_real *moments, lathe_real *gx, int add, lathe_real *sums);
} lathe_layer_norm_kernels;

#endif
