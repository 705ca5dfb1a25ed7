#include "../../core/ops/activation.h"

#include <math.h>

#include "../layer_impl.h"
#include "activation.h"

static lathe_tensor *relu(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_relu(x);
}

const lathe_layer_type lathe_relu_layer = {
    .name = "relu",
    .size = sizeof(lathe_layer),
    .forward = relu,
    .summary = "max(x, 0)",
};

lathe_layer *lathe_nn_relu(lathe_model *model) { return lathe_layer_new(model, &lathe_relu_layer); }

static lathe_tensor *gelu(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_gelu(x);
}

const lathe_layer_type lathe_gelu_layer = {
    .name = "gelu",
    .size = sizeof(lathe_layer),
    .forward = gelu,
    .summary = "x * Phi(x), Phi the normal distribution function",
};

lathe_layer *lathe_nn_gelu(lathe_model *model) { return lathe_layer_new(model, &lathe_gelu_layer); }

static lathe_tensor *silu(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_silu(x);
}

const lathe_layer_type lathe_silu_layer = {
    .name = "silu",
    .size = sizeof(lathe_layer),
    .forward = silu,
    .summary = "x * sigmoid(x)",
};

lathe_layer *lathe_nn_silu(lathe_model *model) { return lathe_layer_new(model, &lathe_silu_layer); }

static lathe_tensor *sigmoid(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_sigmoid(x);
}

const lathe_layer_type lathe_sigmoid_layer = {
    .name = "sigmoid",
    .size = sizeof(lathe_layer),
    .forward = sigmoid,
    .summary = "1 / (1 + exp(-x))",
};

lathe_layer *lathe_nn_sigmoid(lathe_model *model) { return lathe_layer_new(model, &lathe_sigmoid_layer); }

static lathe_tensor *hyperbolic_tangent(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_tanh(x);
}

const lathe_layer_type lathe_tanh_layer = {
    .name = "tanh",
    .size = sizeof(lathe_layer),
    .forward = hyperbolic_tangent,
    .summary = "hyperbolic tangent",
};

lathe_layer *lathe_nn_tanh(lathe_model *model) { return lathe_layer_new(model, &lathe_tanh_layer); }

typedef struct leaky_relu_layer {
    lathe_layer layer;
    double slope;
} leaky_relu_layer;

static lathe_tensor *leaky_relu(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_leaky_relu(x, ((leaky_relu_layer *)layer)->slope);
}

static void describe_slope(const lathe_layer *layer, char *text, size_t size)
{
    lathe_describe(text, size, "slope %g", ((const leaky_relu_layer *)layer)->slope);
}

const lathe_layer_type lathe_leaky_relu_layer = {
    .name = "leaky_relu",
    .size = sizeof(leaky_relu_layer),
    .forward = leaky_relu,
    .describe = describe_slope,
    .summary = "x for x > 0, slope * x otherwise",
};

lathe_layer *lathe_nn_leaky_relu(lathe_model *model, double slope)
{
    if (!isfinite(slope))
        return lathe_model_fail(model, LATHE_EARG, "lathe_nn_leaky_relu: slope is %g; it must be finite",
            slope);
    leaky_relu_layer *layer = lathe_layer_new(model, &lathe_leaky_relu_layer);
    if (layer) layer->slope = slope != 0 ? slope : 0.01;
    return layer ? &layer->layer : NULL;
}
