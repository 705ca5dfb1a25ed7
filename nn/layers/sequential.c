#include <stdarg.h>

#include "../fusion_impl.h"
#include "sequential.h"

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    for (int i = 0; i < layer->children; i++) x = lathe_fusion_forward(layer, &i, x);
    return x;
}

const lathe_layer_type lathe_sequential_layer = {
    .name = "sequential",
    .size = sizeof(lathe_layer),
    .forward = forward,
    .summary = "one layer after the other",
};

lathe_layer *lathe_nn_sequential(lathe_model *model, ...)
{
    lathe_layer *layer = lathe_layer_new(model, &lathe_sequential_layer);
    if (!layer) return NULL;
    va_list list;
    va_start(list, model);
    for (lathe_layer *child; (child = va_arg(list, lathe_layer *));) lathe_layer_add(layer, child, NULL);
    va_end(list);
    return model->status ? NULL : layer;
}

lathe_layer *lathe_nn_append(lathe_layer *sequential, lathe_layer *layer)
{
    if (!sequential || !layer) {
        lathe_fail_null("lathe_nn_append", sequential ? "layer" : "sequential");
        return lathe_model_adopt_failure(sequential ? sequential->model : layer ? layer->model : NULL);
    }
    if (sequential->type != &lathe_sequential_layer)
        return lathe_model_fail(sequential->model, LATHE_EARG, "lathe_nn_append: a %s is not a sequential",
            sequential->type->name);
    return lathe_layer_add(sequential, layer, NULL);
}
