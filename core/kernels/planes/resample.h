/* Pixels that are weighted sums of pixels in a row or a column. */
#ifndef LATHE_CORE_KERNELS_PLANES_RESAMPLE_H
#define LATHE_CORE_KERNELS_PLANES_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

/** Bits after the point of a weight: 32, less 8 for the pixel and 2 for weights beyond 1. */
enum { LATHE_RESAMPLE_FRACTION = 22, LATHE_RESAMPLE_ROWS = 16 };

/**
 * One axis: new pixel i is the sum over k < count[i] of weight[i * most + k] * old pixel first[i] + k,
 * rounded and clipped.
 */
typedef struct lathe_resample_axis {
    int size, most;
    int *first, *count;
    int32_t *weight;
} lathe_resample_axis;

typedef struct lathe_resample_kernels {
    /**
     * `rows` rows, at most LATHE_RESAMPLE_ROWS, of `width` old pixels each from axis->first[0] on, `stride`
     * apart, to rows of axis->size new ones, `to_stride` apart. `work` has room for LATHE_RESAMPLE_ROWS *
     * (width + axis->size + 32) bytes.
     */
    void (*across)(const uint8_t *from, size_t stride, int rows, int width, const lathe_resample_axis *axis,
        uint8_t *work, uint8_t *to, size_t to_stride);
    /**
     * New row i, `width` wide, of old rows from axis->first[0] on, `stride` apart. `sums` is as long as a
     * row.
     */
    void (*down)(const uint8_t *from, size_t stride, int width, const lathe_resample_axis *axis, int i,
        int32_t *sums, uint8_t *to);
} lathe_resample_kernels;

#endif
