/* Interpolation over the planes of a batched tensor: a plane is one channel of sixteen images, [H][W][16]. */
#ifndef LATHE_CORE_KERNELS_PLANES_UPSAMPLE_H
#define LATHE_CORE_KERNELS_PLANES_UPSAMPLE_H

#include <stddef.h>

#include "../../real.h"

/** Where one row (or column) of the result comes from: (1 - part) * row `first` + part * row `second`. */
typedef struct lathe_upsample_place {
    int first, second;
    lathe_real part;
} lathe_upsample_place;

/** All places of a plane. */
typedef struct lathe_upsample_grid {
    int height, width, out_height, out_width;
    const lathe_upsample_place *rows, *columns; /* [out_height], [out_width] */
} lathe_upsample_grid;

/* All work on `planes` neighbouring planes. Nearest takes `first` alone. */
typedef struct lathe_upsample_kernels {
    void (*nearest)(const lathe_upsample_grid *grid, int planes, const lathe_real *x, lathe_real *y);
    void (*bilinear)(const lathe_upsample_grid *grid, int planes, const lathe_real *x, lathe_real *y);
    /** gx += what reaches each of its pixels. */
    void (
        *nearest_backward)(const lathe_upsample_grid *grid, int planes, const lathe_real *gy, lathe_real *gx);
    void (*bilinear_backward)(const lathe_upsample_grid *grid, int planes, const lathe_real *gy,
        lathe_real *gx);
} lathe_upsample_kernels;

#endif
