/* A step: forward and backward of its batches, clipping, and the change of the weights. */
#include <math.h>
#include <string.h>

#include "../../core/ops/arithmetic.h"
#include "../../core/shard.h"
#include "../../optim/clip.h"
#include "learner_impl.h"

/* Clip the gradients. Returns false if their norm is non-finite and the step must not be made. */
static bool clip(lathe_learner *learner)
{
    const lathe_learner_opts *o = &learner->opts;
    bool held = lathe_error_hold(true),
         good = true; /* a non-finite norm is reported as a non-finite gradient */
    if (o->clip_norm > 0 && !isfinite(lathe_optim_clip_norm(learner->optim, o->clip_norm))) {
        lathe_error_clear();
        good = !lathe_guard_gradients(learner, learner->own->batch, true);
    }
    lathe_error_hold(held);
    if (good && o->clip_value > 0) lathe_optim_clip_value(learner->optim, o->clip_value);
    if (good && o->clip_agc > 0) lathe_optim_clip_adaptive(learner->optim, o->clip_agc);
    return good;
}

/* Returns true if the loss is a sum over the batch, not a mean. */
static bool sums(const lathe_learner *learner)
{
    const void *opts = learner->opts.loss;
    const lathe_field *reduction = opts ? lathe_fields_find(learner->task->loss->fields, "reduction") : NULL;
    return reduction && *(const int *)((const char *)opts + reduction->offset) == LATHE_REDUCE_SUM;
}

lathe_tensor *lathe_learner_forward(lathe_learner *learner, const lathe_batch *batch, lathe_tensor **output)
{
    lathe_tape_begin(learner->tape, LATHE_TRAIN);
    *output = learner->on_net ? learner->on_net(learner->net_context, learner->tape, batch) :
                                lathe_nn_forward(learner->net, lathe_input(learner->tape, batch));
    return lathe_task_loss(learner->task, *output, batch, learner->opts.loss);
}

/* The rates of the step. */
static lathe_step_row new_row(const lathe_learner *learner)
{
    double *rates = learner->own->group_rates;
    for (int group = 1; group < lathe_optim_groups(learner->optim); group++) {
        *rates++ = lathe_optim_lr(learner->optim, group);
        *rates++ = lathe_optim_momentum(learner->optim, group);
    }
    return (lathe_step_row){ .step = learner->step,
        .lr = lathe_optim_lr(learner->optim, 0),
        .momentum = lathe_optim_momentum(learner->optim, 0),
        .group_rates = learner->own->group_rates };
}

lathe_status lathe_learner_begin(lathe_learner *learner, double samples)
{
    if (!learner) return lathe_fail_null("lathe_learner_begin", "learner");
    if (!(samples >= 1))
        return lathe_fail(LATHE_EARG, "lathe_learner_begin: samples = %g is below 1", samples);
    lathe_learning *own = learner->own;
    own->row = new_row(learner);
    own->samples = samples;
    own->seen = own->weight = 0;
    own->loss = (lathe_average){ 0 };
    own->taken = 0;
    own->good = true;
    own->batch = NULL;
    memset(own->counted, 0, learner->task->numbers * sizeof *own->counted);
    lathe_optim_zero_grad(learner->optim);
    return lathe_guard_begin(learner);
}

/* The weight of a batch's loss in its step; in a step of one batch the mean is the step's. */
static double weight_of(const lathe_learner *learner, const lathe_batch *batch)
{
    if (lathe_batch_whole(batch) >= learner->own->samples) return lathe_batch_whole(batch);
    return lathe_task_weight(learner->task, lathe_tape_context(learner->tape), batch, learner->opts.loss);
}

/*
 * The batches' means were weighted by sum(w) / samples. The mean over the whole step divides by the sum of
 * all w, which is known only after the last batch. Without class weights both are the same.
 */
static lathe_status divide_by_weights(lathe_learner *learner)
{
    lathe_learning *own = learner->own;
    if (own->weight == own->seen || !(own->weight > 0)) return LATHE_OK;
    const double factor = own->seen / own->weight;
    own->row.loss *= factor;
    own->loss.sum *= factor;
    own->loss.weight = own->seen;
    return lathe_optim_scale_gradients(learner->optim, factor);
}

lathe_status lathe_learner_add(lathe_learner *learner, const lathe_batch *batch)
{
    if (!learner || !batch) return lathe_fail_null("lathe_learner_add", learner ? "batch" : "learner");
    lathe_learning *own = learner->own;
    if (!own->taken++) own->row.epoch = batch->epoch;
    own->batch = batch;
    const int size = lathe_batch_whole(batch);
    learner->images += (uint64_t)size;
    if (!own->good) return LATHE_OK;
    lathe_tensor *output, *loss = lathe_learner_forward(learner, batch, &output);
    if (!loss) return lathe_error();
    const bool sum = sums(learner);
    const double value = lathe_item(loss), weight = sum ? size : weight_of(learner, batch),
                 part = sum ? 1 : weight / own->samples;
    own->seen += size;
    own->weight += weight;
    own->row.loss += part * value;
    lathe_average_add(&own->loss, sum ? value / size : value, weight);
    lathe_status status = lathe_task_count(learner->task, output, batch, own->counted);
    if (!status) own->good = !lathe_guard_loss(learner, value);
    const lathe_step_watch *watch = own->good ? learner->watch : NULL;
    if (!status && watch) status = watch->on_forward(watch->context, batch);
    if (!status && own->good) status = lathe_backward(part != 1 ? lathe_scale(loss, part) : loss);
    if (!status && own->good) status = lathe_context_reduce(NULL);
    if (!status && own->good) own->good = !lathe_guard_gradients(learner, batch, false);
    if (!status && own->good && watch) status = watch->on_backward(watch->context, batch, part);
    return status;
}

/* Change the weights, and add to the epoch's sums. */
static lathe_status change_weights(lathe_learner *learner)
{
    const lathe_learning *own = learner->own;
    lathe_context *context = lathe_tape_context(learner->tape);
    lathe_status status =
        own->batch->whole ? lathe_task_join(learner->task, context, own->counted) : LATHE_OK;
    if (status) return status;
    learner->loss.sum += own->loss.sum;
    learner->loss.weight += own->loss.weight;
    for (size_t i = 0; i < learner->task->numbers; i++) learner->counted[i] += own->counted[i];
    status = lathe_optim_step(learner->optim);
    return status ? status : lathe_learner_average(learner);
}

lathe_status lathe_learner_finish(lathe_learner *learner, lathe_step_row *row)
{
    if (!learner || !row) return lathe_fail_null("lathe_learner_finish", learner ? "row" : "learner");
    lathe_learning *own = learner->own;
    const lathe_learner_opts *o = &learner->opts;
    if (!own->taken) return lathe_fail(LATHE_ESTATE, "lathe_learner_finish: the step has no batch");
    lathe_status status = own->good ? divide_by_weights(learner) : LATHE_OK;
    if (o->on_gradients && !status)
        status = o->on_gradients(o->gradients_context, lathe_optim_params(learner->optim), &own->good);
    if (own->good && !status && learner->watch)
        status = learner->watch->on_gradients(learner->watch->context, own->batch);
    if (own->good && !status) own->good = clip(learner);
    if (own->good && !status) status = change_weights(learner);
    if (learner->sched) lathe_sched_step(learner->sched);
    *row = own->row;
    if (status) return status;
    learner->step++;
    learner->batches += own->taken;
    own->taken = 0;
    return LATHE_OK;
}

lathe_status lathe_learner_step(lathe_learner *learner, const lathe_batch *batch, lathe_step_row *row)
{
    if (!batch || !row) return lathe_fail_null("lathe_learner_step", batch ? "row" : "batch");
    lathe_status status = lathe_learner_begin(learner, lathe_batch_whole(batch));
    if (!status) status = lathe_learner_add(learner, batch);
    return status ? status : lathe_learner_finish(learner, row);
}
