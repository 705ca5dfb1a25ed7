/* Rprop: each parameter has its own step size, which grows while its gradient keeps its sign. */
#ifndef LATHE_OPTIM_RPROP_H
#define LATHE_OPTIM_RPROP_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_rprop_opts {
    double lr; /* the first step size; 0 means 1e-2 */
    /** Factors of a step size: after a change of sign, and without one. 0, 0 means 0.5, 1.2. */
    double etas[2];
    double step_sizes[2]; /* the smallest and the largest; 0, 0 means 1e-6, 50 */
} lathe_rprop_opts;

/**
 * Resilient propagation, in the variant that makes no step after a change of sign.
 *
 *     first step:        size = lr, g_before = 0
 *     g * g_before > 0:  size = min(size * etas[1], step_sizes[1])
 *     g * g_before < 0:  size = max(size * etas[0], step_sizes[0]), and then g = 0
 *     p = p - size * sign(g)
 *
 * Rprop is for gradients of the whole data set only. Between two batches the sign changes by chance, and each
 * change halves a step size. A run with smaller batches says so. A schedule has no effect after the first
 * step.
 * Slots: prev, step_size.
 * Errors   LATHE_EARG unless 0 < etas[0] < 1 < etas[1] and step_sizes[0] <= step_sizes[1].
 * Same as  torch.optim.Rprop
 * Source   Riedmiller, Braun, "A direct adaptive method for faster backpropagation learning", 1993; the
 *          variant is iRprop- of Igel, Huesken, "Improving the Rprop learning algorithm", 2000.
 */
lathe_optim *lathe_optim_rprop(const lathe_params *params, const lathe_rprop_opts *opts);

extern const lathe_optim_type lathe_rprop_optim;

#ifdef __cplusplus
}
#endif
#endif
