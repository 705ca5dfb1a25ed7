/*
 * Schedulers: pure functions of the step. The same step always gives the same rates. So a schedule can be
 * previewed, plotted, tested and resumed, and a scheduler stores one integer.
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
    bool sets_momentum; /* false: the schedule does not change the momentum */
} lathe_rates;

/** What a schedule starts from: the group as it was when the optimizer was made, before any scheduler. */
typedef struct lathe_sched_base {
    double lr, momentum;
    lathe_momentum_kind momentum_kind;
    const char *optimizer; /* its name, for messages */
    const double *state;   /* [LATHE_SCHED_STATE] of a schedule that observes a metric; 0 at first */
} lathe_sched_base;

/** The size of the state of a schedule that observes a metric. */
#define LATHE_SCHED_STATE 8

/** What base.lr is in a sequence: the group's rate, the next segment's first or the former segment's last. */
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
    /** Checks what the fields' ranges cannot say; gets the group's base. May be NULL. */
    lathe_status (*check)(const void *opts, const lathe_sched_base *base);
    /** The rates at step t (0: the first batch), in double. The same arguments must give the same answer. */
    lathe_rates (*rates)(const void *opts, const lathe_sched_base *base, uint64_t t);
    /**
     * Warnings about legal but odd options. Writes number n, from 0, as one line into text. Returns false if
     * there is no number n. A warning that does not apply is not counted.
     * `steps` is the run's length, 0 if it is unknown. May be NULL.
     */
    bool (*warn)(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256]);
    /** For options with pointers: copies what they point to, after the check. May be NULL. */
    lathe_status (*open)(void *opts, const lathe_sched_base *base);
    void (*close)(void *opts); /* frees the copy; may be NULL */
    /** Takes a new value of the metric after step t, once an epoch; may change the state. NULL: observes
     * nothing. */
    void (*observe)(const void *opts, double state[LATHE_SCHED_STATE], uint64_t t, double value);
    /** Returns true if these options observe. NULL: any options do, if `observe` is there. */
    bool (*observes)(const void *opts);
    /** Returns true if these options have a learning rate of their own, so that base.lr does not count. NULL:
     * no options have. */
    bool (*sets_rate)(const void *opts);
    /** Returns true if a higher value of the metric is better (an accuracy). NULL: lower is better. */
    bool (*wants_more)(const void *opts);
    /** Writes one line about a run of `steps`, such as its number of cycles. `steps_per_epoch` 1: epochs. */
    void (*describe)(const void *opts, uint64_t steps, double steps_per_epoch, char text[256]);
    /** Returns true if a cycle begins at step t, so that another has ended before it. NULL: no cycles. */
    bool (*begins_cycle)(const void *opts, uint64_t t);
    lathe_sched_joins joins;
} lathe_sched_type;

/**
 * Make a scheduler of any type for all groups of an optimizer, with the same options for each group.
 *
 * Everything is checked before the optimizer changes. Then the rates of step 0 are set. An optimizer has one
 * scheduler; a second one is refused.
 * Errors   LATHE_EARG naming the argument, its value and its legal range; LATHE_ESTATE; LATHE_ENOMEM.
 */
lathe_sched *lathe_sched_new(const lathe_sched_type *type, lathe_optim *optim, const void *opts);

/** Free the scheduler, before its optimizer. The optimizer keeps its present rates. NULL is fine. */
void lathe_sched_free(lathe_sched *sched);

/** Give one group its own options (the type's struct). Errors: as lathe_sched_new; then nothing changes. */
lathe_status lathe_sched_set_group(lathe_sched *sched, int group, const void *opts);

/** Set the rates of the next batch. Call it once a batch, after lathe_optim_step. */
void lathe_sched_step(lathe_sched *sched);

/** Go to step t, to resume a run. */
void lathe_sched_seek(lathe_sched *sched, uint64_t t);

/**
 * Count in epochs: the rates of step t become those of the schedule at t / steps_per_epoch, rounded down. The
 * lengths in the options are then epochs. lathe_sched_step is still called once a batch.
 * Errors   LATHE_EARG if steps_per_epoch is 0.
 */
lathe_status lathe_sched_by_epoch(lathe_sched *sched, uint64_t steps_per_epoch);

/** Give a new value of the metric, such as the validation loss, once an epoch. Most schedules ignore it. */
void lathe_sched_observe(lathe_sched *sched, double value);

/** Returns true if the schedule uses lathe_sched_observe. */
bool lathe_sched_observes(const lathe_sched *sched);

/**
 * Returns true if the schedule has a learning rate of its own for the group: the rate of the optimizer and of
 * its groups does not count.
 */
bool lathe_sched_sets_rate(const lathe_sched *sched, int group);

/** Returns true if a higher value is better for lathe_sched_observe (an accuracy), false for a loss. */
bool lathe_sched_wants_more(const lathe_sched *sched);

/**
 * Returns true if a cycle begins at step t of a schedule that knows its cycles: cyclic, warm_restarts, and
 * these in a sequence, also where their segment ends with a cycle.
 */
bool lathe_sched_begins_cycle(const lathe_sched *sched, uint64_t t);

/**
 * Write one line about a run of `steps`, "cyclic: 1 cycle = 3376 steps = 4 epochs; this run has 12.5".
 * Returns false if the schedule has no such line. `steps_per_epoch` 0: unknown.
 */
bool lathe_sched_describe(const lathe_sched *sched, uint64_t steps, double steps_per_epoch, char text[256]);

/**
 * The state of a schedule that observes a metric: LATHE_SCHED_STATE numbers to be saved. To resume, write
 * them before lathe_sched_seek. All 0 for schedules that observe nothing. NULL for NULL.
 */
double *lathe_sched_state(lathe_sched *sched);

/** The number of steps so far. A checkpoint needs it, and lathe_sched_state if the schedule observes. */
uint64_t lathe_sched_steps(const lathe_sched *sched);

/** The rates of any step, times the factor of the group (lathe_optim_scale_lr), without side effects. */
lathe_rates lathe_sched_rates_at(const lathe_sched *sched, int group, uint64_t t);

const lathe_sched_type *lathe_sched_type_of(const lathe_sched *sched);
const void *lathe_sched_opts(const lathe_sched *sched, int group);

/**
 * Write warning number n, from 0, about this schedule over a run of `steps` (0: unknown) as one line.
 * Returns false after the last warning. Besides the type's warnings there is one for a schedule counted in
 * batches that is stepped once an epoch.
 */
bool lathe_sched_warning(const lathe_sched *sched, uint64_t steps, int n, char text[256]);

/** Scheduler number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_sched_type *lathe_sched_at(int index);

/** The scheduler of this name (see lathe_registry_find). Errors: LATHE_ENAME, listing the known names. */
const lathe_sched_type *lathe_sched_find(const char *name);

/**
 * Add a scheduler of the program (see core/registry.h). Settings, lists and checkpoints find it by name.
 * Errors   LATHE_ENAME if the name is taken;
 *          LATHE_EARG if it has no rates or its fields do not describe its options.
 */
lathe_status lathe_sched_register(const lathe_sched_type *type);

#ifdef __cplusplus
}
#endif
#endif
