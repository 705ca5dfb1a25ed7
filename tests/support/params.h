/* Parameters without a model: what optimizers are tested on. */
#ifndef LATHE_TESTS_PARAMS_H
#define LATHE_TESTS_PARAMS_H

#include "support.h"

/** `count` tensors of these sizes (rank 1), laid out as nn does; numbers and gradients are zero, and each has
 * a gradient. */
lathe_params *params_new(const int *sizes, int count);

/** One tensor of that size. */
lathe_params *params_of(int size);

void params_free(lathe_params *params);

/** Say that every tensor has a gradient, as lathe_backward does. */
void params_have_grad(lathe_params *params);

#endif
