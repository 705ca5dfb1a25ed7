/* What the tests of losses share. */
#ifndef LATHE_TESTS_LOSS_TEST_H
#define LATHE_TESTS_LOSS_TEST_H

#include "op_test.h"

/** "mean", "sum", "none". */
extern const char *const reduction_names[3];

/** Losses agree with a twin in double and with PyTorch to this, relative and absolute. */
extern const double loss_tolerance;

/** assert_result for the losses `each` [size] as the reduction makes them: as they are, their sum, or that
 * over `divisor`. */
void assert_loss(const char *what, lathe_function *function, void *context, const lathe_leaf *leaves,
    int count, lathe_reduction reduction, const double *each, size_t size, double divisor);

/** A constant batched leaf of numbers in [0, 1], every third of them 0 or 1. The caller frees it:
 * free_leaves. */
lathe_leaf target_leaf(lathe_shape shape, uint64_t seed);

/** Labels 0 ... classes-1, and now and then `ignored`; the first is 0. The caller frees them. */
int *random_labels(size_t count, int classes, int ignored, uint64_t seed);

/**
 * assert_golden of losses.txt with the leaves NAME.x0 and, if `shapes` is 2, NAME.x1, both batched of that
 * shape. With `constant` the second has no gradient.
 */
void assert_golden_loss(const char *name, lathe_function *function, void *context, lathe_shape shape,
    int leaves, bool constant);

/** For the end of a group of tests: golden_counts of the losses. */
int count_losses(void **state);

/** Whole numbers of losses.txt; the caller frees them. */
int *golden_labels(const char *name, size_t count);

#endif
