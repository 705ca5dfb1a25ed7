/* What a convolution and a transposed one share: the second's forward is the first's gradient to the data.
 * Not installed. */
#ifndef LATHE_CORE_OPS_CONV_IMPL_H
#define LATHE_CORE_OPS_CONV_IMPL_H

#include "op_impl.h"

/** Shapes and settings of one convolution; channels and filters are those of one group. */
typedef struct lathe_conv_geometry {
    int stride, padding, dilation, groups;
    int channels, filters;
    int height, width, kernel_height, kernel_width, out_height, out_width;
} lathe_conv_geometry;

/** Numbers in the weights of one group: what `packed` needs room for, times the groups. */
size_t lathe_conv_group_weights(const lathe_conv_geometry *g);

/** y = w * x + bias, bias NULL for none. */
void lathe_conv_forward(const lathe_conv_geometry *g, const lathe_real *x, const lathe_real *w,
    const lathe_real *bias, lathe_real *y, int blocks, lathe_conv_store how, lathe_real *packed);

/** The gradient to the data from gy, to which `bias` [C] (or NULL) is added. */
void lathe_conv_to_data(const lathe_conv_geometry *g, const lathe_real *gy, const lathe_real *w,
    const lathe_real *bias, lathe_real *gx, int blocks, lathe_conv_store how, lathe_real *packed);

/** The gradient to the weights; tail lanes must be 0 in x or in gy. */
void lathe_conv_to_weights(const lathe_conv_geometry *g, const lathe_real *x, const lathe_real *gy,
    lathe_real *gw, int blocks, bool add, lathe_tape *tape);

/** The gradient to the bias of y, if it has one and it needs a gradient. */
void lathe_conv_to_bias(const lathe_tensor *y, const lathe_real *gy, lathe_tensor *bias);

#endif
