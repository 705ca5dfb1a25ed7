/* Cosine annealing: the rate falls along half a cosine. */
#ifndef LATHE_SCHED_COSINE_H
#define LATHE_SCHED_COSINE_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_cosine_opts {
    uint64_t t_max; /* steps from lr down to eta_min; must be given */
    double eta_min; /* lowest learning rate */
} lathe_cosine_opts;

/**
 * lr(t) = eta_min + (lr - eta_min) * (1 + cos(pi * t / t_max)) / 2
 *
 * After t_max the rate rises again and falls again, without end, as in PyTorch. The closed form does not
 * drift, unlike PyTorch's recursion.
 * Errors   LATHE_EARG if eta_min is above the optimizer's lr.
 * Warnings the run is not t_max steps long.
 * Same as  torch.optim.lr_scheduler.CosineAnnealingLR
 * Source   Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
 */
lathe_sched *lathe_sched_cosine(lathe_optim *optim, const lathe_cosine_opts *opts);

extern const lathe_sched_type lathe_cosine_sched;

#ifdef __cplusplus
}
#endif
#endif
