/* steps.csv, epochs.csv and evals.csv of a run folder, which a resumed run reads: see history.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/field.h"
#include "../../io/text.h"
#include "keeper_impl.h"

/* Bytes for two numbers of 17 digits, or for the names of their columns. */
enum { GROUP_TEXT = 64 };

typedef struct tables {
    lathe_logger base;
    lathe_writer *steps, *epochs;
    lathe_writer *evals, *probes; /* NULL: no such table */
    int groups;                   /* parameter groups beyond the first */
    char *text;                   /* a row of steps.csv with their columns */
    uint64_t part;                /* the end of epochs.csv before the row of a partial epoch; 0 without one */
} tables;

/* Open the table at byte `end`; a new table gets its header. */
static lathe_writer *open_table(const lathe_keeper *keeper, const char *name, const char *header,
    uint64_t end)
{
    lathe_folder_path path;
    if (lathe_keeper_path(keeper, name, path)) return NULL;
    lathe_writer *writer = lathe_writer_open(path, end);
    if (writer && (end || !lathe_writer_add(writer, header))) return writer;
    lathe_writer_close(writer);
    return NULL;
}

static lathe_status close_tables(lathe_logger *logger)
{
    tables *t = (tables *)logger;
    if (!t) return LATHE_OK;
    lathe_status steps = lathe_writer_close(t->steps), epochs = lathe_writer_close(t->epochs),
                 evals = lathe_writer_close(t->evals), probes = lathe_writer_close(t->probes);
    lathe_free(t->text);
    lathe_free(t);
    return steps ? steps : epochs ? epochs : evals ? evals : probes;
}

/* The line of a row (NULL: the header) with the columns lr.1, momentum.1, lr.2, ... of further groups. */
static const char *step_text(const tables *t, const lathe_step_row *row)
{
    const double *rates = row ? row->group_rates : NULL;
    if (row) lathe_step_row_text(row, t->text);
    else snprintf(t->text, LATHE_ROW_TEXT, "%s", LATHE_STEPS_HEADER);
    char *end = t->text + strlen(t->text) - 1; /* before the line's end, which moves */
    for (int group = 1; group <= t->groups; group++) {
        char lr[32] = "", momentum[32] = "";
        if (rates) {
            lathe_double_digits(*rates++, 17, lr);
            lathe_double_digits(*rates++, 17, momentum);
        }
        end += row ? snprintf(end, GROUP_TEXT, ",%s,%s", lr, momentum) :
                     snprintf(end, GROUP_TEXT, ",lr.%d,momentum.%d", group, group);
    }
    snprintf(end, 2, "\n");
    return t->text;
}

/* Open a table whose header is to be freed. */
static lathe_writer *open_with(const lathe_keeper *keeper, const char *name, char *header, uint64_t end)
{
    lathe_writer *writer = header ? open_table(keeper, name, header, end) : NULL;
    lathe_free(header);
    return writer;
}

/* A run that measures nothing any more still loses the rows behind its checkpoint. */
static bool has_evals(const lathe_keeper *keeper, const lathe_history_ends *ends)
{
    return keeper->opts.evals || ends->evals;
}

static bool has_probes(const lathe_keeper *keeper, const lathe_history_ends *ends)
{
    return keeper->opts.probes || ends->probes;
}

static char *probes_header(const lathe_history *history)
{
    lathe_text text = { 0 };
    lathe_text_add(&text, "%s\n", history->probe.header);
    return lathe_text_take(&text);
}

extern const lathe_logger_type lathe_csv_logger;

static lathe_logger *open(const lathe_keeper *keeper, const lathe_history_ends *ends)
{
    tables *t = lathe_alloc(1, sizeof *t);
    if (!t) return NULL;
    t->base.type = &lathe_csv_logger;
    t->groups = keeper->opts.groups > 1 ? keeper->opts.groups - 1 : 0;
    t->text = lathe_alloc(lathe_plus(LATHE_ROW_TEXT, lathe_times((size_t)t->groups, GROUP_TEXT)), 1);
    t->steps = t->text ? open_table(keeper, "steps.csv", step_text(t, NULL), ends->steps) : NULL;
    const lathe_history *history = &keeper->history;
    if (t->steps)
        t->epochs = open_with(keeper, "epochs.csv", lathe_history_epochs_header(history), ends->epochs);
    const bool evals = has_evals(keeper, ends);
    if (t->epochs && evals)
        t->evals = open_with(keeper, "evals.csv", lathe_history_evals_header(history), ends->evals);
    const bool probes = has_probes(keeper, ends), opened = t->epochs && (t->evals || !evals);
    if (opened && probes) t->probes = open_with(keeper, "probes.csv", probes_header(history), ends->probes);
    if (opened && (t->probes || !probes)) return &t->base;
    close_tables(&t->base);
    return NULL;
}

static lathe_status step(lathe_logger *logger, const lathe_keeper *keeper, const lathe_step_row *row)
{
    (void)keeper;
    return lathe_writer_add(((tables *)logger)->steps, step_text((tables *)logger, row));
}

static lathe_status epoch(lathe_logger *logger, const lathe_keeper *keeper, const lathe_epoch_row *row,
    bool part)
{
    char text[LATHE_ROW_TEXT];
    tables *t = (tables *)logger;
    if (part) t->part = lathe_writer_position(t->epochs);
    return lathe_writer_add(t->epochs, lathe_epoch_row_text(row, keeper->history.metrics, text));
}

static lathe_status eval(lathe_logger *logger, const lathe_keeper *keeper, const lathe_eval_row *row)
{
    char text[LATHE_ROW_TEXT];
    const tables *t = (tables *)logger;
    return t->evals ? lathe_writer_add(t->evals, lathe_eval_row_text(row, keeper->history.metrics, text)) :
                      LATHE_OK;
}

static lathe_status probe(lathe_logger *logger, const lathe_keeper *keeper, uint64_t step,
    const double *values)
{
    const tables *t = (tables *)logger;
    lathe_text text = { 0 };
    lathe_text_add(&text, "%llu", (unsigned long long)step);
    for (int i = 0; i < keeper->history.probe.columns; i++) {
        char digits[32];
        lathe_text_add(&text, ",%s",
            isnan(values[i])     ? "" :
                isinf(values[i]) ? (values[i] > 0 ? "inf" : "-inf") :
                                   lathe_double_text(values[i], digits));
    }
    lathe_text_put(&text, "\n");
    char *line = lathe_text_take(&text);
    lathe_status status = line ? lathe_writer_add(t->probes, line) : lathe_error();
    lathe_free(line);
    return status;
}

static lathe_status drop_part(lathe_logger *logger)
{
    tables *t = (tables *)logger;
    const uint64_t end = t->part;
    t->part = 0;
    return end ? lathe_writer_cut(t->epochs, end) : LATHE_OK;
}

static lathe_status flush(lathe_logger *logger)
{
    tables *t = (tables *)logger;
    lathe_status status = lathe_writer_flush(t->steps, true);
    if (!status) status = lathe_writer_flush(t->epochs, true);
    if (!status && t->evals) status = lathe_writer_flush(t->evals, true);
    return !status && t->probes ? lathe_writer_flush(t->probes, true) : status;
}

/* The other tables are overwritten by every run. */
static lathe_status remove_tables(const lathe_keeper *keeper)
{
    lathe_folder_path path;
    lathe_status status = lathe_keeper_path(keeper, "evals.csv", path);
    if (!status) status = lathe_file_remove(path);
    if (!status) status = lathe_keeper_path(keeper, "probes.csv", path);
    return status ? status : lathe_file_remove(path);
}

static const char *lost(const lathe_logger *logger)
{
    const tables *t = (const tables *)logger;
    const char *path = lathe_writer_lost(t->steps);
    return path ? path : lathe_writer_lost(t->epochs);
}

const lathe_logger_type lathe_csv_logger = {
    .name = "csv",
    .always = true,
    .open = open,
    .step = step,
    .epoch = epoch,
    .eval = eval,
    .probe = probe,
    .drop_part = drop_part,
    .flush = flush,
    .lost = lost,
    .remove = remove_tables,
    .close = close_tables,
};
