/* Check a gradient: compare each of its elements with central differences. */
#ifndef LATHE_CORE_GRADCHECK_H
#define LATHE_CORE_GRADCHECK_H

#include "tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The function to check: computes a result from the leaves. It must not keep state between calls. */
typedef lathe_tensor *lathe_function(void *context, lathe_tensor *const *leaves, int count);

/** An input of that function. */
typedef struct lathe_leaf {
    lathe_layout layout;
    lathe_shape shape;
    const lathe_real *values; /* row-major; NULL: random normal numbers keyed by the leaf's number */
    bool constant;            /* do not check its gradient */
} lathe_leaf;

/** NULL or zeros: steps and tolerances for this build's number type. */
typedef struct lathe_gradcheck_opts {
    double step; /* of the differences, to either side; 0 means 1e-6 in double, 1e-2 in float */
    /** Tolerance: |a - n| <= absolute + relative * |n|. 0 means 1e-8 in double, 1e-3 in float. */
    double absolute;
    double relative; /* 0 means 1e-6 in double, 1e-2 in float */
    uint64_t seed;   /* of random leaves and of the projection of the result to a number */
} lathe_gradcheck_opts;

/**
 * Check the gradient of `function` for each element of each leaf that is not constant, on a training tape of
 * its own.
 *
 * The tape's layout is LATHE_CHANNELS if that of a leaf is. A fixed random projection makes a number of the
 * result. Tail lanes of leaves hold a number that must not matter, and the tail lanes of their gradients must
 * be 0. An element that fails is checked again with a difference of fourth order, which suffers less from the
 * rounding of large results. Its step is 1000 times as wide in double, 4 times in float.
 * worst    becomes the largest |a - n| / (absolute + relative * |n|), at most 1 for a right gradient; may be
 *          NULL
 * Errors   LATHE_ESTATE naming the worst element and both numbers; or the function's own failure
 * Same as  torch.autograd.gradcheck. Trust the double build.
 */
lathe_status lathe_gradcheck(lathe_function *function, void *context, const lathe_leaf *leaves, int count,
    const lathe_gradcheck_opts *opts, double *worst);

#ifdef __cplusplus
}
#endif
#endif
