#include "focal_loss.h"

#include <math.h>

#include "cross_entropy.h"
#include "loss_impl.h"

/* ---- one class of several ------------------------------------------------------------------------------ */

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
        .zero = LATHE_LABEL_0,
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

static double mean_weight(const void *opts, const int *labels, size_t count)
{
    lathe_focal_opts o;
    size_t counted = 0;
    if (lathe_fields_resolve("focal", focal_fields, opts, &o, sizeof o)) return (double)count;
    for (size_t i = 0; i < count; i++) counted += !lathe_is_ignored(labels[i], o.ignore_index);
    return (double)counted;
}

const lathe_loss_type lathe_focal_loss = {
    .name = "focal",
    .summary = "cross-entropy with less weight on what is answered well",
    .opts_size = sizeof(lathe_focal_opts),
    .fields = focal_fields,
    .classify = classify_focal,
    .class_weights = class_weights,
    .mean_weight = mean_weight,
};

static void focal_range(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    const lathe_focal_opts *o = job->attributes;
    job->kernels->focal(end - begin, o->gamma, job->x + begin, job->target + begin, job->loss + begin,
        job->slope ? job->slope + begin : NULL);
}

static void focal_forward(lathe_node *node) { lathe_pair_forward(node, 1, focal_range); }

const lathe_op lathe_focal_op = {
    .name = "focal",
    .in = { { .name = "entropy" }, { .name = "factor", .form = LATHE_FORM_LIKE, .constant = true } },
    .fields = focal_fields,
    .attributes_size = sizeof(lathe_focal_opts),
    .forward = focal_forward,
    .backward = lathe_pair_backward,
};

/* Each sample's factor, stored like its cross-entropy: alpha of its label, 0 if it is ignored. */
static lathe_tensor *factors(lathe_tape *tape, const lathe_tensor *x, const lathe_tensor *entropy,
    const int *labels, const lathe_focal_opts *o)
{
    lathe_tensor *factor = lathe_tape_leaf(tape, LATHE_BATCHED, entropy->shape, NULL);
    size_t columns = lathe_loss_columns(x), count = (size_t)x->shape.dim[0] * columns;
    for (size_t i = 0; factor && i < count; i++)
        if (!lathe_is_ignored(labels[i], o->ignore_index))
            factor->data[lathe_tensor_place(factor, i)] = o->alpha ? o->alpha[labels[i]] : 1;
    return factor;
}

lathe_tensor *lathe_focal(lathe_tensor *x, const int *labels, const lathe_focal_opts *opts)
{
    const char *name = "focal";
    lathe_focal_opts o;
    size_t counted;
    lathe_tape *tape = lathe_tape_of(name, &x, 1);
    if (!tape || !lathe_loss_batched(tape, name, x) ||
        !lathe_loss_resolve(tape, &lathe_focal_loss, opts, &o) ||
        !lathe_loss_weights(tape, name, "alpha", o.alpha, x->shape.dim[1]) ||
        !lathe_loss_labels(tape, name, x, labels, o.ignore_index, &counted) ||
        !lathe_loss_counted(x, &counted))
        return NULL;
    if (!counted && o.reduction == LATHE_REDUCE_MEAN)
        return lathe_tape_fail(tape, LATHE_EARG, "lathe_%s: the mean over no samples: all are ignored", name);
    lathe_tensor *entropy = lathe_cross_entropy(x, labels,
        &(lathe_cross_entropy_opts){ .ignore_index = o.ignore_index, .reduction = LATHE_REDUCE_NONE });
    lathe_tensor *factor = entropy ? factors(tape, x, entropy, labels, &o) : NULL;
    lathe_tensor *each = lathe_apply(&lathe_focal_op, (lathe_tensor *[]){ entropy, factor }, 2, opts);
    return lathe_reduce(each, o.reduction, (double)counted);
}

/* ---- yes or no ----------------------------------------------------------------------------------------- */

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
    return lathe_sigmoid_focal(scores, lathe_label_targets("sigmoid_focal", scores, labels), opts);
}

static lathe_tensor *many_sigmoid_focal(lathe_tensor *scores, const int *targets, const void *opts)
{
    return lathe_sigmoid_focal(scores, lathe_many_targets("sigmoid_focal", scores, targets), opts);
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
    const lathe_sigmoid_focal_opts *o = job->attributes;
    job->kernels->binary_focal(end - begin, o->alpha, o->gamma, job->x + begin, job->target + begin,
        job->loss + begin, job->slope ? job->slope + begin : NULL);
}

static void sigmoid_focal_forward(lathe_node *node) { lathe_pair_forward(node, 1, sigmoid_focal_range); }

const lathe_op lathe_sigmoid_focal_op = {
    .name = "sigmoid_focal",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "targets", .form = LATHE_FORM_LIKE, .constant = true } },
    .fields = sigmoid_focal_fields,
    .attributes_size = sizeof(lathe_sigmoid_focal_opts),
    .forward = sigmoid_focal_forward,
    .backward = lathe_pair_backward,
};

lathe_tensor *lathe_sigmoid_focal(lathe_tensor *x, lathe_tensor *targets,
    const lathe_sigmoid_focal_opts *opts)
{
    lathe_tensor *each = lathe_apply(&lathe_sigmoid_focal_op, (lathe_tensor *[]){ x, targets }, 2, opts);
    return lathe_reduce(each, opts ? opts->reduction : LATHE_REDUCE_MEAN, 0);
}
