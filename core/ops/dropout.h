/* Dropout. */
#ifndef LATHE_CORE_OPS_DROPOUT_H
#define LATHE_CORE_OPS_DROPOUT_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * In LATHE_TRAIN each number is 0 with probability p and x / (1 - p) otherwise. In LATHE_EVAL y is x.
 *
 * The choice of zeros is keyed by the tape's seed and step, the number of the dropout in the step, and the
 * number's position. So it is the same for any number of threads and after a resume.
 * Gradient to x, where y is not dropped.
 * Memory   the result. If p is 0, and in LATHE_EVAL, the result is x itself.
 * Errors   LATHE_EARG unless p is in [0, 1).
 * Same as  torch.nn.functional.dropout, with other random numbers
 */
lathe_tensor *lathe_dropout(lathe_tensor *x, double p);

#ifdef __cplusplus
}
#endif
#endif
