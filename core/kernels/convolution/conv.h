/*
 * Convolution on batch lanes. A correlation is the loop of every direction but the weights': forward is one;
 * the gradient to the data is one for each of stride x stride phases of the image, with the taps turned round
 * and the channels exchanged.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_CONV_H
#define LATHE_CORE_KERNELS_CONVOLUTION_CONV_H

#include <stdbool.h>
#include <stddef.h>

#include "../../real.h"

/** Whether there are sixteen channels or more, which fill at least two thirds of their sixteens. */
static inline bool lathe_fills_sixteens(int channels)
{
    int stored = (channels + LATHE_LANES - 1) / LATHE_LANES * LATHE_LANES;
    return channels >= LATHE_LANES && 2L * stored <= 3L * channels;
}

/**
 * One axis. Result r at tap t reads place first + r * step + t * tap_step of the input; outside it are zeros.
 */
typedef struct lathe_conv_axis {
    int size; /* of the input */
    int results, taps;
    int first, step, tap_step;
    int out_size;            /* of the output */
    int out_first, out_step; /* result r is place out_first + r * out_step of the output */
} lathe_conv_axis;

/**
 *     y[f, i, j] = bias[f] + sum over c, p, q of w[f, c, p, q] * x[c, row(i, p), column(j, q)]
 *
 * for one block of sixteen images: x [channels][rows.size][columns.size][16], y
 * [filters][rows.out_size][columns.out_size][16].
 */
typedef struct lathe_correlation {
    int channels, filters;
    lathe_conv_axis rows, columns;
    const lathe_real *ahead; /* fetched while x is read, as if it were x; NULL: x itself, further on */
} lathe_correlation;

/**
 * Strides of a correlation's weights: w[f, c, p, q] is at[f * filter + c * channel + p * row + q * column].
 */
typedef struct lathe_conv_weights {
    const lathe_real *at;
    ptrdiff_t filter, channel, row, column;
} lathe_conv_weights;

/** What becomes of a result: written, or added to what is there; with RELU, no less than 0 is written, and
 * with SIX no more than 6. */
typedef enum lathe_conv_store {
    LATHE_CONV_WRITE = 0,
    LATHE_CONV_ADD = 1,
    LATHE_CONV_RELU = 2,
    LATHE_CONV_ADD_RELU = LATHE_CONV_ADD | LATHE_CONV_RELU,
    LATHE_CONV_SIX = 4,
    LATHE_CONV_RELU6 = LATHE_CONV_RELU | LATHE_CONV_SIX
} lathe_conv_store;

/**
 * The direct kernels do every correlation. The kernels by Winograd's tiles do those with 3 x 3 or with 5 x 5
 * taps, and steps of 1 from tap to tap, from result to result and in the output, which begins at 0.
 */
typedef struct lathe_conv_kernels {
    int row_step; /* `correlate` begins at a multiple of this */
    /**
     * Numbers of the packed weights; the groups in which they are packed; pack one group, in the order in
     * which `correlate` reads them.
     */
    size_t (*packed)(const lathe_correlation *c);
    int (*groups)(const lathe_correlation *c);
    void (*pack)(const lathe_correlation *c, const lathe_conv_weights *w, int group, lathe_real *packed);
    /** Rows first_row ... last_row - 1 of the results. bias may be NULL. */
    void (*correlate)(const lathe_correlation *c, const lathe_real *x, const lathe_real *packed,
        const lathe_real *bias, lathe_real *y, int first_row, int last_row, lathe_conv_store how);
    /**
     * In how many parts `to_weights` does the gradient of the weights, and the numbers of a part's sums, a
     * multiple of 16. They lie in an order of the kernel's own.
     */
    int (*weight_parts)(const lathe_correlation *c);
    size_t (*weight_sums)(const lathe_correlation *c);
    /**
     * Part `part` of one block's sums, from the forward correlation's input and the gradient gy of its
     * output; `add` says whether to add them to what is there. Tail lanes of x or of gy must be 0.
     */
    void (*to_weights)(const lathe_correlation *c, const lathe_real *x, const lathe_real *gy, int part,
        lathe_real *sums, bool add);
    /** gw [filters][channels][taps][taps] = the sums of part `part`, or += them. */
    void (*unpack)(const lathe_correlation *c, const lathe_real *sums, int part, lathe_real *gw, bool add);
    /**
     * sums[0 ... 15] = those of up to sixteen channels, `count` numbers each, or += them; 0 for no channel.
     */
    void (*to_bias)(size_t count, int channels, const lathe_real *gy, lathe_real *sums, bool add);
} lathe_conv_kernels;

#endif
