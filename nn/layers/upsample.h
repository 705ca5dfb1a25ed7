/* Upsampling layer. */
#ifndef LATHE_NN_LAYERS_UPSAMPLE_H
#define LATHE_NN_LAYERS_UPSAMPLE_H

#include "../../core/ops/upsample.h"
#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * [B, C, H, W] to [B, C, scale * H, scale * W]; opts NULL: nearest (lathe_upsample). Same as
 * torch.nn.Upsample
 */
lathe_layer *lathe_nn_upsample(lathe_model *model, int scale, const lathe_upsample_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
