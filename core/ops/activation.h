/* Activations: y = f(x), element by element. Any shape and layout. Gradient to x. NaN gives NaN. */
#ifndef LATHE_CORE_OPS_ACTIVATION_H
#define LATHE_CORE_OPS_ACTIVATION_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** y = max(x, 0). Gradient 0 at x = 0. Same as torch.nn.functional.relu */
lathe_tensor *lathe_relu(lathe_tensor *x);

/**
 * y = x for x > 0, else slope * x. slope 0 means 0.01. Errors: LATHE_EARG. Same as
 * torch.nn.functional.leaky_relu
 */
lathe_tensor *lathe_leaky_relu(lathe_tensor *x, double slope);

/**
 * y = x for x > 0, else weight * x, with a trained slope (He et al. 2015, arXiv 1502.01852).
 *
 *     x, result batched [B, C, ...]   weight plain [1], or [C]: a slope a channel
 *
 * Gradient to x and weight.
 * Errors   LATHE_ESHAPE
 * Same as  torch.nn.functional.prelu
 */
lathe_tensor *lathe_prelu(lathe_tensor *x, lathe_tensor *weight);

/** y = min(max(x, 0), 6). Gradient 0 at 0 and 6. Same as torch.nn.functional.relu6 */
lathe_tensor *lathe_relu6(lathe_tensor *x);

/**
 * y = min(max(x, min), max). Gradient 1 at min and max.
 * Errors   LATHE_EARG for min > max, or if one is not finite
 * Same as  torch.clip
 */
lathe_tensor *lathe_clip(lathe_tensor *x, double min, double max);

/**
 * y = x * hardsigmoid(x) (Howard et al. 2019, arXiv 1905.02244). Same as torch.nn.functional.hardswish
 */
lathe_tensor *lathe_hardswish(lathe_tensor *x);

/** y = min(max(x + 3, 0), 6) / 6. Gradient 0 at -3 and 3. Same as torch.nn.functional.hardsigmoid */
lathe_tensor *lathe_hardsigmoid(lathe_tensor *x);

/**
 * y = x for x > 0, else alpha * (exp(x) - 1). alpha 0 means 1. Errors: LATHE_EARG. Same as
 * torch.nn.functional.elu
 */
lathe_tensor *lathe_elu(lathe_tensor *x, double alpha);

/**
 * y = log(1 + exp(beta * x)) / beta where beta * x <= threshold, else x. beta 0 means 1, threshold 0 means
 * 20. Errors: LATHE_EARG. Same as torch.nn.functional.softplus
 */
lathe_tensor *lathe_softplus(lathe_tensor *x, double beta, double threshold);

/**
 * y = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2))) (Hendrycks, Gimpel 2016). Same as torch.nn.functional.gelu
 */
lathe_tensor *lathe_gelu(lathe_tensor *x);

/** y = x * sigmoid(x). Same as torch.nn.functional.silu */
lathe_tensor *lathe_silu(lathe_tensor *x);

/** y = 1 / (1 + exp(-x)). Same as torch.sigmoid */
lathe_tensor *lathe_sigmoid(lathe_tensor *x);

/** y = tanh(x). Same as torch.tanh */
lathe_tensor *lathe_tanh(lathe_tensor *x);

#ifdef __cplusplus
}
#endif
#endif
