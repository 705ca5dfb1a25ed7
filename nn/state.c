/* The contents of a net: its parameters, its named tensors, its layers by path. */
#include <string.h>

#include "layer_impl.h"

const lathe_params *lathe_nn_params(lathe_layer *layer)
{
    const char *message;
    lathe_status problem = lathe_layer_problem(layer, &message);
    if (!problem) return &layer->memory->params;
    lathe_fail(problem, "lathe_nn_params: %s", message);
    return NULL;
}

lathe_tensor *const *lathe_nn_state(lathe_layer *layer, int *count)
{
    const char *message;
    lathe_status problem = lathe_layer_problem(layer, &message);
    if (count) *count = problem ? 0 : layer->memory->states;
    if (!problem) return layer->memory->state;
    lathe_fail(problem, "lathe_nn_state: %s", message);
    return NULL;
}

lathe_tensor *lathe_nn_find(lathe_layer *layer, const char *path)
{
    if (!layer || !layer->memory || !path) return NULL;
    size_t skip = *layer->path ? strlen(layer->path) + 1 : 0;
    for (int i = 0; i < layer->memory->states; i++)
        if (!strcmp(layer->memory->state[i]->name + skip, path)) return layer->memory->state[i];
    return NULL;
}

/* The part of `layer`, or of a layer without a name in it, whose name is `name` [length]. */
static lathe_layer *find_part(lathe_layer *layer, const char *name, size_t length)
{
    lathe_layer *found = NULL;
    for (int i = 0; i < layer->children && !found; i++) {
        lathe_layer *child = layer->child[i];
        if (!*child->name) found = find_part(child, name, length);
        else if (strlen(child->name) == length && !memcmp(child->name, name, length)) found = child;
    }
    return found;
}

lathe_layer *lathe_nn_find_layer(lathe_layer *layer, const char *path)
{
    while (layer && path && *path) {
        size_t length = strcspn(path, ".");
        layer = find_part(layer, path, length);
        path += length;
        if (*path == '.' && !*++path) return NULL; /* "3." is not a path */
    }
    return path ? layer : NULL;
}

void lathe_nn_freeze_param(lathe_tensor *param, bool frozen)
{
    if (!param) return;
    param->needs_grad = !frozen;
    if (!frozen) return;
    if (param->grad) memset(param->grad, 0, param->stored * sizeof *param->grad);
    param->has_grad = false;
}

void lathe_nn_freeze(lathe_layer *layer, bool frozen)
{
    if (!layer) return;
    for (int i = 0; i < layer->tensors; i++)
        if (!lathe_named(layer->tensor[i])->buffer) lathe_nn_freeze_param(layer->tensor[i], frozen);
    for (int i = 0; i < layer->children; i++) lathe_nn_freeze(layer->child[i], frozen);
}
