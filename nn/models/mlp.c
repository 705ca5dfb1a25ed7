#include "build_impl.h"

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    int features = lathe_extent_features(model,
        "mlp",
        spec,
        (lathe_extent){ spec->channels, spec->height, spec->width });
    return lathe_nn_sequential(model,
        lathe_nn_flatten(model),
        lathe_nn_linear(model, features, 512, NULL),
        lathe_nn_relu(model),
        lathe_nn_linear(model, 512, 256, NULL),
        lathe_nn_relu(model),
        lathe_nn_linear(model, 256, spec->classes, NULL),
        NULL);
}

const lathe_model_type lathe_mlp_model = {
    .name = "mlp",
    .summary = "three linear layers: 512, 256, classes",
    .native = { 1, 28, 28, 10 },
    .build = build,
};
