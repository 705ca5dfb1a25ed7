/* Warm-up, stable, decay. */
#ifndef LATHE_SCHED_WSD_H
#define LATHE_SCHED_WSD_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_wsd_shape { LATHE_WSD_SQRT, LATHE_WSD_LINEAR } lathe_wsd_shape;

typedef struct lathe_wsd_opts {
    uint64_t total_steps; /* length of all three phases; must be given */
    uint64_t warmup;      /* steps of the warm-up; 0: no warm-up */
    uint64_t decay;       /* steps of the decay; 0 means a fifth of total_steps */
    double end_factor;    /* last rate / lr; 0: down to zero */
    lathe_wsd_shape shape;
} lathe_wsd_opts;

/**
 * The rate rises to lr in `warmup` steps, stays, and falls to end_factor * lr in the last `decay` steps.
 *
 *     t < warmup                 lr(t) = lr * (t + 1) / (warmup + 1)
 *     t < total_steps - decay    lr(t) = lr
 *     w = min((t - (total_steps - decay)) / decay, 1)
 *     sqrt      lr(t) = lr * (1 - (1 - end_factor) * sqrt(w))
 *     linear    lr(t) = lr * (1 - (1 - end_factor) * w)
 *
 * Unlike with the cosine, a run can be made longer afterwards: only the decay must be run again.
 * Errors   LATHE_EARG if warmup + decay is above total_steps.
 * Source   Hu et al., "MiniCPM", 2024 (arXiv 2404.06395); Haegele et al., 2024 (arXiv 2405.18392) for the
 *          root.
 */
lathe_sched *lathe_sched_wsd(lathe_optim *optim, const lathe_wsd_opts *opts);

extern const lathe_sched_type lathe_wsd_sched;

#ifdef __cplusplus
}
#endif
#endif
