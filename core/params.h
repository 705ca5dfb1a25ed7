/* A model's parameters as an optimizer sees them. */
#ifndef LATHE_CORE_PARAMS_H
#define LATHE_CORE_PARAMS_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The trainable parameters of a model: tensors in the order of their paths' creation, and the two slabs they
 * lie in, one for numbers and one for gradients. In a slab each tensor begins at a multiple of 16 numbers;
 * the gaps hold zeros. It lives with the model.
 */
typedef struct lathe_params {
    lathe_tensor **tensor;
    int count;
    lathe_real *data, *grad;
    size_t size; /* numbers in each slab, gaps included */
} lathe_params;

/**
 * Exchange all parameters with `numbers`, an array as long as their slab and in its order: averaged weights
 * for an evaluation, say, and a second time to go back. NULL for either: nothing happens.
 */
void lathe_params_swap(const lathe_params *params, lathe_real *numbers);

#ifdef __cplusplus
}
#endif

#endif
