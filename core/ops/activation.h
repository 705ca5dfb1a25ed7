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
