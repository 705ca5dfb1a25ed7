/* Batch normalisation layer. */
#ifndef LATHE_NN_LAYERS_BATCH_NORM_H
#define LATHE_NN_LAYERS_BATCH_NORM_H

#include "../../core/ops/batch_norm.h"
#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Freeze the running statistics of all batch norms of `layer`, or unfreeze them. A frozen norm uses them in
 * LATHE_TRAIN too, leaves them as they are, and is trained through: gradients take them as constants, and
 * batches of one sample are fine. Its weight and bias are trained; lathe_nn_freeze freezes those.
 * Same as  eval() of the net's BatchNorm modules while the rest is in train()
 */
void lathe_nn_freeze_norm(lathe_layer *layer, bool frozen);

/**
 * Batch normalisation of [B, channels, H, W] or [B, channels] (see lathe_batch_norm).
 *
 * opts        NULL: eps 1e-5, momentum 0.1, not frozen.
 * Parameters  weight [channels], at first 1; bias [channels], at first 0
 * Buffers     running_mean [channels], at first 0; running_var [channels], at first 1
 * Same as     torch.nn.BatchNorm2d, torch.nn.BatchNorm1d
 */
lathe_layer *lathe_nn_batch_norm(lathe_model *model, int channels, const lathe_batch_norm_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
