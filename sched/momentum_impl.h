/* Momentum that moves opposite to the learning rate: code that cyclic and one_cycle share. */
#ifndef LATHE_SCHED_MOMENTUM_IMPL_H
#define LATHE_SCHED_MOMENTUM_IMPL_H

#include "momentum.h"

/** The value of base_momentum and max_momentum if they were not given. 0 would be a momentum. */
#define LATHE_MOMENTUM_NOT_GIVEN (-1.0)

/** The options of the user. */
typedef struct lathe_momentum_wish {
    lathe_cycle_momentum cycle;
    double base, max;
    bool torch_compat;
    double torch_base, torch_max; /* PyTorch's defaults for this schedule */
} lathe_momentum_wish;

typedef struct lathe_momentum_range {
    double low, high;
    bool used;
} lathe_momentum_range;

/** The range of the momentum, and whether the schedule moves it. */
lathe_momentum_range lathe_momentum_range_of(const lathe_momentum_wish *wish, const lathe_sched_base *base);

/** Errors: LATHE_EARG, as lathe_sched_cyclic says; `who` begins the message. */
lathe_status lathe_momentum_check(const char *who, const lathe_momentum_wish *wish,
    const lathe_sched_base *base);

/** The choices "auto", "on", "off" of the field. */
extern const char *const lathe_momentum_choices[];

#endif
