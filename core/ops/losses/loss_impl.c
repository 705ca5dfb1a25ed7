#include "loss_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../exchange.h"
#include "../../tape_impl.h"
#include "../arithmetic.h"

const char *const lathe_reduction_names[] = { "mean", "sum", "none", NULL };

/* ---- checks -------------------------------------------------------------------------------------------- */

bool lathe_loss_resolve(lathe_tape *tape, const lathe_loss_type *type, const void *opts, void *resolved)
{
    bool held = lathe_error_hold(true); /* the handler is called once, by the tape */
    lathe_status status = lathe_fields_resolve(type->name, type->fields, opts, resolved, type->opts_size);
    lathe_error_hold(held);
    return !status || lathe_tape_fail(tape, status, "lathe_%s", lathe_error_message());
}

bool lathe_loss_weights(lathe_tape *tape, const char *name, const char *what, const lathe_real *weights,
    int classes)
{
    for (int k = 0; weights && k < classes; k++) {
        double weight = (double)weights[k];
        if (!(weight >= 0 && isfinite(weight)))
            return lathe_tape_fail(tape, LATHE_EARG,
                "lathe_%s: the %s of class %d is %g, not a finite number >= 0", name, what, k, weight);
    }
    return true;
}

bool lathe_loss_batched(lathe_tape *tape, const char *name, const lathe_tensor *x)
{
    char text[LATHE_SHAPE_TEXT];
    bool batched = x->layout != LATHE_PLAIN || x->pictures;
    if (batched && x->shape.rank >= 2) return true;
    return lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_%s: x is %s%s, expected batched [B, K, ...]", name,
        lathe_shape_text(&x->shape, text), batched ? "" : " and not batched");
}

/* ---- places -------------------------------------------------------------------------------------------- */

void lathe_zero_tails(const lathe_tensor *like, lathe_real *values)
{
    int lanes;
    for (size_t i = lathe_whole_part(like, &lanes); lanes < LATHE_LANES && i < like->stored; i += LATHE_LANES)
        memset(values + i + lanes, 0, (size_t)(LATHE_LANES - lanes) * sizeof *values);
}

size_t lathe_loss_columns(const lathe_tensor *x)
{
    return lathe_tensor_per_image(x) / (size_t)x->shape.dim[1];
}

lathe_shape lathe_loss_samples(const lathe_tensor *x)
{
    lathe_shape shape = { x->shape.rank - 1, { x->shape.dim[0] } };
    for (int i = 2; i < x->shape.rank; i++) shape.dim[i - 1] = x->shape.dim[i];
    return shape;
}

size_t lathe_loss_place(const lathe_tensor *x, size_t column)
{
    size_t columns = lathe_loss_columns(x), image = column / columns;
    return (image / LATHE_LANES * lathe_tensor_per_image(x) + column % columns) * LATHE_LANES +
        image % LATHE_LANES;
}

bool lathe_loss_labels(lathe_tape *tape, const char *name, const lathe_tensor *x, const int *labels,
    int ignore_index, size_t *counted)
{
    int classes = x->shape.dim[1];
    size_t columns = lathe_loss_columns(x), count = (size_t)x->shape.dim[0] * columns;
    *counted = 0;
    if (!labels) return lathe_tape_fail(tape, LATHE_EARG, "lathe_%s: labels is NULL", name);
    for (size_t i = 0; i < count; i++) {
        if (lathe_is_ignored(labels[i], ignore_index)) continue;
        ++*counted;
        if (labels[i] >= 0 && labels[i] < classes) continue;
        char place[48] = "";
        if (columns > 1) snprintf(place, sizeof place, ", place %zu,", i % columns);
        return lathe_tape_fail(tape, LATHE_EARG, "lathe_%s: label %d of sample %zu%s is outside 0 to %d",
            name, labels[i], i / columns, place, classes - 1);
    }
    return true;
}

bool lathe_loss_counted(const lathe_tensor *x, size_t *counted)
{
    if (!x->sharded) return true;
    const lathe_exchange *exchange = lathe_context_exchange(x->tape->context);
    const uint64_t mine = x->tape->shard.silent ? 0 : *counted;
    uint64_t *all = lathe_tape_alloc(x->tape, (size_t)exchange->size, sizeof *all);
    if (!all) return false;
    bool held = lathe_error_hold(true); /* the handler is called once, by the tape */
    lathe_status status = lathe_exchange_each(exchange, &mine, all, sizeof mine);
    lathe_error_hold(held);
    if (status) return lathe_tape_fail(x->tape, status, "%s", lathe_error_message());
    *counted = 0;
    for (int rank = 0; rank < exchange->size; rank++) *counted += all[rank];
    return true;
}

lathe_tensor *lathe_one_hot(lathe_tape *tape, const lathe_tensor *x, const int *labels, int ignore_index)
{
    lathe_tensor *targets = lathe_tape_leaf(tape, LATHE_BATCHED, x->shape, NULL);
    size_t columns = lathe_loss_columns(x), count = (size_t)x->shape.dim[0] * columns;
    for (size_t i = 0; targets && i < count; i++)
        if (!lathe_is_ignored(labels[i], ignore_index))
            targets->data[lathe_loss_place(x, i) + (size_t)labels[i] * columns * LATHE_LANES] = 1;
    return targets;
}

lathe_tensor *lathe_label_targets(const char *name, lathe_tensor *x, const int *labels)
{
    size_t counted;
    lathe_tape *tape = lathe_tape_of(name, &x, 1);
    if (!tape || !lathe_loss_batched(tape, name, x) ||
        !lathe_loss_labels(tape, name, x, labels, LATHE_NONE_IGNORED, &counted))
        return NULL;
    return lathe_one_hot(tape, x, labels, LATHE_NONE_IGNORED);
}

lathe_tensor *lathe_many_targets(const char *name, lathe_tensor *x, const int *targets)
{
    lathe_tape *tape = lathe_tape_of(name, &x, 1);
    if (!tape || !lathe_loss_batched(tape, name, x)) return NULL;
    if (!targets) return lathe_tape_fail(tape, LATHE_EARG, "lathe_%s: targets is NULL", name);
    lathe_tensor *constant = lathe_tape_leaf(tape, LATHE_BATCHED, x->shape, NULL);
    size_t count = lathe_shape_count(&x->shape);
    for (size_t i = 0; constant && i < count; i++)
        constant->data[lathe_tensor_place(constant, i)] = (lathe_real)targets[i];
    return constant;
}

/* ---- number by number ---------------------------------------------------------------------------------- */

lathe_tensor *lathe_reduce(lathe_tensor *each, lathe_reduction reduction, double divisor)
{
    if (!each || reduction == LATHE_REDUCE_NONE) return each;
    if (reduction == LATHE_REDUCE_MEAN && divisor == 0) return lathe_mean(each);
    return lathe_sum_times(each, reduction == LATHE_REDUCE_MEAN ? 1 / divisor : 1);
}

void lathe_pair_forward(lathe_node *node, size_t piece, lathe_range_fn *pieces)
{
    const lathe_tensor *x = node->in[0];
    lathe_pair_job job = { .kernels = node->kernels->loss,
        .attributes = node->attributes,
        .x = x->data,
        .target = node->in[1]->data,
        .loss = node->out->data,
        .piece = piece,
        .classes = x->shape.rank > 1 ? (size_t)x->shape.dim[1] : 1 };
    if (node->records && !(job.slope = lathe_tape_alloc(node->tape, x->stored, sizeof *job.slope))) return;
    lathe_parallel_pieces(node->context, x->stored / piece, piece, pieces, &job);
    lathe_zero_tails(x, job.loss); /* the results of tail lanes may be non-finite */
    if (job.slope) lathe_zero_tails(x, job.slope);
    node->saved = job.slope;
}

typedef struct times_job {
    const lathe_element_kernels *element;
    const lathe_real *slope, *gy;
    lathe_real *g;
    bool negative, add;
} times_job;

static void times_range(void *context, size_t begin, size_t end)
{
    const times_job *job = context;
    if (!job->negative) {
        job->element->mul(end - begin, job->slope + begin, job->gy + begin, job->g + begin, job->add);
        return;
    }
    enum { RUN = 256 };
    _Alignas(64) lathe_real product[RUN];
    for (size_t i = begin; i < end; i += RUN) {
        size_t count = end - i < RUN ? end - i : RUN;
        job->element->mul(count, job->slope + i, job->gy + i, product, false);
        job->element->scale(count, -1, product, job->g + i, job->add);
    }
}

void lathe_pair_backward(lathe_node *node)
{
    for (int i = 0; i < 2 && !node->op->in[i].constant; i++) {
        times_job job = { .element = node->kernels->element,
            .slope = node->saved,
            .gy = node->out->grad,
            .negative = i == 1 };
        if ((job.g = lathe_grad_target(node->tape, node->in[i], &job.add)))
            lathe_parallel_ranges(node->context, node->out->stored, times_range, &job);
    }
}
