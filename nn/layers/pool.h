/* Pooling layers. */
#ifndef LATHE_NN_LAYERS_POOL_H
#define LATHE_NN_LAYERS_POOL_H

#include "../../core/ops/pool.h"
#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Maximum over windows of kernel * kernel pixels, or kernel * opts->kernel_width (see lathe_max_pool2d).
 *
 * opts     NULL: stride kernel, padding 0. Leave opts->kernel 0.
 * Same as  torch.nn.MaxPool2d
 */
lathe_layer *lathe_nn_max_pool2d(lathe_model *model, int kernel, const lathe_pool_opts *opts);

/** Mean over windows of kernel * kernel pixels; opts as in lathe_nn_max_pool2d. Same as torch.nn.AvgPool2d */
lathe_layer *lathe_nn_avg_pool2d(lathe_model *model, int kernel, const lathe_pool_opts *opts);

/** Means over windows, so that the result is [B, C, height, width]. Same as torch.nn.AdaptiveAvgPool2d */
lathe_layer *lathe_nn_adaptive_avg_pool2d(lathe_model *model, int height, int width);

/** Each channel's mean: [B, C, H, W] to [B, C]. Same as torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten() */
lathe_layer *lathe_nn_global_avg_pool(lathe_model *model);

#ifdef __cplusplus
}
#endif
#endif
