/* Stochastic gradient descent, with momentum in PyTorch's or Caffe's form. */
#ifndef LATHE_OPTIM_SGD_H
#define LATHE_OPTIM_SGD_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_sgd_opts {
    double lr;           /* 0 means 1e-3 */
    double momentum;     /* [0, 1) */
    double dampening;    /* the gradient enters the momentum times 1 - dampening; not with caffe_momentum */
    double weight_decay; /* lambda of lambda/2 |p|^2 in the loss */
    bool nesterov;       /* needs momentum, and no dampening */
    bool caffe_momentum; /* the learning rate is inside the velocity, as in Caffe */
} lathe_sgd_opts;

/**
 * Stochastic gradient descent.
 *
 *     g = g + weight_decay * p
 *     PyTorch's momentum    v = momentum * v + (1 - dampening) * g      (first step: v = g)
 *                           p = p - lr * v                              nesterov: p - lr * (g + momentum * v)
 *     Caffe's momentum      v' = momentum * v + lr * g
 *                           p = p - v'            nesterov: p - ((1 + momentum) * v' - momentum * v)
 *
 * At a constant lr both forms give the same weights; under a schedule they differ. The figures in the papers
 * on cyclical rates were made with Caffe's. Slot: momentum_buffer.
 * Errors   LATHE_EARG: nesterov without momentum or with dampening; caffe_momentum with dampening.
 * Same as  torch.optim.SGD, and Caffe's SGD and Nesterov solvers
 * Source   Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep
 *          learning", 2013.
 */
lathe_optim *lathe_optim_sgd(const lathe_params *params, const lathe_sgd_opts *opts);

extern const lathe_optim_type lathe_sgd_optim;

#ifdef __cplusplus
}
#endif
#endif
