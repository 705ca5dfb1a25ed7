/* The rate falls to zero along a power. */
#ifndef LATHE_SCHED_POLYNOMIAL_H
#define LATHE_SCHED_POLYNOMIAL_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_polynomial_opts {
    uint64_t total_iters; /* steps to zero; 0 means 5 */
    double power;         /* 0 means 1: a straight line */
} lathe_polynomial_opts;

/**
 * lr(t) = lr * (1 - min(t / total_iters, 1))^power
 *
 * Same as  torch.optim.lr_scheduler.PolynomialLR (in closed form), and Caffe's "poly"
 */
lathe_sched *lathe_sched_polynomial(lathe_optim *optim, const lathe_polynomial_opts *opts);

extern const lathe_sched_type lathe_polynomial_sched;

#ifdef __cplusplus
}
#endif
#endif
