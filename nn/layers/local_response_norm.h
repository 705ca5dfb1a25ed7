/* Local response normalisation layer. */
#ifndef LATHE_NN_LAYERS_LOCAL_RESPONSE_NORM_H
#define LATHE_NN_LAYERS_LOCAL_RESPONSE_NORM_H

#include "../../core/ops/local_response_norm.h"
#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Local response normalisation over `size` channels, or size * size pixels with opts->within_channel (see
 * lathe_local_response_norm).
 *
 * opts     NULL: alpha 1e-4, beta 0.75, k 1. Leave opts->size 0.
 * Same as  torch.nn.LocalResponseNorm
 */
lathe_layer *lathe_nn_local_response_norm(lathe_model *model, int size,
    const lathe_local_response_norm_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
