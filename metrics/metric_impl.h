/* Private: what the metrics share. */
#ifndef LATHE_METRICS_METRIC_IMPL_H
#define LATHE_METRICS_METRIC_IMPL_H

#include "metric.h"

/**
 * Check that all scores [count, classes] are finite, and all labels [count] (targets [count, classes] if
 * many) in range.
 * Errors   LATHE_EARG naming the first number that fails.
 */
lathe_status lathe_check_samples(const char *who, int classes, const lathe_real *scores, const int *labels,
    bool many, size_t count);

/** p = softmax of one sample's scores, in double. */
void lathe_scores_softmax(const lathe_real *scores, int classes, double *p);

/** All samples of a metric, as its compute receives them. */
lathe_metric_view lathe_metric_view_of(const lathe_metric *metric);

#endif
