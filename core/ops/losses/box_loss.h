/* Losses between boxes: the distance of a predicted box from the right one, independent of their size. */
#ifndef LATHE_CORE_OPS_LOSSES_BOX_LOSS_H
#define LATHE_CORE_OPS_LOSSES_BOX_LOSS_H

#include "loss.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: eps 1e-7, mean. */
typedef struct lathe_box_opts {
    double eps;                /* > 0: added to denominators */
    lathe_reduction reduction; /* over the boxes; torchvision's default is none */
} lathe_box_opts;

/*
 * For all box losses: a box is (x1, y1, x2, y2) with x1 < x2 and y1 < y2 (not checked).
 *
 *     x [B, 4, ...] batched boxes   target like x   result rank 0, or [B, ...] batched for LATHE_REDUCE_NONE
 *
 * Gradient to x; the target is constant. If two edges coincide, each box has half of the slope, as in
 * PyTorch.
 * Memory   the result, and as much as x for backward, on x's tape.
 * Errors   LATHE_ESHAPE unless x is batched [B, 4, ...]; LATHE_EARG for options out of range.
 */

/**
 * 1 - I / (U + eps): I is the area of the intersection, U of the union. No gradient for boxes without
 * overlap.
 */
lathe_tensor *lathe_iou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts);

/**
 * 1 - IoU + (C - U) / (C + eps), C the area of the smallest box around both. It moves distant boxes towards
 * each other.
 *
 * Source   Rezatofighi et al., "Generalized intersection over union", 2019 (arXiv 1902.09630).
 * Same as  torchvision.ops.generalized_box_iou_loss
 */
lathe_tensor *lathe_giou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts);

/**
 * 1 - IoU + d^2 / (c^2 + eps), d the distance of the centers, c the diagonal of the smallest box around both.
 *
 * Source   Zheng et al., "Distance-IoU loss", 2019 (arXiv 1911.08287).
 * Same as  torchvision.ops.distance_box_iou_loss
 */
lathe_tensor *lathe_diou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts);

/**
 * lathe_diou + a v, where v = 4/pi^2 (atan(w'/h') - atan(w/h))^2 measures the difference of the proportions,
 * and a = v / (1 - IoU + v + eps) counts as constant in the gradient.
 *
 * Source   as lathe_diou
 * Same as  torchvision.ops.complete_box_iou_loss
 */
lathe_tensor *lathe_ciou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
