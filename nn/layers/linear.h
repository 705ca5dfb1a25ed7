/* Fully connected layer. */
#ifndef LATHE_NN_LAYERS_LINEAR_H
#define LATHE_NN_LAYERS_LINEAR_H

#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: with a bias. */
typedef struct lathe_nn_linear_opts {
    bool no_bias;
    lathe_init weight_init, bias_init; /* default: both uniform on +-1 / sqrt(in_features) */
} lathe_nn_linear_opts;

/**
 * Fully connected: [B, in_features] to [B, out_features] (see lathe_linear).
 *
 * Parameters  weight [out_features, in_features], bias [out_features]
 * Same as     torch.nn.Linear
 */
lathe_layer *lathe_nn_linear(lathe_model *model, int in_features, int out_features,
    const lathe_nn_linear_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
