/*
 * The gradient of the weights of 1 x 1 kernels that read each place once, for conv_weights.c.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_POINTWISE_WEIGHTS_H
#define LATHE_CORE_KERNELS_CONVOLUTION_POINTWISE_WEIGHTS_H

#include "conv.h"
#include "../lanes.h"

/** Whether the functions below can do it, and are worth it. */
bool KERNEL(lathe_pointwise_fits)(const lathe_correlation *c);

/** As in lathe_conv_kernels. */
int KERNEL(lathe_pointwise_weight_parts)(const lathe_correlation *c);
size_t KERNEL(lathe_pointwise_weight_sums)(const lathe_correlation *c);
void KERNEL(lathe_pointwise_to_weights)(const lathe_correlation *c, const real *x, const real *gy, int part,
    real *sums, bool add);
void KERNEL(
    lathe_pointwise_unpack)(const lathe_correlation *c, const real *sums, int part, real *gw, bool add);

#endif
