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
    lathe_context_kernels(NULL)->loss->square(end - begin, job->x + begin, job->target + begin,
        job->loss + begin, job->slope ? job->slope + begin : NULL);
}

/* The two numbers of the kernel "bowl". */
typedef struct bowl {
    lathe_real edge, height;
} bowl;

static void bowl_range(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    const bowl *b = job->opts;
    lathe_context_kernels(NULL)->loss->bowl(end - begin, b->edge, b->height, job->x + begin,
        job->target + begin, job->loss + begin, job->slope ? job->slope + begin : NULL);
}

static lathe_tensor *distance(const char *who, const lathe_op *op, lathe_tensor *x, lathe_tensor *target,
    lathe_range_fn *range, const bowl *b, lathe_reduction reduction)
{
    const lathe_pair_job job = { .piece = 1, .opts = b };
    return lathe_pair_loss(who, op, (lathe_tensor *[]){ x, target }, 2, range, job, reduction,
        (double)lathe_shape_count(&x->shape));
}

/* ---- l1 ------------------------------------------------------------------------------------------------ */

const lathe_op lathe_l1_op = { "l1", lathe_pair_backward };

static const lathe_field l1_fields[] = {
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(plain_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over all numbers" },
    { .name = NULL },
};

static lathe_tensor *classify_l1(lathe_tensor *scores, const int *labels, const void *opts)
{
    const plain_opts *o = opts;
    return lathe_l1(scores, lathe_label_targets("lathe_l1", scores, labels),
        o ? o->reduction : LATHE_REDUCE_MEAN);
}

const lathe_loss_type lathe_l1_loss = {
    .name = "l1",
    .summary = "distance |x - target|",
    .opts_size = sizeof(plain_opts),
    .fields = l1_fields,
    .classify = classify_l1,
};

lathe_tensor *lathe_l1(lathe_tensor *x, lathe_tensor *target, lathe_reduction reduction)
{
    static const bowl line = { 0, 1 };
    lathe_tape *tape = lathe_tape_of_alike("lathe_l1", "x", x, "target", target);
    plain_opts o = { reduction };
    if (!tape || !lathe_loss_resolve(tape, &lathe_l1_loss, &o, &o)) return NULL;
    return distance("lathe_l1", &lathe_l1_op, x, target, bowl_range, &line, reduction);
}

/* ---- mse ----------------------------------------------------------------------------------------------- */

const lathe_op lathe_mse_op = { "mse", lathe_pair_backward };

static lathe_tensor *classify_mse(lathe_tensor *scores, const int *labels, const void *opts)
{
    const plain_opts *o = opts;
    return lathe_mse(scores, lathe_label_targets("lathe_mse", scores, labels),
        o ? o->reduction : LATHE_REDUCE_MEAN);
}

const lathe_loss_type lathe_mse_loss = {
    .name = "mse",
    .summary = "squared distance (x - target)^2",
    .opts_size = sizeof(plain_opts),
    .fields = l1_fields,
    .classify = classify_mse,
};

lathe_tensor *lathe_mse(lathe_tensor *x, lathe_tensor *target, lathe_reduction reduction)
{
    lathe_tape *tape = lathe_tape_of_alike("lathe_mse", "x", x, "target", target);
    plain_opts o = { reduction };
    if (!tape || !lathe_loss_resolve(tape, &lathe_mse_loss, &o, &o)) return NULL;
    return distance("lathe_mse", &lathe_mse_op, x, target, square_range, NULL, reduction);
}

/* ---- smooth l1 ----------------------------------------------------------------------------------------- */

const lathe_op lathe_smooth_l1_op = { "smooth_l1", lathe_pair_backward };

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

static lathe_tensor *classify_smooth_l1(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_smooth_l1(scores, lathe_label_targets("lathe_smooth_l1", scores, labels), opts);
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
    lathe_tape *tape = lathe_tape_of_alike("lathe_smooth_l1", "x", x, "target", target);
    lathe_smooth_l1_opts o;
    if (!tape || !lathe_loss_resolve(tape, &lathe_smooth_l1_loss, opts, &o)) return NULL;
    return distance("lathe_smooth_l1", &lathe_smooth_l1_op, x, target, bowl_range,
        &(bowl){ (lathe_real)o.beta, 1 }, o.reduction);
}

/* ---- huber --------------------------------------------------------------------------------------------- */

const lathe_op lathe_huber_op = { "huber", lathe_pair_backward };

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

static lathe_tensor *classify_huber(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_huber(scores, lathe_label_targets("lathe_huber", scores, labels), opts);
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
    lathe_tape *tape = lathe_tape_of_alike("lathe_huber", "x", x, "target", target);
    lathe_huber_opts o;
    if (!tape || !lathe_loss_resolve(tape, &lathe_huber_loss, opts, &o)) return NULL;
    const bowl b = { (lathe_real)o.delta, (lathe_real)o.delta };
    return distance("lathe_huber", &lathe_huber_op, x, target, bowl_range, &b, o.reduction);
}
