/* Fully connected layers. */
#ifndef LATHE_CORE_OPS_LINEAR_H
#define LATHE_CORE_OPS_LINEAR_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 *     y[b,o] = bias[o] + sum over f of w[o,f] * x[b,f]
 *
 *     x [B, F] batched   w [O, F]   bias [O] or NULL   result [B, O]
 *
 * Gradient to x, w and bias.
 * Errors   LATHE_ESHAPE: "lathe_linear: x has 128 features, weight expects 99".
 * Same as  torch.nn.functional.linear
 */
lathe_tensor *lathe_linear(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias);

/** lathe_relu(lathe_linear(...)), the same numbers without a second pass over them. */
lathe_tensor *lathe_linear_relu(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias);

#ifdef __cplusplus
}
#endif
#endif
