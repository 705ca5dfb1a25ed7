/* Dropout layers. */
#ifndef LATHE_NN_LAYERS_DROPOUT_H
#define LATHE_NN_LAYERS_DROPOUT_H

#include "../../core/ops/dropout.h"
#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * In LATHE_TRAIN each number becomes 0 with probability p in [0, 1), and otherwise x / (1 - p). In LATHE_EVAL
 * it stays x (see lathe_dropout).
 * Same as  torch.nn.Dropout
 */
lathe_layer *lathe_nn_dropout(lathe_model *model, double p);

/**
 * In LATHE_TRAIN each image, or the whole batch, becomes 0 with probability p in [0, 1], and otherwise
 * x / (1 - p). In LATHE_EVAL it stays x (see lathe_stochastic_depth).
 * Same as  torchvision.ops.StochasticDepth
 */
lathe_layer *lathe_nn_stochastic_depth(lathe_model *model, double p, lathe_depth_mode mode);

#ifdef __cplusplus
}
#endif
#endif
