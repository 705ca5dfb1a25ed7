/* Group and instance normalisation layers. */
#ifndef LATHE_NN_LAYERS_GROUP_NORM_H
#define LATHE_NN_LAYERS_GROUP_NORM_H

#include "../../core/ops/group_norm.h"
#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Group normalisation of [B, channels, ...] (see lathe_group_norm).
 *
 * eps         0 means 1e-5
 * Parameters  weight [channels], at first 1; bias [channels], at first 0
 * Same as     torch.nn.GroupNorm
 */
lathe_layer *lathe_nn_group_norm(lathe_model *model, int groups, int channels, double eps);

/** NULL or zeros: eps 1e-5, no parameters. */
typedef struct lathe_nn_instance_norm_opts {
    double eps;  /* 0 means 1e-5 */
    bool affine; /* with weight and bias */
} lathe_nn_instance_norm_opts;

/**
 * Instance normalisation of [B, channels, ...] (see lathe_instance_norm).
 *
 * opts        NULL: eps 1e-5, no parameters
 * Parameters  with affine: weight [channels], at first 1; bias [channels], at first 0
 * Same as     torch.nn.InstanceNorm2d, without running statistics
 */
lathe_layer *lathe_nn_instance_norm(lathe_model *model, int channels,
    const lathe_nn_instance_norm_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
