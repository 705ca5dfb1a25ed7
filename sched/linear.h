/* A straight line from one multiple of lr to another multiple. */
#ifndef LATHE_SCHED_LINEAR_H
#define LATHE_SCHED_LINEAR_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_linear_opts {
    double start_factor;  /* 0 means 1/3, LATHE_ZERO is 0 */
    double end_factor;    /* 0 means 1, LATHE_ZERO is 0 */
    uint64_t total_iters; /* steps from start_factor to end_factor; 0 means 5 */
} lathe_linear_opts;

/**
 * lr(t) = lr * (start_factor + (end_factor - start_factor) * min(t / total_iters, 1))
 *
 * Same as  torch.optim.lr_scheduler.LinearLR (in closed form; factors above 1 are allowed)
 */
lathe_sched *lathe_sched_linear(lathe_optim *optim, const lathe_linear_opts *opts);

extern const lathe_sched_type lathe_linear_sched;

#ifdef __cplusplus
}
#endif
#endif
