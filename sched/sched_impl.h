/* Options of a schedule, resolved and checked: code that schedulers and sequences share. */
#ifndef LATHE_SCHED_SCHED_IMPL_H
#define LATHE_SCHED_SCHED_IMPL_H

#include "sched.h"

#define LATHE_PI 3.14159265358979323846

/** A resolved, checked and opened copy of `opts`, for lathe_sched_release. After a failure *ready is NULL. */
lathe_status lathe_sched_prepare(const lathe_sched_type *type, const lathe_sched_base *base, const void *opts,
    void **ready);

/** Returns true if a schedule of that type with these options observes a metric. */
bool lathe_sched_type_observes(const lathe_sched_type *type, const void *opts);

/** Free the copy. NULL is fine. */
void lathe_sched_release(const lathe_sched_type *type, void *ready);

/**
 * Set the length of a schedule if it was not given: the option total_iters, total_steps or t_max, where it is
 * 0 in these unresolved options. `only_required`: only if the option has no default.
 */
void lathe_sched_fill_length(const lathe_sched_type *type, void *opts, uint64_t steps, bool only_required);

/** Check that the lowest rate of schedule `name` is not above the optimizer's. Errors: LATHE_EARG. */
lathe_status lathe_sched_check_floor(const char *name, double eta_min, const lathe_sched_base *base);

/** Warning 0 of a schedule over `total_steps`: the run has another length. Arguments as for type->warn. */
bool lathe_sched_warn_length(const char *name, uint64_t total_steps, uint64_t steps, int n, char text[256]);

/** Warning 0 of a schedule whose option `key` is a length that the run does not reach. */
bool lathe_sched_warn_beyond(const char *name, const char *key, uint64_t length, uint64_t steps, int n,
    char text[256]);

#endif
