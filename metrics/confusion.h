/* The confusion matrix: how often each class was predicted as each class. */
#ifndef LATHE_METRICS_CONFUSION_H
#define LATHE_METRICS_CONFUSION_H

#include <stddef.h>
#include <stdint.h>

#include "../core/real.h"
#include "../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_confusion lathe_confusion;

/** An empty matrix for at least 2 classes. Errors: LATHE_EARG, LATHE_ENOMEM. */
lathe_confusion *lathe_confusion_new(int classes);

/** Free the matrix. NULL is fine. */
void lathe_confusion_free(lathe_confusion *confusion);

/**
 * Add samples: scores [count, classes] row-major, labels [count]. The prediction is the class with the
 * largest score, the first of equals.
 * Errors   LATHE_EARG as lathe_metric_update; then no sample is added.
 */
lathe_status lathe_confusion_update(lathe_confusion *confusion, const lathe_real *scores, const int *labels,
    size_t count);

/** Forget all samples. */
void lathe_confusion_reset(lathe_confusion *confusion);

int lathe_confusion_classes(const lathe_confusion *confusion);

/**
 * The matrix [classes, classes] row-major: number (i, j) counts the samples of class i that were predicted as
 * class j.
 * Memory   belongs to `confusion`.
 * Same as  sklearn.metrics.confusion_matrix(labels=range(classes))
 */
const uint64_t *lathe_confusion_counts(const lathe_confusion *confusion);

/** One class against all others. */
typedef struct lathe_class_counts {
    uint64_t true_positive, false_positive, false_negative, true_negative;
} lathe_class_counts;

/** The counts of one class; all 0 if the class does not exist. */
lathe_class_counts lathe_confusion_class(const lathe_confusion *confusion, int class_number);

/** A mistake that occurred `count` times. */
typedef struct lathe_confused {
    int label, predicted;
    uint64_t count;
} lathe_confused;

/**
 * The most frequent mistakes in falling order, equal counts in row-major order, at most `room`.
 * Returns the number of mistakes written.
 */
int lathe_confusion_mistakes(const lathe_confusion *confusion, lathe_confused *mistakes, int room);

#ifdef __cplusplus
}
#endif
#endif
