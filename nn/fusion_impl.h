/* Private: fusion, as a sequential and a residual use it. */
#ifndef LATHE_NN_FUSION_IMPL_H
#define LATHE_NN_FUSION_IMPL_H

#include "layer_impl.h"

/**
 * y = child number *i of a sequential of x; or that child and the next one as one operation, and then *i is
 * one higher. Children before `end` follow at once.
 */
lathe_tensor *lathe_fusion_forward(lathe_layer *sequential, int *i, int end, lathe_tensor *x);

/** body(x) + shortcut(x); a batch norm that ends the body and the sum are one operation. */
lathe_tensor *lathe_fusion_residual(lathe_layer *residual, lathe_tensor *x);

#endif
