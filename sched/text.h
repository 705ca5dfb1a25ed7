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
    uint64_t run_steps;     /* length of the run, for schedules that must know theirs (total_steps, t_max); 0: not known */
} lathe_sched_text_opts;

/**
 * A scheduler from its name, "cyclic", or a sequence of them with lengths, "warmup:200it,cyclic:4ep,cooldown:1ep". A length may be
 * written 500, 500it or 2.5ep; the last one may be left out.
 * Errors   LATHE_ENAME for an unknown schedule, or an option that none of them has; LATHE_EARG for a bad length or value; those
 *          of lathe_sched_new.
 */
lathe_sched *lathe_sched_from_text(lathe_optim *optim, const char *text, const lathe_sched_text_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
