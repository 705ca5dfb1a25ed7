/*
 * log.jsonl of a run folder: the events of a run, one JSON object a line. It does not contain saves, because
 * they depend on interruptions. When a run resumes, later events and an end are cut off. So the log becomes
 * that of a run without interruption.
 */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../io/text.h"
#include "keeper_impl.h"

/* Larger than the log of any run. */
static const size_t most_bytes = (size_t)1 << 30;

/* The beginning of every line, followed by the number of steps. */
static const char line_start[] = "{\"step\":";

typedef struct events {
    lathe_logger base;
    lathe_writer *writer;
    uint64_t part; /* the end before an incomplete epoch; 0 without one */
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

/* "train_accuracy" and so on; NULL: they were not measured. */
static void put_metrics(lathe_text *out, const char *part, const lathe_history *history, const double *values)
{
    for (int i = 0; i < history->metrics; i++) {
        lathe_text_add(out, ",\"%s_%s\":", part, history->metric[i].name);
        lathe_text_number(out, values ? values[i] : (double)NAN);
    }
}

static lathe_status add_line(const events *log, lathe_text *out)
{
    lathe_text_put(out, "}\n");
    char *line = lathe_text_take(out);
    lathe_status status = line ? lathe_writer_add(log->writer, line) : lathe_error();
    lathe_free(line);
    return status;
}

static lathe_status add_start(const events *log, const lathe_keeper *keeper)
{
    lathe_text out = { 0 };
    begin(&out, 0, "start");
    if (*keeper->opts.about) lathe_text_add(&out, ",%s", keeper->opts.about);
    return add_line(log, &out);
}

/* The bytes of complete lines up to step `step` and `epochs` epochs, without an end of the run. */
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

static lathe_status find_end(const lathe_keeper *keeper, const char *path, uint64_t *end)
{
    size_t size;
    *end = 0;
    if (!lathe_file_exists(path)) return LATHE_OK;
    char *text = lathe_file_read(path, most_bytes, &size);
    if (!text) return lathe_error();
    *end = kept_bytes(text, keeper->step, keeper->history.epochs);
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

static lathe_status open_with(events *log, const lathe_keeper *keeper, bool goes_on)
{
    lathe_folder_path path;
    uint64_t end = 0;
    lathe_status status = lathe_keeper_path(keeper, "log.jsonl", path);
    if (!status && goes_on) status = find_end(keeper, path, &end);
    if (status) return status;
    log->writer = lathe_writer_open(path, end);
    if (!log->writer) return lathe_error();
    return end ? LATHE_OK : add_start(log, keeper);
}

static lathe_logger *open(const lathe_keeper *keeper, const lathe_history_ends *ends)
{
    events *log = lathe_alloc(1, sizeof *log);
    if (!log) return NULL;
    log->base.type = &lathe_jsonl_logger;
    if (!open_with(log, keeper, ends->epochs > 0)) return &log->base;
    close_events(&log->base);
    return NULL;
}

static lathe_status epoch(lathe_logger *logger, const lathe_keeper *keeper, const lathe_epoch_row *row,
    bool part)
{
    events *log = (events *)logger;
    if (part) log->part = lathe_writer_position(log->writer);
    lathe_text out = { 0 };
    begin(&out, row->step, "epoch");
    put_number(&out, "epoch", (double)row->epoch);
    put_number(&out, "train_loss", row->train_loss);
    put_metrics(&out, "train", &keeper->history, row->train);
    put_number(&out, "val_loss", row->val_loss);
    put_metrics(&out, "val", &keeper->history, row->val);
    put_number(&out, "lr",
        keeper->history.steps ? keeper->history.step[keeper->history.steps - 1].lr : (double)NAN);
    put_number(&out, "seconds", row->seconds);
    put_number(&out, "images_per_second", row->images_per_second);
    return add_line((events *)logger, &out);
}

static lathe_status eval(lathe_logger *logger, const lathe_keeper *keeper, const lathe_eval_row *row)
{
    lathe_text out = { 0 };
    begin(&out, row->step, "eval");
    put_number(&out, "val_loss", row->loss);
    put_metrics(&out, "val", &keeper->history, row->metric);
    return add_line((events *)logger, &out);
}

static lathe_status probe(lathe_logger *logger, const lathe_keeper *keeper, uint64_t step,
    const double *values)
{
    const lathe_probe_table *table = &keeper->history.probe;
    const char *name = table->header;
    lathe_text out = { 0 };
    begin(&out, step, "probe");
    for (int i = 0; i < table->columns; i++) {
        name += strcspn(name, ",") + 1;
        lathe_text_add(&out, ",\"%.*s\":", (int)strcspn(name, ","), name);
        lathe_text_number(&out, values[i]);
    }
    return add_line((events *)logger, &out);
}

static lathe_status drop_part(lathe_logger *logger)
{
    events *log = (events *)logger;
    const uint64_t end = log->part;
    log->part = 0;
    return end ? lathe_writer_cut(log->writer, end) : LATHE_OK;
}

static lathe_status best(lathe_logger *logger, const lathe_keeper *keeper)
{
    lathe_text out = { 0 };
    begin(&out, keeper->step, "best");
    put_number(&out, "epoch", (double)keeper->best_epoch);
    put_number(&out, "value", keeper->best);
    return add_line((events *)logger, &out);
}

static lathe_status flush(lathe_logger *logger)
{
    return lathe_writer_flush(((events *)logger)->writer, true);
}

static lathe_status end(lathe_logger *logger, const lathe_keeper *keeper, const lathe_ending *ending)
{
    lathe_text out = { 0 };
    begin(&out, keeper->step, "end");
    lathe_text_add(&out, ",\"how\":\"%s\"", ending->how ? ending->how : "");
    if (ending->what) {
        lathe_text_put(&out, ",\"what\":");
        lathe_text_json(&out, ending->what);
    }
    put_number(&out, "test_loss", ending->test ? ending->test->loss : (double)NAN);
    put_metrics(&out, "test", &keeper->history, ending->test ? ending->test->metric : NULL);
    lathe_status status = add_line((events *)logger, &out);
    return status ? status : flush(logger);
}

const lathe_logger_type lathe_jsonl_logger = {
    .name = "jsonl",
    .always = true,
    .open = open,
    .epoch = epoch,
    .eval = eval,
    .probe = probe,
    .drop_part = drop_part,
    .best = best,
    .end = end,
    .flush = flush,
    .close = close_events,
};
