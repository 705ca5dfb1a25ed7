#include <stdarg.h>

#include "../layer_impl.h"
#include "sequential.h"

/* Child number i if there is one. */
static lathe_layer *child_at(const lathe_layer *layer, int i)
{
    return i < layer->children ? layer->child[i] : NULL;
}

static bool is_relu(const lathe_layer *layer) { return layer && layer->type == &lathe_relu_layer; }

static bool takes_relu(const lathe_layer *layer) { return layer && layer->type->forward_of_relu; }

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    bool fuse = !layer->model->no_fusion && !layer->model->hook;
    for (int i = 0; i < layer->children; i++) {
        lathe_layer *child = layer->child[i], *next = child_at(layer, i + 1);
        if (fuse && is_relu(child) && takes_relu(next)) {
            x = lathe_layer_forward_of_relu(next, x);
            i++;
        } else if (fuse && child->type->forward_relu && is_relu(next) &&
            !takes_relu(child_at(layer, i + 2))) {
            x = lathe_layer_forward_relu(child, x);
            i++;
        } else x = lathe_nn_forward(child, x);
    }
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
    if (sequential && sequential->type != &lathe_sequential_layer)
        return lathe_model_fail(sequential->model, LATHE_EARG, "lathe_nn_append: a %s is not a sequential",
            sequential->type->name);
    return lathe_layer_add(sequential, layer, NULL);
}
