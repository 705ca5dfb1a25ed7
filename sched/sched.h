/*
 * Schedulers: pure functions of the step. The same step always gives the same rates, so a schedule can be
 * previewed, plotted, tested and resumed; what a scheduler remembers is one integer.
 */
#ifndef LATHE_SCHED_SCHED_H
#define LATHE_SCHED_SCHED_H

#include "../optim/optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_sched lathe_sched;

/** What a schedule sets for one group. */
typedef struct lathe_rates {
    double lr;
    double momentum;
    bool sets_momentum; /* false: momentum is left as it is */
} lathe_rates;

/** What a schedule starts from: the group as the optimizer was made, whatever schedulers did to it since. */
typedef struct lathe_sched_base {
    double lr, momentum;
    lathe_momentum_kind momentum_kind;
    const char *optimizer; /* its name, for messages */
    const double *state;   /* [LATHE_SCHED_STATE] of schedules that observe something; zeros at first */
} lathe_sched_base;

/** How many numbers a schedule that observes something may remember. */
#define LATHE_SCHED_STATE 8

/** What base.lr is in a sequence: the group's own rate, what the next segment begins with, or what the one
 * before ended with. */
typedef enum lathe_sched_joins {
    LATHE_JOINS_NOTHING,
    LATHE_JOINS_NEXT,
    LATHE_JOINS_PREVIOUS
} lathe_sched_joins;

/** A scheduler: a name, options, and a pure function of the step. */
typedef struct lathe_sched_type {
    const char *name;    /* as on the command line: "cyclic" */
    const char *summary; /* one line for `lathe list` */
    size_t opts_size;
    const lathe_field *fields;
    /** What the fields' ranges cannot say, with the group's base at hand. NULL: nothing. */
    lathe_status (*check)(const void *opts, const lathe_sched_base *base);
    /** The rates at step t (0: the first batch), in double. Must give the same answer to the same question.
     */
    lathe_rates (*rates)(const void *opts, const lathe_sched_base *base, uint64_t t);
    /**
     * Legal but odd: write one line into text and return true for warning number n, from 0. NULL: never.
     * `steps` 0: run length unknown. A warning that does not apply is skipped: number n is the n-th that
     * does.
     */
    bool (*warn)(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256]);
    /** Options that point to something: make a copy of it, in place, after the check; and free that again.
     * NULL: they do not. */
    lathe_status (*open)(void *opts, const lathe_sched_base *base);
    void (*close)(void *opts);
    /** A new value of what the schedule watches (a loss), once an epoch: may change the state. NULL: it
     * watches nothing. */
    void (*observe)(const void *opts, double state[LATHE_SCHED_STATE], double value);
    /** Of what is watched, is more better (an accuracy), not less (a loss)? NULL: less. */
    bool (*wants_more)(const void *opts);
    /** One line about a run of that many steps, such as its number of cycles; steps_per_epoch 1: steps are
     * epochs. NULL: nothing. */
    void (*describe)(const void *opts, uint64_t steps, double steps_per_epoch, char text[256]);
    lathe_sched_joins joins;
} lathe_sched_type;

/**
 * A scheduler of any type for all groups of an optimizer, with the same options for each. Everything is
 * checked before the optimizer is touched; then the rates of step 0 are set. One scheduler an optimizer: a
 * second one is refused.
 * Errors   LATHE_EARG naming the argument, its value and its legal range; LATHE_ESTATE; LATHE_ENOMEM.
 */
lathe_sched *lathe_sched_new(const lathe_sched_type *type, lathe_optim *optim, const void *opts);

/** Free it, before its optimizer; the optimizer keeps its present rates and may get another scheduler. NULL
 * is fine. */
void lathe_sched_free(lathe_sched *sched);

/** Give one group options of its own (the scheduler's options struct). Errors as for lathe_sched_new; then
 * nothing has changed. */
lathe_status lathe_sched_set_group(lathe_sched *sched, int group, const void *opts);

/** Go one step on: sets the rates of the next batch. Call it once a batch, after lathe_optim_step. */
void lathe_sched_step(lathe_sched *sched);

/** Go to step t: for resuming. */
void lathe_sched_seek(lathe_sched *sched, uint64_t t);

/**
 * Count in epochs: from now on the rates of step t are the schedule's at t / steps_per_epoch, rounded down,
 * and its options' lengths are epochs. It is still stepped once a batch. Errors: LATHE_EARG if
 * steps_per_epoch is 0.
 */
lathe_status lathe_sched_by_epoch(lathe_sched *sched, uint64_t steps_per_epoch);

/** A new value of what is watched, such as the validation loss, once an epoch; schedules that watch nothing
 * pay no attention. */
void lathe_sched_observe(lathe_sched *sched, double value);

/** Does lathe_sched_observe matter? */
bool lathe_sched_observes(const lathe_sched *sched);

/** Should lathe_sched_observe be given what is better when there is more of it (an accuracy), not less (a
 * loss)? */
bool lathe_sched_wants_more(const lathe_sched *sched);

/**
 * A line about the schedule over a run of `steps`, "cyclic: 1 cycle = 3376 steps = 4 epochs; this run
 * has 12.5"; false if it has nothing to say. steps_per_epoch 0: not known.
 */
bool lathe_sched_describe(const lathe_sched *sched, uint64_t steps, double steps_per_epoch, char text[256]);

/**
 * What observing has left, LATHE_SCHED_STATE numbers: to be saved, and written before lathe_sched_seek when
 * resuming. All zero for schedules that watch nothing. NULL for NULL.
 */
double *lathe_sched_state(lathe_sched *sched);

/** How many steps have been made: all that must be saved, but for lathe_sched_state where something is
 * observed. */
uint64_t lathe_sched_steps(const lathe_sched *sched);

/** The rates of any step, without side effects. */
lathe_rates lathe_sched_rates_at(const lathe_sched *sched, int group, uint64_t t);

const lathe_sched_type *lathe_sched_type_of(const lathe_sched *sched);
const void *lathe_sched_opts(const lathe_sched *sched, int group);

/**
 * Warning number n, from 0, of this schedule over a run of `steps` (0: unknown) as one line; false after the
 * last. Besides what the type finds odd, it tells of a scheduler that is stepped much more seldom than its
 * optimizer (once an epoch, not once a batch) for schedules counted in batches.
 */
bool lathe_sched_warning(const lathe_sched *sched, uint64_t steps, int n, char text[256]);

/** All schedulers, sorted by name; NULL after the last. */
const lathe_sched_type *lathe_sched_type_at(int index);

/** By name; hyphens and underscores do not matter. Errors: LATHE_ENAME, listing the known ones. */
const lathe_sched_type *lathe_sched_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
