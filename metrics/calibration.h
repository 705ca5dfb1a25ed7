/* Calibration: does the model's confidence agree with its accuracy? */
#ifndef LATHE_METRICS_CALIBRATION_H
#define LATHE_METRICS_CALIBRATION_H

#include "metric.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_calibration_norm {
    LATHE_CALIBRATION_MEAN, /* the mean gap over samples: ECE */
    LATHE_CALIBRATION_MAX   /* the gap of the worst bin: MCE */
} lathe_calibration_norm;

/** NULL or zeros: 15 bins, scores are logits, mean. */
typedef struct lathe_calibration_opts {
    int bins;           /* of equal width; bin n of N holds confidences in (n/N, (n+1)/N] */
    bool probabilities; /* scores are probabilities already; otherwise softmax makes them */
    lathe_calibration_norm norm;
} lathe_calibration_opts;

/**
 * "calibration_error": samples are sorted into bins by their confidence, that is, by their largest
 * probability. The value is, over the bins,
 *
 *     sum of (samples in the bin / all samples) * |accuracy in the bin - mean confidence in the bin|
 *
 * or the largest of these gaps.
 *
 * Source   Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", 2017.
 */
extern const lathe_metric_type lathe_calibration_error_metric;

lathe_metric *lathe_metric_calibration_error(int classes, const lathe_calibration_opts *opts);

/** One bin, for a reliability diagram. Confidence and accuracy are NaN in a bin without samples. */
typedef struct lathe_calibration_bin {
    double samples, confidence, accuracy;
} lathe_calibration_bin;

/**
 * All bins [count] of a "calibration_error". Errors: LATHE_EARG for another metric or another number of bins.
 */
lathe_status lathe_calibration_bins(const lathe_metric *metric, lathe_calibration_bin *bins, int count);

#ifdef __cplusplus
}
#endif
#endif
