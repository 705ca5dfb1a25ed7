#include "focal_loss.h"

#include <math.h>

#include "cross_entropy.h"
#include "loss_impl.h"

/* ---- one class of several ------------------------------------------------------------------------------ */

const lathe_op lathe_focal_op = { "focal", lathe_pair_backward };

static const lathe_field focal_fields[] = {
    { .name = "gamma",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_focal_opts, gamma),
        .preset = { 2 },
        .max = HUGE_VAL,
        .help = "how little well answered samples count; 0: cross-entropy" },
    { .name = "ignore_index",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_focal_opts, ignore_index),
        .preset = { -100 },
        .help = "samples with this label take no part" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_focal_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over all samples" },
    { .name = NULL },
};

static lathe_tensor *classify_focal(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_focal(scores, labels, opts);
}

static const lathe_real **class_weights(void *opts) { return &((lathe_focal_opts *)opts)->alpha; }

const lathe_loss_type lathe_focal_loss = {
    .name = "focal",
    .summary = "cross-entropy with less weight on what is answered well",
    .opts_size = sizeof(lathe_focal_opts),
    .fields = focal_fields,
    .classify = classify_focal,
    .class_weights = class_weights,
};

static void focal_range(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    const lathe_focal_opts *o = job->opts;
    lathe_context_kernels(NULL)->loss->focal(end - begin, o->gamma, job->x + begin, job->target + begin,
        job->loss + begin, job->slope ? job->slope + begin : NULL);
}

/* Each sample's factor, stored like its cross-entropy: alpha of its label, 0 if it is ignored. */
static lathe_tensor *factors(lathe_tape *tape, const lathe_tensor *x, const lathe_tensor *entropy,
    const int *labels, const lathe_focal_opts *o)
{
    lathe_tensor *factor = lathe_tape_leaf(tape, LATHE_BATCHED, entropy->shape, NULL);
    size_t columns = lathe_loss_columns(x), count = (size_t)x->shape.dim[0] * columns;
    for (size_t i = 0; factor && i < count; i++)
        if (labels[i] != o->ignore_index)
            factor->data[lathe_tensor_place(factor, i)] = o->alpha ? o->alpha[labels[i]] : 1;
    return factor;
}

lathe_tensor *lathe_focal(lathe_tensor *x, const int *labels, const lathe_focal_opts *opts)
{
    const char *who = "lathe_focal";
    lathe_focal_opts o;
    size_t counted;
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    if (!tape || !lathe_loss_batched(tape, who, x) ||
        !lathe_loss_resolve(tape, &lathe_focal_loss, opts, &o) ||
        !lathe_loss_weights(tape, who, "alpha", o.alpha, x->shape.dim[1]) ||
        !lathe_loss_labels(tape, who, x, labels, o.ignore_index, &counted))
        return NULL;
    if (!counted && o.reduction == LATHE_REDUCE_MEAN)
        return lathe_tape_fail(tape, LATHE_EARG, "%s: the mean over no samples: all are ignored", who);
    lathe_tensor *entropy = lathe_cross_entropy(x, labels,
        &(lathe_cross_entropy_opts){ .ignore_index = o.ignore_index, .reduction = LATHE_REDUCE_NONE });
    lathe_tensor *factor = entropy ? factors(tape, x, entropy, labels, &o) : NULL;
    const lathe_pair_job job = { .piece = 1, .opts = &o };
    return lathe_pair_loss(who, &lathe_focal_op, (lathe_tensor *[]){ entropy, factor }, 1, focal_range, job,
        o.reduction, (double)counted);
}

/* ---- yes or no ----------------------------------------------------------------------------------------- */

const lathe_op lathe_sigmoid_focal_op = { "sigmoid_focal", lathe_pair_backward };

static const lathe_field sigmoid_focal_fields[] = {
    { .name = "alpha",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_sigmoid_focal_opts, alpha),
        .preset = { 0.25 },
        .min = -1,
        .max = 1,
        .help = "weight of a yes, 1 - alpha of a no; below 0: both 1" },
    { .name = "gamma",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_sigmoid_focal_opts, gamma),
        .preset = { 2 },
        .max = HUGE_VAL,
        .help = "how little well answered samples count; 0: cross-entropy" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_sigmoid_focal_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over all numbers" },
    { .name = NULL },
};

static lathe_tensor *classify_sigmoid_focal(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_sigmoid_focal(scores, lathe_label_targets("lathe_sigmoid_focal", scores, labels), opts);
}

static lathe_tensor *many_sigmoid_focal(lathe_tensor *scores, const int *targets, const void *opts)
{
    return lathe_sigmoid_focal(scores, lathe_many_targets("lathe_sigmoid_focal", scores, targets), opts);
}

const lathe_loss_type lathe_sigmoid_focal_loss = {
    .name = "sigmoid_focal",
    .summary = "binary cross-entropy with less weight on what is answered well",
    .opts_size = sizeof(lathe_sigmoid_focal_opts),
    .fields = sigmoid_focal_fields,
    .classify = classify_sigmoid_focal,
    .many = many_sigmoid_focal,
};

static void sigmoid_focal_range(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    const lathe_sigmoid_focal_opts *o = job->opts;
    lathe_context_kernels(NULL)->loss->binary_focal(end - begin, o->alpha, o->gamma, job->x + begin,
        job->target + begin, job->loss + begin, job->slope ? job->slope + begin : NULL);
}

lathe_tensor *lathe_sigmoid_focal(lathe_tensor *x, lathe_tensor *targets,
    const lathe_sigmoid_focal_opts *opts)
{
    const char *who = "lathe_sigmoid_focal";
    lathe_tape *tape = lathe_tape_of_alike(who, "x", x, "targets", targets);
    lathe_sigmoid_focal_opts o;
    if (!tape || !lathe_loss_batched(tape, who, x) ||
        !lathe_loss_resolve(tape, &lathe_sigmoid_focal_loss, opts, &o))
        return NULL;
    const lathe_pair_job job = { .piece = 1, .opts = &o };
    return lathe_pair_loss(who, &lathe_sigmoid_focal_op, (lathe_tensor *[]){ x, targets }, 1,
        sigmoid_focal_range, job, o.reduction, (double)lathe_shape_count(&x->shape));
}
