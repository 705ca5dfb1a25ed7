/* A model's parameters as an optimizer sees them. */
#ifndef LATHE_CORE_PARAMS_H
#define LATHE_CORE_PARAMS_H

#include "tensor.h"

/**
 * The trainable parameters of a model: tensors in the order of their paths' creation, and the two slabs they lie in, one for
 * numbers and one for gradients. In a slab each tensor begins at a multiple of 16 numbers; the gaps hold zeros.
 * It lives with the model.
 */
typedef struct lathe_params {
    lathe_tensor **tensor;
    int count;
    lathe_real *data, *grad;
    size_t size; /* numbers in each slab, gaps included */
} lathe_params;

#endif
