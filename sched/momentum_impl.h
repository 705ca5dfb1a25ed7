/* Momentum that moves against the learning rate: what cyclic and one_cycle share. */
#ifndef LATHE_SCHED_MOMENTUM_IMPL_H
#define LATHE_SCHED_MOMENTUM_IMPL_H

#include "momentum.h"

/** What the fields base_momentum and max_momentum hold when they were not given; 0 is a momentum. */
#define LATHE_MOMENTUM_NOT_GIVEN (-1.0)

/** What was asked for. */
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

/** Between which values momentum moves, if it does. */
lathe_momentum_range lathe_momentum_range_of(const lathe_momentum_wish *wish, const lathe_sched_base *base);

/** Errors: LATHE_EARG, as described at lathe_sched_cyclic; `who` begins the message. */
lathe_status lathe_momentum_check(const char *who, const lathe_momentum_wish *wish,
    const lathe_sched_base *base);

/** "auto", "on", "off" for the field. */
extern const char *const lathe_momentum_choices[];

#endif
