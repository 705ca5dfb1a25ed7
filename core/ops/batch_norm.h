/* Batch normalisation. */
#ifndef LATHE_CORE_OPS_BATCH_NORM_H
#define LATHE_CORE_OPS_BATCH_NORM_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: eps 1e-5, momentum 0.1. */
typedef struct lathe_batch_norm_opts {
    double eps;      /* added to the variance under the root; > 0 */
    double momentum; /* weight of this batch in the running statistics, in (0, 1] */
    bool frozen;     /* use the running statistics in LATHE_TRAIN too, and leave them as they are */
} lathe_batch_norm_opts;

/**
 *     y = weight[c] * (x - mean[c]) / sqrt(var[c] + eps) + bias[c]
 *
 *     x [B, C, ...] batched   weight, bias, running_mean, running_var [C]   result like x
 *
 * In LATHE_TRAIN, mean and var are those of the batch (var divided by n = B*H*W), and
 *
 *     running = (1 - momentum) * running + momentum * batch
 *
 * with the unbiased variance (divided by n - 1). This is the only operation that writes into its inputs, once
 * a forward. lathe_tape_statistics replaces the momentum. In LATHE_EVAL, and with opts->frozen, mean and var
 * are the running ones, and gradients take them as constants.
 *
 * Mean and variance are computed for chunks and joined by the formula of Chan, Golub and LeVeque (1983), in
 * double and in a fixed order. So a large mean costs no digits of the variance, and any number of threads
 * gives the same bits. If processes share the batch (shard.h), B is the whole batch's, and all processes
 * find the same statistics.
 * Gradient to x, weight and bias. weight and bias may be NULL, which means 1 and 0.
 * Errors   LATHE_ESHAPE if channels differ, or n is 1 in LATHE_TRAIN without frozen (the variance of one
 *          number is undefined; PyTorch refuses it too); LATHE_EARG for options out of range.
 * Same as  torch.nn.functional.batch_norm
 * Source   Ioffe, Szegedy 2015
 */
lathe_tensor *lathe_batch_norm(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias,
    lathe_tensor *running_mean, lathe_tensor *running_var, const lathe_batch_norm_opts *opts);

/** lathe_relu(lathe_batch_norm(...)) without a second pass over the numbers, forward or backward. */
lathe_tensor *lathe_batch_norm_relu(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias,
    lathe_tensor *running_mean, lathe_tensor *running_var, const lathe_batch_norm_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
