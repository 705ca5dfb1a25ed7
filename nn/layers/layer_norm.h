/* Layer normalisation layers. */
#ifndef LATHE_NN_LAYERS_LAYER_NORM_H
#define LATHE_NN_LAYERS_LAYER_NORM_H

#include "../../core/ops/layer_norm.h"
#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Layer normalisation of [B, ..., shape] over its last dimensions (see lathe_layer_norm).
 *
 * shape       of what is normalised together, such as { 1, { features } } or { 3, { C, H, W } }
 * eps         0 means 1e-5
 * Parameters  weight [shape], at first 1; bias [shape], at first 0
 * Same as     torch.nn.LayerNorm
 */
lathe_layer *lathe_nn_layer_norm(lathe_model *model, lathe_shape shape, double eps);

/**
 * Layer normalisation of [B, channels, ...] over the channels at each place (see lathe_layer_norm2d).
 *
 * eps         0 means 1e-5; torchvision's convnext has 1e-6
 * Parameters  weight [channels], at first 1; bias [channels], at first 0
 * Same as     torchvision's and timm's LayerNorm2d
 */
lathe_layer *lathe_nn_layer_norm2d(lathe_model *model, int channels, double eps);

#ifdef __cplusplus
}
#endif
#endif
