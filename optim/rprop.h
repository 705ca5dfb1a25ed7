/* Rprop: a step size for each parameter, by whether its gradient keeps its sign. */
#ifndef LATHE_OPTIM_RPROP_H
#define LATHE_OPTIM_RPROP_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_rprop_opts {
    double lr;      /* the first step size; 0 means 1e-2 */
    double etas[2]; /* 0, 0 means 0.5, 1.2: factors of a step size after a change of sign, and without one */
    double step_sizes[2]; /* 0, 0 means 1e-6, 50: the least and the largest */
} lathe_rprop_opts;

/**
 * Resilient propagation, the variant that makes no step where the sign has changed.
 *
 *     first step:        size = lr, g_before = 0
 *     g * g_before > 0:  size = min(size * etas[1], step_sizes[1])
 *     g * g_before < 0:  size = max(size * etas[0], step_sizes[0]), and then g = 0
 *     p = p - size * sign(g)
 *
 * For gradients of the whole data set only: of two batches the signs differ by chance, and every difference
 * halves a step size; a run with smaller batches says so. A schedule has nothing to change after the first
 * step. Slots: prev, step_size.
 * Errors   LATHE_EARG unless 0 < etas[0] < 1 < etas[1] and step_sizes[0] <= step_sizes[1].
 * Same as  torch.optim.Rprop
 * Source   Riedmiller, Braun, "A direct adaptive method for faster backpropagation learning", 1993; the
 *          variant is iRprop- of Igel, Huesken, "Improving the Rprop learning algorithm", 2000.
 */
lathe_optim *lathe_optim_rprop(const lathe_params *params, const lathe_rprop_opts *opts);

extern const lathe_optim_type lathe_rprop_type;

#ifdef __cplusplus
}
#endif
#endif
