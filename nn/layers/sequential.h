/*
 * A sequence of layers, and how nets are built. A constructor makes a layer in `model` and checks its
 * arguments. After a failure it returns NULL, and so do all later constructors of the model. So build a net
 * without checks and ask lathe_nn_init or lathe_model_status at the end:
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
 * One layer after the other. The list ends with NULL; the layers are named "0", "1", ... Returns NULL if the
 * model has failed, so the constructors in the list need no checks.
 * Same as  torch.nn.Sequential
 */
lathe_layer *lathe_nn_sequential(lathe_model *model, ...) __attribute__((sentinel));

/** Add `layer` at the end of a sequential, for nets built in a loop. Returns `layer`. Errors: LATHE_EARG. */
lathe_layer *lathe_nn_append(lathe_layer *sequential, lathe_layer *layer);

/**
 * Run a part of a sequential: its layers `first` to `end` - 1. One part after the other gives the bits of
 * lathe_nn_forward.
 * Errors   those of lathe_nn_forward; LATHE_EARG for another kind of layer and for layers that do not exist
 */
lathe_tensor *lathe_nn_forward_part(lathe_layer *sequential, int first, int end, lathe_tensor *x);

#ifdef __cplusplus
}
#endif
#endif
