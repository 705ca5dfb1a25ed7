/* Activation layers: one function of each number. */
#ifndef LATHE_NN_LAYERS_ACTIVATION_H
#define LATHE_NN_LAYERS_ACTIVATION_H

#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** max(x, 0). Same as torch.nn.ReLU */
lathe_layer *lathe_nn_relu(lathe_model *model);

/** x for x > 0, slope * x otherwise; slope 0 means 0.01. Same as torch.nn.LeakyReLU */
lathe_layer *lathe_nn_leaky_relu(lathe_model *model, double slope);

/** x * Phi(x), Phi the normal distribution function. Same as torch.nn.GELU */
lathe_layer *lathe_nn_gelu(lathe_model *model);

/** x * sigmoid(x). Same as torch.nn.SiLU */
lathe_layer *lathe_nn_silu(lathe_model *model);

/** 1 / (1 + exp(-x)). Same as torch.nn.Sigmoid */
lathe_layer *lathe_nn_sigmoid(lathe_model *model);

/** tanh(x). Same as torch.nn.Tanh */
lathe_layer *lathe_nn_tanh(lathe_model *model);

#ifdef __cplusplus
}
#endif
#endif
