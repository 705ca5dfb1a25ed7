#include "build_impl.h"

/* LeCun, Bottou, Bengio, Haffner 1998, with ReLU and max pooling, as taught today. */
static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    lathe_extent extent = { spec->channels, spec->height, spec->width };
    extent = lathe_extent_after(extent, 6, 5, 1, 2);
    extent = lathe_extent_after(extent, 6, 2, 2, 0);
    extent = lathe_extent_after(extent, 16, 5, 1, 0);
    extent = lathe_extent_after(extent, 16, 2, 2, 0);
    int features = lathe_extent_features(model, "lenet5", spec, extent);
    return lathe_nn_sequential(model,
        lathe_nn_conv2d(model, spec->channels, 6, 5, &(lathe_nn_conv2d_opts){ .padding = 2 }),
        lathe_nn_relu(model),
        lathe_nn_max_pool2d(model, 2, NULL),
        lathe_nn_conv2d(model, 6, 16, 5, NULL),
        lathe_nn_relu(model),
        lathe_nn_max_pool2d(model, 2, NULL),
        lathe_nn_flatten(model),
        lathe_nn_linear(model, features, 120, NULL),
        lathe_nn_relu(model),
        lathe_nn_linear(model, 120, 84, NULL),
        lathe_nn_relu(model),
        lathe_nn_linear(model, 84, spec->classes, NULL),
        NULL);
}

const lathe_model_type lathe_lenet5_model = {
    .name = "lenet5",
    .summary = "LeNet-5: two 5x5 convolutions, three linear layers",
    .native = { 1, 28, 28, 10 },
    .build = build,
};
