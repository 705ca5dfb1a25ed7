/* NAdam: Adam with Nesterov momentum. */
#ifndef LATHE_OPTIM_NADAM_H
#define LATHE_OPTIM_NADAM_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_nadam_opts {
    double lr;                   /* 0 means 2e-3 */
    double betas[2];             /* 0, 0 means 0.9, 0.999 */
    double eps;                  /* 0 means 1e-8; added outside the root */
    double weight_decay;         /* lambda of lambda/2 |p|^2 in the loss */
    double momentum_decay;       /* 0 means 4e-3; LATHE_ZERO for a constant mu */
    bool decoupled_weight_decay; /* weight_decay as in AdamW */
} lathe_nadam_opts;

/**
 * NAdam.
 *
 *     g = g + weight_decay * p                             decoupled: p = p * (1 - lr * weight_decay)
 *     m = beta1 * m + (1 - beta1) * g
 *     v = beta2 * v + (1 - beta2) * g^2                    c2 = 1 - product of all steps' beta2
 *     mu_t = beta1 * (1 - 0.96^(t * momentum_decay) / 2)   P_t = mu_1 * ... * mu_t
 *     p = p - lr * ((1 - mu_t) / (1 - P_t) * g + mu_(t+1) / (1 - P_(t+1)) * m) / (sqrt(v / c2) + eps)
 *
 * Slots: exp_avg, exp_avg_sq.
 * Same as  torch.optim.NAdam since 2.0. In 1.13 the plain loop has mu_t twice in P_(t+1); foreach=True is
 *          right.
 * Source   Dozat, "Incorporating Nesterov momentum into Adam", 2016.
 */
lathe_optim *lathe_optim_nadam(const lathe_params *params, const lathe_nadam_opts *opts);

extern const lathe_optim_type lathe_nadam_optim;

#ifdef __cplusplus
}
#endif
#endif
