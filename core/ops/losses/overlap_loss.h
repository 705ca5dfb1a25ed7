/* Losses of the overlap between predicted and true regions, for segmentation. */
#ifndef LATHE_CORE_OPS_LOSSES_OVERLAP_LOSS_H
#define LATHE_CORE_OPS_LOSSES_OVERLAP_LOSS_H

#include "cross_entropy.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: smooth 0, mean. */
typedef struct lathe_overlap_opts {
    double smooth;             /* >= 0: added to numerator and denominator */
    int ignore_index;          /* pixels with this label are left out; 0 means -100, LATHE_LABEL_0 is 0 */
    lathe_reduction reduction; /* over the classes, also those that do not occur */
} lathe_overlap_opts;

/**
 * Soft Dice. p = softmax(x); t = 1 at the pixel's label and 0 elsewhere; sums are over all pixels of the
 * batch:
 *
 *     loss of a class = 1 - (2 sum p t + smooth) / (sum p + sum t + smooth)
 *
 * The loss of a class without labels is 0: pixels predicted as this class raise the losses of the other
 * classes.
 *
 *     x [B, K, ...] batched logits   labels [B, ...] row-major   result rank 0, or [K] for LATHE_REDUCE_NONE
 *
 * Gradient to x. The same bits for any number of threads.
 * Memory   the probabilities, as much for the targets, and the result, on x's tape.
 * Errors   LATHE_ESHAPE; LATHE_EARG for options out of range and the first label that is no class.
 * Source   Milletari, Navab, Ahmadi, "V-Net", 2016 (arXiv 1606.04797), without its squares.
 * Same as  segmentation_models_pytorch.losses.DiceLoss(mode="multiclass")
 */
lathe_tensor *lathe_dice(lathe_tensor *x, const int *labels, const lathe_overlap_opts *opts);

/**
 * Soft Jaccard, or soft IoU: as Dice, with (sum p t + smooth) / (sum p + sum t - sum p t + smooth).
 *
 * Source   Rahman, Wang, "Optimizing intersection-over-union in deep neural networks for image segmentation",
 *          2016.
 * Same as  segmentation_models_pytorch.losses.JaccardLoss(mode="multiclass")
 */
lathe_tensor *lathe_jaccard(lathe_tensor *x, const int *labels, const lathe_overlap_opts *opts);

/**
 * Dice and Jaccard of probabilities and targets directly, for pixels with any number of classes (p =
 * lathe_sigmoid of logits). p [B, K, ...] batched and targets like p are in [0, 1] (not checked).
 * ignore_index has no effect. Gradient to p.
 */
lathe_tensor *lathe_dice_soft(lathe_tensor *p, lathe_tensor *targets, const lathe_overlap_opts *opts);
lathe_tensor *lathe_jaccard_soft(lathe_tensor *p, lathe_tensor *targets, const lathe_overlap_opts *opts);

/** NULL or zeros: lambda 1, plain cross-entropy, mean. */
typedef struct lathe_cross_entropy_iou_opts {
    double lambda;                   /* weight of the IoU part; LATHE_ZERO is 0 */
    const lathe_real *class_weights; /* [K], of the cross-entropy; NULL: all 1 */
    double label_smoothing;          /* of the cross-entropy */
    double smooth;                   /* of the IoU part */
    int ignore_index;                /* of both; 0 means -100, LATHE_LABEL_0 is 0 */
    /**
     * The mean, or the sum over pixels plus lambda times the sum over classes. LATHE_REDUCE_NONE is an error.
     */
    lathe_reduction reduction;
} lathe_cross_entropy_iou_opts;

/**
 * Cross-entropy plus IoU: lathe_cross_entropy + lambda * lathe_jaccard, both with these options.
 * Cross-entropy counts pixels; Jaccard counts regions, small classes as much as large ones. Also known as
 * CrossEntropyIoULoss2D. Gradient to x.
 * Errors   those of the two losses; LATHE_EARG for LATHE_REDUCE_NONE
 */
lathe_tensor *lathe_cross_entropy_iou(lathe_tensor *x, const int *labels,
    const lathe_cross_entropy_iou_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
