#include <stdarg.h>

#include "layer_impl.h"
#include "layers.h"

static bool may_fuse(const lathe_layer *layer, const lathe_layer *next)
{
    const lathe_model *model = layer->model;
    return layer->type->forward_relu && next->type == &lathe_relu_layer && !model->no_fusion && !model->hook;
}

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    for (int i = 0; i < layer->children; i++) {
        bool fuse = i + 1 < layer->children && may_fuse(layer->child[i], layer->child[i + 1]);
        x = fuse ? lathe_layer_forward_relu(layer->child[i++], x) : lathe_nn_forward(layer->child[i], x);
    }
    return x;
}

const lathe_layer_type lathe_sequential_layer = {
    .name = "sequential", .size = sizeof(lathe_layer), .forward = forward, .summary = "one layer after the other"
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
    if (sequential && sequential->type != &lathe_sequential_layer)
        return lathe_model_fail(
            sequential->model, LATHE_EARG, "lathe_nn_append: a %s is no sequential", sequential->type->name);
    return lathe_layer_add(sequential, layer, NULL);
}
