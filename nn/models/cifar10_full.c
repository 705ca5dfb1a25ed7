#include "build_impl.h"

static lathe_layer *conv(lathe_model *model, int in, int out, double deviation)
{
    return lathe_nn_conv2d(model,
        in,
        out,
        5,
        &(lathe_nn_conv2d_opts){ .padding = 2,
            .weight_init = { LATHE_INIT_NORMAL, deviation },
            .bias_init = { LATHE_INIT_CONSTANT, 0 } });
}

/*
 * Caffe's cifar10_full with Caffe's first numbers: the network of table 1 of Smith, "Cyclical learning rates
 * for training neural networks" (2017). Caffe trains its biases at twice the rate, and decays the linear
 * layer's weight 250 times as much.
 */
static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    const lathe_pool_opts half = { .stride = 2, .ceil_mode = true };
    const lathe_local_response_norm_opts norm = { .alpha = 5e-5, .beta = 0.75, .within_channel = true };
    lathe_extent extent = { 64, spec->height, spec->width };
    for (int i = 0; i < 3; i++) extent = lathe_extent_after_ceil(extent, 3, 2);
    int features = lathe_extent_features(model, "cifar10-full", spec, extent);
    return lathe_nn_sequential(model,
        conv(model, spec->channels, 32, 1e-4),
        lathe_nn_max_pool2d(model, 3, &half),
        lathe_nn_relu(model),
        lathe_nn_local_response_norm(model, 3, &norm),
        conv(model, 32, 32, 0.01),
        lathe_nn_relu(model),
        lathe_nn_avg_pool2d(model, 3, &half),
        lathe_nn_local_response_norm(model, 3, &norm),
        conv(model, 32, 64, 0.01),
        lathe_nn_relu(model),
        lathe_nn_avg_pool2d(model, 3, &half),
        lathe_nn_flatten(model),
        lathe_nn_linear(model,
            features,
            spec->classes,
            &(lathe_nn_linear_opts){ .weight_init = { LATHE_INIT_NORMAL, 0.01 },
                .bias_init = { LATHE_INIT_CONSTANT, 0 } }),
        NULL);
}

const lathe_model_type lathe_cifar10_full_model = {
    .name = "cifar10-full",
    .summary = "Caffe's full network: three 5x5 convolutions, local response norms, one linear layer",
    .native = { 3, 32, 32, 10 },
    .build = build,
};
