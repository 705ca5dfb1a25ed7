/* Sums, products and means. */
#ifndef LATHE_CORE_OPS_ARITHMETIC_H
#define LATHE_CORE_OPS_ARITHMETIC_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y = a + b. Gradient to both.
 *
 * Each dimension of b is a's, or 1: then its numbers meet all of a's in that dimension. A plain b (a
 * parameter) may have fewer dimensions: [C] is a number for each channel of [B, C, ...], [C, 1, 1] is
 * [1, C, 1, 1].
 * The result has a's shape.
 * Errors   LATHE_ESHAPE
 */
lathe_tensor *lathe_add(lathe_tensor *a, lathe_tensor *b);

/** y = max(a + b, 0) in one pass, the end of a residual block. The bits of lathe_relu(lathe_add(a, b)). */
lathe_tensor *lathe_add_relu(lathe_tensor *a, lathe_tensor *b);

/** y = a * b, element by element; shapes and errors as in lathe_add. Gradient to both. */
lathe_tensor *lathe_mul(lathe_tensor *a, lathe_tensor *b);

/** y = factor * x. Gradient to x. Errors: LATHE_EARG if factor is not finite. */
lathe_tensor *lathe_scale(lathe_tensor *x, double factor);

/**
 * The mean of all numbers without tail lanes, rank 0; the same bits for any number of threads. Gradient to x.
 */
lathe_tensor *lathe_mean(lathe_tensor *x);

#ifdef __cplusplus
}
#endif
#endif
