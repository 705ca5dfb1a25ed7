/* Adagrad: the gradient is divided by the size of all gradients so far. */
#ifndef LATHE_OPTIM_ADAGRAD_H
#define LATHE_OPTIM_ADAGRAD_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_adagrad_opts {
    double lr;                        /* 0 means 1e-2 */
    double lr_decay;                  /* the rate at step t is lr / (1 + (t - 1) * lr_decay) */
    double weight_decay;              /* lambda of lambda/2 |p|^2 in the loss */
    double initial_accumulator_value; /* s before the first step */
    double eps;                       /* 0 means 1e-10; added outside the root */
} lathe_adagrad_opts;

/**
 * Adagrad.
 *
 *     g = g + weight_decay * p
 *     s = s + g^2                                          before the first step: initial_accumulator_value
 *     p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)         t = 1 in the first step
 *
 * s only grows, so the steps only shrink. Slot: sum.
 * Same as  torch.optim.Adagrad
 * Source   Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic
 *          optimization", 2011.
 */
lathe_optim *lathe_optim_adagrad(const lathe_params *params, const lathe_adagrad_opts *opts);

extern const lathe_optim_type lathe_adagrad_optim;

#ifdef __cplusplus
}
#endif
#endif
