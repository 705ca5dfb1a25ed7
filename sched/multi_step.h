/* The rate falls by a factor at given steps. */
#ifndef LATHE_SCHED_MULTI_STEP_H
#define LATHE_SCHED_MULTI_STEP_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_multi_step_opts {
    /** Steps where lr drops, in any order, ended by 0; at least one. A step given twice makes two drops. */
    uint64_t milestones[LATHE_FIELD_LIST];
    double gamma; /* factor of one drop; 0 means 0.1 */
} lathe_multi_step_opts;

/**
 * lr(t) = lr * gamma^(number of milestones m with m <= t)
 *
 * Same as  torch.optim.lr_scheduler.MultiStepLR
 */
lathe_sched *lathe_sched_multi_step(lathe_optim *optim, const lathe_multi_step_opts *opts);

extern const lathe_sched_type lathe_multi_step_sched;

#ifdef __cplusplus
}
#endif
#endif
