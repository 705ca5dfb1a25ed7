/* Accuracy: how often the label is among the k largest scores. */
#ifndef LATHE_METRICS_ACCURACY_H
#define LATHE_METRICS_ACCURACY_H

#include "metric.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_accuracy_average {
    LATHE_ACCURACY_MICRO, /* the fraction of all samples that is right */
    LATHE_ACCURACY_MACRO  /* the mean of the fractions of the classes that occur ("balanced") */
} lathe_accuracy_average;

typedef struct lathe_accuracy_opts {
    int k; /* 0 means 1; at most the number of classes */
    lathe_accuracy_average average;
} lathe_accuracy_opts;

/**
 * "accuracy": a sample is right if its label's score is among its k largest scores.
 *
 * Of equal scores the lower class ranks first, so k = 1 agrees with the confusion matrix. Scores may be any
 * numbers that rank the classes. Per class: the fraction of the class's samples that is right, NaN without
 * samples. Micro is torchmetrics' micro; the default of torchmetrics is macro.
 * Same as  sklearn.metrics.accuracy_score of argmax; balanced_accuracy_score (macro);
 *          top_k_accuracy_score (k > 1, but there ties go to the higher class)
 */
extern const lathe_metric_type lathe_accuracy_metric;

lathe_metric *lathe_metric_accuracy(int classes, const lathe_accuracy_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
