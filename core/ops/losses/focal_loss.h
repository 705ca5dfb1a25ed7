/* Focal loss: cross-entropy with less weight for samples that are predicted well. */
#ifndef LATHE_CORE_OPS_LOSSES_FOCAL_LOSS_H
#define LATHE_CORE_OPS_LOSSES_FOCAL_LOSS_H

#include "loss.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: gamma 2, mean. */
typedef struct lathe_focal_opts {
    double gamma;              /* >= 0: LATHE_ZERO is cross-entropy; 0 means 2 */
    const lathe_real *alpha;   /* [K], each >= 0: weights of the classes; NULL: all 1 */
    int ignore_index;          /* samples with this label are left out; 0 means -100, LATHE_LABEL_0 is 0 */
    lathe_reduction reduction; /* the mean is over the samples that are not ignored, independent of alpha */
} lathe_focal_opts;

/**
 * Focal loss of one class of several. p is the softmax probability of the label's class.
 *
 *     loss = - alpha[y] * (1 - p)^gamma * log p
 *
 *     x [B, K, ...] batched logits   labels [B, ...] row-major
 *     result rank 0, or [B, ...] batched for LATHE_REDUCE_NONE
 *
 * Gradient to x; 0 for ignored samples.
 * Memory   the result, and as much as x for backward, on x's tape.
 * Errors   as lathe_cross_entropy.
 * Source   Lin, Goyal, Girshick, He, Dollar, "Focal loss for dense object detection", 2017 (arXiv
 *          1708.02002).
 */
lathe_tensor *lathe_focal(lathe_tensor *x, const int *labels, const lathe_focal_opts *opts);

/** NULL or zeros: alpha 0.25, gamma 2, mean. */
typedef struct lathe_sigmoid_focal_opts {
    double alpha; /* weight of a yes; 1 - alpha is that of a no; LATHE_ZERO is 0; below 0: both are 1 */
    double gamma; /* >= 0; LATHE_ZERO: binary cross-entropy */
    lathe_reduction reduction;
} lathe_sigmoid_focal_opts;

/**
 * Focal loss where each number is a separate yes or no. p = sigmoid(x) and p_t = p t + (1 - p)(1 - t):
 *
 *     loss = (alpha t + (1 - alpha)(1 - t)) * (1 - p_t)^gamma * binary cross-entropy(x, t)
 *
 *     x [B, K, ...] batched logits   targets like x, numbers in [0, 1] (not checked)
 *     result rank 0, or like x for LATHE_REDUCE_NONE
 *
 * The mean is over all numbers. torchvision's default reduction is none, and detectors divide the sum by the
 * number of objects.
 * Gradient to x: targets are constants.
 * Memory   the result, and as much as x for backward, on x's tape.
 * Errors   LATHE_ESHAPE; LATHE_EARG for options out of range.
 * Same as  torchvision.ops.sigmoid_focal_loss
 */
lathe_tensor *lathe_sigmoid_focal(lathe_tensor *x, lathe_tensor *targets,
    const lathe_sigmoid_focal_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
