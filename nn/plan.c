/*
 * A plan's operations depend on the size of the batch, so the net is rehearsed once for each size: that gives
 * a trace, whose folded steps are applied to the tape of a replay. A batch whose results need more memory
 * than a cache runs in parts, so that an operation finds the results of the one before it in the cache. Parts
 * are as a process's pictures of a shared batch: bits depend on the whole batch, not on the parts.
 */
#include "plan.h"

#include <limits.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/relayout.h"
#include "../core/replay_impl.h"
#include "fold_impl.h"
#include "layer_impl.h"
#include "trace_impl.h"

/* CACHE: bytes that several second-level caches hold. */
enum { VARIANTS = 3, KEYS = 6, MOST_INPUTS = 65, CACHE = 4 << 20 };

/* The weights of a step, folded or packed or both. Steps of several variants share them. */
typedef struct constant {
    int users;
    const lathe_op *op;
    const lathe_tensor *key[KEYS]; /* the parameters that they are made of */
    lathe_tensor weight, bias;     /* if `folded`; weight.data is freed when it has been packed */
    bool folded;
    lathe_real *packed;
    size_t packed_size;
} constant;

/* The net for one size of batches. */
typedef struct variant {
    lathe_shape shape; /* of x; rank 0: not made */
    lathe_layout layout;
    bool pictures, sharded; /* sharded also if x is a part of a batch that runs in parts */
    lathe_trace *trace;
    lathe_replay *replay; /* NULL: the net cannot be planned */
    lathe_tensor *x, *y;
    constant **constant; /* [constants] */
    int constants;
} variant;

struct lathe_plan {
    lathe_layer *net;
    variant variant[VARIANTS]; /* the last one used comes first */
    int part;                  /* images that run at once at most; 0: not known yet */
};

/* ---- constants ----------------------------------------------------------------------------------------- */

static void leave(constant *c)
{
    if (!c || --c->users) return;
    if (c->weight.data != c->packed) lathe_free(c->weight.data);
    lathe_free(c->bias.data);
    lathe_free(c->packed);
    lathe_free(c);
}

static lathe_tensor plain_tensor(lathe_shape shape)
{
    size_t count = lathe_shape_count(&shape);
    return (lathe_tensor){ .shape = shape,
        .stored = count,
        .data = lathe_alloc_raw(count, sizeof(lathe_real)),
        .name = "folded" };
}

/* A step's weights without their packing; NULL after a failure. */
static constant *new_constant(const lathe_trace *trace, const lathe_fold_step *step)
{
    const lathe_trace_node *node = &trace->node[step->node];
    constant *c = lathe_alloc(1, sizeof *c);
    if (!c) return NULL;
    *c = (constant){ .users = 1, .op = step->op, .key = { node->in[1].parameter, node->in[2].parameter } };
    if (step->affine < 0) return c;
    const lathe_trace_node *affine = &trace->node[step->affine];
    for (int i = 1; i < affine->inputs && i + 1 < KEYS; i++) c->key[i + 1] = affine->in[i].parameter;
    c->folded = true;
    c->weight = plain_tensor(node->in[1].shape);
    c->bias = plain_tensor((lathe_shape){ 1, { node->out.shape.dim[1] } });
    if (!c->weight.data || !c->bias.data) return leave(c), NULL;
    lathe_fold_weights(trace, step, c->weight.data, c->bias.data);
    return c;
}

/* Whether a constant of another variant is that of the step. A scale has no parameter to know it by. */
static bool is_of(const constant *c, const lathe_trace *trace, const lathe_fold_step *step)
{
    const lathe_trace_node *node = &trace->node[step->node];
    const lathe_tensor *key[KEYS] = { node->in[1].parameter, node->in[2].parameter };
    if (c->op != step->op || c->folded != (step->affine >= 0)) return false;
    if (step->affine >= 0) {
        const lathe_trace_node *affine = &trace->node[step->affine];
        if (affine->inputs == 1) return false;
        for (int i = 1; i < affine->inputs && i + 1 < KEYS; i++) key[i + 1] = affine->in[i].parameter;
    }
    return !memcmp(key, c->key, sizeof key);
}

/* The step's weights: those of the other variant, or new ones. NULL if there are none, or after a failure. */
static constant *constant_for(lathe_plan *plan, variant *v, const lathe_fold_step *step)
{
    const lathe_trace_node *node = &v->trace->node[step->node];
    bool packs = step->op->packed_size && node->in[1].source == LATHE_TRACE_PARAMETER;
    if (step->affine < 0 && !packs) return NULL;
    constant *c = NULL;
    for (int i = 0; i < VARIANTS && !c; i++) {
        const variant *other = &plan->variant[i];
        if (other == v || v->constants >= other->constants) continue;
        constant *its = other->constant[v->constants];
        if (is_of(its, v->trace, step)) its->users++, c = its;
    }
    if (!c) c = new_constant(v->trace, step);
    if (c) v->constant[v->constants++] = c;
    return c;
}

/* Pack a step's weights, for the node that reads them. False after a failure. */
static bool pack(constant *c, lathe_node *node)
{
    if (!node->op->packed_size) return true;
    if (!c->packed) {
        c->packed_size = node->op->packed_size(node);
        if (!(c->packed = lathe_alloc_raw(c->packed_size, sizeof *c->packed))) return false;
        node->op->pack(node, c->packed);
        if (c->folded) {
            lathe_free(c->weight.data);
            c->weight.data = c->packed; /* not read any more, but there for the checks of lathe_apply */
        }
    }
    node->packed = c->packed;
    return true;
}

/* ---- variants ------------------------------------------------------------------------------------------ */

static void free_variant(variant *v)
{
    for (int i = 0; i < v->constants; i++) leave(v->constant[i]);
    lathe_free(v->constant);
    lathe_replay_free(v->replay);
    lathe_trace_free(v->trace);
    *v = (variant){ 0 };
}

/* What a step reads, from the results so far. */
static lathe_tensor *tensor_of(const variant *v, const lathe_trace_value *value, lathe_tensor *const *result)
{
    switch (value->source) {
    case LATHE_TRACE_INPUT: return v->x;
    case LATHE_TRACE_NODE: return result[value->index];
    case LATHE_TRACE_PARAMETER: return value->parameter;
    case LATHE_TRACE_ABSENT: return NULL;
    }
    return NULL;
}

static bool apply_step(lathe_plan *plan, variant *v, const lathe_fold_step *step, lathe_tensor **result)
{
    const lathe_trace_node *node = &v->trace->node[step->node];
    lathe_tensor *in[MOST_INPUTS];
    int inputs = 0;
    while (inputs < node->inputs) {
        in[inputs] = tensor_of(v, &node->in[inputs], result);
        inputs++;
    }
    constant *c = constant_for(plan, v, step);
    if (!c && step->affine >= 0) return false;
    if (c && c->folded) in[1] = &c->weight, in[2] = &c->bias;
    if (step->base >= 0) in[inputs++] = result[step->base];
    lathe_tape_scope(v->x->tape, node->layer);
    result[step->result] = lathe_apply(step->op, in, inputs, node->attributes);
    return result[step->result] && (!c || pack(c, lathe_replay_newest(v->replay)));
}

static bool apply_steps(lathe_plan *plan, variant *v, const lathe_fold *fold)
{
    lathe_tensor **result = lathe_alloc((size_t)v->trace->nodes + 1, sizeof(lathe_tensor *));
    v->constant = lathe_alloc((size_t)fold->steps + 1, sizeof(constant *));
    bool fine = result && v->constant;
    for (int i = 0; i < fold->steps && fine; i++) fine = apply_step(plan, v, &fold->step[i], result);
    if (fine) v->y = tensor_of(v, &v->trace->result, result);
    lathe_free(result);
    return fine && !lathe_replay_settle(v->replay, v->x, v->y);
}

/* Rehearse, fold and prepare the net for x's shape. False after a failure, or if it has no plan. */
static bool prepare(lathe_plan *plan, variant *v, const lathe_tensor *x)
{
    if (lathe_layer_is_dynamic(plan->net) || !(v->replay = lathe_replay_new(x->tape))) return false;
    lathe_tensor *rehearsed = lathe_replay_begin(v->replay, x);
    v->trace = rehearsed ? lathe_trace_of(plan->net, rehearsed) : NULL;
    if (!v->trace || v->trace->inputs > 1 || v->trace->result.source == LATHE_TRACE_PARAMETER) return false;
    lathe_fold *fold = lathe_fold_new(v->trace, LATHE_GRAPH_FUSED);
    bool fine = fold && (v->x = lathe_replay_begin(v->replay, x)) && apply_steps(plan, v, fold);
    lathe_fold_free(fold);
    return fine;
}

/* ---- parts of a batch ---------------------------------------------------------------------------------- */

/* Whether each image's results depend on that image alone. The library's operations keep images apart. */
static bool is_divisible(const variant *v)
{
    for (int n = 0; n < v->trace->nodes; n++) {
        const lathe_trace_value *out = &v->trace->node[n].out;
        bool kept = out->layout != LATHE_PLAIN && out->shape.dim[0] == v->x->shape.dim[0];
        if (!kept || !lathe_op_is_of_library(v->trace->node[n].op)) return false;
    }
    return true;
}

/*
 * Images that run at once at most: those whose results fill a cache, or take as much memory as the weights,
 * which each part reads anew. It is the same for a batch of any size.
 */
static int best_part(const variant *v)
{
    size_t weights = 0, images = (size_t)v->x->shape.dim[0], bytes = lathe_replay_bytes(v->replay, false);
    if (!bytes || !is_divisible(v)) return INT_MAX;
    for (int i = 0; i < v->constants; i++) weights += v->constant[i]->packed_size * sizeof(lathe_real);
    if (v->x->layout == LATHE_BATCHED) images += (LATHE_LANES - images % LATHE_LANES) % LATHE_LANES;
    size_t most = (weights > CACHE ? weights : CACHE) * images / bytes / LATHE_LANES * LATHE_LANES;
    return most < LATHE_LANES ? LATHE_LANES : most > INT_MAX ? INT_MAX : (int)most;
}

/* Images of the next part, where `left` are left and `most` run at once: parts are about equal. */
static int images_of_part(int left, int most)
{
    if (left <= most) return left;
    int parts = (left - 1) / most + 1, blocks = (left - 1) / LATHE_LANES + 1;
    return (blocks - 1) / parts * LATHE_LANES + LATHE_LANES;
}

/* Where an image begins, the first of a block of sixteen. */
static size_t place_of(const lathe_tensor *tensor, int image)
{
    if (tensor->layout != LATHE_CHANNELS) return (size_t)image * lathe_tensor_per_image(tensor);
    return tensor->stored / (size_t)tensor->shape.dim[0] * (size_t)image;
}

/* Run the part of x that begins at image `first`. The first part makes *y. False after a failure. */
static bool run_part(const variant *v, const lathe_tensor *x, int first, lathe_tensor **y)
{
    lathe_shape shape = v->y->shape;
    if (x->shape.dim[0] > v->x->shape.dim[0]) shape.dim[0] = x->shape.dim[0];
    if (!*y && !(*y = lathe_tape_tensor(x->tape, v->y->layout, shape))) return false;
    (*y)->sharded = x->sharded;
    const lathe_real *numbers = x->data + place_of(x, first), *results = v->y == v->x ? numbers : v->y->data;
    lathe_status status = lathe_replay_run(v->replay, numbers, x, first);
    if (status) return lathe_tape_fail(x->tape, status, "lathe_plan_run: %s", lathe_error_message());
    memcpy((*y)->data + place_of(*y, first), results, v->y->stored * sizeof *results);
    return true;
}

/* Whether the variant is for x but for the size of its batch. */
static bool is_for(const variant *v, const lathe_tensor *x)
{
    lathe_shape shape = v->shape;
    shape.dim[0] = x->shape.dim[0];
    return lathe_shape_equal(&shape, &x->shape) && v->layout == x->layout && v->pictures == x->pictures &&
        (!v->replay || lathe_tape_alike(v->x->tape, x->tape));
}

/* A new variant for x, which may be one that cannot be planned. False if memory runs out. */
static bool make_variant(lathe_plan *plan, variant *v, const lathe_tensor *x)
{
    lathe_error_clear();
    bool held = lathe_error_hold(true), fine = prepare(plan, v, x);
    lathe_error_hold(held);
    bool memory = !fine && lathe_error() == LATHE_ENOMEM;
    if (!fine) free_variant(v);
    if (memory) return lathe_tape_fail(x->tape, LATHE_ENOMEM, "lathe_plan_run: %s", lathe_error_message());
    lathe_error_clear(); /* lathe_nn_forward will say what is wrong with the net */
    v->shape = x->shape;
    v->layout = x->layout;
    v->pictures = x->pictures;
    v->sharded = x->sharded;
    return true;
}

/* Free the variants for other pictures, another layout or another context. */
static void forget_others(lathe_plan *plan, const lathe_tensor *x)
{
    for (int i = 0; i < VARIANTS; i++) {
        variant *v = &plan->variant[i];
        if (!v->shape.rank || is_for(v, x)) continue;
        free_variant(v);
        plan->part = 0;
    }
}

/* The variant for x, made if needed and put first. NULL after a failure, which is then x's tape's. */
static variant *variant_for(lathe_plan *plan, const lathe_tensor *x)
{
    variant *v = plan->variant;
    for (int i = 0; i < VARIANTS; i++) {
        if (v[i].shape.dim[0] != x->shape.dim[0] || v[i].sharded != x->sharded) continue;
        variant found = v[i];
        memmove(v + 1, v, (size_t)i * sizeof *v);
        v[0] = found;
        return v;
    }
    free_variant(&v[VARIANTS - 1]);
    memmove(v + 1, v, (VARIANTS - 1) * sizeof *v);
    v[0] = (variant){ 0 };
    return make_variant(plan, v, x) ? v : NULL;
}

/* ---- the plan ------------------------------------------------------------------------------------------ */

lathe_plan *lathe_plan_new(lathe_layer *net)
{
    const char *message;
    if (!net) return lathe_fail_null("lathe_plan_new", "net"), NULL;
    lathe_status problem = lathe_layer_problem(net, &message);
    if (problem) return lathe_fail(problem, "lathe_plan_new: %s", message), NULL;
    lathe_plan *plan = lathe_alloc(1, sizeof *plan);
    if (plan) plan->net = net;
    return plan;
}

void lathe_plan_refresh(lathe_plan *plan)
{
    for (int i = 0; plan && i < VARIANTS; i++) free_variant(&plan->variant[i]);
    if (plan) plan->part = 0;
}

void lathe_plan_free(lathe_plan *plan)
{
    lathe_plan_refresh(plan);
    lathe_free(plan);
}

lathe_tensor *lathe_plan_run(lathe_plan *plan, lathe_tensor *x)
{
    if (!plan || !x) return lathe_fail_null("lathe_plan_run", plan ? "x" : "plan"), NULL;
    const lathe_model *model = plan->net->model;
    if (model->hook || model->no_fusion || !lathe_replay_suits(x)) return lathe_nn_forward(plan->net, x);
    forget_others(plan, x);
    lathe_tensor part = *x, *y = NULL;
    for (int first = 0; first < x->shape.dim[0];) {
        int left = x->shape.dim[0] - first, most = plan->part ? plan->part : LATHE_LANES;
        part.shape.dim[0] = images_of_part(left, most);
        part.sharded = x->sharded || part.shape.dim[0] < x->shape.dim[0];
        const variant *v = variant_for(plan, &part);
        if (!v) return NULL;
        if (!v->replay) return lathe_nn_forward(plan->net, x);
        if (!plan->part) plan->part = best_part(v);
        if (left > most && plan->part > most) continue; /* more images are better */
        if (!run_part(v, x, first, &y)) return NULL;
        first += part.shape.dim[0];
    }
    return y;
}

size_t lathe_plan_bytes(const lathe_plan *plan)
{
    size_t bytes = 0;
    for (int i = 0; plan && i < VARIANTS; i++) {
        const variant *v = &plan->variant[i];
        if (v->replay) bytes += lathe_replay_bytes(v->replay, true);
        for (int k = 0; k < v->constants; k++) {
            const constant *c = v->constant[k];
            bytes += (c->packed_size + c->bias.stored) / (size_t)c->users * sizeof(lathe_real);
            if (c->folded && c->weight.data != c->packed) bytes += c->weight.stored * sizeof(lathe_real);
        }
    }
    return bytes;
}
