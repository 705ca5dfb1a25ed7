#include "binary_cross_entropy.h"

#include <math.h>

#include "loss_impl.h"

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

/* A piece is one class of one block. */
static void class_pieces(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    const lathe_binary_cross_entropy_opts *o = job->attributes;
    for (size_t i = begin; i < end; i++) {
        size_t at = i * job->piece, k = i % job->classes;
        double pos_weight = o->pos_weight * (o->pos_weights ? (double)o->pos_weights[k] : 1);
        job->kernels->binary(job->piece, o->weights ? o->weights[k] : 1, (lathe_real)pos_weight, job->x + at,
            job->target + at, job->loss + at, job->slope ? job->slope + at : NULL);
    }
}

static bool binary_cross_entropy_shape(lathe_node *node, lathe_result *result)
{
    const lathe_binary_cross_entropy_opts *o = node->attributes;
    int classes = result->shape.dim[1];
    return lathe_loss_weights(node->tape, node->op->name, "weight", o->weights, classes) &&
        lathe_loss_weights(node->tape, node->op->name, "pos_weight", o->pos_weights, classes);
}

static void binary_cross_entropy_forward(lathe_node *node)
{
    lathe_pair_forward(node, lathe_loss_columns(node->in[0]) * LATHE_LANES, class_pieces);
}

const lathe_op lathe_binary_cross_entropy_op = {
    .name = "binary_cross_entropy",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "targets", .form = LATHE_FORM_LIKE, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_binary_cross_entropy_opts),
    .shape = binary_cross_entropy_shape,
    .forward = binary_cross_entropy_forward,
    .backward = lathe_pair_backward,
};

lathe_tensor *lathe_binary_cross_entropy(lathe_tensor *x, lathe_tensor *targets,
    const lathe_binary_cross_entropy_opts *opts)
{
    lathe_tensor *each =
        lathe_apply(&lathe_binary_cross_entropy_op, (lathe_tensor *[]){ x, targets }, 2, opts);
    return lathe_reduce(each, opts ? opts->reduction : LATHE_REDUCE_MEAN, 0);
}

static lathe_tensor *classify(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_binary_cross_entropy(scores, lathe_label_targets("binary_cross_entropy", scores, labels),
        opts);
}

static const lathe_real **class_weights(void *opts)
{
    return &((lathe_binary_cross_entropy_opts *)opts)->weights;
}

static lathe_tensor *many(lathe_tensor *scores, const int *targets, const void *opts)
{
    return lathe_binary_cross_entropy(scores, lathe_many_targets("binary_cross_entropy", scores, targets),
        opts);
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
