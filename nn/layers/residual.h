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

/**
 * The same block with the names of other people's files: the body's parts are named as the block's own
 * ("conv1", not "body.conv1"; see lathe_layer_add), and the shortcut `name` ("downsample"; NULL: its number).
 */
lathe_layer *lathe_nn_residual_named(lathe_model *model, lathe_layer *body, lathe_layer *shortcut,
    const char *name);

#ifdef __cplusplus
}
#endif
#endif
