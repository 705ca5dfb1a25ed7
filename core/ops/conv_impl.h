/*
 * Private: code of convolution and transposed convolution, whose forward is convolution's gradient to the
 * data.
 */
#ifndef LATHE_CORE_OPS_CONV_IMPL_H
#define LATHE_CORE_OPS_CONV_IMPL_H

#include "op_impl.h"

/** Shapes and settings of one convolution; channels and filters are those of one group. */
typedef struct lathe_conv_geometry {
    int stride, padding, dilation, groups;
    int channels, filters;
    int height, width, kernel_height, kernel_width, out_height, out_width;
} lathe_conv_geometry;

/** The numbers in the weights of one group. `packed` needs this many for each group. */
size_t lathe_conv_group_weights(const lathe_conv_geometry *g);

/** y = w * x + bias, bias NULL for none. */
void lathe_conv_forward(const lathe_conv_geometry *g, const lathe_real *x, const lathe_real *w,
    const lathe_real *bias, lathe_real *y, int blocks, lathe_conv_store how, lathe_real *packed);

/** The gradient to the data from gy, plus `bias` [C] if it is not NULL. */
void lathe_conv_to_data(const lathe_conv_geometry *g, const lathe_real *gy, const lathe_real *w,
    const lathe_real *bias, lathe_real *gx, int blocks, lathe_conv_store how, lathe_real *packed);

/** The gradient to the weights; tail lanes must be 0 in x or in gy. */
void lathe_conv_to_weights(const lathe_conv_geometry *g, const lathe_real *x, const lathe_real *gy,
    lathe_real *gw, int blocks, bool add, lathe_tape *tape);

/** The gradient to the bias of y, if it has one and it needs a gradient. */
void lathe_conv_to_bias(const lathe_tensor *y, const lathe_real *gy, lathe_tensor *bias);

#endif
