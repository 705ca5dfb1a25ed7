/* AdaMax: Adam with the largest gradient in place of the mean square. */
#ifndef LATHE_OPTIM_ADAMAX_H
#define LATHE_OPTIM_ADAMAX_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_adamax_opts {
    double lr;           /* 0 means 2e-3 */
    double betas[2];     /* 0, 0 means 0.9, 0.999 */
    double eps;          /* 0 means 1e-8; added to each |g| */
    double weight_decay; /* lambda of lambda/2 |p|^2 in the loss */
    /** c1 = 1 - beta1^t with the present beta1: PyTorch's numbers while beta1 moves. */
    bool pytorch_correction;
} lathe_adamax_opts;

/**
 * AdaMax.
 *
 *     g = g + weight_decay * p
 *     m = beta1 * m + (1 - beta1) * g                      c1 = 1 - product of all steps' beta1
 *     u = max(beta2 * u, |g| + eps)
 *     p = p - lr * (m / c1) / u
 *
 * u needs no bias correction. c1 stays exact when a schedule changes beta1, unless pytorch_correction is set:
 * see adamw.h.
 * Slots: exp_avg, exp_inf.
 * Same as  torch.optim.Adamax
 * Source   Kingma, Ba, "Adam: a method for stochastic optimization", 2015, section 7.1.
 */
lathe_optim *lathe_optim_adamax(const lathe_params *params, const lathe_adamax_opts *opts);

extern const lathe_optim_type lathe_adamax_optim;

#ifdef __cplusplus
}
#endif
#endif
