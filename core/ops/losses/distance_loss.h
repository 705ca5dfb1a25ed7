/* Losses of the distance between numbers: for regression, and for the corners of boxes. */
#ifndef LATHE_CORE_OPS_LOSSES_DISTANCE_LOSS_H
#define LATHE_CORE_OPS_LOSSES_DISTANCE_LOSS_H

#include "loss.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * For all of them: x and target have the same shape and layout, of any kind; d = x - target, element by
 * element; the mean is over all numbers.
 * Gradient to both.
 * Memory   the result, and as much as x for backward.
 * Errors   LATHE_ESHAPE; LATHE_EARG for options out of range.
 */

/** |d|. The gradient is 0 where d is 0. Same as torch.nn.functional.l1_loss */
lathe_tensor *lathe_l1(lathe_tensor *x, lathe_tensor *target, lathe_reduction reduction);

/** d^2. Same as torch.nn.functional.mse_loss */
lathe_tensor *lathe_mse(lathe_tensor *x, lathe_tensor *target, lathe_reduction reduction);

/** NULL or zeros: beta 1, mean. */
typedef struct lathe_smooth_l1_opts {
    double beta; /* >= 0: the loss is quadratic below this distance; LATHE_ZERO: nowhere, which is l1 */
    lathe_reduction reduction;
} lathe_smooth_l1_opts;

/**
 * d^2 / (2 beta) if |d| < beta, |d| - beta/2 elsewhere.
 *
 * Source   Girshick, "Fast R-CNN", 2015 (arXiv 1504.08083), for beta 1.
 * Same as  torch.nn.functional.smooth_l1_loss
 */
lathe_tensor *lathe_smooth_l1(lathe_tensor *x, lathe_tensor *target, const lathe_smooth_l1_opts *opts);

/** NULL or zeros: delta 1, mean. */
typedef struct lathe_huber_opts {
    double delta; /* > 0: the loss is quadratic below this distance */
    lathe_reduction reduction;
} lathe_huber_opts;

/**
 * d^2 / 2 if |d| < delta, delta (|d| - delta/2) elsewhere: delta times smooth_l1 with beta = delta.
 *
 * Source   Huber, "Robust estimation of a location parameter", 1964.
 * Same as  torch.nn.functional.huber_loss
 */
lathe_tensor *lathe_huber(lathe_tensor *x, lathe_tensor *target, const lathe_huber_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
