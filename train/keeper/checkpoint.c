/*
 * Checkpoints: a run as a safetensors file. It has the tensors of the keeper's objects, what each object
 * adds, and the position of the run.
 *
 * A checkpoint does not depend on the number of threads, on the number of saves or on the time. Random
 * numbers are keyed by seed, step and sample, so "lathe.step" is also the state of every generator.
 */
#include <math.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/blas.h"
#include "../../core/machine.h"
#include "../../io/text.h"
#include "keeper_impl.h"

#define FORMAT "1"

/* ---- writing ------------------------------------------------------------------------------------------- */

/*
 * The newest rows of epochs.csv without their times, for readers of this file alone. A resumed run reads
 * epochs.csv itself.
 */
static char *history_text(const lathe_keeper *keeper)
{
    enum { MOST = 1000 };
    lathe_text text = { 0 };
    const lathe_history *history = &keeper->history;
    size_t rows = lathe_keeper_whole_epochs(keeper);
    char *header = lathe_history_epochs_header(history);
    lathe_text_put(&text, header ? header : "");
    for (size_t i = rows > MOST ? rows - MOST : 0; header && i < rows; i++) {
        char line[LATHE_ROW_TEXT];
        lathe_epoch_row row = history->epoch[i];
        row.seconds = row.images_per_second = (double)NAN;
        lathe_text_put(&text, lathe_epoch_row_text(&row, history->metrics, line));
    }
    if (!header) lathe_text_free(&text);
    lathe_free(header);
    return header ? lathe_text_take(&text) : NULL;
}

/* The keeper's own part. */
static void save_own(const lathe_keeper *keeper, lathe_notes *notes, bool whole)
{
    lathe_notes_text(notes, "lathe.format", FORMAT);
    lathe_notes_text(notes, "lathe.version", lathe_version());
    lathe_notes_text(notes, "lathe.isa", lathe_isa());
    lathe_notes_text(notes, "lathe.blas_core", lathe_blas_core());
    lathe_notes_text(notes, "lathe.real", sizeof(lathe_real) == 4 ? "float" : "double");
    lathe_notes_count(notes, "lathe.step", keeper->step);
    if (!whole) return;
    char *history = history_text(keeper);
    lathe_notes_text(notes, "lathe.history", history);
    lathe_free(history);
    lathe_notes_count(notes, "lathe.epoch_rows", lathe_keeper_whole_epochs(keeper));
    lathe_notes_numbers(notes, "lathe.best", &keeper->best, 1);
    lathe_notes_count(notes, "lathe.best_epoch", keeper->best_epoch);
    lathe_notes_count(notes, "lathe.best_step", keeper->best_step);
}

static lathe_notes take_notes(const lathe_keeper *keeper, bool whole)
{
    const lathe_keeping *own = keeper->own;
    lathe_notes notes = { 0 };
    for (int i = 0; i < own->tensors; i++) lathe_notes_tensor(&notes, NULL, own->tensor[i], NULL);
    save_own(keeper, &notes, whole);
    for (int i = 0; i < own->states; i++) own->state[i].save(own->state[i].object, &notes, whole);
    return notes;
}

lathe_status lathe_checkpoint_write(lathe_keeper *keeper, const char *path, bool whole)
{
    lathe_notes notes = take_notes(keeper, whole);
    lathe_status status = lathe_notes_write(&notes, path);
    lathe_notes_free(&notes);
    return status;
}

char *lathe_checkpoint_bytes(const lathe_keeper *keeper, size_t *size)
{
    lathe_notes notes = take_notes(keeper, true);
    char *bytes = lathe_notes_bytes(&notes, size);
    lathe_notes_free(&notes);
    return bytes;
}

lathe_status lathe_checkpoint_can_write(const lathe_keeper *keeper)
{
    lathe_notes notes = take_notes(keeper, true);
    lathe_status status = lathe_notes_check(&notes);
    lathe_notes_free(&notes);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* Refuse a checkpoint of another format before anything changes. */
static lathe_status check_format(const lathe_safetensors *file)
{
    const char *format = lathe_safetensors_text(file, "lathe.format");
    if (!format)
        return lathe_fail(LATHE_EFORMAT,
            "%s: no checkpoint of lathe's, only weights at best; --init-weights begins a run from them",
            file->path);
    if (strcmp(format, FORMAT))
        return lathe_fail(LATHE_EFORMAT,
            "%s: a checkpoint of format %.20s, this version reads format " FORMAT, file->path, format);
    return LATHE_OK;
}

lathe_status lathe_checkpoint_check(const lathe_safetensors *file, const lathe_keeper *keeper,
    lathe_checkpoint_place *place)
{
    const lathe_keeping *own = keeper->own;
    lathe_status status = check_format(file);
    for (int i = 0; i < own->states && !status; i++)
        if (own->state[i].check) status = own->state[i].check(own->state[i].object, file);
    if (!status) status = lathe_noted_count(file, "lathe.step", &place->step);
    if (!status) status = lathe_noted_count(file, "lathe.epoch_rows", &place->epochs);
    if (!status) status = lathe_noted_count(file, "lathe.best_step", &place->best_step);
    return status;
}

lathe_status lathe_checkpoint_read(lathe_keeper *keeper, const lathe_safetensors *file)
{
    const lathe_keeping *own = keeper->own;
    lathe_status status = lathe_safetensors_load(file, own->tensor, own->tensors, "", true);
    for (int i = 0; i < own->states && !status; i++)
        if (own->state[i].load) status = own->state[i].load(own->state[i].object, file);
    if (!status) status = lathe_noted_count(file, "lathe.step", &keeper->step);
    if (!status) status = lathe_noted_numbers(file, "lathe.best", &keeper->best, 1);
    if (!status) status = lathe_noted_count(file, "lathe.best_epoch", &keeper->best_epoch);
    if (!status) status = lathe_noted_count(file, "lathe.best_step", &keeper->best_step);
    return status;
}
