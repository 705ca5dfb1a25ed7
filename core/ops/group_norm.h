/* Group and instance normalisation. */
#ifndef LATHE_CORE_OPS_GROUP_NORM_H
#define LATHE_CORE_OPS_GROUP_NORM_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `groups` is required, so NULL is an error. */
typedef struct lathe_group_norm_opts {
    int groups; /* of neighbouring channels, all of the same size; required */
    double eps; /* is added to the variance; 0 means 1e-5 */
} lathe_group_norm_opts;

/**
 * For each image and each group of channels:
 *
 *     y = (x - mean) / sqrt(var + eps) * weight[c] + bias[c]
 *
 * with mean and var (divided by the count) over the group's channels at all places.
 *
 *     x, result [B, C, ...]   weight, bias [C]; NULL: ones, zeros
 *
 * Gradient to x, weight and bias.
 * Errors   LATHE_ESHAPE if weight or bias has another length, or the groups do not divide the channels;
 *          LATHE_EARG for options out of range.
 * Same as  torch.nn.functional.group_norm
 * Source   Wu, He, "Group normalization" (2018).
 */
lathe_tensor *lathe_group_norm(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias,
    const lathe_group_norm_opts *opts);

/**
 * The same with each channel as a group of its own.
 *
 * eps      is added to the variance; 0 means 1e-5.
 * Same as  torch.nn.functional.instance_norm, without running statistics
 * Source   Ulyanov, Vedaldi, Lempitsky, "Instance normalization: the missing ingredient for fast stylization"
 *          (2016).
 */
lathe_tensor *lathe_instance_norm(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias, double eps);

#ifdef __cplusplus
}
#endif
#endif
