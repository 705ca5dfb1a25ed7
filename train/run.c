#include "run.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../core/alloc.h"
#include "../core/exchange.h"
#include "../core/names.h"
#include "../io/file.h"
#include "../io/weights.h"
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
    lathe_mark_cut(line, vsnprintf(line, sizeof line, format, arguments));
    va_end(arguments);
    run->hooks.on_message(run->hooks.context, line);
}

static void tell_line(void *context, const char *line) { lathe_run_message(context, "%s", line); }

static void warn_line(void *context, const char *line)
{
    const lathe_run_hooks *hooks = &((const lathe_run *)context)->hooks;
    if (hooks->on_warning) hooks->on_warning(hooks->context, line);
    else tell_line(context, line);
}

uint64_t lathe_run_epoch_steps(const lathe_run *run)
{
    const uint64_t each = (uint64_t)run->settings.accumulate;
    return (run->feed->batches + each - 1) / each;
}

lathe_status lathe_run_evaluate(lathe_run *run, const lathe_dataset *data, lathe_measure *measure,
    lathe_score *score)
{
    if (!run || !data || !score)
        return lathe_fail_null("lathe_run_evaluate", !run ? "run" : !data ? "data" : "score");
    lathe_loader *loader = lathe_feed_loader(run->feed, data, !measure);
    lathe_status status =
        loader ? lathe_learner_evaluate(run->learner, loader, measure, score) : lathe_error();
    lathe_loader_free(loader);
    return status;
}

/* ---- opening ------------------------------------------------------------------------------------------- */

/* Open the keeper first, for the lock, before the slow work. open_folder sets what it does not know yet. */
static lathe_status open_keeper(lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    char path[LATHE_SETTING_LONG + 64], *config = NULL, *about = NULL;
    lathe_status status = LATHE_OK;
    if (*s->resume) status = lathe_file_join(s->out, "config.ini", path, sizeof path);
    if (!status && *s->resume && !lathe_file_exists(path))
        status = lathe_fail(LATHE_EIO, "%s: no run folder: it is missing", path);
    if (!status && *s->out) {
        config = lathe_settings_text(s);
        about = config ? lathe_run_about(s) : NULL;
        if (!about) status = lathe_error();
    }
    if (!status)
        run->keeper = lathe_keeper_new(&(lathe_keeper_opts){ .folder = s->out,
            .resume = s->resume,
            .overwrite = s->overwrite,
            .config = config,
            .about = about,
            .log = s->log,
            .keep = s->keep,
            .no_times = s->no_times,
            .context = run,
            .on_message = tell_line,
            .on_warning = warn_line });
    lathe_free(config);
    lathe_free(about);
    return run->keeper ? status : lathe_error();
}

/* Open the data, and compute what follows from its size. */
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
    return LATHE_OK;
}

lathe_status lathe_run_load(lathe_run *run, const char *path)
{
    int count;
    if (!run || !path) return lathe_fail_null("lathe_run_load", run ? "path" : "run");
    lathe_tensor *const *state = lathe_nn_state(run->learner->net, &count);
    lathe_safetensors *file = lathe_weights_read(path);
    if (!file) return lathe_error();
    lathe_status status = lathe_safetensors_load(file, state, count, "", true);
    lathe_safetensors_free(file);
    return status;
}

/* The net with its first weights; NULL after a failure. */
static lathe_layer *open_net(lathe_run *run)
{
    const lathe_dataset *data = run->feed->data;
    lathe_model_spec spec = { data->channels, data->height, data->width, data->classes };
    if (lathe_transforms_size(run->feed->transforms, spec.channels, &spec.height, &spec.width)) return NULL;
    run->model = lathe_model_new();
    lathe_layer *net = run->model ? lathe_model_build(run->model, run->settings.model, &spec) : NULL;
    if (!net || lathe_model_check_input(net, &spec) || lathe_run_fill_net(run, net)) return NULL;
    return net;
}

static lathe_status open_task(lathe_run *run)
{
    lathe_run_state *state = run->state;
    state->loss_opts = lathe_settings_loss(&run->settings, false, &state->loss_type);
    state->plain_opts =
        state->loss_opts ? lathe_settings_loss(&run->settings, true, &state->loss_type) : NULL;
    if (!state->plain_opts) return lathe_error();
    state->task = lathe_task_new(&(lathe_task_opts){ .data = run->feed->data,
        .transforms = run->feed->transforms,
        .loss = state->loss_type,
        .class_weights = run->settings.class_weights });
    state->kept = state->task ? lathe_alloc(state->task->numbers, sizeof *state->kept) : NULL;
    if (!state->kept) return lathe_error();
    lathe_status status = lathe_run_weigh_classes(run);
    return status ? status : lathe_run_choose_watched(run);
}

static lathe_status open_learner(lathe_run *run)
{
    lathe_run_state *state = run->state;
    lathe_learner_opts opts;
    lathe_layer *net = open_net(run);
    if (!net || lathe_run_freeze(run, net)) return lathe_error();
    state->optim = lathe_settings_optim(&run->settings, lathe_nn_params(net), run->steps_per_epoch);
    state->sched = state->optim ?
        lathe_settings_sched(&run->settings, state->optim, run->steps_per_epoch, run->total_steps) :
        NULL;
    if (!state->sched || open_task(run) || lathe_run_learner_opts(run, &opts)) return lathe_error();
    opts.context = run;
    opts.on_message = tell_line;
    run->learner = lathe_learner_new(net, state->optim, state->sched, state->task, &opts);
    return run->learner ? LATHE_OK : lathe_error();
}

/* A longer run may have other rates from its first step on: report where they differ. */
static void tell_other_rates(const lathe_run *run)
{
    const lathe_history *history = &run->keeper->history;
    const lathe_sched *sched = run->learner->sched;
    if (lathe_sched_observes(sched) || run->settings.no_warnings) return;
    for (size_t i = 0; i < history->steps; i++) {
        double rate = lathe_sched_rates_at(sched, 0, history->step[i].step).lr;
        if (rate == history->step[i].lr) continue;
        lathe_run_message(run,
            "the schedule depends on the run's length: step %llu had learning rate %g, a run of %llu steps "
            "has %g there",
            (unsigned long long)history->step[i].step, history->step[i].lr,
            (unsigned long long)run->total_steps, rate);
        return;
    }
}

static lathe_status tell_resumed(const lathe_run *run)
{
    if (run->keeper->step > run->total_steps)
        return lathe_fail(LATHE_EARG, "%s: has made %llu steps, more than the %llu asked for",
            run->settings.resume, (unsigned long long)run->keeper->step,
            (unsigned long long)run->total_steps);
    lathe_run_message(run, "resumes %s after step %llu of %llu", run->settings.out,
        (unsigned long long)run->keeper->step, (unsigned long long)run->total_steps);
    tell_other_rates(run);
    return LATHE_OK;
}

/* Begin the run folder, or restore the run from it. */
static lathe_status open_folder(lathe_run *run)
{
    lathe_keeper_opts *opts = &run->keeper->opts;
    lathe_save_every every;
    lathe_status status = lathe_settings_save_every(&run->settings, run->steps_per_epoch, &every);
    opts->save_steps = every.steps;
    opts->save_seconds = every.seconds;
    opts->steps_per_epoch = lathe_run_epoch_steps(run);
    opts->groups = lathe_optim_groups(run->learner->optim);
    opts->evals = run->state->distance > 0;
    opts->probes = run->state->probes ? lathe_probes_header(run->state->probes) : NULL;
    opts->metrics = run->learner->task->type->metrics;
    if (!status) status = lathe_keeper_add(run->keeper, lathe_run_own_state(run));
    if (!status) status = lathe_keeper_add(run->keeper, lathe_learner_state(run->learner));
    if (!status) status = lathe_keeper_add(run->keeper, lathe_feed_state(run->feed));
    if (!status) status = lathe_keeper_open(run->keeper);
    if (status || !run->keeper->resumed) return status;
    run->learner->batches = run->feed->taken; /* an older checkpoint does not have it */
    return tell_resumed(run);
}

static void tell_optim(const lathe_run *run)
{
    const lathe_optim_type *type = lathe_optim_type_of(run->learner->optim);
    if (type->full_batch && run->steps_per_epoch > 1 && !run->settings.no_warnings)
        lathe_run_message(run,
            "%s is meant for the gradient of the whole data set; here a step sees %d of %zu samples",
            type->name, run->settings.batch_size, run->feed->train->count);
}

/* What the learner and the settings decide, and the folder. */
static lathe_status open_objects(lathe_run *run)
{
    lathe_status status = LATHE_OK;
    if (*run->settings.out) status = lathe_run_check_batches(run); /* before the folder is begun */
    if (!status) status = lathe_run_open_evals(run);
    if (!status) status = lathe_run_open_probes(run);
    return status ? status : open_folder(run);
}

static lathe_status open_run(lathe_run *run)
{
    const lathe_exchange *exchange = run->state->exchange;
    lathe_status status = lathe_run_tell_settings(run);
    if (!status) status = lathe_exchange_settle(exchange, open_keeper(run));
    if (!status) status = lathe_run_set_threads(run);
    if (!status) lathe_context_set_conv(NULL, (lathe_conv_choice)run->settings.conv);
    if (!status) status = lathe_exchange_settle(exchange, open_feed(run));
    if (!status) status = lathe_run_check_data(run);
    if (!status) lathe_run_tell_part(run);
    if (!status) status = lathe_exchange_settle(exchange, open_learner(run));
    if (!status) status = lathe_exchange_alike(exchange); /* the optimizer has opened BLAS, if it needs it */
    if (!status) status = lathe_exchange_settle(exchange, open_objects(run));
    if (!status) status = lathe_keeper_share(run->keeper, exchange);
    if (status) return status;
    tell_optim(run);
    if (lathe_run_open_cycles(run)) return lathe_error();
    lathe_sched_tell(&run->settings, &run->hooks, run->learner->optim, run->learner->sched,
        run->steps_per_epoch, run->total_steps);
    return LATHE_OK;
}

lathe_run *lathe_run_new(const lathe_settings *settings, const lathe_run_hooks *hooks)
{
    if (!settings) return lathe_fail_null("lathe_run_new", "settings"), NULL;
    lathe_run *run = lathe_alloc(1, sizeof *run);
    if (!run) return NULL;
    run->settings = *settings;
    if (hooks) run->hooks = *hooks;
    run->test_score = lathe_score_none();
    run->state = lathe_alloc(1, sizeof *run->state);
    if (run->state) {
        run->state->opened = lathe_run_clock();
        run->state->exchange = lathe_context_exchange(NULL);
        run->state->reference = (double)NAN;
        if (!open_run(run)) return run;
    }
    lathe_run_free(run);
    return NULL;
}

void lathe_run_free(lathe_run *run)
{
    if (!run) return;
    lathe_keeper_free(run->keeper);
    if (run->state) lathe_features_free(run->state->features);
    if (run->state) lathe_probes_free(run->state->probes);
    lathe_learner_free(run->learner);
    if (run->state) {
        lathe_sched_free(run->state->sched);
        lathe_optim_free(run->state->optim);
        lathe_task_free(run->state->task);
        lathe_free(run->state->loss_opts);
        lathe_free(run->state->plain_opts);
        lathe_free(run->state->class_weights);
        lathe_free(run->state->kept);
        lathe_free(run->state->freezing.frozen);
        lathe_data_free(run->state->some);
        lathe_safetensors_free(run->state->weights);
    }
    lathe_free(run->state);
    lathe_model_free(run->model);
    lathe_feed_free(run->feed);
    lathe_free(run);
}
