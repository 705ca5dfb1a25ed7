/* Lion: every number moves by the same amount, in the direction of the sign of a mean gradient. */
#ifndef LATHE_OPTIM_LION_H
#define LATHE_OPTIM_LION_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_lion_opts {
    double lr;           /* 0 means 1e-4; use a tenth to a third of AdamW's */
    double betas[2];     /* 0, 0 means 0.9, 0.99 */
    double weight_decay; /* decoupled; use three to ten times AdamW's */
} lathe_lion_opts;

/**
 * Lion.
 *
 *     p = p * (1 - lr * weight_decay) - lr * sign(beta1 * m + (1 - beta1) * g)         sign(0) = 0
 *     m = beta2 * m + (1 - beta2) * g
 *
 * beta1 weighs m in the step; beta2 weighs m in the update of m. Slot: exp_avg.
 * Same as  timm.optim.Lion
 * Source   Chen, Liang, Huang et al., "Symbolic discovery of optimization algorithms", 2023, algorithm 2.
 */
lathe_optim *lathe_optim_lion(const lathe_params *params, const lathe_lion_opts *opts);

extern const lathe_optim_type lathe_lion_optim;

#ifdef __cplusplus
}
#endif
#endif
