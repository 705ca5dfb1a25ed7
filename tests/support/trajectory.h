/* Optimizers on three problems, against PyTorch's trajectories (tests/golden/make_optim.py). */
#ifndef LATHE_TESTS_TRAJECTORY_H
#define LATHE_TESTS_TRAJECTORY_H

#include "params.h"

/**
 * Take 1,000 steps on a quadratic, Rosenbrock's function and a two-layer net, and compare with the arrays
 * "CASE.quadratic" (.rosenbrock, .net) of optim_NAME.txt after 1, 2, 3, 10, 30, 100, 300 and 1000 steps:
 * relative error at most 1e-10 in the double build; in float 1e-6 at the end on the quadratic, 2e-6 before
 * it, and 1e-5 in the first 100 steps on the net. Each problem is a case of count_trajectories.
 */
void assert_trajectories(const lathe_optim_type *type, const void *opts, const char *name);

/** The same on one problem alone. */
void assert_trajectory(const lathe_optim_type *type, const void *opts, const char *name, const char *problem);

/** The same in the double build only: for slow walks, whose sum of roundings in float says nothing. */
void assert_trajectories_in_double(const lathe_optim_type *type, const void *opts, const char *name);

/** For the end of a group of tests: golden_counts of the trajectories. */
int count_trajectories(void **state);

/** The same for slot `slot` at the end, with arrays "CASE.PROBLEM.SUFFIX"; double build only. */
void assert_last_slots(const lathe_optim_type *type, const void *opts, const char *name, int slot,
    const char *suffix);

/** One parameter that begins as 1 and meets these gradients: where each step must leave it, to 1e-6. */
void assert_steps(const lathe_optim_type *type, const void *opts, const double *gradients, const double *want,
    int steps);

/** Such an optimizer cannot be made: LATHE_EARG with this in the message. */
void assert_optim_refused(const lathe_optim_type *type, const void *opts, const char *message);

#endif
