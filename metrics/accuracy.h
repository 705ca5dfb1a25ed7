/* Accuracy: how often the label is among the k largest scores. */
#ifndef LATHE_METRICS_ACCURACY_H
#define LATHE_METRICS_ACCURACY_H

#include "metric.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_accuracy_average {
    LATHE_ACCURACY_MICRO, /* the part of all samples that is right */
    LATHE_ACCURACY_MACRO  /* the mean over the classes that occur of the part of theirs that is right
                             ("balanced") */
} lathe_accuracy_average;

typedef struct lathe_accuracy_opts {
    int k; /* 0 means 1; at most the number of classes */
    lathe_accuracy_average average;
} lathe_accuracy_opts;

/**
 * "accuracy": a sample is right if its label's score is among its k largest; of equal scores the lower class
 * ranks first, so that k = 1 agrees with the confusion matrix. Scores: anything that ranks the classes. Per
 * class: the part of the class's samples that is right, NaN if there are none. Micro in lathe is
 * torchmetrics' micro; torchmetrics' own default is macro.
 * Same as  sklearn.metrics.accuracy_score of argmax; balanced_accuracy_score (macro); top_k_accuracy_score (k
 *          > 1, whose ties go to the higher class)
 */
extern const lathe_metric_type lathe_accuracy_type;

lathe_metric *lathe_metric_accuracy(int classes, const lathe_accuracy_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
