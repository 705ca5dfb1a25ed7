#include "distance_loss.h"

#include <math.h>

#include "loss_impl.h"

/* The options of l1 and mse: what their functions take as an argument. */
typedef struct plain_opts {
    lathe_reduction reduction;
} plain_opts;

static void square_range(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    job->kernels->square(end - begin, job->x + begin, job->target + begin, job->loss + begin,
        job->slope ? job->slope + begin : NULL);
}

/* The kernel's bowl: quadratic below `edge`, then straight with slope `height`. */
static void bowl(const lathe_pair_job *job, double edge, double height, size_t begin, size_t end)
{
    job->kernels->bowl(end - begin, (lathe_real)edge, (lathe_real)height, job->x + begin, job->target + begin,
        job->loss + begin, job->slope ? job->slope + begin : NULL);
}

/* ---- l1 ------------------------------------------------------------------------------------------------ */

static const lathe_field plain_fields[] = {
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(plain_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over all numbers" },
    { .name = NULL },
};

static void l1_range(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    bowl(job, 0, 1, begin, end);
}

static void l1_forward(lathe_node *node) { lathe_pair_forward(node, 1, l1_range); }

const lathe_op lathe_l1_op = {
    .name = "l1",
    .in = { { .name = "x" }, { .name = "target", .form = LATHE_FORM_LIKE } },
    .fields = plain_fields,
    .attributes_size = sizeof(plain_opts),
    .forward = l1_forward,
    .backward = lathe_pair_backward,
};

static lathe_tensor *classify_l1(lathe_tensor *scores, const int *labels, const void *opts)
{
    const plain_opts *o = opts;
    return lathe_l1(scores, lathe_label_targets("l1", scores, labels), o ? o->reduction : LATHE_REDUCE_MEAN);
}

const lathe_loss_type lathe_l1_loss = {
    .name = "l1",
    .summary = "distance |x - target|",
    .opts_size = sizeof(plain_opts),
    .fields = plain_fields,
    .classify = classify_l1,
};

lathe_tensor *lathe_l1(lathe_tensor *x, lathe_tensor *target, lathe_reduction reduction)
{
    lathe_tensor *in[2] = { x, target };
    return lathe_reduce(lathe_apply(&lathe_l1_op, in, 2, &(plain_opts){ reduction }), reduction, 0);
}

/* ---- mse ----------------------------------------------------------------------------------------------- */

static void mse_forward(lathe_node *node) { lathe_pair_forward(node, 1, square_range); }

const lathe_op lathe_mse_op = {
    .name = "mse",
    .in = { { .name = "x" }, { .name = "target", .form = LATHE_FORM_LIKE } },
    .fields = plain_fields,
    .attributes_size = sizeof(plain_opts),
    .forward = mse_forward,
    .backward = lathe_pair_backward,
};

static lathe_tensor *classify_mse(lathe_tensor *scores, const int *labels, const void *opts)
{
    const plain_opts *o = opts;
    return lathe_mse(scores, lathe_label_targets("mse", scores, labels),
        o ? o->reduction : LATHE_REDUCE_MEAN);
}

const lathe_loss_type lathe_mse_loss = {
    .name = "mse",
    .summary = "squared distance (x - target)^2",
    .opts_size = sizeof(plain_opts),
    .fields = plain_fields,
    .classify = classify_mse,
};

lathe_tensor *lathe_mse(lathe_tensor *x, lathe_tensor *target, lathe_reduction reduction)
{
    lathe_tensor *in[2] = { x, target };
    return lathe_reduce(lathe_apply(&lathe_mse_op, in, 2, &(plain_opts){ reduction }), reduction, 0);
}

/* ---- smooth l1 ----------------------------------------------------------------------------------------- */

static const lathe_field smooth_l1_fields[] = {
    { .name = "beta",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_smooth_l1_opts, beta),
        .preset = { 1 },
        .max = HUGE_VAL,
        .help = "quadratic below this distance; 0: nowhere" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_smooth_l1_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over all numbers" },
    { .name = NULL },
};

static void smooth_l1_range(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    const lathe_smooth_l1_opts *o = job->attributes;
    bowl(job, o->beta, 1, begin, end);
}

static void smooth_l1_forward(lathe_node *node) { lathe_pair_forward(node, 1, smooth_l1_range); }

const lathe_op lathe_smooth_l1_op = {
    .name = "smooth_l1",
    .in = { { .name = "x" }, { .name = "target", .form = LATHE_FORM_LIKE } },
    .fields = smooth_l1_fields,
    .attributes_size = sizeof(lathe_smooth_l1_opts),
    .forward = smooth_l1_forward,
    .backward = lathe_pair_backward,
};

static lathe_tensor *classify_smooth_l1(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_smooth_l1(scores, lathe_label_targets("smooth_l1", scores, labels), opts);
}

const lathe_loss_type lathe_smooth_l1_loss = {
    .name = "smooth_l1",
    .summary = "distance, quadratic near 0",
    .opts_size = sizeof(lathe_smooth_l1_opts),
    .fields = smooth_l1_fields,
    .classify = classify_smooth_l1,
};

lathe_tensor *lathe_smooth_l1(lathe_tensor *x, lathe_tensor *target, const lathe_smooth_l1_opts *opts)
{
    lathe_tensor *each = lathe_apply(&lathe_smooth_l1_op, (lathe_tensor *[]){ x, target }, 2, opts);
    return lathe_reduce(each, opts ? opts->reduction : LATHE_REDUCE_MEAN, 0);
}

/* ---- huber --------------------------------------------------------------------------------------------- */

static const lathe_field huber_fields[] = {
    { .name = "delta",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_huber_opts, delta),
        .preset = { 1 },
        .max = HUGE_VAL,
        .above_min = true,
        .help = "quadratic below this distance" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_huber_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over all numbers" },
    { .name = NULL },
};

static void huber_range(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    const lathe_huber_opts *o = job->attributes;
    bowl(job, o->delta, o->delta, begin, end);
}

static void huber_forward(lathe_node *node) { lathe_pair_forward(node, 1, huber_range); }

const lathe_op lathe_huber_op = {
    .name = "huber",
    .in = { { .name = "x" }, { .name = "target", .form = LATHE_FORM_LIKE } },
    .fields = huber_fields,
    .attributes_size = sizeof(lathe_huber_opts),
    .forward = huber_forward,
    .backward = lathe_pair_backward,
};

static lathe_tensor *classify_huber(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_huber(scores, lathe_label_targets("huber", scores, labels), opts);
}

const lathe_loss_type lathe_huber_loss = {
    .name = "huber",
    .summary = "squared distance, linear far from 0",
    .opts_size = sizeof(lathe_huber_opts),
    .fields = huber_fields,
    .classify = classify_huber,
};

lathe_tensor *lathe_huber(lathe_tensor *x, lathe_tensor *target, const lathe_huber_opts *opts)
{
    lathe_tensor *each = lathe_apply(&lathe_huber_op, (lathe_tensor *[]){ x, target }, 2, opts);
    return lathe_reduce(each, opts ? opts->reduction : LATHE_REDUCE_MEAN, 0);
}
