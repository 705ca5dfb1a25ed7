/* Activation layers: one function of each number. */
#ifndef LATHE_NN_LAYERS_ACTIVATION_H
#define LATHE_NN_LAYERS_ACTIVATION_H

#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The activation of this name: relu, relu6, gelu, silu, sigmoid, tanh, hardswish or hardsigmoid. Errors:
 * LATHE_ENAME, listing the known names.
 */
lathe_layer *lathe_nn_activation(lathe_model *model, const char *name);

/** max(x, 0). Same as torch.nn.ReLU */
lathe_layer *lathe_nn_relu(lathe_model *model);

/** x for x > 0, slope * x otherwise; slope 0 means 0.01. Same as torch.nn.LeakyReLU */
lathe_layer *lathe_nn_leaky_relu(lathe_model *model, double slope);

/** min(max(x, 0), 6). Same as torch.nn.ReLU6 */
lathe_layer *lathe_nn_relu6(lathe_model *model);

/** min(max(x, min), max). Errors: LATHE_EARG for min > max. Same as torch.clip */
lathe_layer *lathe_nn_clip(lathe_model *model, double min, double max);

/** x * hardsigmoid(x). Same as torch.nn.Hardswish */
lathe_layer *lathe_nn_hardswish(lathe_model *model);

/** min(max(x + 3, 0), 6) / 6. Same as torch.nn.Hardsigmoid */
lathe_layer *lathe_nn_hardsigmoid(lathe_model *model);

/** x for x > 0, alpha * (exp(x) - 1) otherwise; alpha 0 means 1. Same as torch.nn.ELU */
lathe_layer *lathe_nn_elu(lathe_model *model, double alpha);

/**
 * log(1 + exp(beta * x)) / beta, x where beta * x is above the threshold; beta 0 means 1, threshold 0 means
 * 20. Same as torch.nn.Softplus
 */
lathe_layer *lathe_nn_softplus(lathe_model *model, double beta, double threshold);

/**
 * x for x > 0, weight * x otherwise, with a trained slope for each of `slopes` channels, or one for all (1).
 *
 * init        the first slopes; 0 means 0.25
 * Parameters  weight [slopes]
 * Same as     torch.nn.PReLU
 */
lathe_layer *lathe_nn_prelu(lathe_model *model, int slopes, double init);

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
