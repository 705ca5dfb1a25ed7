/* A sequence: schedules one after the other, as data. */
#ifndef LATHE_SCHED_SEQUENCE_H
#define LATHE_SCHED_SEQUENCE_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One schedule for a number of steps. */
typedef struct lathe_segment {
    const lathe_sched_type *type;
    const void *opts; /* the type's options struct; NULL: all defaults */
    uint64_t steps;   /* its length; 0 in the last segment: to the end of the run */
} lathe_segment;

typedef struct lathe_sequence_opts {
    const lathe_segment *segment; /* copied, with all options */
    int count;                    /* at least 1 */
    uint64_t
        run_steps; /* the run's length, of which a last segment without a length has the rest; 0: unknown */
    struct lathe_sequence_part *part; /* the scheduler's own: leave it NULL */
} lathe_sequence_opts;

/**
 * Segments run one after the other, for example warm-up, cycles, cool-down. Each begins with its own step 0.
 *
 * Segments are data, not schedulers: a segment sets the rates only while it runs, and the step alone decides
 * which segment runs. A warm-up rises to the first rate of the next segment. A cool-down falls from the last
 * rate of the segment before. A segment whose total_iters, total_steps or t_max is not given takes its own
 * length; the last segment without a length takes the rest of run_steps.
 * Only the last segment may observe a metric (plateau); it observes from its own first step on.
 * If any segment sets momentum, the other segments hold the group's own momentum. A cool-down holds the last
 * momentum before it.
 * Errors   LATHE_EARG: no segments, one without type, a length of 0 before the last, a segment before the
 *          last that observes a metric; each segment's own errors.
 * Warnings each segment's own; a run that is not as long as the sequence.
 * Like     torch.optim.lr_scheduler.SequentialLR, without its objects that overwrite each other.
 */
lathe_sched *lathe_sched_sequence(lathe_optim *optim, const lathe_sequence_opts *opts);

extern const lathe_sched_type lathe_sequence_sched;

#ifdef __cplusplus
}
#endif
#endif
