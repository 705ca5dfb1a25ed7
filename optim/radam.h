/* RAdam: Adam that divides by the root mean square only once that is reliable. */
#ifndef LATHE_OPTIM_RADAM_H
#define LATHE_OPTIM_RADAM_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_radam_opts {
    double lr;                   /* 0 means 1e-3 */
    double betas[2];             /* 0, 0 means 0.9, 0.999 */
    double eps;                  /* 0 means 1e-8; added to the root before its bias correction */
    double weight_decay;         /* lambda of lambda/2 |p|^2 in the loss */
    bool decoupled_weight_decay; /* weight_decay as in AdamW */
    /** c1 = 1 - beta1^t with the present beta1: PyTorch's numbers while beta1 moves. */
    bool pytorch_correction;
} lathe_radam_opts;

/**
 * Rectified Adam.
 *
 *     g = g + weight_decay * p                             decoupled: p = p * (1 - lr * weight_decay)
 *     m = beta1 * m + (1 - beta1) * g                      c1 = 1 - product of all steps' beta1
 *     v = beta2 * v + (1 - beta2) * g^2                    c2 = 1 - beta2^t
 *     N = 2 / (1 - beta2) - 1                              n = N - 2 t beta2^t / c2
 *     n > 5:      p = p - lr * r * (m / c1) * sqrt(c2) / (sqrt(v) + eps)
 *                 r = sqrt((n-4) (n-2) N / ((N-4) (N-2) n))
 *     otherwise:  p = p - lr * (m / c1)
 *
 * n is about the number of gradients that v averages. With beta2 0.999 the first 5 steps are those of SGD.
 * This replaces a warm-up. c1 stays exact when a schedule changes beta1, unless pytorch_correction is set:
 * see adamw.h. Slots: exp_avg, exp_avg_sq.
 * Same as  torch.optim.RAdam
 * Source   Liu, Jiang, He, Chen, Liu, Gao, Han, "On the variance of the adaptive learning rate and beyond",
 *          2020.
 */
lathe_optim *lathe_optim_radam(const lathe_params *params, const lathe_radam_opts *opts);

extern const lathe_optim_type lathe_radam_optim;

#ifdef __cplusplus
}
#endif
#endif
