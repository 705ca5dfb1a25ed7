/* The bias of whole sixteens of filters. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_CHANNELS_BIAS_H
#define LATHE_CORE_KERNELS_CONVOLUTION_CHANNELS_BIAS_H

#include "../lanes.h"

/* to[0 ... count - 1]: the bias of filters from `first` on; zeros for missing ones, or if bias is NULL. */
static inline void take_bias(const real *bias, int first, int filters, int count, real *to)
{
    for (int i = 0; i < count; i++) to[i] = bias && first + i < filters ? bias[first + i] : 0;
}

#endif
