#include "dropout.h"

#include "../layer_impl.h"

typedef struct dropout_layer {
    lathe_layer layer;
    double p;
} dropout_layer;

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_dropout(x, ((dropout_layer *)layer)->p);
}

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    lathe_describe(text, size, "p %g", ((const dropout_layer *)layer)->p);
}

const lathe_layer_type lathe_dropout_layer = {
    .name = "dropout",
    .size = sizeof(dropout_layer),
    .forward = forward,
    .describe = describe,
    .summary = "zeros at random places while training",
};

lathe_layer *lathe_nn_dropout(lathe_model *model, double p)
{
    if (!(p >= 0 && p < 1))
        return lathe_model_fail(model, LATHE_EARG, "lathe_nn_dropout: p = %g is outside [0, 1)", p);
    dropout_layer *layer = lathe_layer_new(model, &lathe_dropout_layer);
    if (layer) layer->p = p;
    return layer ? &layer->layer : NULL;
}

typedef struct depth_layer {
    lathe_layer layer;
    double p;
    lathe_depth_mode mode;
} depth_layer;

static lathe_tensor *depth_forward(lathe_layer *layer, lathe_tensor *x)
{
    const depth_layer *depth = (const depth_layer *)layer;
    return lathe_stochastic_depth(x, depth->p, depth->mode);
}

static void describe_depth(const lathe_layer *layer, char *text, size_t size)
{
    const depth_layer *depth = (const depth_layer *)layer;
    lathe_describe(text, size, "p %g%s", depth->p, depth->mode == LATHE_DEPTH_BATCH ? ", batch" : "");
}

const lathe_layer_type lathe_stochastic_depth_layer = {
    .name = "stochastic_depth",
    .size = sizeof(depth_layer),
    .forward = depth_forward,
    .describe = describe_depth,
    .summary = "zeros for random images while training",
};

lathe_layer *lathe_nn_stochastic_depth(lathe_model *model, double p, lathe_depth_mode mode)
{
    if (!(p >= 0 && p <= 1))
        return lathe_model_fail(model, LATHE_EARG, "lathe_nn_stochastic_depth: p = %g is outside [0, 1]", p);
    if (mode != LATHE_DEPTH_ROW && mode != LATHE_DEPTH_BATCH)
        return lathe_model_fail(model, LATHE_EARG, "lathe_nn_stochastic_depth: mode %d is unknown",
            (int)mode);
    depth_layer *layer = lathe_layer_new(model, &lathe_stochastic_depth_layer);
    if (layer) layer->p = p, layer->mode = mode;
    return layer ? &layer->layer : NULL;
}
