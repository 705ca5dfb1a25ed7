/* The run folder: config.ini, steps.csv, epochs.csv, the checkpoints, and the lock while a run is in it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "logger_impl.h"

static const char last_name[] = "last.safetensors", best_name[] = "best.safetensors";
static const char step_prefix[] = "step-", step_suffix[] = ".safetensors";

lathe_status lathe_run_folder_path(const lathe_run *run, const char *name, lathe_folder_path path)
{
    return lathe_file_join(run->settings.out, name, path, sizeof(lathe_folder_path));
}

lathe_status lathe_run_folder_lock(lathe_run *run)
{
    lathe_folder_path path;
    if (run->state->lock || !lathe_file_exists(run->settings.out)) return LATHE_OK;
    lathe_status status = lathe_run_folder_path(run, "lock", path);
    if (!status) run->state->lock = lathe_lock_take(path);
    return status || run->state->lock ? status : lathe_error();
}

/* Make the folder, lock it and write what every run begins with. */
static lathe_status open_with(lathe_run *run, const lathe_history_ends *ends)
{
    lathe_folder_path config;
    lathe_status status = lathe_run_folder_path(run, "config.ini", config);
    if (!status) status = lathe_settings_write(&run->settings, config);
    run->state->saved = lathe_run_clock();
    return status ? status : lathe_loggers_open(run, ends);
}

static lathe_status remove_named(const lathe_run *run, const char *name)
{
    lathe_folder_path path;
    lathe_status status = lathe_run_folder_path(run, name, path);
    return status ? status : lathe_file_remove(path);
}

static void step_name(uint64_t step, char name[64])
{
    snprintf(name, 64, "%s%08llu%s", step_prefix, (unsigned long long)step, step_suffix);
}

/* Of the saves named by steps, keep the newest `keep` up to the present step: those behind it are of a future
 * given up. */
static lathe_status remove_old_steps(const lathe_run *run, size_t keep)
{
    size_t count, present = 0;
    uint64_t *steps = lathe_file_numbers(run->settings.out, step_prefix, step_suffix, &count);
    lathe_status status = steps ? LATHE_OK : lathe_error();
    while (steps && present < count && steps[present] <= run->step) present++;
    for (size_t i = 0; i < count && !status; i++) {
        char name[64];
        step_name(steps[i], name);
        if (i >= present || i + keep < present) status = remove_named(run, name);
    }
    lathe_free(steps);
    return status;
}

/* A folder of a former run becomes that of this one: its checkpoints must not stand beside other tables. */
static lathe_status remove_former(const lathe_run *run)
{
    lathe_folder_path path;
    lathe_status status = lathe_run_folder_path(run, last_name, path);
    if (status) return status;
    if (lathe_file_exists(path))
        lathe_run_message(run, "%s held a run, which is written over", run->settings.out);
    status = lathe_file_remove(path);
    if (!status) status = remove_named(run, best_name);
    if (!status) status = lathe_loggers_remove(run);
    return status ? status : remove_old_steps(run, 0);
}

lathe_status lathe_run_folder_open(lathe_run *run)
{
    lathe_status status = lathe_file_make_folder(run->settings.out);
    if (!status) status = lathe_run_folder_lock(run);
    if (!status) status = lathe_file_remove_stale(run->settings.out);
    if (!status) status = remove_former(run);
    return status ? status : open_with(run, &(lathe_history_ends){ 0 });
}

lathe_status lathe_run_folder_reopen(lathe_run *run, const lathe_history_ends *ends)
{
    lathe_status status = lathe_file_remove_stale(run->settings.out);
    return status ? status : open_with(run, ends);
}

lathe_status lathe_run_folder_epoch(lathe_run *run, const lathe_epoch_row *row)
{
    lathe_epoch_row written = *row;
    if (run->settings.no_times) written.seconds = written.images_per_second = (double)NAN;
    return lathe_loggers_epoch(run, &written, lathe_run_whole_epochs(run) < run->history.epochs);
}

lathe_status lathe_run_folder_drop_part(lathe_run *run)
{
    run->history.epochs = lathe_run_whole_epochs(run);
    return lathe_loggers_drop_part(run);
}

lathe_status lathe_run_folder_save(lathe_run *run, bool also_step)
{
    char name[64];
    lathe_folder_path path;
    if (!run->state->loggers) return LATHE_OK;
    lathe_status status =
        lathe_loggers_flush(run); /* first: a checkpoint must not know of rows that are not on the disk */
    if (!status) status = lathe_run_folder_path(run, last_name, path);
    if (!status) status = lathe_checkpoint_write(run, path, true);
    run->state->saved = lathe_run_clock();
    if (status || !also_step) return status;
    step_name(run->step, name);
    status = lathe_run_folder_path(run, name, path);
    if (!status) status = lathe_checkpoint_write(run, path, true);
    return status ? status : remove_old_steps(run, (size_t)run->settings.keep);
}

lathe_status lathe_run_folder_save_best(lathe_run *run)
{
    lathe_folder_path path;
    if (!run->state->loggers) return LATHE_OK;
    lathe_status status = lathe_run_folder_path(run, best_name, path);
    if (status) return status;
    lathe_run_best_swap(run);
    status = lathe_checkpoint_write(run, path, false);
    lathe_run_best_swap(run);
    return status;
}

lathe_status lathe_run_folder_close(lathe_run *run)
{
    lathe_run_state *state = run->state;
    lathe_status status = lathe_loggers_close(run);
    lathe_lock_give(state->lock);
    state->lock = NULL;
    return status;
}

/* "fashion-mnist" of "fashion-mnist", "mnist" of "mnist:/a/b", without what a folder's name should not have.
 */
static void plain_name(const char *spec, char *name, size_t size)
{
    size_t length = 0;
    for (; *spec && *spec != ':' && length + 1 < size; spec++)
        name[length++] = *spec == '/' || *spec == ' ' ? '_' : *spec;
    name[length] = '\0';
}

lathe_status lathe_run_next_folder(const lathe_settings *settings, const char *parent,
    char folder[LATHE_SETTING_LONG])
{
    if (!settings || !parent || !folder)
        return lathe_fail_null("lathe_run_next_folder",
            !settings   ? "settings" :
                !parent ? "parent" :
                          "folder");
    char name[2 * LATHE_SETTING_SHORT + 32], data[LATHE_SETTING_SHORT], model[LATHE_SETTING_SHORT];
    plain_name(settings->data, data, sizeof data);
    plain_name(settings->model, model, sizeof model);
    for (int n = 1;; n++) {
        snprintf(name, sizeof name, "%s-%s-%d", model, data, n);
        lathe_status status = lathe_file_join(parent, name, folder, LATHE_SETTING_LONG);
        if (status || !lathe_file_exists(folder)) return status;
    }
}
