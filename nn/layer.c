#include "layer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/chain_impl.h"
#include "../core/registry.h"
#include "layer_impl.h"

void *lathe_layer_new(lathe_model *model, const lathe_layer_type *type)
{
    if (!type) return lathe_fail_null("lathe_layer_new", "type"), NULL;
    if (!model) return lathe_fail_null(type->name, "model"), NULL;
    if (model->status) return NULL;
    if (type->size < sizeof(lathe_layer) || !type->forward)
        return lathe_model_fail(model, LATHE_EARG, "lathe_layer_new: type %s has %s", type->name,
            type->forward ? "a size too small for a lathe_layer" : "no forward");
    lathe_layer *layer = lathe_model_alloc(model, 1, type->size);
    if (!layer) return NULL;
    layer->type = type;
    layer->model = model;
    layer->name = "";
    return layer;
}

/* One more entry in an array that grows by doubling whenever `count` is a power of two: its new address, or
 * NULL. */
static void *with_room(lathe_model *model, void *array, int count)
{
    if (count & (count - 1)) return array;
    void **grown = lathe_model_alloc(model, count ? lathe_times(2, (size_t)count) : 1, sizeof *grown);
    if (grown && count) memcpy(grown, array, (size_t)count * sizeof *grown);
    return grown;
}

/* The net that `layer` is part of has changed: it needs lathe_nn_init again. */
static void forget_memory(lathe_layer *layer)
{
    for (; layer; layer = layer->parent) layer->memory = NULL;
}

static bool is_transparent(const lathe_layer *layer) { return layer->parent && !*layer->name; }

/* Whether a part of `layer`, or of a layer without a name in it, has this name. */
static bool has_part(const lathe_layer *layer, const char *name)
{
    for (int i = 0; i < layer->tensors; i++)
        if (!strcmp(lathe_named(layer->tensor[i])->name, name)) return true;
    for (int i = 0; i < layer->children; i++) {
        const lathe_layer *child = layer->child[i];
        if (*child->name ? !strcmp(child->name, name) : has_part(child, name)) return true;
    }
    return false;
}

/* Whether `name` is new among the parts that are named beside those of `layer`. */
static bool name_is_new(lathe_layer *layer, const char *who, const char *name)
{
    const lathe_layer *top = layer;
    while (is_transparent(top)) top = top->parent;
    if (!has_part(top, name)) return true;
    lathe_model_fail(layer->model, LATHE_EARG, "%s: a %s has a '%s' already", who, top->type->name, name);
    return false;
}

/* The same for all parts of a child without a name. */
static bool parts_are_new(lathe_layer *layer, const char *who, const lathe_layer *child)
{
    for (int i = 0; i < child->tensors; i++)
        if (!name_is_new(layer, who, lathe_named(child->tensor[i])->name)) return false;
    for (int i = 0; i < child->children; i++) {
        const lathe_layer *part = child->child[i];
        if (!(*part->name ? name_is_new(layer, who, part->name) : parts_are_new(layer, who, part)))
            return false;
    }
    return true;
}

static bool name_is_fine(lathe_layer *layer, const char *who, const char *name)
{
    if (!name) return lathe_fail_null(who, "name"), lathe_model_adopt_failure(layer->model), false;
    if (!*name || strchr(name, '.')) {
        lathe_model_fail(layer->model, LATHE_EARG,
            "%s: '%s' in a %s is not a name: a name has at least one character and no dot", who, name,
            layer->type->name);
        return false;
    }
    return name_is_new(layer, who, name);
}

static bool may_add(lathe_layer *layer, lathe_layer *child)
{
    const char *why = NULL;
    if (child->model != layer->model) why = "of another model";
    else if (child->parent) why = "part of a layer already";
    for (lathe_layer *above = layer; above; above = above->parent)
        if (above == child) why = "around the layer it is to be part of";
    if (why)
        lathe_model_fail(layer->model, LATHE_EARG, "lathe_layer_add: the %s is %s", child->type->name, why);
    return !why;
}

lathe_layer *lathe_layer_add(lathe_layer *layer, lathe_layer *child, const char *name)
{
    lathe_model *model = layer ? layer->model : child ? child->model : NULL;
    if (!layer || !child) {
        lathe_fail_null("lathe_layer_add", layer ? "child" : "layer");
        return lathe_model_adopt_failure(model);
    }
    if (model->status) return NULL;
    char number[16];
    if (!name) {
        snprintf(number, sizeof number, "%d", layer->children);
        name = number;
    }
    const char *who = "lathe_layer_add";
    if (!may_add(layer, child)) return NULL;
    if (!(*name ? name_is_fine(layer, who, name) : parts_are_new(layer, who, child))) return NULL;
    char *copy = lathe_model_strdup(model, name);
    void *grown = copy ? with_room(model, layer->child, layer->children) : NULL;
    if (!grown) return NULL;
    layer->child = grown;
    layer->child[layer->children++] = child;
    child->parent = layer;
    child->name = copy;
    forget_memory(child);
    return child;
}

lathe_layer *lathe_layer_alias(lathe_layer *layer, const char *path)
{
    if (!layer || !path) {
        lathe_fail_null("lathe_layer_alias", layer ? "path" : "layer");
        return lathe_model_adopt_failure(layer ? layer->model : NULL);
    }
    layer->alias = lathe_model_strdup(layer->model, path);
    return layer->alias ? layer : NULL;
}

lathe_named_tensor *lathe_named(lathe_tensor *tensor) { return (lathe_named_tensor *)tensor; }

static lathe_tensor *new_tensor(lathe_layer *layer, const char *who, const char *name,
    const lathe_shape *shape, lathe_init init, bool buffer)
{
    if (!layer) return lathe_fail_null(who, "layer"), NULL;
    lathe_model *model = layer->model;
    if (model->status || !name_is_fine(layer, who, name)) return NULL;
    size_t count = lathe_shape_count(shape);
    if (!count) {
        char text[LATHE_SHAPE_TEXT];
        return lathe_model_fail(model, LATHE_ESHAPE, "%s: %s of a %s cannot have the shape %s", who, name,
            layer->type->name, lathe_shape_text(shape, text));
    }
    lathe_named_tensor *named = lathe_model_alloc(model, 1, sizeof *named);
    char *copy = named ? lathe_model_strdup(model, name) : NULL;
    void *grown = copy ? with_room(model, layer->tensor, layer->tensors) : NULL;
    if (!grown) return NULL;
    *named = (lathe_named_tensor){ .tensor = { .shape = *shape,
                                       .layout = LATHE_PLAIN,
                                       .stored = count,
                                       .needs_grad = !buffer,
                                       .keep_grad = true,
                                       .name = copy },
        .name = copy,
        .init = init,
        .buffer = buffer };
    layer->tensor = grown;
    layer->tensor[layer->tensors++] = &named->tensor;
    forget_memory(layer);
    return &named->tensor;
}

lathe_tensor *lathe_layer_param(lathe_layer *layer, const char *name, lathe_shape shape, lathe_init init)
{
    lathe_init wish = init;
    if (init.kind ==
        LATHE_INIT_DEFAULT) /* He's bound with the gain sqrt(1/3) that PyTorch's sqrt(5) amounts to */
        wish = (lathe_init){ LATHE_INIT_KAIMING_UNIFORM, 0.57735026918962573 };
    const char *problem = lathe_init_problem(wish, &shape);
    if (layer && problem)
        return lathe_model_fail(layer->model, LATHE_EARG, "lathe_layer_param: %s of a %s: %s",
            name ? name : "a parameter", layer->type->name, problem);
    return new_tensor(layer, "lathe_layer_param", name, &shape, wish, false);
}

lathe_tensor *lathe_layer_bias(lathe_layer *layer, const lathe_tensor *weight, lathe_init init)
{
    if (!weight) return NULL;
    double fan_in = 1;
    for (int i = 1; i < weight->shape.rank; i++) fan_in *= weight->shape.dim[i];
    if (init.kind == LATHE_INIT_DEFAULT) init = (lathe_init){ LATHE_INIT_UNIFORM, 1 / sqrt(fan_in) };
    return lathe_layer_param(layer, "bias", (lathe_shape){ 1, { weight->shape.dim[0] } }, init);
}

lathe_tensor *lathe_layer_buffer(lathe_layer *layer, const char *name, lathe_shape shape, double value)
{
    return new_tensor(layer, "lathe_layer_buffer", name, &shape, (lathe_init){ LATHE_INIT_CONSTANT, value },
        true);
}

bool lathe_layer_is_dynamic(const lathe_layer *layer)
{
    if (layer->type->dynamic) return true;
    for (int i = 0; i < layer->children; i++)
        if (lathe_layer_is_dynamic(layer->child[i])) return true;
    return false;
}

lathe_status lathe_layer_problem(const lathe_layer *layer, const char **message)
{
    *message = "";
    if (!layer) {
        *message = "layer is NULL";
        return LATHE_EARG;
    }
    *message = layer->model->message;
    if (layer->model->status) return layer->model->status;
    *message = "the net has no parameters yet: call lathe_nn_init on its outermost layer";
    return layer->memory ? LATHE_OK : LATHE_ESTATE;
}

/* The layer's forward. Work may wait (core/chain_impl.h) where nobody reads numbers. */
static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    lathe_tape *tape = x->tape;
    if (layer->type->dynamic || layer->model->hook) {
        bool closed = lathe_chain_close(tape);
        lathe_tensor *y = layer->type->forward(layer, x);
        if (closed) lathe_chain_open(tape);
        return y;
    }
    bool opened = !layer->parent && lathe_tape_mode(tape) == LATHE_TRAIN && lathe_chain_open(tape);
    lathe_tensor *y = layer->type->forward(layer, x);
    if (opened) lathe_chain_close(tape);
    return y;
}

lathe_tensor *lathe_nn_forward(lathe_layer *layer, lathe_tensor *x)
{
    if (!x) return NULL;
    const char *message;
    lathe_status problem = lathe_layer_problem(layer, &message);
    if (problem) return lathe_tape_fail(x->tape, problem, "lathe_nn_forward: %s", message);
    lathe_tape *tape = x->tape;
    if (!tape) return layer->type->forward(layer, x); /* its first operation says what is wrong with x */
    const char *former = lathe_tape_scope(tape, layer->path);
    lathe_tensor *y = forward(layer, x);
    lathe_tape_scope(tape, former);
    if (layer->model->hook) layer->model->hook(layer->model->hook_context, layer, x, y);
    return y;
}

/* ---- by name ------------------------------------------------------------------------------------------- */

static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_layer_type *type = object;
    if (!type->forward) return lathe_registry_refuse(registry, type, "forward is NULL");
    if (type->size < sizeof(lathe_layer))
        return lathe_registry_refuse(registry, type, "size is below that of a lathe_layer");
    return LATHE_OK;
}

extern const void *const lathe_layer_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "layer",
    .prefix = "lathe_layer",
    .table = lathe_layer_types,
    .check = check_type };

const lathe_layer_type *lathe_layer_at(int index) { return lathe_registry_at(&registry, index); }

const lathe_layer_type *lathe_layer_find(const char *name) { return lathe_registry_find(&registry, name); }

lathe_status lathe_layer_register(const lathe_layer_type *type)
{
    return lathe_registry_add(&registry, type);
}
