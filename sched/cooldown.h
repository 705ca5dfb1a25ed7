/* Cool-down: the last steps, at falling rates. */
#ifndef LATHE_SCHED_COOLDOWN_H
#define LATHE_SCHED_COOLDOWN_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_cooldown_shape { LATHE_COOLDOWN_LINEAR, LATHE_COOLDOWN_COSINE } lathe_cooldown_shape;

typedef struct lathe_cooldown_opts {
    uint64_t total_iters; /* length in steps; 0 means 5, or the segment's length in a sequence */
    double end_factor;    /* 0 means 0.01; LATHE_ZERO is 0 */
    lathe_cooldown_shape shape;
} lathe_cooldown_opts;

/**
 * The rate falls from lr to end_factor * lr and stays there.
 *
 *     w = min(t / total_iters, 1)
 *     linear    lr(t) = lr * (1 - (1 - end_factor) * w)
 *     cosine    lr(t) = lr * (1 - (1 - end_factor) * (1 - cos(pi * w)) / 2)
 *
 * In a sequence, lr is the last rate of the segment before. After a cyclic segment the cool-down is the
 * annihilation phase of the 1cycle policy: the rate falls far below base_lr.
 * Source   Smith, "A disciplined approach to neural network hyper-parameters", 2018 (arXiv 1803.09820).
 */
lathe_sched *lathe_sched_cooldown(lathe_optim *optim, const lathe_cooldown_opts *opts);

extern const lathe_sched_type lathe_cooldown_sched;

#ifdef __cplusplus
}
#endif
#endif
