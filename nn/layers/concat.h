/* Layers in parallel. */
#ifndef LATHE_NN_LAYERS_CONCAT_H
#define LATHE_NN_LAYERS_CONCAT_H

#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The results of several layers for the same x, joined along dimension 1 (see lathe_concat). The list ends
 * with NULL and has at most 64 layers, named "0", "1", ...
 */
lathe_layer *lathe_nn_concat(lathe_model *model, ...) __attribute__((sentinel));

#ifdef __cplusplus
}
#endif
#endif
