/* Precision, recall, F-score and intersection over union: each class against all others, then averaged. */
#ifndef LATHE_METRICS_CLASSWISE_H
#define LATHE_METRICS_CLASSWISE_H

#include "metric.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_classwise_average {
    LATHE_AVERAGE_MACRO,   /* the mean over all classes */
    LATHE_AVERAGE_MICRO,   /* of the counts of all classes together */
    LATHE_AVERAGE_WEIGHTED /* the mean over classes weighted by how many samples each has */
} lathe_classwise_average;

/** NULL or zeros: macro, 0 for 0/0. */
typedef struct lathe_classwise_opts {
    lathe_classwise_average average;
    int zero_division; /* what 0/0 counts as, for classes that are never predicted or never occur: 0 or 1 */
    double threshold;  /* with targets: scores above it are predictions; 0 suits logits, 0.5 probabilities */
    double beta;       /* F-score only: recall weighs beta times as much as precision; 0 means 1 */
} lathe_classwise_opts;

/*
 * For one class, of the samples' predictions: TP right ones, FP wrong ones, FN samples of the class that were
 * taken for another. With labels the prediction is the class with the largest score, the first of equals;
 * with targets all above the threshold. Averages are over all classes, also those that never occur:
 * scikit-learn's with labels=range(classes).
 */

/** "precision": TP / (TP + FP). Same as sklearn.metrics.precision_score */
extern const lathe_metric_type lathe_precision_type;

/** "recall": TP / (TP + FN). Same as sklearn.metrics.recall_score */
extern const lathe_metric_type lathe_recall_type;

/** "fbeta": (1 + beta^2) P R / (beta^2 P + R), 0 if both are 0. Same as sklearn.metrics.fbeta_score */
extern const lathe_metric_type lathe_fbeta_type;

/** "iou": TP / (TP + FP + FN); macro is the mean IoU of segmentation. Same as sklearn.metrics.jaccard_score
 */
extern const lathe_metric_type lathe_iou_type;

lathe_metric *lathe_metric_precision(int classes, const lathe_classwise_opts *opts);
lathe_metric *lathe_metric_recall(int classes, const lathe_classwise_opts *opts);
lathe_metric *lathe_metric_fbeta(int classes, const lathe_classwise_opts *opts);
lathe_metric *lathe_metric_iou(int classes, const lathe_classwise_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
