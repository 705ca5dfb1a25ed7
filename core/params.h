/* A model's parameters, in the form that optimizers use. */
#ifndef LATHE_CORE_PARAMS_H
#define LATHE_CORE_PARAMS_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The trainable parameters of a model: its tensors in the order of their creation, and two slabs, one with
 * the numbers and one with the gradients. In a slab each tensor begins at a multiple of 16 numbers; the gaps
 * hold zeros.
 * Memory   belongs to the model.
 */
typedef struct lathe_params {
    lathe_tensor **tensor;
    int count;
    lathe_real *data, *grad;
    size_t size; /* numbers in each slab, gaps included */
} lathe_params;

/**
 * Exchange all parameters with `numbers`, an array in the order and of the length of their slab, for example
 * with averaged weights for an evaluation. A second call exchanges them back. If either argument is NULL,
 * nothing happens.
 */
void lathe_params_swap(const lathe_params *params, lathe_real *numbers);

#ifdef __cplusplus
}
#endif

#endif
