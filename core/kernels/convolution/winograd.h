/* The gradient of the weights: winograd_weights.h, for the table in winograd_correlate.h. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_H
#define LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_H

#include "conv.h"
#include "../lanes.h"

int WINOGRAD(lathe_winograd_weight_parts)(const lathe_correlation *c);
size_t WINOGRAD(lathe_winograd_weight_sums)(const lathe_correlation *c);
void WINOGRAD(lathe_winograd_to_weights)(const lathe_correlation *c, const real *x, const real *gy,
    int number, real *sums, bool add);
void WINOGRAD(
    lathe_winograd_unpack)(const lathe_correlation *c, const real *sums, int number, real *gw, bool add);

#endif
