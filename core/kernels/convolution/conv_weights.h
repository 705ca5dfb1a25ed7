/* The gradient of a convolution's weights: conv_weights.c, for the table in conv.c. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_CONV_WEIGHTS_H
#define LATHE_CORE_KERNELS_CONVOLUTION_CONV_WEIGHTS_H

#include "conv.h"
#include "../lanes.h"

int KERNEL(lathe_conv_weight_parts)(const lathe_correlation *c);
size_t KERNEL(lathe_conv_weight_sums)(const lathe_correlation *c);
void KERNEL(lathe_conv_to_weights)(const lathe_correlation *c, const real *x, const real *gy, int part_number,
    real *sums, bool add);
void KERNEL(
    lathe_conv_unpack)(const lathe_correlation *c, const real *sums, int part_number, real *gw, bool add);

#endif
