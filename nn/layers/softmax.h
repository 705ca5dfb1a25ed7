/* Softmax layers. */
#ifndef LATHE_NN_LAYERS_SOFTMAX_H
#define LATHE_NN_LAYERS_SOFTMAX_H

#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Softmax over dimension 1. Not before lathe_cross_entropy, which includes it. Same as torch.nn.Softmax(1)
 */
lathe_layer *lathe_nn_softmax(lathe_model *model);

/** The logarithm of the softmax over dimension 1. Same as torch.nn.LogSoftmax(1) */
lathe_layer *lathe_nn_log_softmax(lathe_model *model);

#ifdef __cplusplus
}
#endif
#endif
