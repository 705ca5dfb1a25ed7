/* The gradient of the weights on channels: channels_weights.c, for the table in channels.c. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_CHANNELS_WEIGHTS_H
#define LATHE_CORE_KERNELS_CONVOLUTION_CHANNELS_WEIGHTS_H

#include "channels.h"
#include "../lanes.h"

size_t KERNEL(lathe_channels_weight_sums)(const lathe_correlation *c);
int KERNEL(lathe_channels_units)(const lathe_correlation *c);
int KERNEL(lathe_channels_weight_parts)(const lathe_correlation *c);
void KERNEL(lathe_channels_to_weights)(const lathe_correlation *c, const lathe_channels_image *x,
    const real *gy, size_t gy_image, long first, long last, int part, real *sums);
void KERNEL(
    lathe_channels_unpack)(const lathe_correlation *c, const real *sums, int group, bool add, real *gw);

#endif
