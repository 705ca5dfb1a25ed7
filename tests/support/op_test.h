/*
 * What the tests of operations share. Operations are tested as a lathe_function of some leaves, as
 * lathe_gradcheck has it. Each check of results and gradients runs once as the test gives the leaves. With
 * batched leaves [B, C, H, W] it runs again with these images' channels abreast, and results and single
 * gradients also with plain pictures, as lathe_input has them.
 */
#ifndef LATHE_TESTS_OP_TEST_H
#define LATHE_TESTS_OP_TEST_H

#include "support.h"

/** The batches that every operation is tested with: one image, and around the ends of blocks of sixteen. */
extern const int test_batches[5];

/** Channels around the ends of blocks of sixteen. */
extern const int test_channels[6];

/** A leaf of normal numbers that depend on `seed` alone, or of numbers_apart. The caller frees the values:
 * free_leaves. */
lathe_leaf normal_leaf(lathe_layout layout, lathe_shape shape, uint64_t seed);
lathe_leaf apart_leaf(lathe_layout layout, lathe_shape shape, uint64_t seed);
void free_leaves(lathe_leaf *leaves, int count);

/**
 * Numbers in random order, each 0.05 from the next and none nearer to 0 than 0.025: for functions that are
 * not smooth at 0 or where two numbers are equal.
 */
void numbers_apart(lathe_real *values, size_t count, uint64_t seed);

/** The leaf's values as doubles, for a naive twin. The caller frees them. */
double *leaf_doubles(const lathe_leaf *leaf);

/**
 * Run the function in this mode and fail unless the result is `want` (row-major). Tail lanes hold a number
 * that must not matter.
 */
void assert_result(const char *what, lathe_function *function, void *context, const lathe_leaf *leaves,
    int count, lathe_mode mode, const double *want, size_t want_count, double relative, double absolute);

/**
 * Run it forward and backward, the gradient of the result being `gy` (row-major), and fail unless the
 * gradient of leaf `leaf` is `want`.
 */
void assert_leaf_gradient(const char *what, lathe_function *function, void *context, const lathe_leaf *leaves,
    int count, const double *gy, size_t gy_count, int leaf, const double *want, double relative,
    double absolute);

/** A leaf with the numbers of a golden file's array (see golden). */
lathe_leaf golden_leaf(const char *file, const char *name, lathe_layout layout, lathe_shape shape);

/**
 * Fail unless result and gradients are those of the golden file: NAME.y for the result, whose gradient is
 * NAME.gy, and NAME.g0, NAME.g1, ... for each leaf that is not constant.
 */
void assert_golden(const char *file, const char *name, lathe_function *function, void *context,
    const lathe_leaf *leaves, int count, double relative, double absolute);

/**
 * lathe_gradcheck with this build's tolerances, after checking that the function does run operation `op` (its
 * lathe_op's name). A test of the house looks for this call with each operation's name.
 */
void assert_gradient(const char *op, lathe_function *function, void *context, const lathe_leaf *leaves,
    int count);

/**
 * Fail unless operation `op` runs with channels abreast as they are: nothing is laid out anew, and so the
 * result lies.
 */
void assert_channels(const char *op, lathe_function *function, void *context, const lathe_leaf *leaves,
    int count);

/** Fail unless result and gradients have the same bits with 1, 2, 3 and 4 threads. */
void assert_same_bits(lathe_function *function, void *context, const lathe_leaf *leaves, int count);

/** Fail unless the function fails with this status and message fragment, and its tape keeps the failure. */
void assert_op_fails(lathe_function *function, void *context, const lathe_leaf *leaves, int count,
    lathe_status status, const char *fragment);

#endif
