#include "keeper.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../core/alloc.h"
#include "../../core/names.h"
#include "keeper_impl.h"

double lathe_keeper_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void lathe_keeper_tell(const lathe_keeper *keeper, const char *format, ...)
{
    char line[LATHE_MESSAGE_SIZE];
    if (!keeper->opts.on_message) return;
    va_list arguments;
    va_start(arguments, format);
    lathe_mark_cut(line, vsnprintf(line, sizeof line, format, arguments));
    va_end(arguments);
    keeper->opts.on_message(keeper->opts.context, line);
}

void lathe_keeper_warn(const lathe_keeper *keeper, const char *format, ...)
{
    char line[LATHE_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (keeper->opts.on_warning) keeper->opts.on_warning(keeper->opts.context, line);
    else lathe_keeper_tell(keeper, "%s", line);
}

lathe_status lathe_keeper_path(const lathe_keeper *keeper, const char *name, lathe_folder_path path)
{
    return lathe_file_join(keeper->folder, name, path, sizeof(lathe_folder_path));
}

/* ---- an object ----------------------------------------------------------------------------------------- */

/* Copy the texts, and check the options. */
static lathe_status set_up(lathe_keeper *keeper)
{
    lathe_keeper_opts *o = &keeper->opts;
    const char **texts[] = { &o->folder, &o->resume, &o->config, &o->about, &o->log };
    bool copied = true;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = lathe_strdup(*texts[i] ? *texts[i] : "");
        copied = copied && *texts[i];
    }
    if (!copied) return lathe_error();
    if (strlen(o->folder) >= LATHE_FOLDER)
        return lathe_fail(LATHE_EARG, "lathe_keeper_new: opts.folder has more than %d bytes", LATHE_FOLDER);
    if (*o->resume && !*o->folder)
        return lathe_fail(LATHE_EARG, "lathe_keeper_new: opts.resume without a folder");
    if (o->keep < 0 || o->groups < 0 || !(o->save_seconds >= 0))
        return lathe_fail(LATHE_EARG,
            "lathe_keeper_new: opts.keep, groups, save_seconds = %d, %d, %g: none is below 0", o->keep,
            o->groups, o->save_seconds);
    keeper->folder = o->folder;
    lathe_status status = lathe_loggers_check(o->log);
    if (!status && *keeper->folder) status = lathe_folder_lock(keeper);
    return status || !*keeper->folder ? status : lathe_folder_check(keeper);
}

lathe_keeper *lathe_keeper_new(const lathe_keeper_opts *opts)
{
    static const lathe_keeper_opts none;
    lathe_keeper *keeper = lathe_alloc(1, sizeof *keeper);
    if (!keeper) return NULL;
    *keeper = (lathe_keeper){ .folder = "",
        .opts = opts ? *opts : none,
        .best = (double)NAN,
        .own = lathe_alloc(1, sizeof *keeper->own) };
    if (!keeper->own) return lathe_free(keeper), NULL;
    if (!set_up(keeper)) return keeper;
    lathe_keeper_free(keeper);
    return NULL;
}

void lathe_keeper_free(lathe_keeper *keeper)
{
    if (!keeper) return;
    lathe_keeper_opts *o = &keeper->opts;
    const char *texts[] = { o->folder, o->resume, o->config, o->about, o->log };
    lathe_loggers_close(keeper);
    lathe_lock_give(keeper->own->lock);
    lathe_history_free(&keeper->history);
    lathe_free(keeper->own->tensor);
    lathe_free(keeper->own->best);
    lathe_free(keeper->own);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) lathe_free((char *)texts[i]);
    lathe_free(keeper);
}

lathe_status lathe_keeper_add(lathe_keeper *keeper, lathe_state state)
{
    if (!keeper) return lathe_fail_null("lathe_keeper_add", "keeper");
    lathe_keeping *own = keeper->own;
    if (!state.save) return lathe_fail_null("lathe_keeper_add", "state.save");
    if (own->states == LATHE_STATES)
        return lathe_fail(LATHE_EARG, "lathe_keeper_add: more than %d objects", LATHE_STATES);
    int count = 0;
    lathe_tensor *const *tensors = state.tensors ? state.tensors(state.object, &count) : NULL;
    if (count) {
        lathe_tensor **grown = lathe_grow(own->tensor, (size_t)own->tensors,
            lathe_plus((size_t)own->tensors, (size_t)count), sizeof *grown);
        if (!grown) return lathe_error();
        memcpy(grown + own->tensors, tensors, (size_t)count * sizeof *grown);
        own->tensor = grown;
        own->tensors += count;
    }
    own->state[own->states++] = state;
    return LATHE_OK;
}

lathe_status lathe_keeper_open(lathe_keeper *keeper)
{
    if (!keeper) return lathe_fail_null("lathe_keeper_open", "keeper");
    if (keeper->own->loggers) return lathe_fail(LATHE_ESTATE, "lathe_keeper_open: it is open");
    lathe_history_set_metrics(&keeper->history, keeper->opts.metrics);
    if (keeper->opts.probes && lathe_history_set_probes(&keeper->history, keeper->opts.probes))
        return lathe_error();
    if (!*keeper->folder) return LATHE_OK;
    lathe_status status = lathe_checkpoint_can_write(keeper);
    if (status) return status;
    return *keeper->opts.resume ? lathe_keeper_resume(keeper) : lathe_folder_begin(keeper);
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

lathe_status lathe_keeper_step(lathe_keeper *keeper, const lathe_step_row *row)
{
    if (!keeper || !row) return lathe_fail_null("lathe_keeper_step", keeper ? "row" : "keeper");
    keeper->step = row->step + 1;
    lathe_status status = lathe_history_add_step(&keeper->history, row);
    return status ? status : lathe_loggers_step(keeper, row);
}

size_t lathe_keeper_whole_epochs(const lathe_keeper *keeper)
{
    if (!keeper) return 0;
    size_t rows = keeper->history.epochs;
    const uint64_t each = keeper->opts.steps_per_epoch;
    return rows && each && keeper->history.epoch[rows - 1].step % each ? rows - 1 : rows;
}

lathe_status lathe_keeper_epoch(lathe_keeper *keeper, const lathe_epoch_row *row)
{
    if (!keeper || !row) return lathe_fail_null("lathe_keeper_epoch", keeper ? "row" : "keeper");
    lathe_epoch_row written = *row;
    if (keeper->opts.no_times) written.seconds = written.images_per_second = (double)NAN;
    lathe_status status = lathe_history_add_epoch(&keeper->history, row);
    if (status) return status;
    return lathe_loggers_epoch(keeper, &written, lathe_keeper_whole_epochs(keeper) < keeper->history.epochs);
}

lathe_status lathe_keeper_eval(lathe_keeper *keeper, const lathe_eval_row *row)
{
    if (!keeper || !row) return lathe_fail_null("lathe_keeper_eval", keeper ? "row" : "keeper");
    lathe_status status = lathe_history_add_eval(&keeper->history, row);
    return status ? status : lathe_loggers_eval(keeper, row);
}

lathe_status lathe_keeper_probe(lathe_keeper *keeper, const double *values)
{
    if (!keeper || !values) return lathe_fail_null("lathe_keeper_probe", keeper ? "values" : "keeper");
    if (!keeper->history.probe.header)
        return lathe_fail(LATHE_ESTATE, "lathe_keeper_probe: the keeper was opened without opts.probes");
    lathe_status status = lathe_history_add_probe(&keeper->history, keeper->step, values);
    return status ? status : lathe_loggers_probe(keeper, keeper->step, values);
}

lathe_status lathe_keeper_drop_part(lathe_keeper *keeper)
{
    if (!keeper) return lathe_fail_null("lathe_keeper_drop_part", "keeper");
    keeper->history.epochs = lathe_keeper_whole_epochs(keeper);
    return lathe_loggers_drop_part(keeper);
}

lathe_status lathe_keeper_flush(lathe_keeper *keeper)
{
    return keeper ? lathe_loggers_flush(keeper) : lathe_fail_null("lathe_keeper_flush", "keeper");
}

lathe_status lathe_keeper_end(lathe_keeper *keeper, const lathe_ending *ending)
{
    if (!keeper || !ending) return lathe_fail_null("lathe_keeper_end", keeper ? "ending" : "keeper");
    return lathe_loggers_end(keeper, ending);
}

/* ---- the best weights ---------------------------------------------------------------------------------- */

size_t lathe_keeper_numbers(const lathe_keeper *keeper)
{
    size_t numbers = 0;
    for (int i = 0; i < keeper->own->tensors; i++) numbers += keeper->own->tensor[i]->stored;
    return numbers;
}

lathe_status lathe_keeper_keep(lathe_keeper *keeper)
{
    lathe_keeping *own = keeper->own;
    if (!own->best) own->best = lathe_alloc_raw(lathe_keeper_numbers(keeper) + 1, sizeof *own->best);
    if (!own->best) return lathe_error();
    lathe_real *to = own->best;
    for (int i = 0; i < own->tensors; to += own->tensor[i++]->stored)
        memcpy(to, own->tensor[i]->data, own->tensor[i]->stored * sizeof *to);
    keeper->has_best = true;
    return LATHE_OK;
}

lathe_status lathe_keeper_best(lathe_keeper *keeper, double value, uint64_t epoch)
{
    if (!keeper) return lathe_fail_null("lathe_keeper_best", "keeper");
    keeper->best = value;
    keeper->best_epoch = epoch;
    keeper->best_step = keeper->step;
    return lathe_keeper_keep(keeper);
}

lathe_status lathe_keeper_swap_best(lathe_keeper *keeper)
{
    if (!keeper) return lathe_fail_null("lathe_keeper_swap_best", "keeper");
    if (!keeper->has_best) return lathe_fail(LATHE_ESTATE, "lathe_keeper_swap_best: no weights are kept");
    lathe_keeping *own = keeper->own;
    lathe_real *best = own->best;
    for (int i = 0; i < own->tensors; best += own->tensor[i++]->stored)
        for (size_t k = 0; k < own->tensor[i]->stored; k++) {
            lathe_real number = own->tensor[i]->data[k];
            own->tensor[i]->data[k] = best[k];
            best[k] = number;
        }
    return LATHE_OK;
}

/* ---- saving -------------------------------------------------------------------------------------------- */

bool lathe_keeper_is_due(const lathe_keeper *keeper)
{
    if (!keeper) return false;
    const lathe_keeper_opts *o = &keeper->opts;
    if (o->save_seconds > 0) return lathe_keeper_clock() - keeper->own->saved >= o->save_seconds;
    return o->save_steps && keeper->step % o->save_steps == 0;
}
