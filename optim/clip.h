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
 * The sum is in double, in an order that does not depend on the number of threads. max_norm HUGE_VAL only
 * measures.
 * Returns  the norm before clipping; NaN when an argument was wrong.
 * Errors   LATHE_EARG unless max_norm > 0. LATHE_ESTATE if the norm is not finite: names it and the first
 *          parameter with such a gradient; then the gradients are as they were.
 * Same as  torch.nn.utils.clip_grad_norm_(..., error_if_nonfinite=True)
 * Source   Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", 2013.
 */
double lathe_optim_clip_norm(lathe_optim *optim, double max_norm);

/**
 * Bring every number of the gradients into [-clip_value, clip_value]. NaN stays NaN.
 * Errors   LATHE_EARG unless clip_value > 0.
 * Same as  torch.nn.utils.clip_grad_value_
 */
lathe_status lathe_optim_clip_value(lathe_optim *optim, double clip_value);

/**
 * Adaptive gradient clipping: bring each unit's gradient to at most `ratio` times the size of its weights.
 *
 *     limit = ratio * max(|w|, 1e-3)          g = g * min(1, limit / |g|)
 *
 * |.| is the Euclidean norm over one unit: what leads to one output, w[o, ...], of a tensor of rank 2 or
 * more; the whole of a bias or of a norm's scales. The output layer, that is the last tensor of rank 2 or
 * more and those after it, is left as it is. Good values of `ratio` are 0.01 to 0.1. NaN stays NaN.
 * Errors   LATHE_EARG unless ratio > 0.
 * Source   Brock, De, Smith, Simonyan, "High-performance large-scale image recognition without
 *          normalization", 2021 (arXiv 2102.06171).
 */
lathe_status lathe_optim_clip_adaptive(lathe_optim *optim, double ratio);

#ifdef __cplusplus
}
#endif
#endif
