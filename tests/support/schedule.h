/* Schedules against PyTorch's (tests/golden/make_sched.py). */
#ifndef LATHE_TESTS_SCHEDULE_H
#define LATHE_TESTS_SCHEDULE_H

#include "params.h"

/** An SGD with these rates on three parameters. */
lathe_optim *sgd_with(double lr, double momentum);

/** Free it and its parameters. */
void sgd_free(lathe_optim *optim);

/**
 * Step a scheduler on an SGD of lr 0.1 and momentum 0.9 through steps 0 to 3000, check that the optimizer has
 * what lathe_sched_rates_at says, and compare with arrays "CASE.lr" (and "CASE.momentum" if there is to be
 * one) of sched_NAME.txt to a relative 1e-12.
 */
void assert_schedule(const lathe_sched_type *type, const void *opts, const char *name, bool momentum);

/** For the end of a group of tests: golden_counts of the schedules. */
int count_schedules(void **state);

/** Fail unless the only warning of this schedule over a run of `steps`, on an SGD of lr 1, holds `fragment`;
 * NULL: there is none. */
void assert_warning(const lathe_sched_type *type, const void *opts, uint64_t steps, const char *fragment);

#endif
