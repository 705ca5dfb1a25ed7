/* Kullback-Leibler divergence: the distance of one distribution from another (distillation). */
#ifndef LATHE_CORE_OPS_LOSSES_KL_DIV_H
#define LATHE_CORE_OPS_LOSSES_KL_DIV_H

#include "loss.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: targets are probabilities; mean. */
typedef struct lathe_kl_div_opts {
    bool log_target; /* targets are logarithms of probabilities, as x is */
    /** The mean divides by the batch, not by all numbers: this is the mathematical divergence. */
    bool batchmean;
    lathe_reduction reduction;
} lathe_kl_div_opts;

/**
 *     loss = t * (log t - x)      with log_target: exp(t) * (t - x)
 *
 *     x [B, K, ...] batched logarithms of probabilities (lathe_log_softmax)   targets like x
 *     result rank 0, or like x for LATHE_REDUCE_NONE
 *
 * A target of 0 (with log_target: minus infinity) adds 0, also if x is minus infinity. The plain mean is
 * PyTorch's default but K times too small; PyTorch recommends batchmean.
 * Gradient to x: targets are constants.
 * Memory   the result, and as much as x for backward, on x's tape.
 * Errors   LATHE_ESHAPE; LATHE_EARG for options out of range, and for batchmean with another reduction than
 *          mean.
 * Same as  torch.nn.functional.kl_div
 */
lathe_tensor *lathe_kl_div(lathe_tensor *x, lathe_tensor *targets, const lathe_kl_div_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
