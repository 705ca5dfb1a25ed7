/* Products of packed weights with places of all channels, by the tiles of channels.c. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_CHANNELS_PRODUCT_H
#define LATHE_CORE_KERNELS_CONVOLUTION_CHANNELS_PRODUCT_H

#include "channels.h"
#include "../lanes.h"

/** The most vectors of sixteen filters of one product; places that a tile does at once. */
enum {
    PRODUCT_VECTORS = REGISTER_BYTES == 64 ? 2 : 1,
    PRODUCT_PLACES = REGISTER_FILE == 2048 ? 14 :
        REGISTER_FILE == 512               ? 6 :
                                             3
};

/**
 *     y[v, n, 0 ... 15] = sum over c of w[c, v, 0 ... 15] * x[c, n]
 *
 * for `count` places n: number c of place n is x[c / 16 * block + n * 16 + c % 16]; w
 * [channels][vectors][16], y [vectors][y_vector / 16][16].
 */
void KERNEL(lathe_channels_product)(int channels, int vectors, int count, const real *x, ptrdiff_t block,
    const real *w, real *y, ptrdiff_t y_vector);

#endif
