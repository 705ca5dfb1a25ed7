/*
 * log.jsonl of a run folder: what has happened, one JSON object a line. Saves are not in it: they depend on
 * breaks, and lie in the folder. Of a run that goes on, what is later than its step, and an end, is cut off,
 * so that the log ends up as that of a run without the break.
 */
#include "logger_impl.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/alloc.h"
#include "../io/text.h"
#include "settings/settings_impl.h"

/* No run has as many events that this would be too small. */
static const size_t most_bytes = (size_t)1 << 30;

/* Every line begins with this: the steps made when it was written. */
static const char line_start[] = "{\"step\":";

typedef struct events {
    lathe_logger base;
    lathe_writer *writer;
    uint64_t part; /* where it ended before an epoch that was not whole; 0: there is none */
} events;

static void begin(lathe_text *out, uint64_t step, const char *event)
{
    lathe_text_add(out, "%s%" PRIu64 ",\"event\":\"%s\"", line_start, step, event);
}

static void put_number(lathe_text *out, const char *name, double number)
{
    lathe_text_add(out, ",\"%s\":", name);
    lathe_text_number(out, number);
}

static lathe_status add_line(const events *log, lathe_text *out)
{
    lathe_text_put(out, "}\n");
    char *line = lathe_text_take(out);
    lathe_status status = line ? lathe_writer_add(log->writer, line) : lathe_error();
    lathe_free(line);
    return status;
}

/* The settings that decide what comes out, each as its text. */
static lathe_status add_start(const events *log, const lathe_run *run)
{
    lathe_text out = { 0 };
    char text[LATHE_SETTING_LONG];
    lathe_chosen chosen;
    if (lathe_settings_choose(&run->settings, &chosen)) return lathe_error();
    begin(&out, 0, "start");
    lathe_text_put(&out, ",\"data\":");
    lathe_text_json(&out, run->settings.data);
    lathe_text_put(&out, ",\"settings\":{");
    const char *between = "";
    for (int i = 0; lathe_setting_at(i); i++) {
        const lathe_setting *setting = lathe_setting_at(i);
        if (setting->flags & (LATHE_SETTING_PLACE | LATHE_SETTING_FREE)) continue;
        lathe_text_add(&out, "%s\"%s\":", between, setting->field.name);
        lathe_text_json(&out, lathe_setting_text(setting, &run->settings, text));
        between = ",";
    }
    for (int taker = 0; taker < chosen.count; taker++)
        for (int i = 0; i < run->settings.options; i++) {
            char key[LATHE_SETTING_LONG];
            const char *name = lathe_option_given(&run->settings, &chosen, i, taker);
            if (!name) continue;
            snprintf(key, sizeof key, "%s.%s", chosen.of[taker].section->heading, name);
            lathe_text_put(&out, ",");
            lathe_text_json(&out, key);
            lathe_text_put(&out, ":");
            lathe_text_json(&out, run->settings.option[i].text);
        }
    lathe_text_put(&out, "}");
    return add_line(log, &out);
}

/* Bytes of the whole lines up to step `step` and with `epochs` epochs, without an end. */
static uint64_t kept_bytes(const char *text, uint64_t step, uint64_t epochs)
{
    const char *line = text;
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        if (strncmp(line, line_start, sizeof line_start - 1) != 0) break;
        char *after;
        if (strtoull(line + sizeof line_start - 1, &after, 10) > step) break;
        if (!strncmp(after, ",\"event\":\"end\"", 14)) break;
        if (!strncmp(after, ",\"event\":\"epoch\"", 16) && epochs-- == 0) break;
    }
    return (uint64_t)(line - text);
}

static lathe_status find_end(const lathe_run *run, const char *path, uint64_t *end)
{
    size_t size;
    *end = 0;
    if (!lathe_file_exists(path)) return LATHE_OK;
    char *text = lathe_file_read(path, most_bytes, &size);
    if (!text) return lathe_error();
    *end = kept_bytes(text, run->step, run->history.epochs);
    lathe_free(text);
    return LATHE_OK;
}

static lathe_status close_events(lathe_logger *logger)
{
    if (!logger) return LATHE_OK;
    lathe_status status = lathe_writer_close(((events *)logger)->writer);
    lathe_free(logger);
    return status;
}

extern const lathe_logger_type lathe_jsonl_logger;

static lathe_status open_with(events *log, lathe_run *run, bool goes_on)
{
    lathe_folder_path path;
    uint64_t end = 0;
    lathe_status status = lathe_run_folder_path(run, "log.jsonl", path);
    if (!status && goes_on) status = find_end(run, path, &end);
    if (status) return status;
    log->writer = lathe_writer_open(path, end);
    if (!log->writer) return lathe_error();
    return end ? LATHE_OK : add_start(log, run);
}

static lathe_logger *open(lathe_run *run, const lathe_history_ends *ends)
{
    events *log = lathe_alloc(1, sizeof *log);
    if (!log) return NULL;
    log->base.type = &lathe_jsonl_logger;
    if (!open_with(log, run, ends->epochs > 0)) return &log->base;
    close_events(&log->base);
    return NULL;
}

static lathe_status epoch(lathe_logger *logger, lathe_run *run, const lathe_epoch_row *row, bool part)
{
    events *log = (events *)logger;
    if (part) log->part = lathe_writer_position(log->writer);
    lathe_text out = { 0 };
    begin(&out, row->step, "epoch");
    put_number(&out, "epoch", (double)row->epoch);
    put_number(&out, "train_loss", row->train_loss);
    put_number(&out, "train_accuracy", row->train_accuracy);
    put_number(&out, "val_loss", row->val_loss);
    put_number(&out, "val_accuracy", row->val_accuracy);
    put_number(&out, "lr", run->history.steps ? run->history.step[run->history.steps - 1].lr : (double)NAN);
    put_number(&out, "seconds", row->seconds);
    put_number(&out, "images_per_second", row->images_per_second);
    return add_line((events *)logger, &out);
}

static lathe_status drop_part(lathe_logger *logger)
{
    events *log = (events *)logger;
    const uint64_t end = log->part;
    log->part = 0;
    return end ? lathe_writer_cut(log->writer, end) : LATHE_OK;
}

static lathe_status best(lathe_logger *logger, lathe_run *run)
{
    lathe_text out = { 0 };
    begin(&out, run->step, "best");
    put_number(&out, "epoch", (double)run->best_epoch);
    put_number(&out, "value", run->best);
    return add_line((events *)logger, &out);
}

static const char *end_name(lathe_run_end end)
{
    switch (end) {
    case LATHE_RUN_COMPLETE: return "complete";
    case LATHE_RUN_EARLY_STOP: return "early_stop";
    case LATHE_RUN_INTERRUPTED: return "interrupted";
    case LATHE_RUN_NAN: return "nan";
    default: return "open";
    }
}

static lathe_status flush(lathe_logger *logger)
{
    return lathe_writer_flush(((events *)logger)->writer, true);
}

static lathe_status end(lathe_logger *logger, lathe_run *run)
{
    lathe_text out = { 0 };
    begin(&out, run->step, "end");
    lathe_text_add(&out, ",\"how\":\"%s\"", end_name(run->end));
    if (run->end == LATHE_RUN_NAN) {
        lathe_text_put(&out, ",\"what\":");
        lathe_text_json(&out, run->not_a_number);
    }
    put_number(&out, "test_loss", run->test_score.count ? run->test_score.loss : (double)NAN);
    put_number(&out, "test_accuracy", run->test_score.count ? run->test_score.metric[0] : (double)NAN);
    lathe_status status = add_line((events *)logger, &out);
    return status ? status : flush(logger);
}

const lathe_logger_type lathe_jsonl_logger = {
    .name = "jsonl",
    .always = true,
    .open = open,
    .epoch = epoch,
    .drop_part = drop_part,
    .best = best,
    .end = end,
    .flush = flush,
    .close = close_events,
};
