#include "kl_div.h"

#include "../batch_sum_impl.h"
#include "../softmax.h"
#include "loss_impl.h"

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

/*
 * Labels and their mixtures are probabilities, and scores logits, which a softmax makes logarithms of some.
 */
static lathe_tensor *mixed(lathe_tensor *scores, lathe_tensor *targets, const void *opts)
{
    const lathe_kl_div_opts *o = opts;
    if (scores && o && o->log_target)
        return lathe_tape_fail(scores->tape, LATHE_EARG,
            "lathe_kl_div: log_target: labels give probabilities");
    return lathe_kl_div(lathe_log_softmax(scores), targets, o);
}

static lathe_tensor *classify(lathe_tensor *scores, const int *labels, const void *opts)
{
    return mixed(scores, lathe_label_targets("kl_div", scores, labels), opts);
}

const lathe_loss_type lathe_kl_div_loss = {
    .name = "kl_div",
    .summary = "Kullback-Leibler divergence of the softmax from the label's distribution",
    .opts_size = sizeof(lathe_kl_div_opts),
    .fields = fields,
    .classify = classify,
    .mixed = mixed,
};

static void divergence_range(void *context, size_t begin, size_t end)
{
    const lathe_pair_job *job = context;
    const lathe_kl_div_opts *o = job->attributes;
    (o->log_target ? job->kernels->log_divergence : job->kernels->divergence)(end - begin, job->x + begin,
        job->target + begin, job->loss + begin, job->slope ? job->slope + begin : NULL);
}

static bool kl_div_shape(lathe_node *node, lathe_result *result)
{
    (void)result;
    const lathe_kl_div_opts *o = node->attributes;
    return !o->batchmean || o->reduction == LATHE_REDUCE_MEAN ||
        lathe_op_fail(node, LATHE_EARG, "batchmean is a mean, yet the reduction is %s",
            lathe_reduction_names[o->reduction]);
}

static void kl_div_forward(lathe_node *node) { lathe_pair_forward(node, 1, divergence_range); }

const lathe_op lathe_kl_div_op = {
    .name = "kl_div",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "targets", .form = LATHE_FORM_LIKE, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_kl_div_opts),
    .shape = kl_div_shape,
    .forward = kl_div_forward,
    .backward = lathe_pair_backward,
};

lathe_tensor *lathe_kl_div(lathe_tensor *x, lathe_tensor *targets, const lathe_kl_div_opts *opts)
{
    lathe_tensor *each = lathe_apply(&lathe_kl_div_op, (lathe_tensor *[]){ x, targets }, 2, opts);
    bool batchmean = each && opts && opts->batchmean;
    return lathe_reduce(each, opts ? opts->reduction : LATHE_REDUCE_MEAN,
        batchmean ? (double)lathe_whole_batch(x) : 0);
}
