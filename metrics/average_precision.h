/* Precision against recall over all thresholds, and two areas under that curve. */
#ifndef LATHE_METRICS_AVERAGE_PRECISION_H
#define LATHE_METRICS_AVERAGE_PRECISION_H

#include "classwise.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: macro, scores are logits. */
typedef struct lathe_average_precision_opts {
    lathe_classwise_average average; /* macro is mAP; micro: all (sample, class) pairs as if of one class */
    /** with labels: rank by the scores as they are, not by their softmax (with targets always so) */
    bool probabilities;
} lathe_average_precision_opts;

/**
 * "average_precision": for each class against the rest, the sum over thresholds of (R_n - R_(n-1)) P_n; no
 * interpolation. Samples with equal scores come in together. A class that never occurs has 0.
 * Other numbers bear the same name: VOC's means of 11 points, COCO's of 101.
 * Memory   every sample's scores and labels.
 * Same as  sklearn.metrics.average_precision_score
 */
extern const lathe_metric_type lathe_average_precision_type;

/**
 * "pr_auc": the area under the same curve by the trapezoidal rule, from (recall 0, precision 1) on. Straight
 * lines between points flatter the model: prefer average_precision. A class that never occurs has 1/2.
 * Same as  sklearn.metrics.auc(recall, precision) of precision_recall_curve
 */
extern const lathe_metric_type lathe_pr_auc_type;

lathe_metric *lathe_metric_average_precision(int classes, const lathe_average_precision_opts *opts);
lathe_metric *lathe_metric_pr_auc(int classes, const lathe_average_precision_opts *opts);

/** One point of the curve: of the predictions "score >= threshold". */
typedef struct lathe_pr_point {
    double precision, recall, threshold;
} lathe_pr_point;

/**
 * The curve of one class (or of all pairs: class -1) from an "average_precision" or "pr_auc": a point for
 * each different score from the lowest on, and last (precision 1, recall 0, threshold infinite). `room`
 * points; at most one more than pairs are needed. *count becomes how many there are; with too little room
 * that is all that happens. Recall is 1 throughout for a class that never occurs.
 * Errors   LATHE_EARG, LATHE_ESTATE before the first sample, LATHE_ENOMEM.
 * Same as  sklearn.metrics.precision_recall_curve
 */
lathe_status lathe_pr_curve(const lathe_metric *metric, int class_number, lathe_pr_point *points, size_t room,
    size_t *count);

#ifdef __cplusplus
}
#endif
#endif
