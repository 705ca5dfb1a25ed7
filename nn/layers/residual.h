/* A residual block. */
#ifndef LATHE_NN_LAYERS_RESIDUAL_H
#define LATHE_NN_LAYERS_RESIDUAL_H

#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y = body(x) + shortcut(x), or body(x) + x if shortcut is NULL. The two layers are named "body" and
 * "shortcut".
 * Source   He et al. 2015
 */
lathe_layer *lathe_nn_residual(lathe_model *model, lathe_layer *body, lathe_layer *shortcut);

#ifdef __cplusplus
}
#endif
#endif
