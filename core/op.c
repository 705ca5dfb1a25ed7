#include "op.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "relayout.h"
#include "ops/batch_norm_impl.h"
#include "ops/batch_sum_impl.h"
#include "replay_impl.h"
#include "tape_impl.h"

bool lathe_op_fail(const lathe_node *node, lathe_status status, const char *format, ...)
{
    if (!node || !node->op) return lathe_fail_null("lathe_op_fail", "node"), false;
    char text[LATHE_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    lathe_mark_cut(text, vsnprintf(text, sizeof text, format, arguments));
    va_end(arguments);
    lathe_tape_fail(node->tape, status, "lathe_%s: %s", node->op->name, text);
    return false;
}

/* ---- inputs -------------------------------------------------------------------------------------------- */

/* The operation's description of its input number i. */
static const lathe_op_input *rule_of(const lathe_op *op, int i)
{
    int last = 0;
    while (last + 1 < LATHE_OP_INPUTS && op->in[last + 1].name) last++;
    return &op->in[i < last ? i : last];
}

/* The name of input number i in messages: "x", or "input 3" where names do not tell them apart. */
static const char *name_of(const lathe_op *op, int i, char text[24])
{
    if (op && !op->most) return rule_of(op, i)->name;
    snprintf(text, 24, "input %d", i);
    return text;
}

static lathe_tape *check_tapes(const char *name, const lathe_op *op, lathe_tensor *const *in, int count)
{
    lathe_tape *tape = NULL;
    int missing = -1;
    for (int i = 0; i < count; i++) {
        if (in[i] && !tape) tape = in[i]->tape;
        if (!in[i] && missing < 0 && !(op && rule_of(op, i)->optional)) missing = i;
    }
    char text[24];
    if (!tape && missing < 0) return lathe_fail(LATHE_EARG, "lathe_%s: no input is on a tape", name), NULL;
    if (tape && tape->status) return NULL;
    if (missing >= 0 && lathe_error()) return tape ? lathe_tape_adopt_failure(tape) : NULL;
    if (missing >= 0)
        return lathe_tape_fail(tape, LATHE_EARG, "lathe_%s: %s is NULL", name, name_of(op, missing, text));
    for (int i = 0; i < count; i++) {
        if (!in[i]) continue;
        if (in[i]->tape && in[i]->tape != tape)
            return lathe_tape_fail(tape, LATHE_EARG, "lathe_%s: %s is on another tape", name,
                name_of(op, i, text));
        if (in[i]->tape && in[i]->begun != tape->times)
            return lathe_tape_fail(tape, LATHE_ESTATE,
                "lathe_%s: %s is of an earlier step: lathe_tape_begin has ended it", name,
                name_of(op, i, text));
        if (!in[i]->data && !in[i]->tape)
            return lathe_tape_fail(tape, LATHE_ESTATE,
                "lathe_%s: parameter %s has no values yet: call lathe_nn_init first", name,
                in[i]->name ? in[i]->name : "?");
    }
    return tape;
}

lathe_tape *lathe_tape_of(const char *name, lathe_tensor *const *in, int count)
{
    if (!name || !in) return lathe_fail_null("lathe_tape_of", name ? "in" : "name"), NULL;
    return check_tapes(name, NULL, in, count);
}

typedef struct form {
    lathe_layout layout;
    int least, most; /* rank */
    const char *text;
} form;

static const form forms[] = {
    [LATHE_FORM_IMAGES] = { LATHE_BATCHED, 4, 4, "batched [B, C, H, W]" },
    [LATHE_FORM_FEATURES] = { LATHE_BATCHED, 2, 2, "batched [B, F]" },
    [LATHE_FORM_CHANNELS] = { LATHE_BATCHED, 2, LATHE_MAX_RANK, "batched [B, C, ...]" },
    [LATHE_FORM_FILTERS] = { LATHE_PLAIN, 4, 4, "plain [O, C, kh, kw]" },
    [LATHE_FORM_MATRIX] = { LATHE_PLAIN, 2, 2, "plain [O, F]" },
    [LATHE_FORM_VECTOR] = { LATHE_PLAIN, 1, 1, "plain [C]" },
};

/* Images that lay_out can lay otherwise. */
static bool can_be_laid_out(const lathe_tensor *x)
{
    return x->tape && x->shape.rank == 4 && (x->layout != LATHE_PLAIN || x->pictures);
}

/* A matrix whose further dimensions are 1 is as good as filters of one pixel. */
static bool is_filter_matrix(const lathe_tensor *x)
{
    return x->shape.rank == 2 && x->shape.dim[2] == 1 && x->shape.dim[3] == 1;
}

static bool has_form(const lathe_node *node, int i)
{
    const lathe_tensor *x = node->in[i], *first = node->in[0];
    lathe_form wanted = x ? rule_of(node->op, i)->form : LATHE_FORM_ANY;
    char text[LATHE_SHAPE_TEXT], other[LATHE_SHAPE_TEXT], name[24];
    if (x && x->norm && !rule_of(node->op, i)->normed)
        return lathe_op_fail(node, LATHE_ESTATE, "%s is left to the convolution behind a batch norm",
            name_of(node->op, i, name));
    if (wanted == LATHE_FORM_ANY) return true;
    if (wanted == LATHE_FORM_LIKE) {
        bool alike = x->layout == first->layout || (can_be_laid_out(x) && can_be_laid_out(first));
        if (alike && lathe_shape_equal(&x->shape, &first->shape)) return true;
        return lathe_op_fail(node, LATHE_ESHAPE, "%s is %s %s, %s is %s %s", rule_of(node->op, 0)->name,
            lathe_layout_name(first->layout), lathe_shape_text(&first->shape, text),
            name_of(node->op, i, name), lathe_layout_name(x->layout), lathe_shape_text(&x->shape, other));
    }
    const form *f = &forms[wanted];
    bool lies = x->layout == f->layout || (f->layout == LATHE_BATCHED && can_be_laid_out(x));
    if (lies && x->shape.rank >= f->least && x->shape.rank <= f->most) return true;
    if (lies && wanted == LATHE_FORM_FILTERS && is_filter_matrix(x)) return true;
    return lathe_op_fail(node, LATHE_ESHAPE, "%s is %s %s, expected %s", name_of(node->op, i, name),
        lathe_layout_name(x->layout), lathe_shape_text(&x->shape, text), f->text);
}

/* ---- layouts ------------------------------------------------------------------------------------------- */

/* Whether input number i is images that lie otherwise than the operation wants them. */
static bool lies_otherwise(const lathe_node *node, int i, lathe_layout wanted)
{
    const lathe_tensor *x = node->in[i];
    if (!x || !can_be_laid_out(x) || x->layout == wanted) return false;
    if (rule_of(node->op, i)->form >= LATHE_FORM_FILTERS) return false; /* pictures as weights stay plain */
    bool will_do = wanted == LATHE_CHANNELS && rule_of(node->op, i)->plain && !x->needs_grad;
    return !(x->pictures && will_do);
}

/* Lay the inputs' images out as the operation wants them. False after a failure. */
static bool lay_out(lathe_node *node)
{
    if (node->op == &lathe_relayout_op) return true;
    lathe_layout wanted = node->op->layout ? node->op->layout(node) : LATHE_BATCHED;
    for (int i = 0; i < node->inputs; i++)
        if (lies_otherwise(node, i, wanted) && !(node->in[i] = lathe_relayout(node->in[i], wanted)))
            return false;
    return true;
}

/* ---- running ------------------------------------------------------------------------------------------- */

static bool records(const lathe_node *node)
{
    bool parameters = node->tape->mode == LATHE_TRAIN;
    for (int i = 0; i < node->inputs; i++) {
        const lathe_tensor *x = node->in[i];
        if (x && x->needs_grad && (parameters || x->tape) && !rule_of(node->op, i)->constant) return true;
    }
    return false;
}

/* The attributes with every default filled in. False after a failure. */
static bool resolve_attributes(lathe_node *node, const void *attributes)
{
    const lathe_op *op = node->op;
    size_t size = op->attributes_size;
    if (!size) return true;
    if (!(node->attributes = lathe_tape_alloc(node->tape, 1, size))) return false;
    if (!op->fields && attributes) memcpy(node->attributes, attributes, size);
    else if (!op->fields) memset(node->attributes, 0, size);
    if (!op->fields) return true;
    bool held = lathe_error_hold(true); /* the handler is called once, by the tape */
    lathe_status status = lathe_fields_resolve(op->name, op->fields, attributes, node->attributes, size);
    lathe_error_hold(held);
    return !status || lathe_tape_fail(node->tape, status, "lathe_%s", lathe_error_message());
}

/* A node with its inputs and room for what it saves; NULL after a failure. */
static lathe_node *new_node(lathe_tape *tape, const lathe_op *op, lathe_tensor *const *in, int count)
{
    lathe_node *node = lathe_tape_alloc(tape, 1, sizeof *node);
    lathe_tensor **copy = lathe_tape_alloc(tape, (size_t)count + 1, sizeof *copy); /* one more: swap's */
    if (!node || !copy) return NULL;
    memcpy(copy, in, (size_t)count * sizeof *copy);
    *node = (lathe_node){ .op = op,
        .in = copy,
        .inputs = count,
        .scope = tape->scope,
        .tape = tape,
        .context = tape->context,
        .kernels = lathe_context_kernels(tape->context) };
    if (op->saved_size && !(node->saved = lathe_tape_alloc(tape, 1, op->saved_size))) return NULL;
    if (op->saved_size) memset(node->saved, 0, op->saved_size);
    node->records = records(node);
    return node;
}

static lathe_tensor *record(lathe_node *node)
{
    lathe_tape *tape = node->tape;
    lathe_chain_leave(tape);
    if (tape->status) return NULL;
    if (tape->trace && !lathe_trace_note(tape->trace, node)) return lathe_tape_adopt_failure(tape);
    if (tape->replay && !lathe_replay_note(tape->replay, node)) return lathe_tape_adopt_failure(tape);
    if (!node->records) return node->out;
    node->before = tape->newest;
    tape->newest = node;
    node->out->needs_grad = true;
    if (tape->on_record) tape->on_record(tape->on_record_context, node);
    return node->out;
}

static bool count_is_fine(const lathe_op *op, int count)
{
    int names = 0;
    while (names < LATHE_OP_INPUTS && op->in[names].name) names++;
    if (op->most ? count >= names && count <= op->most : count == names) return true;
    if (op->most)
        lathe_fail(LATHE_EARG, "lathe_%s: %d inputs, expected %d to %d", op->name, count, names, op->most);
    else lathe_fail(LATHE_EARG, "lathe_%s: %d inputs, expected %d", op->name, count, names);
    return false;
}

bool lathe_op_is_of_library(const lathe_op *op)
{
    int i = 0;
    while (lathe_op_at(i) && lathe_op_at(i) != op) i++;
    return lathe_op_at(i) || op == &lathe_relayout_op;
}

/* Whether the operation may have a part of a batch. Parts of which this process has all are fine. */
static bool takes_part(const lathe_node *node)
{
    if (node->op->shares || !lathe_context_exchange(node->context) || lathe_op_is_of_library(node->op))
        return true;
    return lathe_op_fail(node, LATHE_ESTATE,
        "it does not say that it is right on a part of a batch (`shares`), and this process has %d of %d",
        node->tape->shard.count, node->tape->shard.whole);
}

/* Whether a result of pictures of a shared batch is of the same pictures. A number is the whole batch's. */
static bool keeps_pictures(lathe_node *node)
{
    lathe_tensor *out = node->out;
    char text[LATHE_SHAPE_TEXT];
    if (!out->shape.rank) return true;
    out->sharded = out->shape.dim[0] == node->tape->shard.count;
    return out->sharded ||
        lathe_op_fail(node, LATHE_ESTATE,
            "its result %s mixes the pictures of a batch, and this process has %d of %d",
            lathe_shape_text(&out->shape, text), node->tape->shard.count, node->tape->shard.whole);
}

static bool is_swapped(const lathe_node *node)
{
    const lathe_swap *swap = &node->tape->swap;
    return node->op == swap->own && node->scope == swap->scope;
}

static void swap_operation(lathe_node *node)
{
    const lathe_swap *swap = &node->tape->swap;
    if (!is_swapped(node)) return;
    node->op = swap->fused;
    if (!swap->base) return;
    node->in[node->inputs++] = swap->base;
    node->records = records(node);
}

const lathe_real *lathe_node_numbers(const lathe_node *node)
{
    if (!node) return lathe_fail_null("lathe_node_numbers", "node"), NULL;
    lathe_chain_run(node->tape);
    if (node->out->norm && !lathe_batch_norm_settle(node)) return NULL;
    return node->out->data;
}

lathe_tensor *lathe_apply(const lathe_op *op, lathe_tensor *const *in, int count, const void *attributes)
{
    if (!op) return lathe_fail_null("lathe_apply", "op"), NULL;
    if (!count_is_fine(op, in ? count : 0)) return NULL;
    lathe_tape *tape = check_tapes(op->name, op, in, count);
    lathe_node *node = tape ? new_node(tape, op, in, count) : NULL;
    if (!node) return NULL;
    for (int i = 0; i < count; i++)
        if (!has_form(node, i)) return NULL;
    if (!resolve_attributes(node, attributes) || !lay_out(node)) return NULL;
    const lathe_tensor *first = node->in[0];
    lathe_result result = { .layout = first->pictures ? lathe_tape_layout_of(tape) : first->layout,
        .shape = first->shape };
    if (op->shape && !op->shape(node, &result)) return NULL;
    if (result.same) return node->in[0];
    bool shares = op->view || (tape->swap.left && is_swapped(node));
    node->out = shares ? lathe_tape_view(tape, first, result.shape) :
                         lathe_tape_tensor(tape, result.layout, result.shape);
    if (!node->out) return NULL;
    bool sharded = lathe_is_sharded(node);
    if (sharded && (!takes_part(node) || (!result.whole && !keeps_pictures(node)))) return NULL;
    swap_operation(node);
    lathe_chain_enter(node);
    if (node->op->forward && !tape->rehearses) node->op->forward(node);
    return record(node);
}
