/* Softmax over dimension 1. */
#ifndef LATHE_CORE_OPS_SOFTMAX_H
#define LATHE_CORE_OPS_SOFTMAX_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 *     y[b,k,...] = exp(x[b,k,...] - m) / sum over j of exp(x[b,j,...] - m),  m = max over j of x[b,j,...]
 *
 *     x [B, K, ...] batched   result like x
 *
 * Gradient to x.
 * Errors   LATHE_ESHAPE if x is not batched, or has no dimension 1.
 * Same as torch.softmax(x, 1)
 */
lathe_tensor *lathe_softmax(lathe_tensor *x);

/** log(lathe_softmax(x)), without a log of 0. Same as torch.log_softmax(x, 1) */
lathe_tensor *lathe_log_softmax(lathe_tensor *x);

#ifdef __cplusplus
}
#endif
#endif
