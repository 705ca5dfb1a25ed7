/*
 * Resuming a run. last.safetensors decides: the tables are cut off after the rows that it counts. What was
 * written later is written again, with the same bits as in a run without interruption.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "keeper_impl.h"

static const char suffix[] = ".safetensors";

bool lathe_keeper_is_checkpoint(const char *path)
{
    size_t length = strlen(path), end = sizeof suffix - 1;
    return length > end && !strcmp(path + length - end, suffix);
}

/*
 * Read the best weights so far into the keeper's copy. They pass through the objects' tensors, so this comes
 * before the tensors of the checkpoint.
 */
static lathe_status read_best(lathe_keeper *keeper, uint64_t best_step)
{
    char step[24];
    lathe_folder_path path;
    lathe_status status = lathe_keeper_path(keeper, "best.safetensors", path);
    if (status || !lathe_file_exists(path)) return status;
    lathe_safetensors *file = lathe_safetensors_read(path);
    if (!file) return lathe_error();
    const char *text = lathe_safetensors_text(file, "lathe.step");
    snprintf(step, sizeof step, "%llu", (unsigned long long)best_step);
    if (text && !strcmp(text, step)) {
        status = lathe_safetensors_load(file, keeper->own->tensor, keeper->own->tensors, "", true);
        if (!status) status = lathe_keeper_keep(keeper);
    }
    lathe_safetensors_free(file);
    return status;
}

/* Give all objects' tensors the values that are evaluated, or their own again. */
static lathe_status show_evaluated(lathe_keeper *keeper, bool enter)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < keeper->own->states && !status; i++) {
        const lathe_state *state = &keeper->own->state[i];
        if (state->evaluated) status = state->evaluated(state->object, enter);
    }
    return status;
}

/*
 * If the best epoch is the one that ends here, its file may still be the former one, because the checkpoint
 * is written first.
 */
static lathe_status settle_best(lathe_keeper *keeper)
{
    if (isnan(keeper->best) || keeper->has_best) return LATHE_OK;
    if (keeper->best_step == keeper->step) {
        lathe_status status = show_evaluated(keeper, true);
        if (!status) status = lathe_keeper_keep(keeper);
        if (!status) status = show_evaluated(keeper, false);
        return status ? status : lathe_folder_save_best(keeper);
    }
    lathe_keeper_tell(keeper,
        "%s has no best.safetensors of step %llu; the best of the epochs to come counts", keeper->folder,
        (unsigned long long)keeper->best_step);
    keeper->best = (double)NAN;
    return LATHE_OK;
}

/* Read the tables' rows up to the checkpoint's. Their metrics must be this run's, or the first of them. */
static lathe_status read_history(lathe_keeper *keeper, const lathe_checkpoint_place *place,
    lathe_history_ends *ends)
{
    lathe_history *history = &keeper->history;
    const lathe_history expected = *history;
    lathe_status status = lathe_history_read_first(history, keeper->folder, place->step, place->epochs, ends);
    for (int i = 0; i < history->metrics && !status; i++)
        if (i >= expected.metrics || strcmp(history->metric[i].name, expected.metric[i].name))
            status = lathe_fail(LATHE_EFORMAT, "%s: epochs.csv has a column train_%s, the run has none there",
                keeper->folder, history->metric[i].name);
    const char *probes = keeper->opts.probes;
    if (!status && probes && strcmp(history->probe.header, probes))
        status = lathe_fail(LATHE_EARG,
            "%s: probes.csv has the columns %.120s, the run now has %.120s; name the same probes, or move "
            "the "
            "file away",
            keeper->folder, history->probe.header, probes);
    return status;
}

static lathe_status restore(lathe_keeper *keeper, const lathe_safetensors *file, bool is_last)
{
    lathe_history_ends ends;
    lathe_checkpoint_place place;
    lathe_status status = lathe_checkpoint_check(file, keeper, &place);
    if (!status) status = read_history(keeper, &place, &ends);
    if (!status) status = read_best(keeper, place.best_step);
    if (!status) status = lathe_checkpoint_read(keeper, file);
    /* Make an older checkpoint the last one before the tables lose the rows that are abandoned. */
    lathe_folder_path path;
    if (!status && !is_last) status = lathe_keeper_path(keeper, "last.safetensors", path);
    if (!status && !is_last) status = lathe_checkpoint_write(keeper, path, true);
    if (!status) status = lathe_folder_reopen(keeper, &ends, is_last);
    if (!status) status = settle_best(keeper);
    keeper->resumed = !status;
    return status;
}

/* Say what can be done about a checkpoint that cannot be read. */
static lathe_status tell_others(const lathe_keeper *keeper, bool is_last)
{
    char message[LATHE_MESSAGE_SIZE];
    size_t count;
    lathe_status status = lathe_error();
    snprintf(message, sizeof message, "%s", lathe_error_message());
    uint64_t *steps = is_last && status == LATHE_EFORMAT ?
        lathe_file_numbers(keeper->folder, "step-", suffix, &count) :
        NULL;
    if (steps && count)
        lathe_fail(status, "%.300s; an older one: --resume %.120s/step-%08llu.safetensors", message,
            keeper->folder, (unsigned long long)steps[count - 1]);
    else lathe_fail(status, "%s", message);
    lathe_free(steps);
    return status;
}

lathe_status lathe_keeper_resume(lathe_keeper *keeper)
{
    lathe_folder_path path;
    const bool is_last = !lathe_keeper_is_checkpoint(keeper->opts.resume);
    lathe_status status = lathe_keeper_path(keeper, "last.safetensors", path);
    if (status) return status;
    if (!is_last) snprintf(path, sizeof path, "%s", keeper->opts.resume);
    if (is_last && !lathe_file_exists(path)) {
        if (lathe_file_exists(keeper->folder))
            lathe_keeper_tell(keeper, "%s was not saved yet: the run starts from the beginning",
                keeper->folder);
        return lathe_folder_begin(keeper);
    }
    lathe_safetensors *file = lathe_safetensors_read(path);
    if (!file) return tell_others(keeper, is_last);
    status = restore(keeper, file, is_last);
    lathe_safetensors_free(file);
    return status;
}
