/* Means and maxima over some dimensions. */
#ifndef LATHE_CORE_OPS_REDUCE_H
#define LATHE_CORE_OPS_REDUCE_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What lathe_mean_dims and lathe_max_dims are given, as attributes of their operations. */
typedef struct lathe_reduce_opts {
    int dims[LATHE_MAX_RANK]; /* -1 is the last one */
    int count;                /* of dims */
    bool keepdim;
} lathe_reduce_opts;

/**
 * The mean over `count` dimensions of x; -1 is the last one. With keepdim they become 1, otherwise they go:
 * the mean of [B, C, H, W] over { 2, 3 } is [B, C, 1, 1], or [B, C]. Without a batch the result is plain.
 * Gradient to x.
 * Errors   LATHE_EARG for dimensions that x lacks or that are given twice, and for none
 * Same as  torch.mean(x, dims, keepdim)
 */
lathe_tensor *lathe_mean_dims(lathe_tensor *x, const int *dims, int count, bool keepdim);

/**
 * The maximum over dimensions, as lathe_mean_dims. A NaN is the maximum. The gradient is shared equally by
 * numbers that are equal to the maximum; a NaN gets none.
 * Same as  torch.amax(x, dims, keepdim)
 */
lathe_tensor *lathe_max_dims(lathe_tensor *x, const int *dims, int count, bool keepdim);

#ifdef __cplusplus
}
#endif
#endif
