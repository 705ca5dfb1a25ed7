/* Cyclical learning rates. */
#ifndef LATHE_SCHED_CYCLIC_H
#define LATHE_SCHED_CYCLIC_H

#include "momentum.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The height k of the peaks of later cycles. */
typedef enum lathe_cyclic_mode {
    LATHE_TRIANGULAR,  /* equal peaks: k = 1 */
    LATHE_TRIANGULAR2, /* each peak is half the one before: k = 1 / 2^(cycle - 1) */
    LATHE_EXP_RANGE    /* peaks shrink at each step: k = gamma^t, t counted from the start of training */
} lathe_cyclic_mode;

/** The argument of a custom scale function. */
typedef enum lathe_cyclic_scale_mode {
    LATHE_SCALE_CYCLE,     /* the number of the cycle, from 1 */
    LATHE_SCALE_ITERATIONS /* the step since the start of training (not of the cycle), from 0 */
} lathe_cyclic_scale_mode;

/** A scale function and its name, which run files record. Its values must lie in [0, 1]. */
typedef struct lathe_cyclic_scale {
    const char *name;
    double (*function)(double x);
} lathe_cyclic_scale;

typedef struct lathe_cyclic_opts {
    double base_lr;          /* lowest learning rate; must be given, LATHE_ZERO for 0 */
    double max_lr;           /* highest; must be given, at least base_lr */
    uint64_t step_size_up;   /* U, steps from base_lr to max_lr; 0 means 2000 */
    uint64_t step_size_down; /* D, steps from max_lr to base_lr; 0 means U */
    lathe_cyclic_mode mode;
    double gamma; /* for exp_range; 0 means 1 */
    /** Replaces the mode's k; must outlive the scheduler; NULL: the mode's */
    const lathe_cyclic_scale *scale;
    lathe_cyclic_scale_mode scale_mode; /* the argument of `scale`; without `scale` it has no effect */
    lathe_cycle_momentum cycle_momentum;
    double base_momentum; /* lowest momentum, at max_lr; 0 means max_momentum - 0.1, LATHE_ZERO is 0 */
    double max_momentum;  /* highest, at base_lr; 0 means the optimizer's own if that is not 0, else 0.9 */
    /** Momentum as in PyTorch: auto means on; the range is 0.9 to 0.8 for every optimizer. */
    bool torch_compat;
} lathe_cyclic_opts;

/**
 * The learning rate rises from base_lr to max_lr in U steps, falls back in D steps, and repeats.
 *
 *     T = U + D     cycle = t / T + 1, rounded down     p = t mod T
 *     s = p / U while p <= U, else (T - p) / D
 *     lr       = base_lr + (max_lr - base_lr) * s * k
 *     momentum = max_momentum - (max_momentum - base_momentum) * s * k
 *
 * k is as in lathe_cyclic_mode. t, cycle and p are integers. So every cycle begins at exactly base_lr and,
 * where k is 1, has exactly max_lr at its step U. Step 0, the first batch, has base_lr.
 * A run should end on a cycle's boundary. Momentum changes only if it is asked for, unlike in PyTorch (see
 * cycle_momentum and torch_compat).
 *
 * Errors   LATHE_EARG: base_lr > max_lr; base_momentum > max_momentum; momentum asked for, but the optimizer
 *          has no momentum; a scale function that leaves [0, 1] in the first 1000 cycles. Later values are
 *          clipped to [0, 1].
 * Warnings base_lr = max_lr; gamma > 1, gamma without exp_range, or gamma so small that only the first cycle
 *          rises; scale_mode without scale; a run shorter than a cycle, or not a whole number of cycles.
 * Same as  torch.optim.lr_scheduler.CyclicLR
 * Source   Smith, "Cyclical learning rates for training neural networks", 2017 (arXiv 1506.01186).
 */
lathe_sched *lathe_sched_cyclic(lathe_optim *optim, const lathe_cyclic_opts *opts);

extern const lathe_sched_type lathe_cyclic_sched;

#ifdef __cplusplus
}
#endif
#endif
