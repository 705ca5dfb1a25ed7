/* Layers that only move numbers. */
#ifndef LATHE_NN_LAYERS_SHAPE_H
#define LATHE_NN_LAYERS_SHAPE_H

#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** x itself: a placeholder. Same as torch.nn.Identity */
lathe_layer *lathe_nn_identity(lathe_model *model);

/** [B, d1, d2, ...] to [B, d1*d2*...]. Same as torch.nn.Flatten */
lathe_layer *lathe_nn_flatten(lathe_model *model);

/**
 * Each image gets the shape `image`, without the batch: `{ 3, { 16, 7, 7 } }`. One dimension may be -1.
 * Same as  torch.nn.Unflatten
 */
lathe_layer *lathe_nn_reshape(lathe_model *model, lathe_shape image);

/** Every stride-th row and column, and zero channels up to `channels`: ResNet's shortcut "option A". */
lathe_layer *lathe_nn_subsample(lathe_model *model, int stride, int channels);

/** Channels of `groups` groups in turn (see lathe_channel_shuffle). Same as torch.nn.ChannelShuffle */
lathe_layer *lathe_nn_channel_shuffle(lathe_model *model, int groups);

#ifdef __cplusplus
}
#endif
#endif
