/* Step decay: the rate falls by a factor at regular distances. */
#ifndef LATHE_SCHED_STEP_H
#define LATHE_SCHED_STEP_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_step_opts {
    uint64_t step_size; /* steps from one drop to the next; must be given */
    double gamma;       /* factor of one drop; 0 means 0.1 */
} lathe_step_opts;

/**
 * lr(t) = lr * gamma^(t / step_size, rounded down)
 *
 * Same as  torch.optim.lr_scheduler.StepLR
 */
lathe_sched *lathe_sched_step_lr(lathe_optim *optim, const lathe_step_opts *opts);

extern const lathe_sched_type lathe_step_sched;

#ifdef __cplusplus
}
#endif
#endif
