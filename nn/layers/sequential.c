#include <stdarg.h>

#include "../fusion_impl.h"
#include "sequential.h"

/* The last layer of a part is run alone: fusion would run the layer behind it too. */
static lathe_tensor *run(lathe_layer *layer, int first, int end, lathe_tensor *x)
{
    for (int i = first; i < end; i++)
        x = i + 1 < end ? lathe_fusion_forward(layer, &i, end, x) : lathe_nn_forward(layer->child[i], x);
    return x;
}

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    return run(layer, 0, layer->children, x);
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

lathe_tensor *lathe_nn_forward_part(lathe_layer *sequential, int first, int end, lathe_tensor *x)
{
    static const char who[] = "lathe_nn_forward_part";
    const char *message;
    if (!sequential || !x) return lathe_fail_null(who, sequential ? "x" : "sequential"), NULL;
    const lathe_status problem = lathe_layer_problem(sequential, &message);
    if (problem) return lathe_tape_fail(x->tape, problem, "%s: %s", who, message);
    if (sequential->type != &lathe_sequential_layer)
        return lathe_tape_fail(x->tape, LATHE_EARG, "%s: a %s is not a sequential", who,
            sequential->type->name);
    if (first < 0 || end < first || end > sequential->children)
        return lathe_tape_fail(x->tape, LATHE_EARG, "%s: layers %d to %d of %d", who, first, end,
            sequential->children);
    return run(sequential, first, end, x);
}
