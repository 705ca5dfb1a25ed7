/* AdamW: Adam with weight decay that does not pass through the gradient. */
#ifndef LATHE_OPTIM_ADAMW_H
#define LATHE_OPTIM_ADAMW_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_adamw_opts {
    double lr;           /* 0 means 1e-3 */
    double betas[2];     /* 0, 0 means 0.9, 0.999 */
    double eps;          /* 0 means 1e-8; added outside the root */
    double weight_decay; /* 0 means 1e-2; LATHE_ZERO is 0 */
    bool amsgrad;        /* divide by the largest v so far (Reddi, Kale, Kumar 2018) */
    /** c1 = 1 - beta1^t, c2 = 1 - beta2^t with the present betas: PyTorch's numbers while beta1 moves. */
    bool pytorch_correction;
} lathe_adamw_opts;

/**
 * AdamW.
 *
 *     p = p * (1 - lr * weight_decay)
 *     m = beta1 * m + (1 - beta1) * g                      c1 = 1 - product of all steps' beta1
 *     v = beta2 * v + (1 - beta2) * g^2                    c2 = 1 - product of all steps' beta2
 *     p = p - lr * (m / c1) / (sqrt(v / c2) + eps)         amsgrad: the largest v so far in place of v
 *
 * c1 is the sum of the weights in m. For constant betas it equals PyTorch's 1 - beta1^t.
 * When a schedule changes beta1, PyTorch takes 1 - beta1^t with the newest beta1, which is not that sum.
 * pytorch_correction takes it too, and then gives PyTorch's numbers.
 * Slots: exp_avg, exp_avg_sq, max_exp_avg_sq.
 * Same as  torch.optim.AdamW
 * Source   Loshchilov, Hutter, "Decoupled weight decay regularization", 2019; Kingma, Ba, "Adam", 2015.
 */
lathe_optim *lathe_optim_adamw(const lathe_params *params, const lathe_adamw_opts *opts);

extern const lathe_optim_type lathe_adamw_optim;

#ifdef __cplusplus
}
#endif
#endif
