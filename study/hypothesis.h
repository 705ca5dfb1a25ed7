/* Comparisons that are named before the runs, tested together. */
#ifndef LATHE_STUDY_HYPOTHESIS_H
#define LATHE_STUDY_HYPOTHESIS_H

#include "../metrics/significance.h"
#include "compare.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A hypothesis about a comparison, as text:
 *
 *     one cycle > steps                                one cycle reaches a higher test accuracy
 *     one cycle < steps by train_loss                  one cycle ends with a lower training loss
 *     triangular > 0 by swing                          accuracy at minima of the rate minus at maxima
 *     cosine = linear within 0.5                       they differ by less than 0.5 percentage points
 *
 * Measures: test_accuracy (the default), val_accuracy (the best of the run), swing, test_loss, val_loss,
 * train_loss, and of runs with these probes grad_norm, update_ratio, sharpness (the mean of the last third)
 * and grad_norm_swing, update_ratio_swing, sharpness_swing. Of runs with keep_cycles ensemble and
 * ensemble_gain. The test is always two-sided; the sign says what is expected. The margin is in percentage
 * points for accuracies, else in the measure's unit.
 */
typedef struct lathe_hypothesis {
    const char *text;            /* as named; owned by the comparison, as the next line */
    const char *variant, *other; /* other NULL: the variant is compared with 0 */
    const char *measure;         /* "test_accuracy" */
    bool percent;                /* numbers are parts of 1, shown as percentage points */
    int expected;                /* 1: the variant is higher, -1: lower, 0: no difference */
    double margin;               /* in the unit of `test`; 0: not given */
    lathe_paired_t test;         /* variant minus other, for equal seeds, without runs that died */
    double p; /* of `test`, with Holm's correction over all hypotheses; NaN: not tested yet */
} lathe_hypothesis;

/**
 * The hypotheses of a comparison, compare->test, with what its results say. Free the array with lathe_free,
 * before the comparison. Without hypotheses the array is empty.
 * Errors   LATHE_EARG, LATHE_ENAME naming the part that is wrong; LATHE_ENOMEM: returns NULL.
 */
lathe_hypothesis *lathe_hypotheses_of(const lathe_compare *compare, int *count);

/**
 * The result as text: "higher, as expected, p = 0.012", "lower, against the expectation, p = 0.03", "no
 * difference larger than 0.5 points, p = 0.4" (the 95 % interval lies within the margin), "undecided, p =
 * 0.4", "one seed: noise unknown", "not run yet". Returns `text`, NULL for NULL.
 */
const char *lathe_hypothesis_words(const lathe_hypothesis *hypothesis, char text[128]);

#ifdef __cplusplus
}
#endif
#endif
