/* A step: the batches it takes from the loader, forward and backward of each, clipping, and the change of the
 * weights. */
#include <math.h>
#include <string.h>

#include "../core/ops/arithmetic.h"
#include "../optim/clip.h"
#include "run_impl.h"

uint64_t lathe_run_epoch_steps(const lathe_run *run)
{
    const uint64_t each = (uint64_t)run->settings.accumulate;
    return (run->feed->batches + each - 1) / each;
}

uint64_t lathe_run_batches_done(const lathe_run *run)
{
    uint64_t steps = lathe_run_epoch_steps(run);
    return run->step / steps * run->feed->batches + run->step % steps * (uint64_t)run->settings.accumulate;
}

/* Clip the gradients; false if their norm shows that one is not finite and the step is not to be made. */
static bool clip(lathe_run *run, const lathe_batch *batch)
{
    const lathe_settings *s = &run->settings;
    bool held = lathe_error_hold(true),
         good = true; /* a norm that is not finite is told as every gradient that is not */
    if (s->clip_norm > 0 && !isfinite(lathe_optim_clip_norm(run->optim, s->clip_norm))) {
        lathe_error_clear();
        good = !lathe_guard_gradients(run, batch, true);
    }
    lathe_error_hold(held);
    if (good && s->clip_value > 0) lathe_optim_clip_value(run->optim, s->clip_value);
    if (good && s->clip_agc > 0) lathe_optim_clip_adaptive(run->optim, s->clip_agc);
    return good;
}

/* Is the loss a sum, not a mean, over the batch? */
static bool sums(const lathe_run *run)
{
    const lathe_field *reduction = lathe_fields_find(run->state->loss_type->fields, "reduction");
    return *(const int *)((const char *)run->state->loss_opts + reduction->offset) == LATHE_REDUCE_SUM;
}

lathe_tensor *lathe_run_forward(lathe_run *run, const lathe_batch *batch, lathe_tensor **output)
{
    lathe_tape_begin(run->tape, LATHE_TRAIN);
    *output = lathe_nn_forward(run->net, lathe_input(run->tape, batch));
    return lathe_task_loss(run->task, *output, batch, run->state->loss_opts);
}

/* What the batches of a step add up to. */
typedef struct sum_of_step {
    double value;       /* the step's loss */
    lathe_average loss; /* for the epoch's */
    bool good;          /* nothing so far that is not a number */
} sum_of_step;

/*
 * Forward and backward of one batch, whose gradients are added to those before: of a mean over the batch, by
 * the batch's part of the step's samples, so that the step is that of one large batch.
 */
static lathe_status add_batch(lathe_run *run, const lathe_batch *batch, double samples, sum_of_step *sum)
{
    lathe_tensor *output, *loss = lathe_run_forward(run, batch, &output);
    if (!loss) return lathe_error();
    double value = lathe_item(loss), part = sums(run) ? 1 : batch->size / samples;
    sum->value += part * value;
    lathe_average_add(&sum->loss, sums(run) ? value / batch->size : value, batch->size);
    lathe_status status = lathe_task_count(run->task, output, batch, run->state->step_counted);
    if (!status) sum->good = !lathe_guard_loss(run, value);
    if (status || !sum->good) return status;
    status = lathe_backward(part < 1 ? lathe_scale(loss, part) : loss);
    if (!status) sum->good = !lathe_guard_gradients(run, batch, false);
    return status;
}

/* The weights change, and the epoch's sums with them. */
static lathe_status change_weights(lathe_run *run, const sum_of_step *sum)
{
    run->state->loss.sum += sum->loss.sum;
    run->state->loss.weight += sum->loss.weight;
    for (size_t i = 0; i < run->task->numbers; i++) run->state->counted[i] += run->state->step_counted[i];
    lathe_status status = lathe_optim_step(run->optim);
    return status ? status : lathe_run_average_weights(run);
}

lathe_status lathe_run_step(lathe_run *run, lathe_batch *batch, uint64_t batches, double samples,
    lathe_step_row *row)
{
    sum_of_step sum = { .good = true };
    *row = (lathe_step_row){ run->step, batch->epoch, lathe_optim_lr(run->optim, 0),
        lathe_optim_momentum(run->optim, 0), 0 };
    memset(run->state->step_counted, 0, run->task->numbers * sizeof *run->state->step_counted);
    lathe_run_groups_note(run);
    lathe_status status = lathe_guard_begin(run);
    lathe_optim_zero_grad(run->optim);
    for (uint64_t i = 0; i < batches && !status; i++) {
        if (i && !lathe_feed_next(run->feed, batch)) return lathe_feed_status(run->feed);
        if (sum.good) status = add_batch(run, batch, samples, &sum);
        run->images += (uint64_t)batch->size;
    }
    row->loss = sum.value;
    if (sum.good && !status) sum.good = clip(run, batch);
    if (sum.good && !status) status = change_weights(run, &sum);
    lathe_sched_step(run->sched);
    return status;
}
