/*
 * Correlations of one channel with one filter, for conv.c and conv_weights.c: the parts of a depthwise layer.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_DEPTHWISE_H
#define LATHE_CORE_KERNELS_CONVOLUTION_DEPTHWISE_H

#include "conv.h"
#include "../lanes.h"

/** Whether the functions below can do it: one channel, one filter, and whole rows of the image find room. */
bool KERNEL(lathe_depthwise_fits)(const lathe_correlation *c);

/** As lathe_conv_kernels' correlate and to_weights; `w` and the sums lie tap row by tap row. */
void KERNEL(lathe_depthwise_correlate)(const lathe_correlation *c, const real *x, const real *w,
    const real *bias, real *y, int first_row, int last_row, lathe_conv_store how);
void KERNEL(lathe_depthwise_to_weights)(const lathe_correlation *c, const real *x, const real *gy, real *sums,
    bool add);

#endif
