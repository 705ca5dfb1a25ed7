/* The gradient of the weights by Winograd's tiles: winograd_weights.c, for the table in winograd.c. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_H
#define LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_H

#include "conv.h"
#include "../lanes.h"

int KERNEL(lathe_winograd_weight_parts)(const lathe_correlation *c);
void KERNEL(lathe_winograd_to_weights)(const lathe_correlation *c, const lathe_conv_blocks *x,
    const lathe_conv_blocks *gy, int part, real *gw);

#endif
