/* Layer normalisation. */
#ifndef LATHE_CORE_OPS_LAYER_NORM_H
#define LATHE_CORE_OPS_LAYER_NORM_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: all dimensions but the batch, eps 1e-5. */
typedef struct lathe_layer_norm_opts {
    double eps; /* is added to the variance; 0 means 1e-5 */
    int dims;   /* how many last dimensions are normalised together; 0: all but the batch */
} lathe_layer_norm_opts;

/**
 * For each image, and each place in the dimensions that are not normalised:
 *
 *     y = (x - mean) / sqrt(var + eps) * weight + bias
 *
 * with mean and var (divided by the count) over the last `dims` dimensions.
 *
 *     x, result [B, ...]   weight, bias: the last `dims` dimensions of x; NULL: ones, zeros
 *
 * Gradient to x, weight and bias.
 * Errors   LATHE_ESHAPE if weight or bias has another shape; LATHE_EARG for eps or dims out of range.
 * Same as  torch.nn.functional.layer_norm
 * Source   Ba, Kiros, Hinton, "Layer normalization" (2016).
 */
lathe_tensor *lathe_layer_norm(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias,
    const lathe_layer_norm_opts *opts);

/**
 * The same over the channels at each place of each image.
 *
 *     x, result [B, C, ...]   weight, bias [C] or NULL
 *
 * eps      is added to the variance; 0 means 1e-5.
 * Gradient to x, weight and bias.
 * Errors   LATHE_ESHAPE if weight or bias has another length; LATHE_EARG for eps out of range.
 * Same as  torchvision's and timm's LayerNorm2d: layer_norm of the permuted images
 */
lathe_tensor *lathe_layer_norm2d(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias, double eps);

#ifdef __cplusplus
}
#endif
#endif
