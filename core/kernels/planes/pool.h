/* Pooling over the planes of a batched tensor: a plane is one channel of sixteen images, [H][W][16]. */
#ifndef LATHE_CORE_KERNELS_PLANES_POOL_H
#define LATHE_CORE_KERNELS_PLANES_POOL_H

#include <stddef.h>

#include "../../real.h"

/** The rows (or columns) of the picture under one row (or column) of windows: `count`, at least one. */
typedef struct lathe_pool_span {
    int begin, end; /* the first one, and the one behind the last one */
    int count;
    int divisor; /* averages: its part of the window's area, padding included if that counts */
} lathe_pool_span;

/** All windows of a plane: window (i, j) covers rows[i] times columns[j]. */
typedef struct lathe_pool_windows {
    int height, width, out_height, out_width;
    const lathe_pool_span *rows, *columns; /* [out_height], [out_width] */
    int row_step, column_step;             /* maxima: from one row (column) of a window to the next */
    int relu;                              /* maxima: of relu(x), that is no less than 0 */
    /** every pixel lies in exactly one window: backward writes each once, and need not clear first */
    int partition;
} lathe_pool_windows;

/* All work on `planes` neighbouring planes; add says whether to add to gx or to write it. */
typedef struct lathe_pool_kernels {
    /** y = the largest number of the window */
    void (*max)(const lathe_pool_windows *windows, int planes, const lathe_real *x, lathe_real *y);
    /** gx (+)= gy at the window's first number that equals y; nowhere if relu and y is not above 0 */
    void (*max_backward)(const lathe_pool_windows *windows, int planes, const lathe_real *x,
        const lathe_real *y, const lathe_real *gy, lathe_real *gx, int add);
    /** y = the window's sum / (row divisor * column divisor) */
    void (*average)(const lathe_pool_windows *windows, int planes, const lathe_real *x, lathe_real *y);
    /** gx (+)= gy / (row divisor * column divisor) in the whole window */
    void (*average_backward)(const lathe_pool_windows *windows, int planes, const lathe_real *gy,
        lathe_real *gx, int add);
} lathe_pool_kernels;

#endif
