/*
 * One window of a depthwise layer, sixteen planes at once: of sixteen images, or of sixteen channels, each
 * with its own weights.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_DEPTHWISE_WINDOW_H
#define LATHE_CORE_KERNELS_CONVOLUTION_DEPTHWISE_WINDOW_H

#include "channels_plan.h"

/* Numbers of a panel for one block of depthwise channels. */
enum { DEPTHWISE_PANEL = 16384 };

/* One window of a block of up to sixteen channels that begin at x->at: y from w [taps][16] and bias [16]. */
void KERNEL(lathe_depthwise_window)(const lathe_correlation *c, const panel *p, const lathe_channels_image *x,
    int channels, const window *at, const real *w, const real *bias, real *y, lathe_conv_store how);

/* sums [taps][16] += gy [rows.results][columns.results][16] times x, over a window. */
void KERNEL(lathe_depthwise_add_window)(const lathe_correlation *c, const panel *p,
    const lathe_channels_image *x, int channels, const window *at, const real *gy, real *sums);

#endif
