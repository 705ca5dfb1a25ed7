/* The constant schedule: the learning rate never changes. */
#ifndef LATHE_SCHED_CONSTANT_H
#define LATHE_SCHED_CONSTANT_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_constant_opts {
    double lr; /* 0 means the optimizer's own rate */
} lathe_constant_opts;

/** lr(t) = lr. The momentum does not change. */
lathe_sched *lathe_sched_constant(lathe_optim *optim, const lathe_constant_opts *opts);

extern const lathe_sched_type lathe_constant_sched;

#ifdef __cplusplus
}
#endif
#endif
