/* Gradient clipping: between lathe_backward and lathe_optim_step. */
#ifndef LATHE_OPTIM_CLIP_H
#define LATHE_OPTIM_CLIP_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Scale all gradients together so that their joint Euclidean norm is at most max_norm.
 *
 *     norm = sqrt(sum over all parameters of g^2)          g = g * min(1, max_norm / (norm + 1e-6))
 *
 * The sum is in double, in an order that does not depend on the number of threads. With max_norm HUGE_VAL the
 * function only measures.
 * Returns  the norm before clipping; NaN if an argument was wrong.
 * Errors   LATHE_EARG unless max_norm > 0. LATHE_ESTATE if the norm is not finite: the message names the norm
 *          and
 *          the first parameter with such a gradient, and the gradients stay unchanged.
 * Same as  torch.nn.utils.clip_grad_norm_(..., error_if_nonfinite=True)
 * Source   Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", 2013.
 */
double lathe_optim_clip_norm(lathe_optim *optim, double max_norm);

/** Multiply all gradients by `factor`. Errors: LATHE_EARG unless it is finite. */
lathe_status lathe_optim_scale_gradients(lathe_optim *optim, double factor);

/**
 * Clip every number of the gradients to [-clip_value, clip_value]. NaN stays NaN.
 * Errors   LATHE_EARG unless clip_value > 0.
 * Same as  torch.nn.utils.clip_grad_value_
 */
lathe_status lathe_optim_clip_value(lathe_optim *optim, double clip_value);

/**
 * Adaptive gradient clipping: limit each unit's gradient to `ratio` times the size of its weights.
 *
 *     limit = ratio * max(|w|, 1e-3)          g = g * min(1, limit / |g|)
 *
 * |.| is the Euclidean norm over one unit. In a tensor of rank 2 or more, a unit is the weights of one
 * output, w[o, ...]. A tensor of rank 1 (a bias, a norm's scales) is one unit.
 * The output layer is not clipped: the last tensor of rank 2 or more, and the tensors after it.
 * Good values of `ratio` are 0.01 to 0.1. NaN stays NaN.
 * Errors   LATHE_EARG unless ratio > 0.
 * Source   Brock, De, Smith, Simonyan, "High-performance large-scale image recognition without
 *          normalization", 2021 (arXiv 2102.06171).
 */
lathe_status lathe_optim_clip_adaptive(lathe_optim *optim, double ratio);

#ifdef __cplusplus
}
#endif
#endif
