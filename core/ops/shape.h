/* Operations that only move numbers. */
#ifndef LATHE_CORE_OPS_SHAPE_H
#define LATHE_CORE_OPS_SHAPE_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** [B, d1, d2, ...] to [B, d1*d2*...], row-major. Shares x's numbers, no copy. Same as torch.flatten(x, 1) */
lathe_tensor *lathe_flatten(lathe_tensor *x);

/**
 * The same numbers in row-major order with another shape. A batched tensor keeps its first dimension. One
 * dimension may be -1: it is computed. The result shares x's numbers.
 * Errors   LATHE_ESHAPE
 * Same as  torch.reshape
 */
lathe_tensor *lathe_reshape(lathe_tensor *x, lathe_shape shape);

/**
 * Join tensors along dimension 1 (channels, features): [B, C1, ...], [B, C2, ...] to [B, C1+C2, ...]. 1 to 64
 * batched inputs whose other dimensions are equal. Gradient to each.
 * Errors   LATHE_EARG, LATHE_ESHAPE
 * Same as  torch.cat(xs, 1)
 */
lathe_tensor *lathe_concat(lathe_tensor *const *xs, int count);

/**
 * Channels (features) [first, first + count) of dimension 1: [B, C, ...] to [B, count, ...]. Gradient to x.
 * Errors   LATHE_ESHAPE unless x is batched [B, C, ...]; LATHE_EARG for channels outside of x
 * Same as  x[:, first:first + count]
 */
lathe_tensor *lathe_slice(lathe_tensor *x, int first, int count);

/**
 * Every stride-th row and column, with zero channels on both sides: the parameter-free shortcut of He et al.
 * 2015 (option A).
 *
 *     [B, C, H, W] to [B, channels, ceil(H/stride), ceil(W/stride)]
 *     x's channels in the middle, (channels - C) / 2 zero channels before them
 *
 * Errors   LATHE_ESHAPE if channels < C; LATHE_EARG if stride < 1.
 * Same as  torch.nn.functional.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, before, after))
 */
lathe_tensor *lathe_subsample(lathe_tensor *x, int stride, int channels);

#ifdef __cplusplus
}
#endif
#endif
