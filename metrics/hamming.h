/*
 * Hamming score and distance, for samples with any number of classes. One is not 1 minus the other.
 */
#ifndef LATHE_METRICS_HAMMING_H
#define LATHE_METRICS_HAMMING_H

#include "metric.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_hamming_opts {
    double threshold; /* a class is predicted if its score is above this; 0 suits logits, 0.5 probabilities */
} lathe_hamming_opts;

/**
 * "hamming_score": the mean over samples of |Y and Z| / |Y or Z|, where Y are the sample's classes and Z the
 * predicted classes; 1 if both are empty. With labels, one class is predicted, and the value is the accuracy.
 * Same as  sklearn.metrics.jaccard_score(average="samples", zero_division=1)
 * Source   Godbole, Sarawagi, "Discriminative methods for multi-labeled classification", 2004.
 */
extern const lathe_metric_type lathe_hamming_score_metric;

/**
 * "hamming_distance": the fraction of all (sample, class) pairs that is wrong. With labels: 1 - accuracy.
 * Same as  sklearn.metrics.hamming_loss
 */
extern const lathe_metric_type lathe_hamming_distance_metric;

lathe_metric *lathe_metric_hamming_score(int classes, const lathe_hamming_opts *opts);
lathe_metric *lathe_metric_hamming_distance(int classes, const lathe_hamming_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
