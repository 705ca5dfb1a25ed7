/* The 1cycle policy: one cycle, then a fall far below the first rate. */
#ifndef LATHE_SCHED_ONE_CYCLE_H
#define LATHE_SCHED_ONE_CYCLE_H

#include "momentum.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_anneal_strategy { LATHE_ANNEAL_COS, LATHE_ANNEAL_LINEAR } lathe_anneal_strategy;

typedef struct lathe_one_cycle_opts {
    double max_lr;        /* highest learning rate; must be given */
    uint64_t total_steps; /* length of the schedule; must be given */
    double pct_start;     /* part of total_steps with a rising rate; 0 means 0.3, LATHE_ZERO is 0 */
    lathe_anneal_strategy anneal_strategy;
    lathe_cycle_momentum cycle_momentum;
    double base_momentum;    /* lowest, at max_lr; 0 means max_momentum - 0.1, LATHE_ZERO is 0 */
    double max_momentum;     /* highest; 0 means the optimizer's own if that is not 0, else 0.95 */
    double div_factor;       /* initial lr = max_lr / div_factor; 0 means 25 */
    double final_div_factor; /* final lr = initial lr / final_div_factor; 0 means 1e4 */
    /** Up, down to the initial lr in as many steps, then to the final lr; false: up, then to the final lr. */
    bool three_phase;
    /** Momentum as in PyTorch: auto means on; the range is 0.95 to 0.85 for every optimizer. */
    bool torch_compat;
} lathe_one_cycle_opts;

/**
 * The rate rises from max_lr / div_factor to max_lr. It then falls to max_lr / div_factor / final_div_factor
 * at step total_steps - 1. The momentum moves in the opposite direction.
 *
 *     two phases      end at pct_start * total_steps - 1 and total_steps - 1
 *     three_phase     ends at pct_start * total_steps - 1, 2 * pct_start * total_steps - 2 and
 *                     total_steps - 1
 *     w = the elapsed part of the phase
 *     cos             a to b: b + (a - b) / 2 * (1 + cos(pi * w))
 *     linear          a to b: a + (b - a) * w
 *
 * After the end the rates do not change; PyTorch raises an error. Momentum changes only if it is asked for,
 * as in lathe_sched_cyclic.
 * Errors   LATHE_EARG: three_phase with pct_start above 0.5; momentum as in lathe_sched_cyclic.
 * Warnings the run is not total_steps long.
 * Same as  torch.optim.lr_scheduler.OneCycleLR
 * Source   Smith, Topin, "Super-convergence", 2018 (arXiv 1708.07120).
 */
lathe_sched *lathe_sched_one_cycle(lathe_optim *optim, const lathe_one_cycle_opts *opts);

extern const lathe_sched_type lathe_one_cycle_sched;

#ifdef __cplusplus
}
#endif
#endif
