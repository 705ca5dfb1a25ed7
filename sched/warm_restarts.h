/* Cosine annealing with restarts. */
#ifndef LATHE_SCHED_WARM_RESTARTS_H
#define LATHE_SCHED_WARM_RESTARTS_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_warm_restarts_opts {
    uint64_t t_0;   /* steps of the first cosine; must be given */
    int t_mult;     /* each cosine is this many times as long as the one before; 0 means 1 */
    double eta_min; /* lowest learning rate */
} lathe_warm_restarts_opts;

/**
 * lr(t) = eta_min + (lr - eta_min) * (1 + cos(pi * p / T)) / 2
 *
 * p is the number of steps since the last restart; T = t_0 * t_mult^(restarts so far).
 * Errors   LATHE_EARG if eta_min is above the optimizer's lr.
 * Same as  torch.optim.lr_scheduler.CosineAnnealingWarmRestarts
 * Source   Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
 */
lathe_sched *lathe_sched_warm_restarts(lathe_optim *optim, const lathe_warm_restarts_opts *opts);

extern const lathe_sched_type lathe_warm_restarts_sched;

#ifdef __cplusplus
}
#endif
#endif
