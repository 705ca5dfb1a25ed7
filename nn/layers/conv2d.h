/* Convolution layer. */
#ifndef LATHE_NN_LAYERS_CONV2D_H
#define LATHE_NN_LAYERS_CONV2D_H

#include "../../core/ops/conv2d.h"
#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: stride 1, padding 0, dilation 1, groups 1, with a bias. */
typedef struct lathe_nn_conv2d_opts {
    int stride, padding, dilation, groups; /* as in lathe_conv2d_opts, like the three lines below */
    int stride_width, dilation_width;
    lathe_sides padding_sides;
    bool same;
    int kernel_width;                  /* of a kernel that is not square, along a row; 0: kernel */
    bool matrix;                       /* a 1x1 kernel's weight is [out_channels, in_channels/groups] */
    bool no_bias;                      /* for a convolution before a batch norm, which removes any bias */
    lathe_init weight_init, bias_init; /* default: both uniform on +-1 / sqrt(fan_in) */
} lathe_nn_conv2d_opts;

/**
 * Convolution: [B, in_channels, H, W] to [B, out_channels, H', W'] (see lathe_conv2d).
 *
 * Parameters  weight [out_channels, in_channels/groups, kernel, kernel_width], bias [out_channels]
 * Same as     torch.nn.Conv2d; with `matrix`, torch.nn.Linear of each pixel's channels
 */
lathe_layer *lathe_nn_conv2d(lathe_model *model, int in_channels, int out_channels, int kernel,
    const lathe_nn_conv2d_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
