/* Paths, memory and first numbers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/rng.h"
#include "layer_impl.h"

static double fan_in(const lathe_shape *shape)
{
    double fan = 1;
    for (int i = 1; i < shape->rank; i++) fan *= shape->dim[i];
    return fan;
}

static double fan_out(const lathe_shape *shape)
{
    double fan = shape->dim[0];
    for (int i = 2; i < shape->rank; i++) fan *= shape->dim[i];
    return fan;
}

const char *lathe_init_problem(lathe_init init, const lathe_shape *shape)
{
    if ((int)init.kind < LATHE_INIT_DEFAULT || init.kind > LATHE_INIT_XAVIER_NORMAL)
        return "the kind of init is unknown";
    if (!isfinite(init.a)) return "the init's a is not finite";
    if (init.a < 0 && init.kind != LATHE_INIT_CONSTANT) return "the init's a is below 0";
    if (init.kind >= LATHE_INIT_KAIMING_UNIFORM && shape->rank < 2)
        return "an init by fans needs two dimensions or more: take a constant, or uniform";
    return NULL;
}

/* The same rule as a constant, a uniform or a normal one, whose `a` is all that counts. */
static lathe_init resolve(lathe_init init, const lathe_shape *shape)
{
    double he = init.a > 0 ? init.a : sqrt(2), glorot = init.a > 0 ? init.a : 1;
    switch (init.kind) {
    case LATHE_INIT_KAIMING_UNIFORM: return (lathe_init){ LATHE_INIT_UNIFORM, he * sqrt(3 / fan_in(shape)) };
    case LATHE_INIT_KAIMING_NORMAL: return (lathe_init){ LATHE_INIT_NORMAL, he / sqrt(fan_in(shape)) };
    case LATHE_INIT_XAVIER_UNIFORM:
        return (lathe_init){ LATHE_INIT_UNIFORM, glorot * sqrt(6 / (fan_in(shape) + fan_out(shape))) };
    case LATHE_INIT_XAVIER_NORMAL:
        return (lathe_init){ LATHE_INIT_NORMAL, glorot * sqrt(2 / (fan_in(shape) + fan_out(shape))) };
    default: return init;
    }
}

static void draw(lathe_tensor *tensor, lathe_init init, uint64_t seed)
{
    lathe_rng rng = lathe_rng_at(seed, lathe_rng_stream(tensor->name), 0);
    init = resolve(init, &tensor->shape);
    for (size_t i = 0; i < tensor->stored; i++) {
        double number = init.a;
        if (init.kind == LATHE_INIT_UNIFORM) number = init.a * (2 * lathe_rng_uniform(&rng) - 1);
        else if (init.kind == LATHE_INIT_NORMAL) number = init.a * lathe_rng_normal(&rng);
        tensor->data[i] = (lathe_real)number;
    }
}

/* The sizes that a net needs, then the parts that are allocated. Offsets and sizes count numbers. */
typedef struct totals {
    int states, params;
    size_t slab, buffers;
} totals;

enum { SLAB_STEP = 16 };

static bool count_one(totals *sum, const lathe_named_tensor *named)
{
    size_t *slab = named->buffer ? &sum->buffers : &sum->slab;
    if (!lathe_size_add(*slab, named->tensor.stored, slab) || !lathe_size_add(*slab, SLAB_STEP - 1, slab))
        return false;
    *slab -= *slab % SLAB_STEP;
    sum->states++;
    sum->params += !named->buffer;
    return true;
}

static bool count_layer(totals *sum, const lathe_layer *layer)
{
    for (int i = 0; i < layer->tensors; i++)
        if (!count_one(sum, lathe_named(layer->tensor[i]))) return false;
    for (int i = 0; i < layer->children; i++)
        if (!count_layer(sum, layer->child[i])) return false;
    return true;
}

/* "3.body" and "0" to "3.body.0". */
static const char *join(lathe_model *model, const char *path, const char *name)
{
    if (!*path || !*name) return *path ? path : name;
    size_t room = strlen(path) + strlen(name) + 2;
    char *joined = lathe_model_alloc(model, room, 1);
    if (joined) snprintf(joined, room, "%s.%s", path, name);
    return joined;
}

/* Set the paths of layers and tensors, and list the tensors from `state` on. NULL after a failure. */
static lathe_tensor **name_layer(lathe_layer *layer, lathe_tensor **state)
{
    layer->path = layer->parent ? join(layer->model, layer->parent->path, layer->name) : "";
    if (!layer->path) return NULL;
    for (int i = 0; i < layer->tensors; i++) {
        lathe_named_tensor *named = lathe_named(layer->tensor[i]);
        if (!(named->tensor.name = join(layer->model, layer->path, named->name))) return NULL;
        named->tensor.alias = layer->alias ? join(layer->model, layer->alias, named->name) : NULL;
        *state++ = &named->tensor;
    }
    for (int i = 0; i < layer->children && state; i++) state = name_layer(layer->child[i], state);
    return state;
}

/* A net's arrays and slabs. */
typedef struct net_memory {
    lathe_tensor **state, **param;
    lathe_real *data, *grad, *buffers;
} net_memory;

static bool place_tensor(const net_memory *net, totals *given, lathe_named_tensor *named)
{
    lathe_tensor *tensor = &named->tensor;
    tensor->data = named->buffer ? net->buffers + given->buffers : net->data + given->slab;
    if (!named->buffer) {
        tensor->grad = net->grad + given->slab;
        net->param[given->params] = tensor;
    }
    return count_one(given, named);
}

static bool place_layer(const net_memory *net, totals *given, lathe_layer *layer)
{
    lathe_model *model = layer->model;
    lathe_layer_memory *memory = lathe_model_alloc(model, 1, sizeof *memory);
    if (!memory) return false;
    totals before = *given;
    for (int i = 0; i < layer->tensors; i++)
        if (!place_tensor(net, given, lathe_named(layer->tensor[i]))) return false;
    for (int i = 0; i < layer->children; i++)
        if (!place_layer(net, given, layer->child[i])) return false;
    memory->params = (lathe_params){ net->param + before.params, given->params - before.params,
        net->data + before.slab, net->grad + before.slab, given->slab - before.slab };
    memory->state = net->state + before.states;
    memory->states = given->states - before.states;
    layer->memory = memory;
    return true;
}

/* Count the net's tensors, and list them by name. NULL after a failure. */
static lathe_tensor **list_tensors(lathe_layer *net, totals *sum)
{
    lathe_model *model = net->model;
    if (!count_layer(sum, net))
        return lathe_model_fail(model, LATHE_ENOMEM,
            "lathe_nn_init: the parameters are more than an address space holds");
    lathe_tensor **state = lathe_model_alloc(model, (size_t)sum->states, sizeof *state);
    return state && name_layer(net, state) ? state : NULL;
}

static lathe_status allocate(lathe_layer *net)
{
    lathe_model *model = net->model;
    totals sum = { 0 }, given = { 0 };
    lathe_tensor **state = list_tensors(net, &sum);
    if (!state) return model->status;
    net_memory memory = { .state = state,
        .param = lathe_model_alloc(model, (size_t)sum.params, sizeof *memory.param),
        .data = lathe_model_alloc(model, sum.slab, sizeof *memory.data),
        .grad = lathe_model_alloc(model, sum.slab, sizeof *memory.grad),
        .buffers = lathe_model_alloc(model, sum.buffers, sizeof *memory.buffers) };
    return model->status || !place_layer(&memory, &given, net) ? model->status : LATHE_OK;
}

/* Check that `net` is a whole net. *fresh: it has no memory yet. */
static lathe_status check_net(const char *who, const lathe_layer *net, bool *fresh)
{
    const char *message;
    lathe_status problem = lathe_layer_problem(net, &message);
    *fresh = problem != LATHE_OK;
    if (problem && (!net || net->model->status)) return lathe_fail(problem, "%s: %s", who, message);
    if (!net->parent) return LATHE_OK;
    return lathe_fail(LATHE_ESTATE, "%s: the %s is part of a %s: initialise the outermost layer", who,
        net->type->name, net->parent->type->name);
}

lathe_tensor *const *lathe_nn_plan(lathe_layer *net, int *count)
{
    bool fresh;
    totals sum = { 0 };
    if (count) *count = 0;
    if (check_net("lathe_nn_plan", net, &fresh)) return NULL;
    if (!fresh) return lathe_nn_state(net, count);
    lathe_tensor **state = list_tensors(net, &sum);
    if (state && count) *count = sum.states;
    return state;
}

lathe_status lathe_nn_lend(lathe_layer *net, bool *lent)
{
    lathe_status status = check_net("lathe_nn_summary", net, lent);
    return !status && *lent ? allocate(net) : status;
}

void lathe_nn_take_back(lathe_layer *layer)
{
    layer->memory = NULL;
    for (int i = 0; i < layer->children; i++) lathe_nn_take_back(layer->child[i]);
}

lathe_status lathe_nn_init(lathe_layer *net, uint64_t seed)
{
    bool fresh;
    lathe_status status = check_net("lathe_nn_init", net, &fresh);
    if (status) return status;
    if (fresh && allocate(net)) return net->model->status;
    lathe_layer_memory *memory = net->memory;
    for (int i = 0; i < memory->states; i++) {
        lathe_tensor *tensor = memory->state[i];
        draw(tensor, lathe_named(tensor)->init, seed);
        tensor->has_grad = false;
    }
    memset(memory->params.grad, 0, memory->params.size * sizeof *memory->params.grad);
    return LATHE_OK;
}

lathe_status lathe_nn_init_weights(lathe_layer *layer, lathe_init init, uint64_t seed)
{
    const char *message;
    lathe_status problem = lathe_layer_problem(layer, &message);
    if (problem) return lathe_fail(problem, "lathe_nn_init_weights: %s", message);
    if ((message = lathe_init_problem(init, &(lathe_shape){ 2, { 1, 1 } })))
        return lathe_fail(LATHE_EARG, "lathe_nn_init_weights: %s", message);
    for (int i = 0; i < layer->memory->params.count; i++) {
        lathe_tensor *tensor = layer->memory->params.tensor[i];
        if (tensor->shape.rank >= 2) draw(tensor, init.kind ? init : lathe_named(tensor)->init, seed);
    }
    return LATHE_OK;
}
