/*
 * The layers. A constructor makes a layer of `model`; it checks its arguments and returns NULL, with the
 * model failed, when one is wrong or the model has failed before. So build without checks, and ask
 * lathe_nn_init or lathe_model_status in the end:
 *
 *     lathe_layer *net = lathe_nn_sequential(model,
 *         lathe_nn_flatten(model),
 *         lathe_nn_linear(model, 784, 100, NULL),
 *         lathe_nn_relu(model),
 *         lathe_nn_linear(model, 100, 10, NULL), NULL);
 *
 * Shapes: B images of C channels, H rows and W columns. What a layer computes, its gradient and its errors
 * are those of the operation it is named after (core/ops). First numbers are PyTorch's unless said otherwise.
 */
#ifndef LATHE_NN_LAYERS_LAYERS_H
#define LATHE_NN_LAYERS_LAYERS_H

#include "../../core/ops/batch_norm.h"
#include "../../core/ops/conv2d.h"
#include "../../core/ops/conv_transpose2d.h"
#include "../../core/ops/local_response_norm.h"
#include "../../core/ops/pool.h"
#include "../../core/ops/upsample.h"
#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- with parameters ----------------------------------------------------------------------------------- */

/** NULL or zeros: stride 1, padding 0, dilation 1, groups 1, with a bias. */
typedef struct lathe_nn_conv2d_opts {
    int stride, padding, dilation, groups; /* as in lathe_conv2d_opts */
    bool no_bias;                      /* for a convolution before a batch norm, which takes any bias away */
    lathe_init weight_init, bias_init; /* default: both uniform on +-1 / sqrt(fan_in) */
} lathe_nn_conv2d_opts;

/**
 * Convolution with a square kernel: [B, in_channels, H, W] to [B, out_channels, H', W'] (see lathe_conv2d).
 * Parameters  weight [out_channels, in_channels/groups, kernel, kernel], bias [out_channels]
 * Same as     torch.nn.Conv2d
 */
lathe_layer *lathe_nn_conv2d(lathe_model *model, int in_channels, int out_channels, int kernel,
    const lathe_nn_conv2d_opts *opts);

/** NULL or zeros: stride 1, padding 0, output_padding 0, dilation 1, groups 1, with a bias. */
typedef struct lathe_nn_conv_transpose2d_opts {
    int stride, padding, output_padding, dilation, groups; /* as in lathe_conv_transpose2d_opts */
    bool no_bias;
    lathe_init weight_init,
        bias_init; /* default: both uniform on +-1 / sqrt(out_channels/groups * kernel * kernel) */
} lathe_nn_conv_transpose2d_opts;

/**
 * Transposed convolution with a square kernel: [B, in_channels, H, W] to [B, out_channels, H', W'] (see
 * lathe_conv_transpose2d).
 * Parameters  weight [in_channels, out_channels/groups, kernel, kernel], bias [out_channels]
 * Same as     torch.nn.ConvTranspose2d
 */
lathe_layer *lathe_nn_conv_transpose2d(lathe_model *model, int in_channels, int out_channels, int kernel,
    const lathe_nn_conv_transpose2d_opts *opts);

/** NULL or zeros: with a bias. */
typedef struct lathe_nn_linear_opts {
    bool no_bias;
    lathe_init weight_init, bias_init; /* default: both uniform on +-1 / sqrt(in_features) */
} lathe_nn_linear_opts;

/**
 * Fully connected: [B, in_features] to [B, out_features] (see lathe_linear).
 * Parameters  weight [out_features, in_features], bias [out_features]
 * Same as     torch.nn.Linear
 */
lathe_layer *lathe_nn_linear(lathe_model *model, int in_features, int out_features,
    const lathe_nn_linear_opts *opts);

/**
 * Batch normalisation of [B, channels, H, W] or [B, channels] (see lathe_batch_norm). opts NULL: eps 1e-5,
 * momentum 0.1.
 * Parameters  weight [channels], at first 1; bias [channels], at first 0
 * Buffers     running_mean [channels], at first 0; running_var [channels], at first 1
 * Same as     torch.nn.BatchNorm2d, torch.nn.BatchNorm1d
 */
lathe_layer *lathe_nn_batch_norm(lathe_model *model, int channels, const lathe_batch_norm_opts *opts);

/* ---- number by number ---------------------------------------------------------------------------------- */

/** max(x, 0). Same as torch.nn.ReLU */
lathe_layer *lathe_nn_relu(lathe_model *model);

/** x for x > 0, slope * x otherwise; slope 0 means 0.01. Same as torch.nn.LeakyReLU */
lathe_layer *lathe_nn_leaky_relu(lathe_model *model, double slope);

/** x * Phi(x). Same as torch.nn.GELU */
lathe_layer *lathe_nn_gelu(lathe_model *model);

/** x * sigmoid(x). Same as torch.nn.SiLU */
lathe_layer *lathe_nn_silu(lathe_model *model);

/** 1 / (1 + exp(-x)). Same as torch.nn.Sigmoid */
lathe_layer *lathe_nn_sigmoid(lathe_model *model);

/** tanh(x). Same as torch.nn.Tanh */
lathe_layer *lathe_nn_tanh(lathe_model *model);

/** In LATHE_TRAIN each number becomes 0 with probability p in [0, 1), the others x / (1 - p). Same as
 * torch.nn.Dropout */
lathe_layer *lathe_nn_dropout(lathe_model *model, double p);

/**
 * Local response normalisation over `size` channels, or size * size pixels with opts->within_channel (see
 * lathe_local_response_norm). opts NULL: alpha 1e-4, beta 0.75, k 1 (its size may stay 0). Same as
 * torch.nn.LocalResponseNorm
 */
lathe_layer *lathe_nn_local_response_norm(lathe_model *model, int size,
    const lathe_local_response_norm_opts *opts);

/** x itself: a place-holder. Same as torch.nn.Identity */
lathe_layer *lathe_nn_identity(lathe_model *model);

/* ---- pooling ------------------------------------------------------------------------------------------- */

/**
 * Maximum over windows of kernel * kernel; opts NULL: stride kernel, padding 0 (its kernel may stay 0).
 * Same as  torch.nn.MaxPool2d
 */
lathe_layer *lathe_nn_max_pool2d(lathe_model *model, int kernel, const lathe_pool_opts *opts);

/** Mean over windows of kernel * kernel; opts as above. Same as torch.nn.AvgPool2d */
lathe_layer *lathe_nn_avg_pool2d(lathe_model *model, int kernel, const lathe_pool_opts *opts);

/** Means over windows chosen so that [B, C, height, width] comes out. Same as torch.nn.AdaptiveAvgPool2d */
lathe_layer *lathe_nn_adaptive_avg_pool2d(lathe_model *model, int height, int width);

/** Each channel's mean: [B, C, H, W] to [B, C]. Same as torch.nn.AdaptiveAvgPool2d(1) and torch.nn.Flatten()
 */
lathe_layer *lathe_nn_global_avg_pool(lathe_model *model);

/** [B, C, H, W] to [B, C, scale * H, scale * W]; opts NULL: nearest (see lathe_upsample). Same as
 * torch.nn.Upsample */
lathe_layer *lathe_nn_upsample(lathe_model *model, int scale, const lathe_upsample_opts *opts);

/* ---- shapes and outputs -------------------------------------------------------------------------------- */

/** [B, d1, d2, ...] to [B, d1*d2*...]. Same as torch.nn.Flatten */
lathe_layer *lathe_nn_flatten(lathe_model *model);

/**
 * Each image to the shape `image`, without the batch: `{ 3, { 16, 7, 7 } }`. One dimension may be -1.
 * Same as  torch.nn.Unflatten
 */
lathe_layer *lathe_nn_reshape(lathe_model *model, lathe_shape image);

/** Every stride-th row and column, and zero channels up to `channels`: ResNet's shortcut "option A" (see
 * lathe_subsample). */
lathe_layer *lathe_nn_subsample(lathe_model *model, int stride, int channels);

/** Softmax over dimension 1. Not before lathe_cross_entropy, which has its own. Same as torch.nn.Softmax(1)
 */
lathe_layer *lathe_nn_softmax(lathe_model *model);

/** Its logarithm. Same as torch.nn.LogSoftmax(1) */
lathe_layer *lathe_nn_log_softmax(lathe_model *model);

/* ---- layers of layers ---------------------------------------------------------------------------------- */

/**
 * One layer after the other; the list ends with NULL. Their names are "0", "1", ... Returns NULL if the model
 * has failed, so that a constructor in the list may.
 * Same as  torch.nn.Sequential
 */
lathe_layer *lathe_nn_sequential(lathe_model *model, ...) __attribute__((sentinel));

/** Put `layer` at the end of a sequential, for nets that are built in a loop. Returns `layer`. Errors:
 * LATHE_EARG. */
lathe_layer *lathe_nn_append(lathe_layer *sequential, lathe_layer *layer);

/**
 * y = body(x) + shortcut(x); shortcut NULL: x itself. Their names are "body" and "shortcut". Source: He et
 * al. 2015.
 */
lathe_layer *lathe_nn_residual(lathe_model *model, lathe_layer *body, lathe_layer *shortcut);

/**
 * What several layers make of the same x, joined along dimension 1 (see lathe_concat). The list ends with
 * NULL; at most 64; named "0", "1", ...
 */
lathe_layer *lathe_nn_concat(lathe_model *model, ...) __attribute__((sentinel));

#ifdef __cplusplus
}
#endif
#endif
