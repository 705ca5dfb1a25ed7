/* Cyclical learning rates. */
#ifndef LATHE_SCHED_CYCLIC_H
#define LATHE_SCHED_CYCLIC_H

#include "momentum.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How high the peaks of later cycles are. */
typedef enum lathe_cyclic_mode {
    LATHE_TRIANGULAR,  /* all the same: k = 1 */
    LATHE_TRIANGULAR2, /* half the one before: k = 1 / 2^(cycle - 1) */
    LATHE_EXP_RANGE    /* shrinking from step to step: k = gamma^t, with t from the start of training */
} lathe_cyclic_mode;

/** What a custom scale function is given. */
typedef enum lathe_cyclic_scale_mode {
    LATHE_SCALE_CYCLE,     /* the number of the cycle, from 1 */
    LATHE_SCALE_ITERATIONS /* the step since the start of training, from 0 (not since the start of the cycle)
                            */
} lathe_cyclic_scale_mode;

/** A scale function with a name, so that a file can tell which one a run had. Its values must lie in [0, 1].
 */
typedef struct lathe_cyclic_scale {
    const char *name;
    double (*function)(double x);
} lathe_cyclic_scale;

typedef struct lathe_cyclic_opts {
    double base_lr;          /* lowest learning rate; must be given, LATHE_ZERO for 0 */
    double max_lr;           /* highest; must be given, at least base_lr */
    uint64_t step_size_up;   /* U, steps from base_lr to max_lr; 0 means 2000 */
    uint64_t step_size_down; /* D, steps back; 0 means as many as up */
    lathe_cyclic_mode mode;
    double gamma;                       /* of exp_range; 0 means 1 */
    const lathe_cyclic_scale *scale;    /* replaces the mode's k; must outlive the scheduler; NULL: none */
    lathe_cyclic_scale_mode scale_mode; /* of `scale`; the modes know their own */
    lathe_cycle_momentum cycle_momentum;
    double base_momentum; /* lowest momentum, at max_lr; 0 means max_momentum - 0.1, LATHE_ZERO is 0 */
    double max_momentum;  /* highest, at base_lr; 0 means the optimizer's own if that is not 0, else 0.9 */
    /** momentum as in PyTorch: auto means on, and from 0.9 to 0.8 whatever the optimizer has */
    bool torch_compat;
} lathe_cyclic_opts;

/**
 * The learning rate goes from base_lr up to max_lr in U steps, back in D, and again.
 *
 *     T = U + D     cycle = t / T + 1, rounded down     p = t mod T
 *     s = p / U while p <= U, else (T - p) / D
 *     lr       = base_lr + (max_lr - base_lr) * s * k
 *     momentum = max_momentum - (max_momentum - base_momentum) * s * k
 *
 * with k as in lathe_cyclic_mode. t is an integer and so are cycle and p: each cycle begins at exactly
 * base_lr and, where k is 1, step U of it has exactly max_lr, for ever. Step 0, the first batch, has base_lr.
 * A run best ends on a cycle's boundary. Momentum that is not asked for is left alone, unlike in PyTorch (see
 * cycle_momentum and torch_compat).
 *
 * Errors   LATHE_EARG: base_lr > max_lr; base_momentum > max_momentum; momentum asked for and the optimizer
 *          has none; a scale function that leaves [0, 1] in the first 1000 cycles. Later values outside are
 *          cut off.
 * Warnings base_lr = max_lr; gamma > 1, unused, or so small that the first cycle is the last one; scale_mode
 * without scale;
 *          a run that is shorter than a cycle, or does not end on a cycle's boundary.
 * Same as  torch.optim.lr_scheduler.CyclicLR
 * Source   Smith, "Cyclical learning rates for training neural networks", 2017 (arXiv 1506.01186).
 */
lathe_sched *lathe_sched_cyclic(lathe_optim *optim, const lathe_cyclic_opts *opts);

extern const lathe_sched_type lathe_cyclic_type;

#ifdef __cplusplus
}
#endif
#endif
