/* Adam: the step is the gradient's running mean, divided by its running root mean square. */
#ifndef LATHE_OPTIM_ADAM_H
#define LATHE_OPTIM_ADAM_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_adam_opts {
    double lr;           /* 0 means 1e-3 */
    double betas[2];     /* 0, 0 means 0.9, 0.999 */
    double eps;          /* 0 means 1e-8; added outside the root */
    double weight_decay; /* lambda of lambda/2 |p|^2 in the loss: it enters m and v, unlike AdamW's */
    bool amsgrad;        /* divide by the largest v so far (Reddi, Kale, Kumar 2018) */
    /** c1 = 1 - beta1^t, c2 = 1 - beta2^t with the present betas: PyTorch's numbers while beta1 moves. */
    bool pytorch_correction;
} lathe_adam_opts;

/**
 * Adam.
 *
 *     g = g + weight_decay * p
 *     m = beta1 * m + (1 - beta1) * g                      c1 = 1 - product of all steps' beta1
 *     v = beta2 * v + (1 - beta2) * g^2                    c2 = 1 - product of all steps' beta2
 *     p = p - lr * (m / c1) / (sqrt(v / c2) + eps)         amsgrad: the largest v so far in place of v
 *
 * For weight decay prefer AdamW: Adam divides the decay by sqrt(v), so it is weak where gradients are large.
 * The bias corrections stay exact when a schedule changes beta1, unless pytorch_correction is set: see
 * adamw.h.
 * Slots: exp_avg, exp_avg_sq, max_exp_avg_sq.
 * Same as  torch.optim.Adam
 * Source   Kingma, Ba, "Adam: a method for stochastic optimization", 2015.
 */
lathe_optim *lathe_optim_adam(const lathe_params *params, const lathe_adam_opts *opts);

extern const lathe_optim_type lathe_adam_optim;

#ifdef __cplusplus
}
#endif
#endif
