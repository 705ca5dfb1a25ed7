/* Exponential decay: the rate falls by a factor every step. */
#ifndef LATHE_SCHED_EXPONENTIAL_H
#define LATHE_SCHED_EXPONENTIAL_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_exponential_opts {
    double gamma; /* factor per step; must be given */
} lathe_exponential_opts;

/**
 * lr(t) = lr * gamma^t
 *
 * Same as  torch.optim.lr_scheduler.ExponentialLR
 */
lathe_sched *lathe_sched_exponential(lathe_optim *optim, const lathe_exponential_opts *opts);

extern const lathe_sched_type lathe_exponential_sched;

#ifdef __cplusplus
}
#endif
#endif
