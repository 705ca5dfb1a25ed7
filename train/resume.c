/*
 * Going on with a run. last.safetensors decides: the tables are cut off behind the rows it knows of, so that
 * what was written after it is written again, and the same bits come out as without the break.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "run_impl.h"

static const char suffix[] = ".safetensors";

/* Is it one checkpoint that the run is to go on from, not a folder? */
static bool is_file(const char *resume)
{
    size_t length = strlen(resume), end = sizeof suffix - 1;
    return length > end && !strcmp(resume + length - end, suffix);
}

lathe_status lathe_resume_folder(lathe_settings *settings)
{
    char folder[LATHE_SETTING_LONG];
    snprintf(folder, sizeof folder, "%s", settings->resume);
    char *slash = strrchr(folder, '/');
    if (is_file(folder)) {
        if (slash) slash[slash == folder] = '\0';
        else strcpy(folder, ".");
    }
    if (*settings->out && strcmp(settings->out, folder))
        return lathe_fail(LATHE_EARG,
            "settings: out = %.200s, but a run that goes on does so in its own folder, %.200s", settings->out,
            folder);
    snprintf(settings->out, sizeof settings->out, "%s", folder);
    return LATHE_OK;
}

lathe_status lathe_run_read_settings(const char *resume, lathe_settings *settings)
{
    if (!resume || !settings)
        return lathe_fail_null("lathe_run_read_settings", resume ? "settings" : "resume");
    lathe_settings changed = *settings;
    lathe_folder_path path;
    lathe_status status = lathe_settings_set(&changed, "resume", resume);
    if (!status) status = lathe_resume_folder(&changed);
    if (!status) status = lathe_file_join(changed.out, "config.ini", path, sizeof path);
    if (!status) status = lathe_settings_read(&changed, path);
    if (!status) *settings = changed;
    return status;
}

/* ---- is it the same run? ------------------------------------------------------------------------------- */

lathe_status lathe_resume_check_settings(const lathe_safetensors *file, const lathe_settings *settings)
{
    lathe_settings then = lathe_settings_default();
    char *text = lathe_strdup(lathe_safetensors_text(file, "lathe.settings"));
    lathe_status status = text ? lathe_settings_parse(&then, text, file->path) : lathe_error();
    lathe_free(text);
    return status ? status : lathe_settings_same_run(file->path, &then, settings);
}

/* ---- going on ------------------------------------------------------------------------------------------ */

/* The best weights so far, into the copy that the run keeps. They pass through the net, so this comes before
 * its own weights. */
static lathe_status read_best(lathe_run *run, uint64_t best_step)
{
    int count;
    char step[24];
    lathe_folder_path path;
    lathe_tensor *const *state = lathe_nn_state(run->net, &count);
    lathe_status status = lathe_run_folder_path(run, "best.safetensors", path);
    if (status || !lathe_file_exists(path)) return status;
    lathe_safetensors *file = lathe_safetensors_read(path);
    if (!file) return lathe_error();
    const char *text = lathe_safetensors_text(file, "lathe.step");
    snprintf(step, sizeof step, "%llu", (unsigned long long)best_step);
    if (text && !strcmp(text, step)) {
        status = lathe_safetensors_load(file, state, count, "", true);
        if (!status) status = lathe_run_best_keep(run);
    }
    lathe_safetensors_free(file);
    return status;
}

/* If the best epoch is the one that ends here, its file may still be the one before: the checkpoint is
 * written first. */
static lathe_status settle_best(lathe_run *run)
{
    lathe_run_state *state = run->state;
    if (isnan(run->best) || state->has_best) return LATHE_OK;
    if (state->best_step == run->step) {
        lathe_status status = lathe_run_average_enter(run);
        if (!status) status = lathe_run_best_keep(run);
        if (!status) lathe_run_average_leave(run);
        return status ? status : lathe_run_folder_save_best(run);
    }
    lathe_run_message(run, "%s has no best.safetensors of step %llu; the best of the epochs to come counts",
        run->settings.out, (unsigned long long)state->best_step);
    run->best = (double)NAN;
    return LATHE_OK;
}

/* A longer run may have another schedule from its first step on: say so where it shows. */
static void tell_other_rates(const lathe_run *run)
{
    const lathe_history *history = &run->history;
    if (lathe_sched_observes(run->sched) || run->settings.no_warnings) return;
    for (size_t i = 0; i < history->steps; i++) {
        double rate = lathe_sched_rates_at(run->sched, 0, history->step[i].step).lr;
        if (rate == history->step[i].lr) continue;
        lathe_run_message(run,
            "the schedule depends on the run's length: step %llu had learning rate %g, a run of %llu steps "
            "has %g there",
            (unsigned long long)history->step[i].step, history->step[i].lr,
            (unsigned long long)run->total_steps, rate);
        return;
    }
}

static lathe_status go_on(lathe_run *run, const lathe_safetensors *file, bool is_last)
{
    lathe_history_ends ends;
    lathe_checkpoint_place place;
    lathe_status status = lathe_checkpoint_check(file, run, &place);
    if (!status)
        status = lathe_history_read_first(&run->history, run->settings.out, place.step, place.epochs, &ends);
    if (!status) status = read_best(run, place.best_step);
    if (!status) status = lathe_checkpoint_read(run, file);
    /* An older checkpoint becomes the last one before the tables lose the rows of what is given up. */
    lathe_folder_path path;
    if (!status && !is_last) status = lathe_run_folder_path(run, "last.safetensors", path);
    if (!status && !is_last) status = lathe_checkpoint_write(run, path, true);
    if (!status) status = lathe_run_folder_reopen(run, &ends);
    if (!status) status = settle_best(run);
    if (status) return status;
    if (run->step > run->total_steps)
        return lathe_fail(LATHE_EARG, "%s: has made %llu steps, more than the %llu asked for", file->path,
            (unsigned long long)run->step, (unsigned long long)run->total_steps);
    lathe_run_message(run, "goes on with %s after step %llu of %llu", run->settings.out,
        (unsigned long long)run->step, (unsigned long long)run->total_steps);
    tell_other_rates(run);
    return LATHE_OK;
}

/* What can be done about a checkpoint that cannot be read. */
static lathe_status tell_others(const lathe_run *run, bool is_last)
{
    char message[LATHE_MESSAGE_SIZE];
    size_t count;
    lathe_status status = lathe_error();
    snprintf(message, sizeof message, "%s", lathe_error_message());
    uint64_t *steps = is_last && status == LATHE_EFORMAT ?
        lathe_file_numbers(run->settings.out, "step-", suffix, &count) :
        NULL;
    if (steps && count)
        lathe_fail(status, "%.300s; an older one: --resume %.120s/step-%08llu.safetensors", message,
            run->settings.out, (unsigned long long)steps[count - 1]);
    else lathe_fail(status, "%s", message);
    lathe_free(steps);
    return status;
}

lathe_status lathe_resume(lathe_run *run)
{
    lathe_folder_path path, config;
    bool is_last = !is_file(run->settings.resume);
    lathe_status status = lathe_run_folder_path(run, "config.ini", config);
    if (!status && !lathe_file_exists(config))
        return lathe_fail(LATHE_EIO, "%s: no run folder: it is missing", config);
    if (!status && is_last) status = lathe_run_folder_path(run, "last.safetensors", path);
    if (status) return status;
    if (!is_last) snprintf(path, sizeof path, "%s", run->settings.resume);
    if (is_last && !lathe_file_exists(path)) {
        lathe_run_message(run, "%s was not saved yet: the run begins anew", run->settings.out);
        return lathe_run_folder_open(run);
    }
    lathe_safetensors *file = lathe_safetensors_read(path);
    if (!file) return tell_others(run, is_last);
    status = go_on(run, file, is_last);
    lathe_safetensors_free(file);
    return status;
}
