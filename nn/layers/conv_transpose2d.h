/* Transposed convolution layer. */
#ifndef LATHE_NN_LAYERS_CONV_TRANSPOSE2D_H
#define LATHE_NN_LAYERS_CONV_TRANSPOSE2D_H

#include "../../core/ops/conv_transpose2d.h"
#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: stride 1, padding 0, output_padding 0, dilation 1, groups 1, with a bias. */
typedef struct lathe_nn_conv_transpose2d_opts {
    int stride, padding, output_padding, dilation, groups; /* as in lathe_conv_transpose2d_opts, */
    int stride_width, dilation_width;                      /* like these */
    lathe_sides padding_sides;
    int kernel_width; /* of a kernel that is not square, along a row; 0: kernel */
    bool no_bias;
    /* default: both uniform on +-1 / sqrt(out_channels/groups * kernel * kernel_width) */
    lathe_init weight_init, bias_init;
} lathe_nn_conv_transpose2d_opts;

/**
 * Transposed convolution: [B, in_channels, H, W] to [B, out_channels, H', W'] (see
 * lathe_conv_transpose2d).
 *
 * Parameters  weight [in_channels, out_channels/groups, kernel, kernel_width], bias [out_channels]
 * Same as     torch.nn.ConvTranspose2d
 */
lathe_layer *lathe_nn_conv_transpose2d(lathe_model *model, int in_channels, int out_channels, int kernel,
    const lathe_nn_conv_transpose2d_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
