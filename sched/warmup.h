/* Warm-up: the first steps, at lower rates. */
#ifndef LATHE_SCHED_WARMUP_H
#define LATHE_SCHED_WARMUP_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_warmup_shape { LATHE_WARMUP_LINEAR, LATHE_WARMUP_CONSTANT } lathe_warmup_shape;

typedef struct lathe_warmup_opts {
    uint64_t total_iters; /* length in steps; 0 means 5, or the segment's length in a sequence */
    double start_factor;  /* 0 means 0.01; LATHE_ZERO is 0 */
    lathe_warmup_shape shape;
} lathe_warmup_opts;

/**
 * The rate rises from start_factor * lr to lr and stays there.
 *
 *     linear      lr(t) = lr * (start_factor + (1 - start_factor) * min(t / total_iters, 1))
 *     constant    lr(t) = lr * start_factor for t < total_iters, then lr
 *
 * In a sequence, lr is the first rate of the next segment.
 * Same as  torch.optim.lr_scheduler.LinearLR and ConstantLR
 * Source   Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017.
 */
lathe_sched *lathe_sched_warmup(lathe_optim *optim, const lathe_warmup_opts *opts);

extern const lathe_sched_type lathe_warmup_sched;

#ifdef __cplusplus
}
#endif
#endif
