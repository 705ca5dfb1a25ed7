/*
 * The learner in a checkpoint: the net's tensors by path, an optimizer's slots as "optimizer.SLOT.PATH",
 * averaged weights as "optimizer.average.PATH", and as texts the clocks, the schedule's state and the epoch's
 * sums.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../io/lines.h"
#include "learner_impl.h"

static const char average_prefix[] = "optimizer.average.";

static lathe_tensor *const *tensors(void *object, int *count)
{
    return lathe_nn_state(((lathe_learner *)object)->net, count);
}

static lathe_status evaluated(void *object, bool enter)
{
    if (enter) return lathe_learner_average_enter(object);
    lathe_learner_average_leave(object);
    return LATHE_OK;
}

/* ---- saving -------------------------------------------------------------------------------------------- */

/* A line for each tensor: the number of its steps, and the values that follow from it. */
static char *clocks_text(lathe_optim *optim)
{
    lathe_text text = { 0 };
    for (int i = 0; i < lathe_optim_params(optim)->count; i++) {
        const lathe_optim_clock *clock = lathe_optim_clock_of(optim, i);
        char *values = lathe_numbers_text(clock->value, (int)(sizeof clock->value / sizeof clock->value[0]));
        lathe_text_add(&text, "%" PRIu64 ",%s\n", clock->step, values ? values : "");
        lathe_free(values);
    }
    return lathe_text_take(&text);
}

/* Add each parameter's part of `numbers`, which lie in the slab's order. */
static void save_slab(lathe_notes *notes, const char *prefix, const lathe_params *params,
    const lathe_real *numbers)
{
    for (int i = 0; i < params->count; i++)
        lathe_notes_tensor(notes, prefix, params->tensor[i],
            numbers + (params->tensor[i]->data - params->data));
}

/* "optimizer.exp_avg." in memory that lives as long as the learner. */
static const char *slot_prefix(const lathe_learner *learner, int slot)
{
    char *prefix = learner->own->prefix[slot];
    snprintf(prefix, sizeof learner->own->prefix[slot], "optimizer.%.40s.",
        lathe_optim_type_of(learner->optim)->slot_names[slot]);
    return prefix;
}

static void save_optim(const lathe_learner *learner, lathe_notes *notes)
{
    const lathe_params *params = lathe_optim_params(learner->optim);
    for (int slot = 0; slot < LATHE_OPTIM_SLOTS; slot++) {
        const lathe_real *numbers = lathe_optim_slot(learner->optim, slot);
        if (numbers) save_slab(notes, slot_prefix(learner, slot), params, numbers);
    }
    char *clocks = clocks_text(learner->optim);
    lathe_notes_text(notes, "lathe.clocks", clocks);
    lathe_free(clocks);
}

static void save_sched(lathe_sched *sched, lathe_notes *notes)
{
    lathe_notes_count(notes, "lathe.sched_steps", lathe_sched_steps(sched));
    lathe_notes_numbers(notes, "lathe.sched_state", lathe_sched_state(sched), LATHE_SCHED_STATE);
}

static void save_epoch(const lathe_learner *learner, lathe_notes *notes)
{
    lathe_notes_numbers(notes, "lathe.epoch_loss_sum", &learner->loss.sum, 1);
    lathe_notes_numbers(notes, "lathe.epoch_loss_weight", &learner->loss.weight, 1);
    lathe_notes_count(notes, "lathe.epoch_right", (uint64_t)learner->counted[0]);
    if (learner->task->numbers > 2)
        lathe_notes_numbers(notes, "lathe.epoch_counted", learner->counted, (int)learner->task->numbers);
}

static void save(void *object, lathe_notes *notes, bool whole)
{
    const lathe_learner *learner = object;
    lathe_averaged *averaged = learner->own->averaged;
    const bool has_average = lathe_learner_has_average(learner);
    if (!whole && has_average)
        lathe_notes_text(notes, "lathe.weights", learner->opts.ema > 0 ? "ema" : "swa");
    if (!whole) return;
    save_optim(learner, notes);
    if (learner->sched) save_sched(learner->sched, notes);
    save_epoch(learner, notes);
    lathe_notes_count(notes, "lathe.batches", learner->batches);
    if (averaged) lathe_notes_count(notes, "lathe.average_updates", *lathe_averaged_updates(averaged));
    if (has_average)
        save_slab(notes, average_prefix, lathe_optim_params(learner->optim),
            lathe_averaged_numbers(averaged));
}

/* ---- loading ------------------------------------------------------------------------------------------- */

/* Read numbers in the slab's order. */
static lathe_status load_slab(const lathe_safetensors *file, const lathe_params *params, lathe_real *numbers,
    const char *prefix)
{
    lathe_tensor *view = lathe_alloc((size_t)params->count, sizeof *view);
    lathe_tensor **views = lathe_alloc((size_t)params->count, sizeof *views);
    for (int i = 0; view && views && i < params->count; i++) {
        view[i] = *params->tensor[i];
        view[i].data = numbers + (params->tensor[i]->data - params->data);
        views[i] = &view[i];
    }
    lathe_status status =
        view && views ? lathe_safetensors_load(file, views, params->count, prefix, false) : lathe_error();
    lathe_free(view);
    lathe_free(views);
    return status;
}

/* Read one clock "step,value,value,value,value" and move past its line's end. */
static bool read_clock(const char **text, lathe_optim_clock *clock)
{
    double numbers[5];
    if (!lathe_numbers_read(text, numbers, 5) || !(numbers[0] >= 0) || numbers[0] > 9007199254740992.0 ||
        **text != '\n')
        return false;
    ++*text;
    clock->step = (uint64_t)numbers[0];
    memcpy(clock->value, numbers + 1, sizeof clock->value);
    return true;
}

static lathe_status load_clocks(const lathe_safetensors *file, lathe_optim *optim)
{
    const char *text = lathe_safetensors_text(file, "lathe.clocks");
    bool good = text;
    for (int i = 0; good && i < lathe_optim_params(optim)->count; i++)
        good = read_clock(&text, lathe_optim_clock_of(optim, i));
    return good && !*text ?
        LATHE_OK :
        lathe_fail(LATHE_EFORMAT, "%s: lathe.clocks does not fit the optimizer", file->path);
}

static lathe_status load_optim(const lathe_safetensors *file, lathe_learner *learner)
{
    lathe_status status = LATHE_OK;
    for (int slot = 0; slot < LATHE_OPTIM_SLOTS && !status; slot++) {
        lathe_real *numbers = lathe_optim_slot(learner->optim, slot);
        if (numbers)
            status = load_slab(file, lathe_optim_params(learner->optim), numbers, slot_prefix(learner, slot));
    }
    return status ? status : load_clocks(file, learner->optim);
}

/* Restore the schedule: its step and its state. */
static lathe_status load_sched(const lathe_safetensors *file, lathe_sched *sched)
{
    uint64_t steps;
    double state[LATHE_SCHED_STATE];
    lathe_status status = lathe_noted_count(file, "lathe.sched_steps", &steps);
    if (!status) status = lathe_noted_numbers(file, "lathe.sched_state", state, LATHE_SCHED_STATE);
    if (status) return status;
    memcpy(lathe_sched_state(sched), state, sizeof state);
    lathe_sched_seek(sched, steps);
    return LATHE_OK;
}

static lathe_status load_average(const lathe_safetensors *file, lathe_learner *learner)
{
    lathe_averaged *averaged = learner->own->averaged;
    if (!averaged) return LATHE_OK;
    lathe_status status = lathe_noted_count(file, "lathe.average_updates", lathe_averaged_updates(averaged));
    if (status || !lathe_learner_has_average(learner)) return status;
    return load_slab(file, lathe_optim_params(learner->optim), lathe_averaged_numbers(averaged),
        average_prefix);
}

/* Read the sums of the epoch. Older files have only the number of right predictions. */
static lathe_status load_epoch(const lathe_safetensors *file, lathe_learner *learner)
{
    uint64_t right;
    lathe_status status = lathe_noted_numbers(file, "lathe.epoch_loss_sum", &learner->loss.sum, 1);
    if (!status) status = lathe_noted_numbers(file, "lathe.epoch_loss_weight", &learner->loss.weight, 1);
    if (!status && lathe_safetensors_text(file, "lathe.epoch_counted"))
        return lathe_noted_numbers(file, "lathe.epoch_counted", learner->counted,
            (int)learner->task->numbers);
    if (!status) status = lathe_noted_count(file, "lathe.epoch_right", &right);
    if (status) return status;
    learner->counted[0] = (double)right;
    learner->counted[1] = learner->loss.weight * (double)learner->task->answers;
    return LATHE_OK;
}

static lathe_status load(void *object, const lathe_safetensors *file)
{
    lathe_learner *learner = object;
    lathe_status status = load_optim(file, learner);
    if (!status) status = load_average(file, learner);
    if (!status) status = lathe_noted_count(file, "lathe.step", &learner->step);
    if (!status) status = load_epoch(file, learner);
    if (!status && learner->sched) status = load_sched(file, learner->sched);
    learner->batches = learner->step; /* true for an older file if each step had one batch */
    if (!status && lathe_safetensors_text(file, "lathe.batches"))
        status = lathe_noted_count(file, "lathe.batches", &learner->batches);
    lathe_tape_seed(learner->tape, learner->opts.seed, learner->batches);
    return status;
}

lathe_state lathe_learner_state(lathe_learner *learner)
{
    return (lathe_state){ .name = "learner",
        .object = learner,
        .tensors = tensors,
        .evaluated = evaluated,
        .save = save,
        .load = load };
}
