/* Schedules from text, as the command line and settings files give them. */
#ifndef LATHE_SCHED_TEXT_H
#define LATHE_SCHED_TEXT_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An option as text. */
typedef struct lathe_sched_option {
    const char *key; /* "max_lr": of every schedule in the text that has it; "cyclic.max_lr": of that one */
    const char *text;
} lathe_sched_option;

typedef struct lathe_sched_text_opts {
    const lathe_sched_option *option;
    int options;
    double steps_per_epoch; /* what "2.5ep" means; 0: not known */
    /** length of the run, for schedules that must know theirs (total_steps, t_max); 0: not known */
    uint64_t run_steps;
} lathe_sched_text_opts;

/** The most schedules that a text may name. */
#define LATHE_SCHED_SEGMENTS 32

/**
 * A scheduler from its name, "cyclic", or a sequence of them with lengths,
 * "warmup:200it,cyclic:4ep,cooldown:1ep". A length may be written 500, 500it or 2.5ep; the last one may be
 * left out. A schedule that has modes may come with one, "cyclic:triangular2" or "cyclic:triangular2:4ep",
 * which goes before the option `mode`.
 * Errors   LATHE_ENAME for an unknown schedule, or an option that none of them has; LATHE_EARG for a bad
 *          length or value; those of lathe_sched_new.
 */
lathe_sched *lathe_sched_from_text(lathe_optim *optim, const char *text, const lathe_sched_text_opts *opts);

/**
 * The schedules that a text names, in its order; lengths and modes are ignored. Errors: LATHE_ENAME,
 * LATHE_EARG.
 */
lathe_status lathe_sched_text_types(const char *text, const lathe_sched_type *type[LATHE_SCHED_SEGMENTS],
    int *count);

#ifdef __cplusplus
}
#endif
#endif
