#include "run.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../core/alloc.h"
#include "../core/threads.h"
#include "../nn/models/models.h"
#include "run_impl.h"

double lathe_run_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void lathe_run_message(const lathe_run *run, const char *format, ...)
{
    char line[LATHE_MESSAGE_SIZE];
    if (!run->hooks.on_message) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    run->hooks.on_message(run->hooks.context, line);
}

static lathe_status open_model(lathe_run *run)
{
    lathe_model_spec spec = { run->feed->data->channels, run->feed->data->height, run->feed->data->width,
        run->feed->data->classes };
    lathe_status status =
        lathe_transforms_size(run->feed->transforms, spec.channels, &spec.height, &spec.width);
    if (status) return status;
    run->model = lathe_model_new();
    run->net = run->model ? lathe_model_build(run->model, run->settings.model, &spec) : NULL;
    if (!run->net) return lathe_error();
    status = lathe_nn_init(run->net, run->settings.seed);
    /* A run that goes on has weights already, and the file may be gone. */
    bool given = *run->settings.init_weights && !*run->settings.resume;
    return !status && given ? lathe_run_load(run, run->settings.init_weights) : status;
}

static void tell_line(void *context, const char *line) { lathe_run_message(context, "%s", line); }

/* The data, and what follows from how much there is. */
static lathe_status open_feed(lathe_run *run)
{
    lathe_feed_opts opts;
    if (lathe_run_feed_opts(&run->settings, &opts)) return lathe_error();
    opts.context = run;
    opts.on_message = tell_line;
    run->feed = lathe_feed_new(&opts);
    if (!run->feed) return lathe_error();
    run->steps_per_epoch = (double)lathe_run_epoch_steps(run);
    run->total_steps = lathe_run_steps_of(&run->settings, run->steps_per_epoch);
    return lathe_settings_save_every(&run->settings, run->steps_per_epoch, &run->state->save_every);
}

size_t lathe_run_whole_epochs(const lathe_run *run)
{
    size_t rows = run->history.epochs;
    return rows && run->history.epoch[rows - 1].step % lathe_run_epoch_steps(run) ? rows - 1 : rows;
}

lathe_loader *lathe_run_loader(const lathe_run *run, const lathe_dataset *data)
{
    if (!run || !data) return lathe_fail_null("lathe_run_loader", run ? "data" : "run"), NULL;
    return lathe_feed_loader(run->feed, data);
}

/* The task, and room for what its metrics add up in. */
static lathe_status open_task(lathe_run *run)
{
    lathe_run_state *state = run->state;
    run->task = lathe_task_new(&(lathe_task_opts){ .data = run->feed->data,
        .transforms = run->feed->transforms,
        .loss = state->loss_type,
        .class_weights = run->settings.class_weights });
    if (!run->task) return lathe_error();
    size_t numbers = run->task->numbers;
    state->counted = lathe_alloc(lathe_times(3, numbers), sizeof *state->counted);
    if (!state->counted) return lathe_error();
    state->step_counted = state->counted + numbers;
    state->kept_counted = state->step_counted + numbers;
    return LATHE_OK;
}

static lathe_status open_training(lathe_run *run)
{
    run->optim = lathe_settings_optim(&run->settings, lathe_nn_params(run->net), run->steps_per_epoch);
    run->sched = run->optim ?
        lathe_settings_sched(&run->settings, run->optim, run->steps_per_epoch, run->total_steps) :
        NULL;
    run->tape = run->sched ? lathe_tape_new(NULL) : NULL;
    lathe_run_state *state = run->state;
    if (!run->tape || lathe_run_average_open(run) || lathe_run_groups_open(run)) return lathe_error();
    state->loss_opts = lathe_settings_loss(&run->settings, false, &state->loss_type);
    state->plain_opts =
        state->loss_opts ? lathe_settings_loss(&run->settings, true, &state->loss_type) : NULL;
    if (!state->plain_opts || open_task(run)) return lathe_error();
    return lathe_run_weigh_classes(run);
}

void lathe_run_tell_schedule(const lathe_run *run)
{
    char line[256];
    if (run->settings.no_warnings) return;
    if (lathe_sched_describe(run->sched, run->total_steps, run->steps_per_epoch, line))
        lathe_run_message(run, "%s", line);
    for (int n = 0; lathe_sched_warning(run->sched, run->total_steps, n, line); n++)
        lathe_run_message(run, "%s", line);
}

static void tell_optim(const lathe_run *run)
{
    const lathe_optim_type *type = lathe_optim_type_of(run->optim);
    if (type->full_batch && run->steps_per_epoch > 1 && !run->settings.no_warnings)
        lathe_run_message(run,
            "%s is meant for the gradient of the whole data set; here a step sees %d of %zu samples",
            type->name, run->settings.batch_size, run->feed->train->count);
}

static lathe_status open_run(lathe_run *run)
{
    const bool resume = *run->settings.resume;
    lathe_status status = lathe_settings_check(&run->settings);
    if (!status && resume) status = lathe_resume_folder(&run->settings);
    if (!status && *run->settings.out) status = lathe_run_folder_lock(run); /* before what takes long */
    if (!status) status = lathe_threads_set(NULL, run->settings.threads);
    if (!status) status = open_feed(run);
    if (!status) status = open_model(run);
    if (!status) status = open_training(run);
    if (!status && *run->settings.out) status = resume ? lathe_resume(run) : lathe_run_folder_open(run);
    if (!status) tell_optim(run);
    if (!status) lathe_run_tell_schedule(run);
    return status;
}

lathe_run *lathe_run_new(const lathe_settings *settings, const lathe_run_hooks *hooks)
{
    if (!settings) return lathe_fail_null("lathe_run_new", "settings"), NULL;
    lathe_run *run = lathe_alloc(1, sizeof *run);
    if (!run) return NULL;
    run->settings = *settings;
    if (hooks) run->hooks = *hooks;
    run->best = (double)NAN;
    run->test_score = lathe_score_none();
    run->state = lathe_alloc(1, sizeof *run->state);
    if (run->state) {
        run->state->opened = lathe_run_clock();
        run->state->reference = (double)NAN;
        if (!open_run(run)) return run;
    }
    lathe_run_free(run);
    return NULL;
}

void lathe_run_free(lathe_run *run)
{
    if (!run) return;
    lathe_task_free(run->task);
    lathe_tape_free(run->tape);
    lathe_sched_free(run->sched);
    lathe_optim_free(run->optim);
    lathe_model_free(run->model);
    lathe_feed_free(run->feed);
    lathe_history_free(&run->history);
    if (run->state) {
        lathe_run_folder_close(run);
        lathe_free(run->state->loss_opts);
        lathe_free(run->state->plain_opts);
        lathe_free(run->state->counted);
        lathe_free(run->state->class_weights);
        lathe_free(run->state->group_rates);
        lathe_free(run->state->row_text);
        lathe_free(run->state->best);
        lathe_free(run->state->buffers);
        lathe_free(run->state->own_buffers);
        lathe_averaged_free(run->state->averaged);
    }
    lathe_free(run->state);
    lathe_free(run);
}

/* ---- the best weights ---------------------------------------------------------------------------------- */

size_t lathe_run_copy_net(const lathe_run *run, lathe_net_part part, lathe_real *kept, bool back)
{
    int count;
    size_t numbers = 0;
    lathe_tensor *const *state = lathe_nn_state(run->net, &count);
    for (int i = 0; i < count; i++) {
        size_t size = state[i]->stored * sizeof *kept;
        if (part == LATHE_NET_BUFFERS && state[i]->grad) continue; /* a parameter */
        if (kept && back) memcpy(state[i]->data, kept + numbers, size);
        else if (kept) memcpy(kept + numbers, state[i]->data, size);
        numbers += state[i]->stored;
    }
    return numbers;
}

lathe_status lathe_run_best_keep(lathe_run *run)
{
    lathe_run_state *state = run->state;
    if (!state->best)
        state->best =
            lathe_alloc_raw(lathe_run_copy_net(run, LATHE_NET_ALL, NULL, false), sizeof *state->best);
    if (!state->best) return lathe_error();
    lathe_run_copy_net(run, LATHE_NET_ALL, state->best, false);
    state->has_best = true;
    return LATHE_OK;
}

void lathe_run_best_swap(lathe_run *run)
{
    int count;
    lathe_real *best = run->state->best;
    lathe_tensor *const *tensors = lathe_nn_state(run->net, &count);
    for (int i = 0; i < count; best += tensors[i++]->stored)
        for (size_t k = 0; k < tensors[i]->stored; k++) {
            lathe_real number = tensors[i]->data[k];
            tensors[i]->data[k] = best[k];
            best[k] = number;
        }
}
