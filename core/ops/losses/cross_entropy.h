/* Cross-entropy: one class of several, for images or for pixels. */
#ifndef LATHE_CORE_OPS_LOSSES_CROSS_ENTROPY_H
#define LATHE_CORE_OPS_LOSSES_CROSS_ENTROPY_H

#include "loss.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: plain cross-entropy, mean. */
typedef struct lathe_cross_entropy_opts {
    const lathe_real *class_weights; /* [K], each >= 0; NULL: all 1 */
    double label_smoothing;          /* s in [0, 1]: target (1-s) on the label, plus s/K on every class */
    int ignore_index;          /* samples with this label are left out; 0 means -100, LATHE_LABEL_0 is 0 */
    lathe_reduction reduction; /* the mean is weighted by the classes' weights */
} lathe_cross_entropy_opts;

/**
 * Softmax and negative log-likelihood in one, computed as log-sum-exp.
 *
 *     loss = - sum over b of w[y_b] * log softmax(x)[b, y_b]  /  sum over b of w[y_b]        (reduction mean)
 *
 *     x [B, K] batched logits   labels [B] classes 0 ... K-1
 *     result rank 0, or [B] batched for LATHE_REDUCE_NONE
 *
 *     x [B, K, H, W]            labels [B, H, W] row-major: each pixel is a sample
 *     result rank 0, or [B, H, W] batched for LATHE_REDUCE_NONE
 *
 * With label smoothing s, class k of each sample has the target (1-s) * [k = y_b] + s/K, times w[k].
 * Gradient to x; 0 for ignored samples. The same bits for any number of threads.
 * Memory   the result, and as much as x for backward, on x's tape; labels are read at once and not kept.
 * Errors   LATHE_ESHAPE unless x is batched [B, K, ...]; LATHE_EARG for options out of range, for a label out
 *          of range (naming the first), and for a mean over no samples (all ignored or of weight 0), which is
 *          NaN in
 *          PyTorch.
 * Same as  torch.nn.functional.cross_entropy
 */
lathe_tensor *lathe_cross_entropy(lathe_tensor *x, const int *labels, const lathe_cross_entropy_opts *opts);

/**
 * Cross-entropy with probabilities as targets [B, K, ...], batched (mixup, distillation).
 *
 * The mean divides by the number of samples. ignore_index has no effect. A target of 0 adds 0, also if x is
 * minus infinity. Gradient to x; targets are constants.
 * Errors   as lathe_cross_entropy
 * Same as  torch.nn.functional.cross_entropy with class probabilities
 */
lathe_tensor *lathe_cross_entropy_soft(lathe_tensor *x, lathe_tensor *targets,
    const lathe_cross_entropy_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
