/* ASGD: stochastic gradient descent that also averages the weights of all steps. */
#ifndef LATHE_OPTIM_ASGD_H
#define LATHE_OPTIM_ASGD_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_asgd_opts {
    double lr;           /* 0 means 1e-2 */
    double lambd;        /* 0 means 1e-4; LATHE_ZERO is 0: decay of the rate and of p */
    double alpha;        /* 0 means 0.75: the power in the decay of the rate */
    double t0;           /* 0 means 1e6; LATHE_ZERO is 0: the average begins after this step */
    double weight_decay; /* lambda of lambda/2 |p|^2 in the loss */
} lathe_asgd_opts;

/**
 * Averaged stochastic gradient descent.
 *
 *     eta = lr / (1 + lambd * lr * (t - 1))^alpha          t = 1 in the first step
 *     p = p * (1 - lambd * eta) - eta * (g + weight_decay * p)
 *     ax = ax + (p - ax) / max(1, t - 1 - t0)              until t0, ax is p itself
 *
 * The method's guarantee holds for ax; training itself does not use ax. Slot: ax.
 * Same as  torch.optim.ASGD, except that eta follows a scheduler's lr at once, not one step later
 * Source   Polyak, Juditsky, "Acceleration of stochastic approximation by averaging", 1992; Bottou's sgd 2.0,
 *          2011.
 */
lathe_optim *lathe_optim_asgd(const lathe_params *params, const lathe_asgd_opts *opts);

/**
 * The averaged weights ax of an ASGD optimizer: an array in the order and of the length of the parameters'
 * slab.
 *
 * They are zeros before the first step. lathe_params_swap(params, average) puts them in the net, and a second
 * call takes them out again.
 * Memory   belongs to the optimizer.
 * Errors   LATHE_EARG if the optimizer is not an ASGD: returns NULL.
 */
lathe_real *lathe_optim_asgd_average(lathe_optim *optim);

extern const lathe_optim_type lathe_asgd_optim;

#ifdef __cplusplus
}
#endif
#endif
