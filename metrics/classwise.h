/* Precision, recall, F-score and intersection over union: each class against all others, then averaged. */
#ifndef LATHE_METRICS_CLASSWISE_H
#define LATHE_METRICS_CLASSWISE_H

#include "metric.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_classwise_average {
    LATHE_AVERAGE_MACRO,   /* the mean over the classes that occur */
    LATHE_AVERAGE_MICRO,   /* from the counts of all classes together */
    LATHE_AVERAGE_WEIGHTED /* the mean over classes, weighted by their numbers of samples */
} lathe_classwise_average;

/** NULL or zeros: macro over the classes that occur, 0 for 0/0. */
typedef struct lathe_classwise_opts {
    lathe_classwise_average average;
    int zero_division; /* the value of 0/0, for classes that are never predicted or never occur: 0 or 1 */
    double threshold;  /* with targets: scores above it are predictions; 0 suits logits, 0.5 probabilities */
    bool all_classes;  /* macro: over all classes, also those that neither occur nor are predicted */
    double beta;       /* F-score only: recall has beta times the weight of precision; 0 means 1 */
} lathe_classwise_opts;

/*
 * For one class: TP counts its samples that were predicted right, FP the other samples that were predicted as
 * this class, FN its samples that were not. With labels the prediction is the class with the largest score,
 * the first of equals. With targets every class with a score above the threshold is predicted. A macro
 * average is over the classes that have a sample or a prediction, as in scikit-learn (labels=None) and
 * torchmetrics. With all_classes it is over all classes, as scikit-learn's with labels=range(classes).
 */

/** "precision": TP / (TP + FP). Same as sklearn.metrics.precision_score */
extern const lathe_metric_type lathe_precision_metric;

/** "recall": TP / (TP + FN). Same as sklearn.metrics.recall_score */
extern const lathe_metric_type lathe_recall_metric;

/** "fbeta": (1 + beta^2) P R / (beta^2 P + R), 0 if P and R are 0. Same as sklearn.metrics.fbeta_score */
extern const lathe_metric_type lathe_fbeta_metric;

/** "iou": TP / (TP + FP + FN). Macro is segmentation's mean IoU. Same as sklearn.metrics.jaccard_score */
extern const lathe_metric_type lathe_iou_metric;

lathe_metric *lathe_metric_precision(int classes, const lathe_classwise_opts *opts);
lathe_metric *lathe_metric_recall(int classes, const lathe_classwise_opts *opts);
lathe_metric *lathe_metric_fbeta(int classes, const lathe_classwise_opts *opts);
lathe_metric *lathe_metric_iou(int classes, const lathe_classwise_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
