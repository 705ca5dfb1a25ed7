/* Dropout. */
#ifndef LATHE_CORE_OPS_DROPOUT_H
#define LATHE_CORE_OPS_DROPOUT_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * In LATHE_TRAIN each number is 0 with probability p and x / (1 - p) otherwise; in LATHE_EVAL y is x.
 * What falls is keyed by the tape's seed and step, the number of the dropout in the step, and the number's
 * place: the same for any number of threads and after a resume. Gradient to x, through what stayed. Memory:
 * the result; where p is 0 and in LATHE_EVAL the result is x itself.
 * Errors   LATHE_EARG unless p is in [0, 1).
 * Same as  torch.nn.functional.dropout (but for which numbers fall)
 */
lathe_tensor *lathe_dropout(lathe_tensor *x, double p);

#ifdef __cplusplus
}
#endif
#endif
