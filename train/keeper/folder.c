/* The run folder: config.ini, the checkpoints, and the lock during the run. */
#include <stdio.h>

#include "../../core/alloc.h"
#include "keeper_impl.h"

static const char last_name[] = "last.safetensors", best_name[] = "best.safetensors";
static const char step_prefix[] = "step-", step_suffix[] = ".safetensors";

lathe_status lathe_folder_lock(lathe_keeper *keeper)
{
    lathe_folder_path path;
    if (keeper->own->lock || !lathe_file_exists(keeper->folder)) return LATHE_OK;
    lathe_status status = lathe_keeper_path(keeper, "lock", path);
    if (!status) keeper->own->lock = lathe_lock_take(path);
    return status || keeper->own->lock ? status : lathe_error();
}

/* Write the first files of a run. */
static lathe_status open_with(lathe_keeper *keeper, const lathe_history_ends *ends)
{
    lathe_folder_path config;
    lathe_status status = lathe_keeper_path(keeper, "config.ini", config);
    if (!status && *keeper->opts.config) status = lathe_file_write_text(config, keeper->opts.config);
    keeper->own->saved = lathe_keeper_clock();
    return status ? status : lathe_loggers_open(keeper, ends);
}

static lathe_status remove_named(const lathe_keeper *keeper, const char *name)
{
    lathe_folder_path path;
    lathe_status status = lathe_keeper_path(keeper, name, path);
    return status ? status : lathe_file_remove(path);
}

static void step_name(uint64_t step, char name[64])
{
    snprintf(name, 64, "%s%08llu%s", step_prefix, (unsigned long long)step, step_suffix);
}

/* Keep the newest `keep` saves up to the present step. Later saves belong to an abandoned continuation. */
static lathe_status remove_old_steps(const lathe_keeper *keeper, size_t keep)
{
    size_t count, present = 0;
    uint64_t *steps = lathe_file_numbers(keeper->folder, step_prefix, step_suffix, &count);
    lathe_status status = steps ? LATHE_OK : lathe_error();
    while (steps && present < count && steps[present] <= keeper->step) present++;
    for (size_t i = 0; i < count && !status; i++) {
        char name[64];
        step_name(steps[i], name);
        if (i >= present || i + keep < present) status = remove_named(keeper, name);
    }
    lathe_free(steps);
    return status;
}

lathe_status lathe_folder_check(const lathe_keeper *keeper)
{
    static const struct {
        const char *name, *what;
    } files[] = { { last_name, "a run; --resume goes on with it" },
        { best_name, "a run; --resume goes on with it" }, { "compare.json", "a comparison" },
        { "report.html", "a page of curves" } };
    if (*keeper->opts.resume || keeper->opts.overwrite) return LATHE_OK;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        lathe_folder_path path;
        lathe_status status = lathe_keeper_path(keeper, files[i].name, path);
        if (status) return status;
        if (lathe_file_exists(path))
            return lathe_fail(LATHE_ESTATE, "%s: holds %s, --overwrite replaces it, or choose another folder",
                keeper->folder, files[i].what);
    }
    return LATHE_OK;
}

/* Remove a former run from the folder: its checkpoints must not be mixed with other tables. */
static lathe_status remove_former(const lathe_keeper *keeper)
{
    lathe_folder_path path;
    lathe_status status = lathe_keeper_path(keeper, last_name, path);
    if (status) return status;
    if (lathe_file_exists(path))
        lathe_keeper_tell(keeper, "%s held a run, which is overwritten", keeper->folder);
    status = lathe_file_remove(path);
    if (!status) status = remove_named(keeper, best_name);
    if (!status) status = lathe_loggers_remove(keeper);
    return status ? status : remove_old_steps(keeper, 0);
}

lathe_status lathe_folder_begin(lathe_keeper *keeper)
{
    lathe_status status = lathe_file_make_folder(keeper->folder);
    if (!status) status = lathe_folder_lock(keeper);
    if (!status) status = lathe_folder_check(keeper); /* another process may have been faster */
    if (!status) status = lathe_file_remove_stale(keeper->folder);
    if (!status) status = remove_former(keeper);
    return status ? status : open_with(keeper, &(lathe_history_ends){ 0 });
}

/* A run that was killed after a save may have more of its saves than it keeps. */
lathe_status lathe_folder_reopen(lathe_keeper *keeper, const lathe_history_ends *ends, bool is_last)
{
    const lathe_keeper_opts *o = &keeper->opts;
    lathe_status status = lathe_file_remove_stale(keeper->folder);
    if (!status && is_last && (o->save_steps || o->save_seconds > 0))
        status = remove_old_steps(keeper, (size_t)o->keep);
    return status ? status : open_with(keeper, ends);
}

/* The checkpoint is of use without its tables, but a run does not resume from it. */
static void warn_of_loss(const lathe_keeper *keeper, const char *path)
{
    if (!path || keeper->own->warned) return;
    keeper->own->warned = true;
    lathe_keeper_warn(keeper,
        "%s was removed or replaced while the run wrote it: the run is saved, but it cannot be resumed",
        path);
}

static lathe_status write_named(lathe_keeper *keeper, const char *name)
{
    lathe_folder_path path;
    lathe_status status = lathe_keeper_path(keeper, name, path);
    return status ? status : lathe_checkpoint_write(keeper, path, true);
}

/*
 * Save the checkpoint, and before it its copy with the step in its name. A run that is killed between the two
 * resumes before this step and writes both. After last.safetensors it would not write the copy again.
 */
static lathe_status save_last(lathe_keeper *keeper, bool also_step)
{
    char name[64];
    const char *lost = lathe_loggers_lost(keeper); /* before new rows hide that a table was shortened */
    lathe_status status =
        lathe_loggers_flush(keeper); /* first: a checkpoint must not count rows that are not on the disk */
    step_name(keeper->step, name);
    also_step = also_step && keeper->opts.keep;
    if (!status && also_step) status = write_named(keeper, name);
    if (!status) status = write_named(keeper, last_name);
    if (!status) warn_of_loss(keeper, lost);
    keeper->own->saved = lathe_keeper_clock();
    return status || !also_step ? status : remove_old_steps(keeper, (size_t)keeper->opts.keep);
}

lathe_status lathe_folder_save_best(lathe_keeper *keeper)
{
    lathe_folder_path path;
    lathe_status status = lathe_keeper_path(keeper, best_name, path);
    if (status || (status = lathe_keeper_swap_best(keeper))) return status;
    status = lathe_checkpoint_write(keeper, path, false);
    lathe_keeper_swap_best(keeper);
    return status;
}

/* Save the checkpoint first, then the best weights: see settle_best in resume.c. */
lathe_status lathe_keeper_save(lathe_keeper *keeper, bool also_step)
{
    if (!keeper) return lathe_fail_null("lathe_keeper_save", "keeper");
    if (!keeper->own->loggers) return LATHE_OK;
    const bool is_best = keeper->has_best && keeper->best_step == keeper->step;
    lathe_status status = is_best ? lathe_loggers_best(keeper) : LATHE_OK;
    if (!status) status = save_last(keeper, also_step);
    return !status && is_best ? lathe_folder_save_best(keeper) : status;
}

lathe_status lathe_keeper_save_weights(lathe_keeper *keeper, const char *name)
{
    if (!keeper || !name) return lathe_fail_null("lathe_keeper_save_weights", keeper ? "name" : "keeper");
    lathe_folder_path path;
    if (!keeper->own->loggers) return LATHE_OK;
    lathe_status status = lathe_keeper_path(keeper, name, path);
    return status ? status : lathe_checkpoint_write(keeper, path, false);
}
