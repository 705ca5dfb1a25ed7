#include "build_impl.h"

/* For lessons: small enough to train while one looks on, and with batch norm as larger nets have it. */
static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    const lathe_nn_conv2d_opts same = { .padding = 1, .no_bias = true };
    lathe_extent extent = { 16, spec->height, spec->width };
    extent = lathe_extent_after(extent, 16, 2, 2, 0);
    extent = lathe_extent_after(extent, 32, 2, 2, 0);
    if (!lathe_extent_features(model, "small-cnn", spec, extent)) return NULL;
    return lathe_nn_sequential(model,
        lathe_nn_conv2d(model, spec->channels, 8, 3, &same),
        lathe_nn_batch_norm(model, 8, NULL),
        lathe_nn_relu(model),
        lathe_nn_max_pool2d(model, 2, NULL),
        lathe_nn_conv2d(model, 8, 16, 3, &same),
        lathe_nn_batch_norm(model, 16, NULL),
        lathe_nn_relu(model),
        lathe_nn_max_pool2d(model, 2, NULL),
        lathe_nn_conv2d(model, 16, 32, 3, &same),
        lathe_nn_batch_norm(model, 32, NULL),
        lathe_nn_relu(model),
        lathe_nn_global_avg_pool(model),
        lathe_nn_linear(model, 32, spec->classes, NULL),
        NULL);
}

const lathe_model_type lathe_small_cnn_model = {
    .name = "small-cnn",
    .summary = "three 3x3 convolutions with batch norm, for lessons",
    .native = { 1, 28, 28, 10 },
    .build = build,
};
