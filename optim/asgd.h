/* ASGD: stochastic gradient descent, and the mean of where it has been. */
#ifndef LATHE_OPTIM_ASGD_H
#define LATHE_OPTIM_ASGD_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_asgd_opts {
    double lr;           /* 0 means 1e-2 */
    double lambd;        /* 0 means 1e-4; LATHE_ZERO for none: how fast the rate falls, and p with it */
    double alpha;        /* 0 means 0.75: the power with which it falls */
    double t0;           /* 0 means 1e6: the step after which the average begins; LATHE_ZERO for the first */
    double weight_decay; /* lambda of lambda/2 |p|^2 in the loss */
} lathe_asgd_opts;

/**
 * Averaged stochastic gradient descent.
 *
 *     eta = lr / (1 + lambd * lr * (t - 1))^alpha          t = 1 in the first step
 *     p = p * (1 - lambd * eta) - eta * (g + weight_decay * p)
 *     ax = ax + (p - ax) / max(1, t - 1 - t0)              until t0 this is p itself
 *
 * ax is what the method promises something for; training itself does not use it. Slot: ax.
 * Same as  torch.optim.ASGD, but that eta follows a scheduler's lr at once and not a step later
 * Source   Polyak, Juditsky, "Acceleration of stochastic approximation by averaging", 1992; Bottou's sgd 2.0,
 *          2011.
 */
lathe_optim *lathe_optim_asgd(const lathe_params *params, const lathe_asgd_opts *opts);

/**
 * The averaged weights ax of an ASGD, as one array as long as the parameters' slab and in its order; zeros
 * before the first step. It lives with the optimizer. To use them for a while: lathe_params_swap(params,
 * average), and once more to go back.
 * Errors   LATHE_EARG if the optimizer is not an ASGD: NULL.
 */
lathe_real *lathe_optim_asgd_average(lathe_optim *optim);

extern const lathe_optim_type lathe_asgd_type;

#ifdef __cplusplus
}
#endif
#endif
