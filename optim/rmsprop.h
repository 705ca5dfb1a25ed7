/* RMSprop: the gradient is divided by its running root mean square. */
#ifndef LATHE_OPTIM_RMSPROP_H
#define LATHE_OPTIM_RMSPROP_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_rmsprop_opts {
    double lr;           /* 0 means 1e-2 */
    double alpha;        /* 0 means 0.99; LATHE_ZERO is 0 */
    double eps;          /* 0 means 1e-8; added outside the root (TensorFlow's is inside) */
    double weight_decay; /* lambda of lambda/2 |p|^2 in the loss */
    double momentum;     /* [0, 1) */
    bool centered;       /* divide by the standard deviation instead */
} lathe_rmsprop_opts;

/**
 * RMSprop.
 *
 *     g = g + weight_decay * p
 *     s = alpha * s + (1 - alpha) * g^2
 *     a = alpha * a + (1 - alpha) * g                      centered only
 *     v = momentum * v + g / (sqrt(s) + eps)               centered: sqrt(max(0, s - a^2))
 *     p = p - lr * v
 *
 * There is no bias correction: the first steps are up to 1 / sqrt(1 - alpha) = 10 times lr.
 * Slots: square_avg, momentum_buffer, grad_avg.
 * Same as  torch.optim.RMSprop, except that the centered form gives no NaN for a constant gradient
 * Source   Tieleman, Hinton, "Lecture 6.5: rmsprop", 2012; centered: Graves, arXiv 1308.0850.
 */
lathe_optim *lathe_optim_rmsprop(const lathe_params *params, const lathe_rmsprop_opts *opts);

extern const lathe_optim_type lathe_rmsprop_optim;

#ifdef __cplusplus
}
#endif
#endif
