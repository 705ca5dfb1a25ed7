#include "loss_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const lathe_reduction_names[] = { "mean", "sum", "none", NULL };

/* ---- checks -------------------------------------------------------------------------------------------- */

bool lathe_loss_resolve(lathe_tape *tape, const lathe_loss_type *type, const void *opts, void *resolved)
{
    bool held = lathe_error_hold(true); /* the handler is to hear of a failure once, from the tape */
    lathe_status status = lathe_fields_resolve(type->name, type->fields, opts, resolved, type->opts_size);
    lathe_error_hold(held);
    return !status || lathe_tape_fail(tape, status, "lathe_%s", lathe_error_message());
}

bool lathe_loss_weights(lathe_tape *tape, const char *who, const char *what, const lathe_real *weights,
    int classes)
{
    for (int k = 0; weights && k < classes; k++) {
        double weight = (double)weights[k];
        if (!(weight >= 0 && isfinite(weight)))
            return lathe_tape_fail(tape, LATHE_EARG, "%s: the %s of class %d is %g, not a finite number >= 0",
                who, what, k, weight);
    }
    return true;
}

bool lathe_loss_batched(lathe_tape *tape, const char *who, const lathe_tensor *x)
{
    char text[LATHE_SHAPE_TEXT];
    if (x->layout == LATHE_BATCHED && x->shape.rank >= 2) return true;
    return lathe_tape_fail(tape, LATHE_ESHAPE, "%s: x is %s%s, expected batched [B, K, ...]", who,
        lathe_shape_text(&x->shape, text), x->layout == LATHE_BATCHED ? "" : " and not batched");
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

bool lathe_loss_labels(lathe_tape *tape, const char *who, const lathe_tensor *x, const int *labels,
    int ignore_index, size_t *counted)
{
    int classes = x->shape.dim[1];
    size_t columns = lathe_loss_columns(x), count = (size_t)x->shape.dim[0] * columns;
    *counted = 0;
    if (!labels) return lathe_tape_fail(tape, LATHE_EARG, "%s: labels is NULL", who);
    for (size_t i = 0; i < count; i++) {
        if (labels[i] == ignore_index) continue;
        ++*counted;
        if (labels[i] >= 0 && labels[i] < classes) continue;
        char place[48] = "";
        if (columns > 1) snprintf(place, sizeof place, ", place %zu,", i % columns);
        return lathe_tape_fail(tape, LATHE_EARG, "%s: label %d of sample %zu%s is outside 0 to %d", who,
            labels[i], i / columns, place, classes - 1);
    }
    return true;
}

lathe_tensor *lathe_one_hot(lathe_tape *tape, const lathe_tensor *x, const int *labels, int ignore_index)
{
    lathe_tensor *targets = lathe_tape_leaf(tape, LATHE_BATCHED, x->shape, NULL);
    size_t columns = lathe_loss_columns(x), count = (size_t)x->shape.dim[0] * columns;
    for (size_t i = 0; targets && i < count; i++)
        if (labels[i] != ignore_index)
            targets->data[lathe_loss_place(x, i) + (size_t)labels[i] * columns * LATHE_LANES] = 1;
    return targets;
}

lathe_tensor *lathe_label_targets(const char *who, lathe_tensor *x, const int *labels)
{
    size_t counted;
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    if (!tape || !lathe_loss_batched(tape, who, x) ||
        !lathe_loss_labels(tape, who, x, labels, LATHE_NONE_IGNORED, &counted))
        return NULL;
    return lathe_one_hot(tape, x, labels, LATHE_NONE_IGNORED);
}

lathe_tensor *lathe_many_targets(const char *who, lathe_tensor *x, const int *targets)
{
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    if (!tape || !lathe_loss_batched(tape, who, x)) return NULL;
    if (!targets) return lathe_tape_fail(tape, LATHE_EARG, "%s: targets is NULL", who);
    lathe_tensor *constant = lathe_tape_leaf(tape, LATHE_BATCHED, x->shape, NULL);
    size_t count = lathe_shape_count(&x->shape);
    for (size_t i = 0; constant && i < count; i++)
        constant->data[lathe_tensor_place(x, i)] = (lathe_real)targets[i];
    return constant;
}

/* ---- number by number ---------------------------------------------------------------------------------- */

lathe_tensor *lathe_reduce(const char *who, lathe_tensor *each, lathe_reduction reduction, double divisor)
{
    if (reduction == LATHE_REDUCE_NONE) return each;
    return lathe_sum_times(who, each, reduction == LATHE_REDUCE_MEAN ? 1 / divisor : 1);
}

lathe_tensor *lathe_pair_loss(const char *who, const lathe_op *op, lathe_tensor *const *in, int inputs,
    lathe_range_fn *pieces, lathe_pair_job job, lathe_reduction reduction, double divisor)
{
    lathe_tape *tape = lathe_tape_of(who, in, 2);
    lathe_tensor *x = in[0], *y = tape ? lathe_tape_tensor(tape, x->layout, x->shape) : NULL;
    if (!y) return NULL;
    bool records = lathe_tape_records(tape, in, inputs);
    job.slope = records ? lathe_tape_alloc(tape, x->stored, sizeof *job.slope) : NULL;
    if (records && !job.slope) return NULL;
    job.x = x->data;
    job.target = in[1]->data;
    job.loss = y->data;
    lathe_parallel_pieces(x->stored / job.piece, job.piece, pieces, &job);
    lathe_zero_tails(x, y->data); /* what garbage there gives may be no number */
    if (records) lathe_zero_tails(x, job.slope);
    return lathe_reduce(who, lathe_tape_record(tape, op, y, in, inputs, job.slope), reduction, divisor);
}

typedef struct times_job {
    const lathe_real *slope, *gy;
    lathe_real *g;
    bool negative, add;
} times_job;

static void times_range(void *context, size_t begin, size_t end)
{
    const times_job *job = context;
    const lathe_element_kernels *element = lathe_context_kernels(NULL)->element;
    if (!job->negative) {
        element->mul(end - begin, job->slope + begin, job->gy + begin, job->g + begin, job->add);
        return;
    }
    enum { RUN = 256 };
    _Alignas(64) lathe_real product[RUN];
    for (size_t i = begin; i < end; i += RUN) {
        size_t count = end - i < RUN ? end - i : RUN;
        element->mul(count, job->slope + i, job->gy + i, product, false);
        element->scale(count, -1, product, job->g + i, job->add);
    }
}

lathe_status lathe_pair_backward(lathe_node *node)
{
    for (int i = 0; i < node->inputs; i++) {
        times_job job = { .slope = node->saved, .gy = node->out->grad, .negative = i == 1 };
        if ((job.g = lathe_grad_target(node->out->tape, node->in[i], &job.add)))
            lathe_parallel_ranges(node->out->stored, times_range, &job);
    }
    return LATHE_OK;
}
