/* Down by a factor at given steps. */
#ifndef LATHE_SCHED_MULTI_STEP_H
#define LATHE_SCHED_MULTI_STEP_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_multi_step_opts {
    /** steps at which lr drops, in any order, ended by 0; at least one; twice counts twice */
    uint64_t milestones[LATHE_FIELD_LIST];
    double gamma; /* factor of a drop; 0 means 0.1 */
} lathe_multi_step_opts;

/**
 * lr(t) = lr * gamma^(number of milestones that are not above t)
 *
 * Same as  torch.optim.lr_scheduler.MultiStepLR
 */
lathe_sched *lathe_sched_multi_step(lathe_optim *optim, const lathe_multi_step_opts *opts);

extern const lathe_sched_type lathe_multi_step_type;

#ifdef __cplusplus
}
#endif
#endif
