#include <stdarg.h>

#include "../../core/ops/shape.h"
#include "../layer_impl.h"
#include "concat.h"

enum { MAX_BRANCHES = 64 }; /* lathe_concat's limit */

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    lathe_tensor *branch[MAX_BRANCHES];
    for (int i = 0; i < layer->children; i++) branch[i] = lathe_nn_forward(layer->child[i], x);
    return lathe_concat(branch, layer->children);
}

const lathe_layer_type lathe_concat_layer = {
    .name = "concat",
    .size = sizeof(lathe_layer),
    .forward = forward,
    .summary = "what several layers make of x, joined",
};

lathe_layer *lathe_nn_concat(lathe_model *model, ...)
{
    lathe_layer *layer = lathe_layer_new(model, &lathe_concat_layer);
    if (!layer) return NULL;
    va_list list;
    va_start(list, model);
    for (lathe_layer *child; (child = va_arg(list, lathe_layer *));) lathe_layer_add(layer, child, NULL);
    va_end(list);
    if (layer->children < 1 || layer->children > MAX_BRANCHES)
        return lathe_model_fail(model, LATHE_EARG, "lathe_nn_concat: %d layers given; it takes 1 to %d",
            layer->children, MAX_BRANCHES);
    return model->status ? NULL : layer;
}
