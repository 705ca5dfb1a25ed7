/*
 * Checkpoints: a run as a safetensors file. Weights by path, an optimizer's slots as "optimizer.SLOT.PATH",
 * averaged weights as "optimizer.average.PATH", and all else as texts in the metadata. Nothing in it depends
 * on the number of threads, on how often it is saved or on the time. Random numbers are keyed by seed, step
 * and sample, so that "lathe.step" is also the place of every generator.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/blas.h"
#include "../core/machine.h"
#include "../io/lines.h"
#include "describe_impl.h"
#include "run_impl.h"
#include "settings/section.h"

#define FORMAT "1"

/* Room for "optimizer.SLOT.", and for texts of the metadata. */
enum { PREFIX = 64, ITEMS = 64 };

/* Texts of the metadata while they are gathered. */
typedef struct notes {
    lathe_metadata item[ITEMS];
    int count;
    char *owned[ITEMS];
    lathe_status status;
} notes;

/* Add a text, which becomes the notes' own; NULL is a failure to make it. */
static void note_take(notes *n, const char *key, char *text)
{
    if (!text || n->count == ITEMS) {
        n->status = n->status ? n->status :
            text              ? lathe_fail(LATHE_ESTATE, "checkpoint: more than %d notes", ITEMS) :
                                lathe_error();
        lathe_free(text);
        return;
    }
    n->owned[n->count] = text;
    n->item[n->count++] = (lathe_metadata){ key, text };
}

static void note(notes *n, const char *key, const char *text) { note_take(n, key, lathe_strdup(text)); }

static void note_count(notes *n, const char *key, uint64_t count)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, count);
    note(n, key, text);
}

static void note_number(notes *n, const char *key, double number)
{
    note_take(n, key, lathe_numbers_text(&number, 1));
}

static void notes_free(notes *n)
{
    for (int i = 0; i < n->count; i++) lathe_free(n->owned[i]);
}

/* "optimizer.exp_avg." */
static const char *slot_prefix(const lathe_optim *optim, int slot, char prefix[PREFIX])
{
    snprintf(prefix, PREFIX, "optimizer.%.40s.", lathe_optim_type_of(optim)->slot_names[slot]);
    return prefix;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

/* The settings, without what does not change the results. */
static char *settings_text(const lathe_run *run)
{
    lathe_settings settings = run->settings;
    const lathe_setting *setting;
    for (int i = 0; (setting = lathe_setting_at(i)); i++)
        if (setting->flags & LATHE_SETTING_SILENT)
            lathe_settings_set(&settings, setting->field.name, setting->preset);
    return lathe_settings_text(&settings);
}

/* The newest rows of epochs.csv without their times: for those who have only this file. A run goes on from
 * epochs.csv itself. */
static char *history_text(const lathe_run *run)
{
    enum { MOST = 1000 };
    lathe_text text = { 0 };
    size_t rows = lathe_run_whole_epochs(run);
    lathe_text_put(&text, LATHE_EPOCHS_HEADER);
    for (size_t i = rows > MOST ? rows - MOST : 0; i < rows; i++) {
        char line[LATHE_ROW_TEXT];
        lathe_epoch_row row = run->history.epoch[i];
        row.seconds = row.images_per_second = (double)NAN;
        lathe_text_put(&text, lathe_epoch_row_text(&row, line));
    }
    return lathe_text_take(&text);
}

/* What the model's numbers are about. */
static void note_data(notes *n, const lathe_dataset *data)
{
    for (int i = 0; lathe_description_at(i); i++)
        note_take(n, lathe_description_at(i)->key, lathe_description_at(i)->of(data));
}

/* What the model is: enough to use it without the run folder. */
static void note_model(notes *n, const lathe_run *run)
{
    note(n, "lathe.format", FORMAT);
    note(n, "lathe.version", lathe_version());
    note(n, "lathe.isa", lathe_isa());
    note(n, "lathe.blas_core", lathe_blas_core());
    note(n, "lathe.real", sizeof(lathe_real) == 4 ? "float" : "double");
    note(n, "lathe.model", run->settings.model);
    note_data(n, run->feed->data);
    note(n, "lathe.transforms", run->settings.augment);
    note_take(n, "lathe.settings", settings_text(run));
    note_count(n, "lathe.step", run->step);
}

/* A line for each tensor: how many steps it has made, and the numbers that follow from them. */
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

/* What a resumed run needs beside the numbers. */
static void note_progress(notes *n, const lathe_run *run)
{
    const lathe_run_state *state = run->state;
    uint64_t batches = run->feed->batches, done = lathe_run_batches_done(run);
    note_count(n, "lathe.seed", run->settings.seed);
    note_count(n, "lathe.epoch", done / batches); /* where the loader is: of the next batch */
    note_count(n, "lathe.batch", done % batches);
    note_take(n, "lathe.history", history_text(run));
    note_count(n, "lathe.epoch_rows", lathe_run_whole_epochs(run));
    note_count(n, "lathe.sched_steps", lathe_sched_steps(run->sched));
    note_take(n, "lathe.sched_state", lathe_numbers_text(lathe_sched_state(run->sched), LATHE_SCHED_STATE));
    note_number(n, "lathe.epoch_loss_sum", state->loss.sum);
    note_number(n, "lathe.epoch_loss_weight", state->loss.weight);
    note_count(n, "lathe.epoch_right", (uint64_t)state->counted[0]);
    if (run->task->numbers > 2)
        note_take(n, "lathe.epoch_counted", lathe_numbers_text(state->counted, (int)run->task->numbers));
    note_number(n, "lathe.best", run->best);
    note_count(n, "lathe.best_epoch", run->best_epoch);
    note_count(n, "lathe.best_step", state->best_step);
    note_number(n, "lathe.reference", state->reference);
    note_count(n, "lathe.waited", state->waited);
    note_take(n, "lathe.clocks", clocks_text(run->optim));
    if (state->averaged) note_count(n, "lathe.average_updates", *lathe_averaged_updates(state->averaged));
}

static const char average_prefix[] = "optimizer.average.";

/* Add what `numbers`, which lie as the parameters do, has for each of them. */
static void gather_slab(const lathe_params *params, const lathe_real *numbers, const char *prefix,
    lathe_saved *saved, int *count)
{
    for (int i = 0; i < params->count; i++) {
        const lathe_tensor *tensor = params->tensor[i];
        saved[(*count)++] =
            (lathe_saved){ prefix, tensor->name, tensor->shape, numbers + (tensor->data - params->data) };
    }
}

/* Every tensor to be saved. NULL: memory ran out. */
static lathe_saved *gather(lathe_run *run, bool whole, char prefix[LATHE_OPTIM_SLOTS][PREFIX], int *count)
{
    int tensors;
    lathe_tensor *const *state = lathe_nn_state(run->net, &tensors);
    const lathe_params *params = lathe_optim_params(run->optim);
    lathe_saved *saved =
        lathe_alloc(lathe_plus((size_t)tensors, lathe_times(LATHE_OPTIM_SLOTS + 1, (size_t)params->count)),
            sizeof *saved);
    *count = 0;
    for (int i = 0; saved && i < tensors; i++)
        saved[(*count)++] = (lathe_saved){ NULL, state[i]->name, state[i]->shape, state[i]->data };
    for (int slot = 0; saved && whole && slot < LATHE_OPTIM_SLOTS; slot++) {
        const lathe_real *numbers = lathe_optim_slot(run->optim, slot);
        if (numbers) gather_slab(params, numbers, slot_prefix(run->optim, slot, prefix[slot]), saved, count);
    }
    if (saved && whole && lathe_run_has_average(run))
        gather_slab(params, lathe_averaged_numbers(run->state->averaged), average_prefix, saved, count);
    return saved;
}

lathe_status lathe_checkpoint_write(lathe_run *run, const char *path, bool whole)
{
    notes n = { .count = 0 };
    int count;
    char prefix[LATHE_OPTIM_SLOTS][PREFIX];
    lathe_saved *saved = gather(run, whole, prefix, &count);
    if (!saved) return lathe_error();
    note_model(&n, run);
    if (whole) note_progress(&n, run);
    else if (lathe_run_has_average(run)) note(&n, "lathe.weights", run->settings.ema > 0 ? "ema" : "swa");
    lathe_status status = n.status ? n.status : lathe_safetensors_write(path, saved, count, n.item, n.count);
    notes_free(&n);
    lathe_free(saved);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static lathe_status bad_note(const lathe_safetensors *file, const char *key)
{
    const char *text = lathe_safetensors_text(file, key);
    return lathe_fail(LATHE_EFORMAT, "%s: %s is %s%.60s%s: not a checkpoint that a run can go on from",
        file->path, key, text ? "'" : "missing", text ? text : "", text ? "'" : "");
}

static lathe_status read_count(const lathe_safetensors *file, const char *key, uint64_t *count)
{
    int64_t number;
    const char *text = lathe_safetensors_text(file, key);
    if (!text || !lathe_parse_int64(text, &number) || number < 0) return bad_note(file, key);
    *count = (uint64_t)number;
    return LATHE_OK;
}

static lathe_status read_number(const lathe_safetensors *file, const char *key, double *number)
{
    const char *text = lathe_safetensors_text(file, key);
    return text && lathe_numbers_read(&text, number, 1) && !*text ? LATHE_OK : bad_note(file, key);
}

/* One clock of "step,value,value,value,value" and past its line's end. */
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

/* Where the schedule is: its step, and what it has observed. */
static lathe_status read_sched(const lathe_safetensors *file, lathe_sched *sched)
{
    uint64_t steps = 0;
    double state[LATHE_SCHED_STATE];
    const char *text = lathe_safetensors_text(file, "lathe.sched_state");
    lathe_status status = read_count(file, "lathe.sched_steps", &steps);
    if (status) return status;
    if (!text || !lathe_numbers_read(&text, state, LATHE_SCHED_STATE) || *text)
        return bad_note(file, "lathe.sched_state");
    memcpy(lathe_sched_state(sched), state, sizeof state);
    lathe_sched_seek(sched, steps);
    return LATHE_OK;
}

static lathe_status read_clocks(const lathe_safetensors *file, lathe_optim *optim)
{
    const char *text = lathe_safetensors_text(file, "lathe.clocks");
    if (!text) return bad_note(file, "lathe.clocks");
    for (int i = 0; i < lathe_optim_params(optim)->count; i++)
        if (!read_clock(&text, lathe_optim_clock_of(optim, i))) return bad_note(file, "lathe.clocks");
    return *text ? bad_note(file, "lathe.clocks") : LATHE_OK;
}

/* Numbers that lie as the parameters do. */
static lathe_status read_slab(const lathe_safetensors *file, const lathe_params *params, lathe_real *numbers,
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

static lathe_status read_slots(const lathe_safetensors *file, lathe_optim *optim)
{
    lathe_status status = LATHE_OK;
    for (int slot = 0; slot < LATHE_OPTIM_SLOTS && !status; slot++) {
        char prefix[PREFIX];
        lathe_real *numbers = lathe_optim_slot(optim, slot);
        if (numbers)
            status = read_slab(file, lathe_optim_params(optim), numbers, slot_prefix(optim, slot, prefix));
    }
    return status;
}

static lathe_status read_average(const lathe_safetensors *file, const lathe_run *run)
{
    lathe_averaged *averaged = run->state->averaged;
    if (!averaged) return LATHE_OK;
    lathe_status status = read_count(file, "lathe.average_updates", lathe_averaged_updates(averaged));
    if (status || !lathe_run_has_average(run)) return status;
    return read_slab(file, lathe_optim_params(run->optim), lathe_averaged_numbers(averaged), average_prefix);
}

/* What the metrics have added up. Older files have the answers that were right alone. */
static lathe_status read_counted(const lathe_safetensors *file, lathe_run *run)
{
    uint64_t right;
    lathe_run_state *state = run->state;
    int numbers = (int)run->task->numbers;
    const char *text = lathe_safetensors_text(file, "lathe.epoch_counted");
    if (text && lathe_numbers_read(&text, state->counted, numbers) && !*text) return LATHE_OK;
    if (text)
        return lathe_fail(LATHE_EFORMAT, "%s: lathe.epoch_counted has not %d numbers", file->path, numbers);
    lathe_status status = read_count(file, "lathe.epoch_right", &right);
    state->counted[0] = (double)right;
    state->counted[1] = state->loss.weight * (double)run->task->answers;
    return status;
}

static lathe_status read_progress(const lathe_safetensors *file, lathe_run *run)
{
    lathe_run_state *state = run->state;
    lathe_status status = read_number(file, "lathe.epoch_loss_sum", &state->loss.sum);
    if (!status) status = read_number(file, "lathe.epoch_loss_weight", &state->loss.weight);
    if (!status) status = read_counted(file, run);
    if (!status) status = read_number(file, "lathe.best", &run->best);
    if (!status) status = read_count(file, "lathe.best_epoch", &run->best_epoch);
    if (!status) status = read_count(file, "lathe.best_step", &state->best_step);
    if (!status) status = read_number(file, "lathe.reference", &state->reference);
    if (!status) status = read_count(file, "lathe.waited", &state->waited);
    return status ? status : read_sched(file, run->sched);
}

/* A checkpoint of another format, or of another run, is refused before anything is changed. */
static lathe_status check_kind(const lathe_safetensors *file)
{
    const char *format = lathe_safetensors_text(file, "lathe.format");
    if (!format || !lathe_safetensors_text(file, "lathe.settings"))
        return lathe_fail(LATHE_EFORMAT,
            "%s: no checkpoint of lathe's, only weights at best; --init-weights begins a run from them",
            file->path);
    if (strcmp(format, FORMAT))
        return lathe_fail(LATHE_EFORMAT,
            "%s: a checkpoint of format %.20s, this version reads format " FORMAT, file->path, format);
    return LATHE_OK;
}

/* What the numbers mean: the pictures, how they are normalised, and the classes. */
static lathe_status check_data(const lathe_safetensors *file, const lathe_run *run)
{
    notes now = { .count = 0 };
    note_data(&now, run->feed->data);
    lathe_status status = now.status;
    for (int i = 0; i < now.count && !status; i++) {
        const char *key = now.item[i].key, *then = lathe_safetensors_text(file, key);
        if (lathe_description_at(i)->counts) continue;
        if (!then || strcmp(then, now.item[i].text))
            status = lathe_fail(LATHE_EFORMAT, "%s: made with other data: %s is '%.80s' there, '%.80s' here",
                file->path, key + 6, then ? then : "", now.item[i].text);
    }
    notes_free(&now);
    return status;
}

lathe_status lathe_checkpoint_check(const lathe_safetensors *file, const lathe_run *run,
    lathe_checkpoint_place *place)
{
    lathe_status status = check_kind(file);
    if (!status) status = lathe_resume_check_settings(file, &run->settings);
    if (!status) status = check_data(file, run);
    if (!status) status = read_count(file, "lathe.step", &place->step);
    if (!status) status = read_count(file, "lathe.epoch_rows", &place->epochs);
    if (!status) status = read_count(file, "lathe.best_step", &place->best_step);
    return status;
}

lathe_status lathe_checkpoint_read(lathe_run *run, const lathe_safetensors *file)
{
    int count;
    lathe_tensor *const *state = lathe_nn_state(run->net, &count);
    lathe_status status = lathe_safetensors_load(file, state, count, "", true);
    if (!status) status = read_slots(file, run->optim);
    if (!status) status = read_clocks(file, run->optim);
    if (!status) status = read_average(file, run);
    if (!status) status = read_count(file, "lathe.step", &run->step);
    return status ? status : read_progress(file, run);
}

lathe_status lathe_run_load(lathe_run *run, const char *path)
{
    int count;
    if (!run || !path) return lathe_fail_null("lathe_run_load", run ? "path" : "run");
    lathe_tensor *const *state = lathe_nn_state(run->net, &count);
    lathe_safetensors *file = lathe_safetensors_read(path);
    if (!file) return lathe_error();
    lathe_status status = lathe_safetensors_load(file, state, count, "", true);
    lathe_safetensors_free(file);
    return status;
}
