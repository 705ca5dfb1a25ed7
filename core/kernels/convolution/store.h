/* What a tile does with its results before it writes them. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_STORE_H
#define LATHE_CORE_KERNELS_CONVOLUTION_STORE_H

#include "../lanes.h"
#include "conv.h"

static inline part clamped(part v, lathe_conv_store how)
{
    if (!(how & LATHE_CONV_RELU)) return v;
    v = choose_part(v < (part){ 0 }, (part){ 0 }, v); /* NaN stays NaN */
    return how & LATHE_CONV_SIX ? choose_part(v > 6, splat_part(6), v) : v;
}

#endif
