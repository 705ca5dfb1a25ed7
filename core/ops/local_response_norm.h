/* Local response normalisation. */
#ifndef LATHE_CORE_OPS_LOCAL_RESPONSE_NORM_H
#define LATHE_CORE_OPS_LOCAL_RESPONSE_NORM_H

#include <stdbool.h>

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: size 5, alpha 1e-4, beta 0.75, k 1, across channels. */
typedef struct lathe_local_response_norm_opts {
    int size;     /* channels in a window, or its side in pixels; odd; 0 means 5 */
    double alpha; /* weight of the window's mean square; >= 0; 0 means 1e-4 (LATHE_ZERO: 0) */
    double beta;  /* >= 0; 0 means 0.75 (LATHE_ZERO: 0) */
    double k;     /* > 0; 0 means 1 */
    /** The window is a square of the same channel, not a run of channels at the same pixel. */
    bool within_channel;
} lathe_local_response_norm_opts;

/**
 *     y = x / (k + alpha * m)^beta
 *     m = the mean of x^2 over the window around x; numbers outside the tensor count as 0
 *
 *     x [B, C, H, W]   result like x
 *
 * A window holds `size` numbers, or size * size with within_channel.
 * Gradient to x.
 * Memory   the result and, while it is recorded, as much again.
 * Errors   LATHE_EARG for options out of range, LATHE_ESHAPE if x is not [B, C, H, W].
 * Same as  torch.nn.functional.local_response_norm; within_channel: Caffe's LRN with WITHIN_CHANNEL.
 * Source   Krizhevsky, Sutskever, Hinton 2012.
 */
lathe_tensor *lathe_local_response_norm(lathe_tensor *x, const lathe_local_response_norm_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
