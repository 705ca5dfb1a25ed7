/* The gradient of a convolution's weights: conv_weights.c, for the table in conv.c. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_CONV_WEIGHTS_H
#define LATHE_CORE_KERNELS_CONVOLUTION_CONV_WEIGHTS_H

#include "conv.h"
#include "../lanes.h"

int KERNEL(lathe_conv_weight_parts)(const lathe_correlation *c);
void KERNEL(lathe_conv_to_weights)(const lathe_correlation *c, const lathe_conv_blocks *x,
    const lathe_conv_blocks *gy, int part_number, real *gw);

#endif
