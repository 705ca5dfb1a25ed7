#include "../../core/ops/dropout.h"

#include "../layer_impl.h"
#include "dropout.h"

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
