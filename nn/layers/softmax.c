#include "../../core/ops/softmax.h"

#include "softmax.h"

static lathe_tensor *softmax(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_softmax(x);
}

const lathe_layer_type lathe_softmax_layer = {
    .name = "softmax",
    .size = sizeof(lathe_layer),
    .forward = softmax,
    .summary = "probabilities over dimension 1",
};

lathe_layer *lathe_nn_softmax(lathe_model *model) { return lathe_layer_new(model, &lathe_softmax_layer); }

static lathe_tensor *log_softmax(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_log_softmax(x);
}

const lathe_layer_type lathe_log_softmax_layer = {
    .name = "log_softmax",
    .size = sizeof(lathe_layer),
    .forward = log_softmax,
    .summary = "logarithms of softmax",
};

lathe_layer *lathe_nn_log_softmax(lathe_model *model)
{
    return lathe_layer_new(model, &lathe_log_softmax_layer);
}
