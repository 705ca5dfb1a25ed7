/*
 * Binary cross-entropy: each number is a separate yes or no (several labels, one class against all others).
 */
#ifndef LATHE_CORE_OPS_LOSSES_BINARY_CROSS_ENTROPY_H
#define LATHE_CORE_OPS_LOSSES_BINARY_CROSS_ENTROPY_H

#include "loss.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: all classes alike, mean. */
typedef struct lathe_binary_cross_entropy_opts {
    double pos_weight;             /* > 0: weight of a yes, for every class; 0 means 1 */
    const lathe_real *pos_weights; /* [K]: weight of a yes for each class, times pos_weight; NULL: all 1 */
    const lathe_real *weights;     /* [K], each >= 0: weight of each class's loss; NULL: all 1 */
    /** the mean divides by the count of numbers, not by weights, as PyTorch's */
    lathe_reduction reduction;
} lathe_binary_cross_entropy_opts;

/**
 * Sigmoid and negative log-likelihood in one, without overflow for any logit.
 *
 *     loss = - weight[k] * (pos_weight[k] * t * log sigmoid(x) + (1 - t) * log(1 - sigmoid(x)))
 *
 *     x [B, K, ...] batched logits   targets like x, numbers in [0, 1] (not checked)
 *     result rank 0, or like x for LATHE_REDUCE_NONE
 *
 * Gradient to x: targets are constants.
 * Memory   the result, and as much as x for backward, on x's tape.
 * Errors   LATHE_ESHAPE; LATHE_EARG for options out of range.
 * Same as  torch.nn.functional.binary_cross_entropy_with_logits
 */
lathe_tensor *lathe_binary_cross_entropy(lathe_tensor *x, lathe_tensor *targets,
    const lathe_binary_cross_entropy_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
