#include "kl_div.h"

#include "loss_impl.h"

const lathe_op lathe_kl_div_op = { "kl_div", lathe_pair_backward };

static const lathe_field fields[] = {
    { .name = "log_target",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_kl_div_opts, log_target),
        .help = "targets are logarithms, as x is" },
    { .name = "batchmean",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_kl_div_opts, batchmean),
        .help = "the mean divides by the batch, not by all numbers" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_kl_div_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over all numbers" },
    { .name = NULL },
};

const lathe_loss_type lathe_kl_div_loss = {
    .name = "kl_div",
    .summary = "Kullback-Leibler divergence of logarithms of probabilities from probabilities",
    .opts_size = sizeof(lathe_kl_div_opts),
    .fields = fields,
};

static void divergence_range(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    const lathe_kl_div_opts *o = job->opts;
    const lathe_loss_kernels *loss = lathe_context_kernels(NULL)->loss;
    (o->log_target ? loss->log_divergence : loss->divergence)(end - begin, job->x + begin,
        job->target + begin, job->loss + begin, job->slope ? job->slope + begin : NULL);
}

lathe_tensor *lathe_kl_div(lathe_tensor *x, lathe_tensor *targets, const lathe_kl_div_opts *opts)
{
    const char *who = "lathe_kl_div";
    lathe_tape *tape = lathe_tape_of_alike(who, "x", x, "targets", targets);
    lathe_kl_div_opts o;
    if (!tape || !lathe_loss_batched(tape, who, x) || !lathe_loss_resolve(tape, &lathe_kl_div_loss, opts, &o))
        return NULL;
    if (o.batchmean && o.reduction != LATHE_REDUCE_MEAN)
        return lathe_tape_fail(tape, LATHE_EARG, "%s: batchmean is a mean, yet the reduction is %s", who,
            lathe_reduction_names[o.reduction]);
    const lathe_pair_job job = { .piece = 1, .opts = &o };
    return lathe_pair_loss(who, &lathe_kl_div_op, (lathe_tensor *[]){ x, targets }, 1, divergence_range, job,
        o.reduction, o.batchmean ? (double)x->shape.dim[0] : (double)lathe_shape_count(&x->shape));
}
