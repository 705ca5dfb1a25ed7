#include "../../core/ops/linear.h"

#include "../layer_impl.h"
#include "linear.h"

typedef struct linear_layer {
    lathe_layer layer;
    lathe_tensor *weight, *bias;
} linear_layer;

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    linear_layer *linear = (linear_layer *)layer;
    return lathe_linear(x, linear->weight, linear->bias);
}

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const linear_layer *linear = (const linear_layer *)layer;
    const int *w = linear->weight->shape.dim;
    lathe_describe(text, size, "%d -> %d%s", w[1], w[0], linear->bias ? "" : ", no bias");
}

const lathe_layer_type lathe_linear_layer = {
    .name = "linear",
    .size = sizeof(linear_layer),
    .forward = forward,
    .describe = describe,
    .summary = "fully connected",
};

lathe_layer *lathe_nn_linear(lathe_model *model, int in_features, int out_features,
    const lathe_nn_linear_opts *opts)
{
    lathe_nn_linear_opts o = opts ? *opts : (lathe_nn_linear_opts){ 0 };
    if (!lathe_layer_argument(model, "lathe_nn_linear", "in_features", in_features, 1) ||
        !lathe_layer_argument(model, "lathe_nn_linear", "out_features", out_features, 1))
        return NULL;
    linear_layer *linear = lathe_layer_new(model, &lathe_linear_layer);
    if (!linear) return NULL;
    linear->weight = lathe_layer_param(&linear->layer, "weight",
        (lathe_shape){ 2, { out_features, in_features } }, o.weight_init);
    if (!o.no_bias) linear->bias = lathe_layer_bias(&linear->layer, linear->weight, o.bias_init);
    return lathe_model_status(model) ? NULL : &linear->layer;
}
