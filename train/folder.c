/* The run folder: config.ini, steps.csv, epochs.csv and the checkpoints. */
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "run_impl.h"

/* A path of the run folder. */
typedef char folder_path[LATHE_SETTING_LONG + 64];

static lathe_status path_of(const lathe_run *run, const char *name, folder_path path)
{
    return lathe_file_join(run->settings.out, name, path, sizeof(folder_path));
}

/* A table with its header and the rows that the history has, ready to grow. */
static lathe_writer *open_table(const lathe_run *run, const char *name, const char *header)
{
    folder_path path;
    if (path_of(run, name, path)) return NULL;
    lathe_writer *writer = lathe_writer_open(path, 0);
    if (writer && !lathe_writer_add(writer, header)) return writer;
    lathe_writer_close(writer);
    return NULL;
}

static lathe_status write_rows(lathe_run *run)
{
    lathe_status status = LATHE_OK;
    const lathe_history *history = &run->history;
    for (size_t i = 0; i < history->steps && !status; i++) status = lathe_run_folder_step(run, &history->step[i]);
    for (size_t i = 0; i < history->epochs && !status; i++) status = lathe_run_folder_epoch(run, &history->epoch[i]);
    return status;
}

lathe_status lathe_run_folder_open(lathe_run *run)
{
    folder_path config;
    lathe_status status = lathe_file_make_folder(run->settings.out);
    if (!status) status = lathe_file_remove_stale(run->settings.out);
    if (!status) status = path_of(run, "config.ini", config);
    if (!status) status = lathe_settings_write(&run->settings, config);
    if (status) return status;
    run->state->steps = open_table(run, "steps.csv", LATHE_STEPS_HEADER);
    run->state->epochs = run->state->steps ? open_table(run, "epochs.csv", LATHE_EPOCHS_HEADER) : NULL;
    return run->state->epochs ? write_rows(run) : lathe_error();
}

lathe_status lathe_run_folder_step(lathe_run *run, const lathe_step_row *row)
{
    char text[LATHE_ROW_TEXT];
    return run->state->steps ? lathe_writer_add(run->state->steps, lathe_step_row_text(row, text)) : LATHE_OK;
}

lathe_status lathe_run_folder_epoch(lathe_run *run, const lathe_epoch_row *row)
{
    char text[LATHE_ROW_TEXT];
    return run->state->epochs ? lathe_writer_add(run->state->epochs, lathe_epoch_row_text(row, text)) : LATHE_OK;
}

lathe_status lathe_run_folder_save(lathe_run *run)
{
    folder_path path;
    if (!run->state->epochs) return LATHE_OK;
    /* The tables first: a checkpoint must not know of rows that are not on the disk. */
    lathe_status status = lathe_writer_flush(run->state->steps, true);
    if (!status) status = lathe_writer_flush(run->state->epochs, true);
    if (!status) status = path_of(run, "last.safetensors", path);
    return status ? status : lathe_checkpoint_write(run, path, true);
}

static lathe_status step_path(const lathe_run *run, uint64_t step, folder_path path)
{
    char name[48];
    snprintf(name, sizeof name, "step-%08llu.safetensors", (unsigned long long)step);
    return path_of(run, name, path);
}

lathe_status lathe_run_folder_save_step(lathe_run *run)
{
    folder_path path;
    if (!run->state->epochs) return LATHE_OK;
    lathe_status status = lathe_run_folder_save(run);
    if (!status) status = step_path(run, run->step, path);
    if (!status) status = lathe_checkpoint_write(run, path, true);
    uint64_t kept = run->state->save_every * (uint64_t)run->settings.keep;
    if (status || run->step <= kept) return status;
    status = step_path(run, run->step - kept, path);
    return status ? status : lathe_file_remove(path);
}

lathe_status lathe_run_folder_save_best(lathe_run *run)
{
    folder_path path;
    if (!run->state->epochs) return LATHE_OK;
    lathe_status status = path_of(run, "best.safetensors", path);
    return status ? status : lathe_checkpoint_write(run, path, false);
}

lathe_status lathe_run_folder_close(lathe_run *run)
{
    lathe_status steps = lathe_writer_close(run->state->steps), epochs = lathe_writer_close(run->state->epochs);
    run->state->steps = run->state->epochs = NULL;
    return steps ? steps : epochs;
}

/* "fashion-mnist" of "fashion-mnist", "mnist" of "mnist:/a/b", without what a folder's name should not have. */
static void plain_name(const char *spec, char *name, size_t size)
{
    size_t length = 0;
    for (; *spec && *spec != ':' && length + 1 < size; spec++) name[length++] = *spec == '/' || *spec == ' ' ? '_' : *spec;
    name[length] = '\0';
}

lathe_status lathe_run_next_folder(const lathe_settings *settings, const char *parent, char folder[LATHE_SETTING_LONG])
{
    char name[2 * LATHE_SETTING_SHORT + 32], data[LATHE_SETTING_SHORT], model[LATHE_SETTING_SHORT];
    plain_name(settings->data, data, sizeof data);
    plain_name(settings->model, model, sizeof model);
    for (int n = 1;; n++) {
        snprintf(name, sizeof name, "%s-%s-%d", model, data, n);
        lathe_status status = lathe_file_join(parent, name, folder, LATHE_SETTING_LONG);
        if (status || !lathe_file_exists(folder)) return status;
    }
}
