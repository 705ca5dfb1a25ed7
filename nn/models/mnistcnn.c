#include "build_impl.h"

/* The network of PyTorch's MNIST example, without its log-softmax, which the cross-entropy does. */
static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    lathe_extent extent = { spec->channels, spec->height, spec->width };
    extent = lathe_extent_after(extent, 32, 3, 1, 0);
    extent = lathe_extent_after(extent, 64, 3, 1, 0);
    extent = lathe_extent_after(extent, 64, 2, 2, 0);
    int features = lathe_extent_features(model, "mnistcnn", spec, extent);
    return lathe_nn_sequential(model,
        lathe_nn_conv2d(model, spec->channels, 32, 3, NULL),
        lathe_nn_relu(model),
        lathe_nn_conv2d(model, 32, 64, 3, NULL),
        lathe_nn_relu(model),
        lathe_nn_max_pool2d(model, 2, NULL),
        lathe_nn_dropout(model, 0.25),
        lathe_nn_flatten(model),
        lathe_nn_linear(model, features, 128, NULL),
        lathe_nn_relu(model),
        lathe_nn_dropout(model, 0.5),
        lathe_nn_linear(model, 128, spec->classes, NULL),
        NULL);
}

const lathe_model_type lathe_mnistcnn_model = {
    .name = "mnistcnn",
    .summary = "PyTorch's MNIST example: two 3x3 convolutions, dropout, two linear layers",
    .native = { 1, 28, 28, 10 },
    .build = build,
};
