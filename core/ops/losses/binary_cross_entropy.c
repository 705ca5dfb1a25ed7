#include "binary_cross_entropy.h"

#include <math.h>

#include "loss_impl.h"

const lathe_op lathe_binary_cross_entropy_op = { "binary_cross_entropy", lathe_pair_backward };

static const lathe_field fields[] = {
    { .name = "pos_weight",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_binary_cross_entropy_opts, pos_weight),
        .preset = { 1 },
        .max = HUGE_VAL,
        .above_min = true,
        .help = "how much more a yes counts than a no" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_binary_cross_entropy_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over all numbers" },
    { .name = NULL },
};

typedef struct binary_work {
    const lathe_binary_cross_entropy_opts *opts;
    size_t classes;
} binary_work;

/* A piece is one class of one block. */
static void class_pieces(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    const binary_work *work = job->opts;
    const lathe_binary_cross_entropy_opts *o = work->opts;
    for (size_t i = begin; i < end; i++) {
        size_t at = i * job->piece, k = i % work->classes;
        double pos_weight = o->pos_weight * (o->pos_weights ? (double)o->pos_weights[k] : 1);
        lathe_context_kernels(NULL)->loss->binary(job->piece, o->weights ? o->weights[k] : 1,
            (lathe_real)pos_weight, job->x + at, job->target + at, job->loss + at,
            job->slope ? job->slope + at : NULL);
    }
}

static lathe_tensor *classify(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_binary_cross_entropy(scores,
        lathe_label_targets("lathe_binary_cross_entropy", scores, labels), opts);
}

static const lathe_real **class_weights(void *opts)
{
    return &((lathe_binary_cross_entropy_opts *)opts)->weights;
}

static lathe_tensor *many(lathe_tensor *scores, const int *targets, const void *opts)
{
    return lathe_binary_cross_entropy(scores,
        lathe_many_targets("lathe_binary_cross_entropy", scores, targets), opts);
}

const lathe_loss_type lathe_binary_cross_entropy_loss = {
    .name = "binary_cross_entropy",
    .summary = "each class a yes or no of its own, from logits",
    .opts_size = sizeof(lathe_binary_cross_entropy_opts),
    .fields = fields,
    .classify = classify,
    .many = many,
    .class_weights = class_weights,
};

lathe_tensor *lathe_binary_cross_entropy(lathe_tensor *x, lathe_tensor *targets,
    const lathe_binary_cross_entropy_opts *opts)
{
    const char *who = "lathe_binary_cross_entropy";
    lathe_tape *tape = lathe_tape_of_alike(who, "x", x, "targets", targets);
    lathe_binary_cross_entropy_opts o;
    if (!tape || !lathe_loss_resolve(tape, &lathe_binary_cross_entropy_loss, opts, &o) ||
        !lathe_loss_batched(tape, who, x) ||
        !lathe_loss_weights(tape, who, "weight", o.weights, x->shape.dim[1]) ||
        !lathe_loss_weights(tape, who, "pos_weight", o.pos_weights, x->shape.dim[1]))
        return NULL;
    const binary_work work = { &o, (size_t)x->shape.dim[1] };
    const lathe_pair_job job = { .piece = lathe_loss_columns(x) * LATHE_LANES, .opts = &work };
    return lathe_pair_loss(who, &lathe_binary_cross_entropy_op, (lathe_tensor *[]){ x, targets }, 1,
        class_pieces, job, o.reduction, (double)lathe_shape_count(&x->shape));
}
