#include "build_impl.h"

/* Caffe's cifar10_quick, with PyTorch's first numbers: no ReLU between the linear layers, pooling 3x3 stride
 * 2 in ceil mode. */
static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    const lathe_nn_conv2d_opts same = { .padding = 2 };
    const lathe_pool_opts half = { .stride = 2, .ceil_mode = true };
    lathe_extent extent = { 64, spec->height, spec->width };
    for (int i = 0; i < 3; i++) extent = lathe_extent_after_ceil(extent, 3, 2);
    int features = lathe_extent_features(model, "cifar10-quick", spec, extent);
    return lathe_nn_sequential(model,
        lathe_nn_conv2d(model, spec->channels, 32, 5, &same),
        lathe_nn_max_pool2d(model, 3, &half),
        lathe_nn_relu(model),
        lathe_nn_conv2d(model, 32, 32, 5, &same),
        lathe_nn_relu(model),
        lathe_nn_avg_pool2d(model, 3, &half),
        lathe_nn_conv2d(model, 32, 64, 5, &same),
        lathe_nn_relu(model),
        lathe_nn_avg_pool2d(model, 3, &half),
        lathe_nn_flatten(model),
        lathe_nn_linear(model, features, 64, NULL),
        lathe_nn_linear(model, 64, spec->classes, NULL),
        NULL);
}

const lathe_model_type lathe_cifar10_quick_model = {
    .name = "cifar10-quick",
    .summary = "Caffe's quick network: three 5x5 convolutions, two linear layers",
    .native = { 3, 32, 32, 10 },
    .build = build,
};
