#include "tape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "names.h"
#include "shard_impl.h"
#include "tape_impl.h"

lathe_tape *lathe_tape_new(lathe_context *context)
{
    lathe_tape *tape = lathe_alloc(1, sizeof *tape);
    if (!tape) return NULL;
    tape->context = context;
    tape->layout = LATHE_BATCHED;
    tape->arena = lathe_arena_new();
    tape->work = lathe_arena_new();
    if (tape->arena && tape->work) return tape;
    lathe_tape_free(tape);
    return NULL;
}

void lathe_tape_free(lathe_tape *tape)
{
    if (!tape) return;
    if (tape->owes) lathe_pendings_drop(lathe_context_pendings(tape->context), tape);
    lathe_arena_free(tape->arena);
    lathe_arena_free(tape->work);
    for (int i = 0; i < tape->ring.parts; i++) lathe_free(tape->ring.part[i]);
    lathe_free(tape);
}

void lathe_tape_begin(lathe_tape *tape, lathe_mode mode)
{
    if (!tape) return;
    /* what lies in the arena */
    const bool owes = tape->owes && lathe_pendings_drop(lathe_context_pendings(tape->context), tape);
    tape->owes = false;
    lathe_arena_reset(tape->arena);
    lathe_arena_reset(tape->work);
    if (mode == LATHE_TRAIN) {
        if (tape->step_begun) tape->step++;
        tape->step_begun = true;
    }
    tape->newest = NULL;
    tape->mode = mode;
    tape->times++;
    tape->backward_done = false;
    tape->ticket = 0;
    tape->scope = NULL;
    tape->swap = (lathe_swap){ 0 };
    tape->spares = 0;
    tape->chain = (lathe_chain){ 0 };
    tape->shard = (lathe_shard){ 0 };
    bool failed = tape->status != LATHE_OK;
    tape->status = LATHE_OK;
    tape->message[0] = '\0';
    if (owes && !failed)
        lathe_tape_fail(tape, LATHE_ESTATE,
            "lathe_tape_begin: the gradients of a shared batch are not whole: call lathe_context_reduce (or "
            "lathe_dist_reduce) after lathe_backward");
}

lathe_context *lathe_tape_context(const lathe_tape *tape)
{
    if (!tape) return lathe_fail_null("lathe_tape_context", "tape"), NULL;
    return tape->context ? tape->context : lathe_context_default();
}

lathe_mode lathe_tape_mode(const lathe_tape *tape) { return tape ? tape->mode : LATHE_EVAL; }
lathe_status lathe_tape_status(const lathe_tape *tape)
{
    return tape ? tape->status : lathe_fail_null("lathe_tape_status", "tape");
}
const char *lathe_tape_message(const lathe_tape *tape) { return tape ? tape->message : "the tape is NULL"; }
uint64_t lathe_tape_step(const lathe_tape *tape) { return tape ? tape->step : 0; }
uint64_t lathe_tape_seed_of(const lathe_tape *tape) { return tape ? tape->seed : 0; }
uint64_t lathe_tape_ticket(lathe_tape *tape) { return tape ? tape->ticket++ : 0; }
const lathe_node *lathe_tape_newest(const lathe_tape *tape) { return tape ? tape->newest : NULL; }

double lathe_tape_statistics(lathe_tape *tape, double weight)
{
    double former = tape ? tape->statistics : 0;
    if (tape) tape->statistics = weight > 0 && weight <= 1 ? weight : 0;
    return former;
}

double lathe_tape_statistics_weight(const lathe_tape *tape) { return tape ? tape->statistics : 0; }

void lathe_tape_seed(lathe_tape *tape, uint64_t seed, uint64_t step)
{
    if (!tape) return;
    tape->seed = seed;
    tape->step = step;
    tape->step_begun = false;
}

void lathe_tape_on_record(lathe_tape *tape, lathe_node_hook *hook, void *context)
{
    if (!tape) return;
    tape->on_record = hook;
    tape->on_record_context = context;
}

void lathe_tape_on_backward(lathe_tape *tape, lathe_node_hook *hook, void *context)
{
    if (!tape) return;
    tape->on_backward = hook;
    tape->on_backward_context = context;
}

static size_t length_of_part(int i) { return (size_t)LATHE_RING_FIRST << i; }

size_t lathe_tape_bytes(const lathe_tape *tape)
{
    if (!tape) return 0;
    size_t tensors = 0;
    for (int i = 0; i < tape->ring.parts; i++) tensors += length_of_part(i);
    return lathe_arena_capacity(tape->arena) + lathe_arena_capacity(tape->work) +
        tensors * sizeof(lathe_tensor);
}

void *lathe_tape_fail(lathe_tape *tape, lathe_status status, const char *format, ...)
{
    char message[LATHE_MESSAGE_SIZE];
    int used = 0;
    if (tape && tape->scope && *tape->scope)
        used = snprintf(message, sizeof message, "layer %.200s: ", tape->scope);
    va_list arguments;
    va_start(arguments, format);
    lathe_mark_cut(message + used,
        vsnprintf(message + used, sizeof message - (size_t)used, format, arguments));
    va_end(arguments);
    if (!tape) return lathe_fail(status, "%s", message), NULL;
    if (!tape->status) {
        tape->status = status;
        snprintf(tape->message, sizeof tape->message, "%s", message);
        lathe_fail(status, "%s", message);
    }
    return NULL;
}

void *lathe_tape_adopt_failure(lathe_tape *tape)
{
    if (!tape->status) {
        tape->status = lathe_error();
        snprintf(tape->message, sizeof tape->message, "%s", lathe_error_message());
    }
    return NULL;
}

void *lathe_tape_alloc(lathe_tape *tape, size_t count, size_t size)
{
    if (!tape) return lathe_fail_null("lathe_tape_alloc", "tape"), NULL;
    void *piece = lathe_arena_alloc(tape->arena, count, size);
    return piece ? piece : lathe_tape_adopt_failure(tape);
}

void *lathe_tape_work(lathe_tape *tape, size_t count, size_t size)
{
    if (!tape) return lathe_fail_null("lathe_tape_work", "tape"), NULL;
    void *piece = lathe_arena_alloc(tape->work, count, size);
    return piece ? piece : lathe_tape_adopt_failure(tape);
}

void lathe_tape_give_work_back(lathe_tape *tape)
{
    lathe_arena_rewind(tape->work, (lathe_arena_mark){ 0, 0 });
}

/* The ring's next tensor, zeroed; NULL after a failure. Only a step that uses them all adds a part. */
static lathe_tensor *next_of_ring(lathe_tape *tape)
{
    lathe_ring *ring = &tape->ring;
    if (ring->parts && ring->used == length_of_part(ring->current)) {
        ring->current = (ring->current + 1) % ring->parts;
        ring->used = 0;
    }
    if (!ring->parts || ring->part[ring->current][ring->used].begun == tape->times) {
        bool room = ring->parts < LATHE_RING_PARTS;
        lathe_tensor *part = room ? lathe_alloc(length_of_part(ring->parts), sizeof *part) : NULL;
        if (!part) return lathe_tape_adopt_failure(tape);
        ring->part[ring->current = ring->parts++] = part;
        ring->used = 0;
    }
    lathe_tensor *tensor = &ring->part[ring->current][ring->used++];
    *tensor = (lathe_tensor){ .tape = tape, .begun = tape->times };
    return tensor;
}

/* A tensor whose numbers are stored elsewhere, or not allocated yet. */
static lathe_tensor *bare_tensor(lathe_tape *tape, lathe_layout layout, const lathe_shape *shape)
{
    if (!tape->times)
        return lathe_tape_fail(tape, LATHE_ESTATE, "tape: call lathe_tape_begin before the first operation");
    size_t stored = lathe_shape_stored(shape, layout);
    if (!stored) return lathe_tape_adopt_failure(tape);
    lathe_tensor *tensor = next_of_ring(tape);
    if (!tensor) return NULL;
    tensor->shape = *shape;
    tensor->layout = layout;
    tensor->stored = stored;
    return tensor;
}

lathe_tensor *lathe_tape_tensor(lathe_tape *tape, lathe_layout layout, lathe_shape shape)
{
    if (!tape) return lathe_fail_null("lathe_tape_tensor", "tape"), NULL;
    lathe_tensor *tensor = bare_tensor(tape, layout, &shape);
    if (!tensor || tape->rehearses) return tensor;
    tensor->data = lathe_tape_alloc(tape, tensor->stored, sizeof *tensor->data);
    return tensor->data ? tensor : NULL;
}

lathe_tensor *lathe_tape_view(lathe_tape *tape, const lathe_tensor *x, lathe_shape shape)
{
    if (!tape || !x) return lathe_fail_null("lathe_tape_view", !tape ? "tape" : "x"), NULL;
    if (lathe_tape_check("lathe_tape_view", "x", x)) return lathe_tape_adopt_failure(tape);
    lathe_tensor *tensor = bare_tensor(tape, x->layout, &shape);
    if (tensor) tensor->data = x->data;
    return tensor;
}

lathe_tensor *lathe_tape_leaf(lathe_tape *tape, lathe_layout layout, lathe_shape shape,
    const lathe_real *values)
{
    if (!tape) return lathe_fail_null("lathe_tape_leaf", "tape"), NULL;
    lathe_tensor *tensor = lathe_tape_tensor(tape, layout, shape);
    if (!tensor || tape->rehearses) return tensor;
    if (values) lathe_tensor_write(tensor, values, lathe_shape_count(&shape));
    else memset(tensor->data, 0, tensor->stored * sizeof *tensor->data);
    return tensor;
}

/* The batch's shard becomes the tape's; it must be the one that the other processes expect. */
static bool take_shard(lathe_tape *tape, const lathe_batch *batch)
{
    const lathe_exchange *exchange = lathe_context_exchange(tape->context);
    int size = exchange ? exchange->size : 1;
    if (!batch->whole || (size == 1 && batch->whole == batch->size)) return true;
    lathe_shard shard = lathe_shard_of(batch->whole, size > 1 ? exchange->rank : 0, size);
    if (batch->size != shard.count || batch->first != shard.first || batch->silent != shard.silent)
        return lathe_tape_fail(tape, LATHE_EARG,
            "lathe_input: the batch has pictures %d to %d of %d, and process %d of %d has %d to %d",
            batch->first, batch->first + batch->size - 1, batch->whole, size > 1 ? exchange->rank : 0, size,
            shard.first, shard.first + shard.count - 1);
    tape->shard = shard;
    return true;
}

lathe_tensor *lathe_input(lathe_tape *tape, const lathe_batch *batch)
{
    if (!tape || !batch) return lathe_fail_null("lathe_input", tape ? "batch" : "tape"), NULL;
    lathe_shape shape = { 4, { batch->size, batch->channels, batch->height, batch->width } };
    lathe_tape_layout(tape, batch->plain ? LATHE_CHANNELS : LATHE_BATCHED);
    lathe_tensor *tensor = bare_tensor(tape, batch->plain ? LATHE_PLAIN : LATHE_BATCHED, &shape);
    if (!tensor) return NULL;
    tensor->pictures = batch->plain;
    if (!batch->images) return lathe_tape_fail(tape, LATHE_EARG, "lathe_input: the batch has no images");
    if (!take_shard(tape, batch)) return NULL;
    tensor->sharded = tape->shard.whole > 0;
    tensor->data = (lathe_real *)batch->images; /* read only: no operation writes into its inputs */
    return tensor;
}

lathe_tensor *lathe_batch_leaf(lathe_tape *tape, const lathe_batch *batch, lathe_layout layout,
    lathe_shape shape, const lathe_real *values)
{
    if (!tape || !batch) return lathe_fail_null("lathe_batch_leaf", tape ? "batch" : "tape"), NULL;
    if (shape.rank < 1 || shape.dim[0] != batch->size)
        return lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_batch_leaf: shape has %d pictures, the batch %d",
            shape.rank < 1 ? 0 : shape.dim[0], batch->size);
    lathe_tensor *tensor = take_shard(tape, batch) ? lathe_tape_leaf(tape, layout, shape, values) : NULL;
    if (tensor) tensor->sharded = tape->shard.whole > 0;
    return tensor;
}

lathe_status lathe_tape_check(const char *function, const char *name, const lathe_tensor *tensor)
{
    if (!function || !name || !tensor)
        return lathe_fail_null("lathe_tape_check", !function ? "function" : !name ? "name" : "tensor");
    if (!tensor->tape || tensor->begun == tensor->tape->times) return LATHE_OK;
    return lathe_fail(LATHE_ESTATE,
        "%s: %s is of an earlier step: lathe_tape_begin has ended it; read its numbers before", function,
        name);
}

const char *lathe_tape_scope(lathe_tape *tape, const char *path)
{
    if (!tape) return NULL;
    const char *former = tape->scope;
    tape->scope = path;
    return former;
}

lathe_layout lathe_tape_layout(lathe_tape *tape, lathe_layout layout)
{
    if (!tape) return LATHE_BATCHED;
    lathe_layout former = tape->layout;
    tape->layout = layout == LATHE_CHANNELS ? LATHE_CHANNELS : LATHE_BATCHED;
    return former;
}

lathe_layout lathe_tape_layout_of(const lathe_tape *tape) { return tape ? tape->layout : LATHE_BATCHED; }

lathe_swap lathe_tape_swap(lathe_tape *tape, lathe_swap swap)
{
    if (!tape) return (lathe_swap){ 0 };
    lathe_swap former = tape->swap;
    tape->swap = swap;
    return former;
}

static lathe_real *new_grad(lathe_tape *tape, size_t count)
{
    for (int i = tape->spares - 1; i >= 0; i--) { /* the last one first: it is in the cache */
        lathe_spare_grad found = tape->spare[i];
        if (found.count < count || found.count / 2 > count) continue;  /* only buffers of similar size */
        if (found.count != count && lathe_chain_waits(tape)) continue; /* a block's places stay its own */
        for (tape->spares--; i < tape->spares; i++) tape->spare[i] = tape->spare[i + 1];
        return found.at;
    }
    return lathe_tape_alloc(tape, count, sizeof(lathe_real));
}

lathe_real *lathe_grad_target(lathe_tape *tape, lathe_tensor *tensor, bool *add)
{
    if (!tape || !add) return lathe_fail_null("lathe_grad_target", !tape ? "tape" : "add"), NULL;
    if (!tensor || !tensor->needs_grad || (!tensor->tape && tape->mode == LATHE_EVAL)) return NULL;
    if (!tensor->grad && !(tensor->grad = new_grad(tape, tensor->stored))) return NULL;
    *add = tensor->has_grad;
    tensor->has_grad = true;
    tensor->stepped = tensor->stepped && *add;
    tensor->mixed = tensor->stepped;
    return tensor->grad;
}

static void give_grad_up(lathe_tape *tape, lathe_tensor *tensor)
{
    if (tensor->keep_grad || !tensor->grad) return; /* no grad: the operation gave it to an input */
    if (tape->spares < LATHE_SPARE_GRADS)
        tape->spare[tape->spares++] = (lathe_spare_grad){ tensor->grad, tensor->stored };
    tensor->grad = NULL;
    tensor->has_grad = false;
}

static lathe_status walk(lathe_tape *tape)
{
    for (lathe_node *node = tape->newest; node; node = node->before) {
        if (!node->out->has_grad) continue; /* the loss does not depend on it */
        lathe_chain_enter(node);
        node->op->backward(node);
        lathe_chain_leave(tape);
        if (tape->status) return tape->status;
        if (tape->on_backward) tape->on_backward(tape->on_backward_context, node);
        give_grad_up(tape, node->out);
    }
    return LATHE_OK;
}

static lathe_status run_backward(lathe_tape *tape)
{
    tape->backward_done = true;
    bool opened = lathe_chain_open(tape);
    lathe_status status = walk(tape);
    if (opened) lathe_chain_close(tape);
    else lathe_chain_run(tape); /* in the forward of a net */
    return status ? status : tape->status;
}

/* Checks shared by both backwards; LATHE_OK means that loss->grad is there to be filled. */
static lathe_status prepare_backward(const char *who, lathe_tensor *loss)
{
    if (!loss) return lathe_fail_null(who, "loss");
    lathe_tape *tape = loss->tape;
    if (!tape) return lathe_fail(LATHE_EARG, "%s: a parameter is not a loss", who);
    lathe_status status = lathe_tape_check(who, "the loss", loss);
    if (status) return status;
    if (tape->status) return lathe_fail(tape->status, "%s", tape->message);
    if (tape->backward_done)
        return lathe_fail(LATHE_ESTATE, "%s: called already since lathe_tape_begin", who);
    if (!loss->needs_grad && tape->mode == LATHE_EVAL)
        return lathe_fail(LATHE_ESTATE,
            "%s: nothing was recorded in LATHE_EVAL: begin the tape with LATHE_TRAIN, or set needs_grad of "
            "the "
            "input",
            who);
    if (!loss->needs_grad) return lathe_fail(LATHE_ESTATE, "%s: the loss depends on no parameter", who);
    bool add;
    return lathe_grad_target(tape, loss, &add) ? LATHE_OK : tape->status;
}

lathe_status lathe_backward(lathe_tensor *loss)
{
    char text[LATHE_SHAPE_TEXT];
    if (loss && lathe_shape_count(&loss->shape) != 1)
        return lathe_fail(LATHE_ESHAPE, "lathe_backward: the loss is %s, not a single number",
            lathe_shape_text(&loss->shape, text));
    lathe_status status = prepare_backward("lathe_backward", loss);
    if (status) return status;
    memset(loss->grad, 0, loss->stored * sizeof *loss->grad);
    loss->grad[0] = 1;
    return run_backward(loss->tape);
}

lathe_status lathe_backward_from(lathe_tensor *y, const lathe_real *gy, size_t count)
{
    if (!y || !gy) return lathe_fail_null("lathe_backward_from", y ? "gy" : "y");
    lathe_status status = prepare_backward("lathe_backward_from", y);
    if (status) return status;
    if (count != lathe_shape_count(&y->shape))
        return lathe_fail(LATHE_ESHAPE, "lathe_backward_from: %zu numbers given for a gradient of %zu",
            gy ? count : 0, lathe_shape_count(&y->shape));
    memset(y->grad, 0, y->stored * sizeof *y->grad);
    for (size_t i = 0; i < count; i++) y->grad[lathe_tensor_place(y, i)] = gy[i];
    return run_backward(y->tape);
}
