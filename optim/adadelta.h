/* Adadelta: each step is as large as the recent steps were, so no learning rate is needed. */
#ifndef LATHE_OPTIM_ADADELTA_H
#define LATHE_OPTIM_ADADELTA_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_adadelta_opts {
    double lr;           /* 0 means 1 */
    double rho;          /* 0 means 0.9; LATHE_ZERO is 0 */
    double eps;          /* 0 means 1e-6; added inside both roots */
    double weight_decay; /* lambda of lambda/2 |p|^2 in the loss */
} lathe_adadelta_opts;

/**
 * Adadelta.
 *
 *     g = g + weight_decay * p
 *     s = rho * s + (1 - rho) * g^2
 *     d = g * sqrt(a + eps) / sqrt(s + eps)
 *     a = rho * a + (1 - rho) * d^2
 *     p = p - lr * d
 *
 * The first steps are as small as sqrt(eps), because a begins at 0. A larger eps starts faster.
 * Slots: square_avg, acc_delta.
 * Same as  torch.optim.Adadelta
 * Source   Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
 */
lathe_optim *lathe_optim_adadelta(const lathe_params *params, const lathe_adadelta_opts *opts);

extern const lathe_optim_type lathe_adadelta_optim;

#ifdef __cplusplus
}
#endif
#endif
