/*
 * Reading the tables of a run folder back into a history. Rows of steps.csv and epochs.csv are counted; of
 * evals.csv a resumed run reads those up to its step, and what it cannot read was written later.
 */
#include <math.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/field.h"
#include "../../io/file.h"
#include "history.h"

/* The metric of this name of a known task; otherwise a metric with only this name. */
static lathe_task_metric metric_named(const char *name)
{
    for (int i = 0; lathe_task_at(i); i++)
        for (const lathe_task_metric *metric = lathe_task_at(i)->metrics; metric->name; metric++)
            if (!strcmp(metric->name, name)) return *metric;
    return (lathe_task_metric){ .name = name, .title = name };
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static int commas_of(const char *text)
{
    int commas = 0;
    for (; *text && *text != '\n'; text++) commas += *text == ',';
    return commas;
}

/* Cut off the last `count` cells of a line. Returns false if it has fewer. */
static bool cut_cells(char *line, int count)
{
    while (count--) {
        char *comma = strrchr(line, ',');
        if (!comma) return false;
        *comma = '\0';
    }
    return true;
}

/* Split a line into its cells. Returns false unless there are exactly `count`. */
static bool split_line(char *line, char **cells, int count)
{
    for (int i = 0; i < count; i++) {
        cells[i] = line;
        line += strcspn(line, ",");
        if ((*line == ',') != (i + 1 < count)) return false;
        if (*line) *line++ = '\0';
    }
    return true;
}

static bool read_count(const char *text, uint64_t *count)
{
    int64_t number;
    if (!lathe_parse_int64(text, &number) || number < 0) return false;
    *count = (uint64_t)number;
    return true;
}

static bool read_cell(const char *text, double *number)
{
    *number = *text ? HUGE_VAL : (double)NAN;
    if (!*text || !strcmp(text, "inf")) return true;
    if (strcmp(text, "-inf")) return lathe_parse_double(text, number);
    *number = -HUGE_VAL;
    return true;
}

static lathe_status add_step_line(lathe_history *history, char *line)
{
    char *cells[5];
    lathe_step_row row;
    if (!split_line(line, cells, 5) || !read_count(cells[0], &row.step) ||
        !read_count(cells[1], &row.epoch) || !read_cell(cells[2], &row.lr) ||
        !read_cell(cells[3], &row.momentum) || !read_cell(cells[4], &row.loss))
        return LATHE_EFORMAT;
    return lathe_history_add_step(history, &row);
}

static lathe_status add_epoch_line(lathe_history *history, char *line)
{
    char *cells[6 + 2 * LATHE_TASK_METRICS], **at = cells;
    const int metrics = history->metrics;
    lathe_epoch_row row;
    if (!split_line(line, cells, 6 + 2 * metrics)) return LATHE_EFORMAT;
    bool good =
        read_count(*at++, &row.epoch) && read_count(*at++, &row.step) && read_cell(*at++, &row.train_loss);
    for (int i = 0; i < metrics; i++) good = read_cell(*at++, &row.train[i]) && good;
    good = read_cell(*at++, &row.val_loss) && good;
    for (int i = 0; i < metrics; i++) good = read_cell(*at++, &row.val[i]) && good;
    good = read_cell(*at++, &row.seconds) && good;
    good = read_cell(*at++, &row.images_per_second) && good;
    return good ? lathe_history_add_epoch(history, &row) : LATHE_EFORMAT;
}

static lathe_status add_eval_line(lathe_history *history, char *line)
{
    char *cells[2 + LATHE_TASK_METRICS] = { NULL };
    const int metrics = history->metrics;
    lathe_eval_row row;
    if (!split_line(line, cells, 2 + metrics)) return LATHE_EFORMAT;
    bool good = read_count(cells[0], &row.step) && read_cell(cells[1], &row.loss);
    for (int i = 0; i < metrics; i++) good = read_cell(cells[2 + i], &row.metric[i]) && good;
    return good ? lathe_history_add_eval(history, &row) : LATHE_EFORMAT;
}

static lathe_status add_probe_line(lathe_history *history, char *line)
{
    const size_t columns = (size_t)history->probe.columns;
    char **cells = lathe_alloc(columns + 1, sizeof *cells);
    double *values = cells ? lathe_alloc(columns + 1, sizeof *values) : NULL;
    uint64_t step;
    lathe_status status = values ? LATHE_OK : lathe_error();
    bool good = values && split_line(line, cells, (int)columns + 1) && read_count(cells[0], &step);
    for (size_t i = 0; good && i < columns; i++) good = read_cell(cells[1 + i], &values[i]);
    if (!status) status = good ? lathe_history_add_probe(history, step, values) : LATHE_EFORMAT;
    lathe_free(cells);
    lathe_free(values);
    return status;
}

/* The step at the beginning of a line; UINT64_MAX for another line, or for one without an end. */
static uint64_t step_of(const char *line, const char *end)
{
    char digits[24];
    uint64_t step;
    const size_t length = strspn(line, "0123456789");
    if (!end || length >= sizeof digits || line[length] != ',') return UINT64_MAX;
    memcpy(digits, line, length);
    digits[length] = '\0';
    return read_count(digits, &step) ? step : UINT64_MAX;
}

/* ---- files --------------------------------------------------------------------------------------------- */

typedef lathe_status add_fn(lathe_history *history, char *line);

/* One of the files, and which of its rows are read. */
typedef struct table {
    const char *name, *header;
    add_fn *add;
    uint64_t least, most; /* rows */
    uint64_t last;        /* rows up to this step; 0: the number of rows decides */
} table;

/*
 * Read the metrics from the header line of epochs.csv: the names after "train_", up to "val_loss". Returns
 * false for another line.
 */
static bool take_metrics(lathe_history *history, char *line)
{
    static const char before[] = "epoch,step,train_loss,";
    char *end = strstr(line, ",val_loss,"), *name = line + sizeof before - 1;
    if (strncmp(line, before, sizeof before - 1) != 0 || !end) return false;
    for (history->metrics = 0; name < end; history->metrics++) {
        char *comma = strchr(name, ',');
        if (history->metrics == LATHE_TASK_METRICS || strncmp(name, "train_", 6) != 0) return false;
        *comma = '\0';
        history->metric[history->metrics] = metric_named(name + 6);
        name = comma + 1;
    }
    return true;
}

/*
 * Read the metrics of the file in the folder. Their columns are compared with the header that follows from
 * them.
 */
static lathe_status read_metrics(lathe_history *history, const char *folder)
{
    char path[4096];
    size_t size;
    lathe_status status = lathe_file_join(folder, "epochs.csv", path, sizeof path);
    char *text = status ? NULL : lathe_file_read(path, SIZE_MAX / 4, &size);
    if (!text) return lathe_error();
    text[strcspn(text, "\n")] = '\0';
    lathe_free(history->names);
    history->names = text; /* it holds the names of unknown metrics */
    if (take_metrics(history, text)) return LATHE_OK;
    return lathe_fail(LATHE_EFORMAT, "%s:1: expected epoch,step,train_loss,...,val_loss,...", path);
}

/* Read the table's rows. *end becomes the first byte after them. */
static lathe_status read_rows(lathe_history *history, const char *folder, const table *t, uint64_t *end)
{
    char path[4096];
    size_t size, header_length = strlen(t->header) - 1; /* without its end */
    lathe_status status = lathe_file_join(folder, t->name, path, sizeof path);
    char *text = status ? NULL : lathe_file_read(path, SIZE_MAX / 4, &size);
    if (!text) return lathe_error();
    char *line = size > header_length ? memchr(text + header_length, '\n', size - header_length) : NULL,
         *next;
    if (!line || memcmp(text, t->header, header_length) || !strchr(",\n", text[header_length]))
        status = lathe_fail(LATHE_EFORMAT, "%s:1: expected %.*s", path, (int)header_length, t->header);
    const int more = status ? 0 : commas_of(text + header_length); /* columns after the known ones */
    line = line ? line + 1 : text;
    uint64_t rows = 0;
    for (; !status && rows < t->most && line < text + size; line = next, rows++) {
        next = memchr(line, '\n', (size_t)(text + size - line));
        if (t->last && step_of(line, next) > t->last) break;
        if (next) *next++ = '\0';
        status = next && cut_cells(line, more) ? t->add(history, line) :
                                                 LATHE_EFORMAT; /* a line without an end is incomplete */
        if (status == LATHE_EFORMAT)
            lathe_fail(status, "%s:%llu: not a row of %.*s", path, (unsigned long long)rows + 2,
                (int)header_length, t->header);
    }
    if (!status && rows < t->least)
        status = lathe_fail(LATHE_EFORMAT, "%s: has %llu rows, the checkpoint knows of %llu", path,
            (unsigned long long)rows, (unsigned long long)t->least);
    *end = (uint64_t)(line - text);
    lathe_free(text);
    return status;
}

/* Read evals.csv, which not every run has. */
static lathe_status read_evals(lathe_history *history, const char *folder, uint64_t last, uint64_t *end)
{
    char path[4096];
    lathe_status status = lathe_file_join(folder, "evals.csv", path, sizeof path);
    *end = 0;
    if (status || !lathe_file_exists(path)) return status;
    char *header = lathe_history_evals_header(history);
    if (!header) return lathe_error();
    const table evals = { "evals.csv", header, add_eval_line, 0, UINT64_MAX, last };
    status = read_rows(history, folder, &evals, end);
    lathe_free(header);
    return status;
}

/* Read the columns of probes.csv from its first line. */
static lathe_status read_columns(lathe_history *history, const char *path)
{
    size_t size;
    char *text = lathe_file_read(path, SIZE_MAX / 4, &size);
    if (!text) return lathe_error();
    text[strcspn(text, "\n")] = '\0';
    lathe_status status = strncmp(text, "step,", 5) ?
        lathe_fail(LATHE_EFORMAT, "%s:1: expected step,...", path) :
        lathe_history_set_probes(history, text);
    lathe_free(text);
    return status;
}

/* Read probes.csv, which not every run has. */
static lathe_status read_probes(lathe_history *history, const char *folder, uint64_t last, uint64_t *end)
{
    char path[4096];
    lathe_status status = lathe_file_join(folder, "probes.csv", path, sizeof path);
    *end = 0;
    if (status || !lathe_file_exists(path)) return status;
    status = read_columns(history, path);
    char *header = status ? NULL : lathe_alloc(lathe_plus(strlen(history->probe.header), 2), 1);
    if (!header) return lathe_error();
    strcpy(header, history->probe.header);
    strcat(header, "\n");
    const table probes = { "probes.csv", header, add_probe_line, 0, UINT64_MAX, last };
    status = read_rows(history, folder, &probes, end);
    lathe_free(header);
    return status;
}

/* Read all tables: of the first two from `least` to `most` rows, of the others the rows up to step `last`. */
static lathe_status read_all(lathe_history *history, const char *folder, const uint64_t least[2],
    const uint64_t most[2], uint64_t last, lathe_history_ends *ends)
{
    const table steps = { "steps.csv", LATHE_STEPS_HEADER, add_step_line, least[0], most[0], 0 };
    lathe_status status = read_rows(history, folder, &steps, &ends->steps);
    if (!status) status = read_metrics(history, folder);
    char *header = status ? NULL : lathe_history_epochs_header(history);
    if (!header) return lathe_error();
    const table epochs = { "epochs.csv", header, add_epoch_line, least[1], most[1], 0 };
    status = read_rows(history, folder, &epochs, &ends->epochs);
    lathe_free(header);
    if (!status) status = read_evals(history, folder, last, &ends->evals);
    return status ? status : read_probes(history, folder, last, &ends->probes);
}

lathe_status lathe_history_read(lathe_history *history, const char *folder)
{
    if (!history || !folder) return lathe_fail_null("lathe_history_read", !history ? "history" : "folder");
    lathe_history_ends ends;
    return read_all(history, folder, (const uint64_t[]){ 0, 0 }, (const uint64_t[]){ UINT64_MAX, UINT64_MAX },
        0, &ends);
}

lathe_status lathe_history_read_first(lathe_history *history, const char *folder, uint64_t steps,
    uint64_t epochs, lathe_history_ends *ends)
{
    if (!history || !folder || !ends)
        return lathe_fail_null("lathe_history_read_first",
            !history    ? "history" :
                !folder ? "folder" :
                          "ends");
    const uint64_t rows[] = { steps, epochs };
    return read_all(history, folder, rows, rows, steps, ends);
}
