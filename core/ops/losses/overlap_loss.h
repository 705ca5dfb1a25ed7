/* Losses of how much a predicted region overlaps the labelled one: segmentation. */
#ifndef LATHE_CORE_OPS_LOSSES_OVERLAP_LOSS_H
#define LATHE_CORE_OPS_LOSSES_OVERLAP_LOSS_H

#include "cross_entropy.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: nothing added, mean. */
typedef struct lathe_overlap_opts {
    double smooth;             /* >= 0: added above and below the fraction bar */
    int ignore_index;          /* pixels with this label take no part; 0 means -100 */
    lathe_reduction reduction; /* over the classes, those that do not occur included */
} lathe_overlap_opts;

/**
 * Soft Dice: with p = softmax(x) and t = 1 at the pixel's label and 0 elsewhere, sums over all pixels of the
 * batch,
 *
 *     loss of a class = 1 - (2 sum p t + smooth) / (sum p + sum t + smooth)
 *
 * and 0 for a class that no label has: its pixels are punished in the sums of the others.
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
 * Soft Jaccard, or soft IoU: the same with (sum p t + smooth) / (sum p + sum t - sum p t + smooth).
 *
 * Source   Rahman, Wang, "Optimizing intersection-over-union in deep neural networks for image segmentation",
 *          2016.
 * Same as  segmentation_models_pytorch.losses.JaccardLoss(mode="multiclass")
 */
lathe_tensor *lathe_jaccard(lathe_tensor *x, const int *labels, const lathe_overlap_opts *opts);

/**
 * Both of probabilities and targets as they are, for pixels of any number of classes each (lathe_sigmoid of
 * logits): p [B, K, ...] batched in [0, 1], targets like p in [0, 1] (neither checked). ignore_index does not
 * apply. Gradient to p.
 */
lathe_tensor *lathe_dice_soft(lathe_tensor *p, lathe_tensor *targets, const lathe_overlap_opts *opts);
lathe_tensor *lathe_jaccard_soft(lathe_tensor *p, lathe_tensor *targets, const lathe_overlap_opts *opts);

/** NULL or zeros: lambda 1, plain cross-entropy, mean. */
typedef struct lathe_cross_entropy_iou_opts {
    double lambda;                   /* weight of the second part; LATHE_ZERO: none of it */
    const lathe_real *class_weights; /* [K], of the cross-entropy; NULL: all 1 */
    double label_smoothing;          /* of the cross-entropy */
    double smooth;                   /* of the IoU */
    int ignore_index;                /* of both; 0 means -100 */
    /** mean, or the sum over pixels plus lambda times the sum over classes; none does not exist */
    lathe_reduction reduction;
} lathe_cross_entropy_iou_opts;

/**
 * Cross-entropy plus IoU: lathe_cross_entropy + lambda * lathe_jaccard, both with these options. The first
 * sees pixels, the second whole regions, small classes as much as large ones. Known as CrossEntropyIoULoss2D.
 * Gradient to x. Errors: those of the two; LATHE_EARG for LATHE_REDUCE_NONE.
 */
lathe_tensor *lathe_cross_entropy_iou(lathe_tensor *x, const int *labels,
    const lathe_cross_entropy_iou_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
