/*
 * A sequence of layers, and how nets are built. The constructor of a layer makes it in `model` and checks its
 * arguments. If one is wrong, or the model has failed before, it returns NULL and the model is failed. So
 * build without checks, and ask lathe_nn_init or lathe_model_status in the end:
 *
 *     lathe_layer *net = lathe_nn_sequential(model,
 *         lathe_nn_flatten(model),
 *         lathe_nn_linear(model, 784, 100, NULL),
 *         lathe_nn_relu(model),
 *         lathe_nn_linear(model, 100, 10, NULL), NULL);
 *
 * Shapes in all headers of layers: B images of C channels, H rows and W columns. A layer's formula, gradient
 * and errors are those of the operation of its name (core/ops). Initial values are PyTorch's by default.
 */
#ifndef LATHE_NN_LAYERS_SEQUENTIAL_H
#define LATHE_NN_LAYERS_SEQUENTIAL_H

#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * One layer after the other; the list ends with NULL. Their names are "0", "1", ... Returns NULL if the model
 * has failed, so a failed constructor in the list needs no check. Same as torch.nn.Sequential
 */
lathe_layer *lathe_nn_sequential(lathe_model *model, ...) __attribute__((sentinel));

/** Put `layer` at the end of a sequential, for nets that are built in a loop. Returns `layer`. Errors:
 * LATHE_EARG. */
lathe_layer *lathe_nn_append(lathe_layer *sequential, lathe_layer *layer);

#ifdef __cplusplus
}
#endif
#endif
