/* The precision-recall curve over all thresholds, and two areas under it. */
#ifndef LATHE_METRICS_AVERAGE_PRECISION_H
#define LATHE_METRICS_AVERAGE_PRECISION_H

#include "classwise.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: macro over the classes that occur, scores are logits. */
typedef struct lathe_average_precision_opts {
    lathe_classwise_average average; /* macro is mAP; micro: all (sample, class) pairs as one class */
    /** With labels: rank by the scores themselves, not by their softmax. With targets, scores always rank. */
    bool probabilities;
    bool all_classes; /* macro: over all classes, also those without a sample */
} lathe_average_precision_opts;

/**
 * "average_precision": for each class against all others, the sum over thresholds n of (R_n - R_(n-1)) P_n,
 * without interpolation. Samples with equal scores share one threshold. A class that never occurs has 0
 * and no part in the macro average, unless all_classes is set.
 *
 * Other definitions have the same name: VOC averages 11 points, COCO 101 points.
 * Memory   every sample's scores and labels.
 * Same as  sklearn.metrics.average_precision_score
 */
extern const lathe_metric_type lathe_average_precision_metric;

/**
 * "pr_auc": the area under the same curve by the trapezoidal rule, starting at (recall 0, precision 1).
 *
 * Straight lines between the points overestimate the area: prefer average_precision. A class that never
 * occurs has 1/2 and no part in the macro average, unless all_classes is set.
 * Same as  sklearn.metrics.auc(recall, precision) of precision_recall_curve
 */
extern const lathe_metric_type lathe_pr_auc_metric;

lathe_metric *lathe_metric_average_precision(int classes, const lathe_average_precision_opts *opts);
lathe_metric *lathe_metric_pr_auc(int classes, const lathe_average_precision_opts *opts);

/** One point of the curve, for the predictions "score >= threshold". */
typedef struct lathe_pr_point {
    double precision, recall, threshold;
} lathe_pr_point;

/**
 * The curve of one class (class -1: of all pairs) of an "average_precision" or "pr_auc" metric.
 *
 * It has a point for each different score in rising order, and a last point (precision 1, recall 0, threshold
 * infinite). `points` has room for `room` points; the number of pairs plus one is enough. *count becomes the
 * number of points of the curve. If `room` is too small, only *count is written. Recall is 1 everywhere for a
 * class that never occurs.
 * Errors   LATHE_EARG, LATHE_ESTATE before the first sample, LATHE_ENOMEM.
 * Same as  sklearn.metrics.precision_recall_curve
 */
lathe_status lathe_pr_curve(const lathe_metric *metric, int class_number, lathe_pr_point *points, size_t room,
    size_t *count);

#ifdef __cplusplus
}
#endif
#endif
