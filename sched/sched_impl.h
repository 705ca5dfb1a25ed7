/* Options of a schedule made ready for use: what schedulers and sequences share. */
#ifndef LATHE_SCHED_SCHED_IMPL_H
#define LATHE_SCHED_SCHED_IMPL_H

#include "sched.h"

/** A resolved, checked and opened copy of `opts`, to be given to lathe_sched_release. On failure *ready is
 * NULL. */
lathe_status lathe_sched_prepare(const lathe_sched_type *type, const lathe_sched_base *base, const void *opts,
    void **ready);

/** Free it. NULL is fine. */
void lathe_sched_release(const lathe_sched_type *type, void *ready);

/**
 * Fill the length of a schedule that has one and was not given it: the option total_iters, total_steps or
 * t_max, where it is 0 in these unresolved options. `only_required`: only where there is no default.
 */
void lathe_sched_fill_length(const lathe_sched_type *type, void *opts, uint64_t steps, bool only_required);

/** Is the `length` long text that name? Underscores and hyphens do not matter: "onecycle" is one_cycle. */
bool lathe_sched_same_name(const char *name, const char *text, size_t length);

#endif
