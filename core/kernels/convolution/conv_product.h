/* Products of packed weights with places of all channels, by the tiles of conv.c: for winograd.c. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_CONV_PRODUCT_H
#define LATHE_CORE_KERNELS_CONVOLUTION_CONV_PRODUCT_H

#include "../lanes.h"

/** The most filters of one product. */
enum { PRODUCT_FILTERS = REGISTER_FILE == 2048 ? 8 : REGISTER_FILE == 512 ? 6 : 3 };

/**
 *     y[f, n] = bias[f] + sum over c of w[c, f] * x[c, n]
 *
 * for `count` places n of sixteen numbers: x [channels][x_channel / 16][16], w [channels][filters], bias
 * [filters] or NULL, y [filters][y_filter / 16][16].
 */
void KERNEL(lathe_conv_product)(int channels, int filters, int count, const real *x, ptrdiff_t x_channel,
    const real *w, const real *bias, real *y, ptrdiff_t y_filter);

#endif
