#include "history.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/field.h"
#include "../../io/file.h"
#include "../../io/text.h"

/* ---- rows in memory ------------------------------------------------------------------------------------ */

/* Make room for one more row of `size` bytes. Returns NULL after a failure; the rows are then unchanged. */
static void *one_more(void *rows, size_t count, size_t *room, size_t size)
{
    if (count < *room) return rows;
    size_t larger = 2 * *room + 256;
    void *grown = lathe_grow(rows, count, larger, size);
    if (grown) *room = larger;
    return grown;
}

lathe_status lathe_history_add_step(lathe_history *history, const lathe_step_row *row)
{
    if (!history || !row) return lathe_fail_null("lathe_history_add_step", !history ? "history" : "row");
    lathe_step_row *rows = one_more(history->step, history->steps, &history->step_room, sizeof *row);
    if (!rows) return lathe_error();
    history->step = rows;
    rows[history->steps] = *row;
    rows[history->steps++].group_rates = NULL; /* they are valid for one step */
    return LATHE_OK;
}

lathe_status lathe_history_add_epoch(lathe_history *history, const lathe_epoch_row *row)
{
    if (!history || !row) return lathe_fail_null("lathe_history_add_epoch", !history ? "history" : "row");
    lathe_epoch_row *rows = one_more(history->epoch, history->epochs, &history->epoch_room, sizeof *row);
    if (!rows) return lathe_error();
    history->epoch = rows;
    rows[history->epochs++] = *row;
    return LATHE_OK;
}

void lathe_history_free(lathe_history *history)
{
    if (!history) return;
    lathe_free(history->step);
    lathe_free(history->epoch);
    lathe_free(history->names);
    *history = (lathe_history){ 0 };
}

/* ---- rows as text -------------------------------------------------------------------------------------- */

/* A number that reads back exactly; "" for NaN. Infinities have a name. */
static const char *cell(double number, char text[32])
{
    if (isfinite(number)) return lathe_double_text(number, text);
    return isnan(number) ? "" : number > 0 ? "inf" : "-inf";
}

const char *lathe_step_row_text(const lathe_step_row *row, char text[LATHE_ROW_TEXT])
{
    if (!row || !text) return lathe_fail_null("lathe_step_row_text", !row ? "row" : "text"), NULL;
    char lr[32], momentum[32], loss[32];
    snprintf(text, LATHE_ROW_TEXT, "%" PRIu64 ",%" PRIu64 ",%s,%s,%s\n", row->step, row->epoch,
        lathe_double_digits(row->lr, 17, lr), lathe_double_digits(row->momentum, 17, momentum),
        cell(row->loss, loss));
    return text;
}

/* Add ",NUMBER" to a line of `used` bytes. Returns the new number of bytes. */
static size_t add_cell(char *text, size_t used, double number)
{
    char digits[32];
    return used + (size_t)snprintf(text + used, LATHE_ROW_TEXT - used, ",%s", cell(number, digits));
}

const char *lathe_epoch_row_text(const lathe_epoch_row *row, int metrics, char text[LATHE_ROW_TEXT])
{
    if (!row || !text) return lathe_fail_null("lathe_epoch_row_text", !row ? "row" : "text"), NULL;
    if (metrics < 0 || metrics > LATHE_TASK_METRICS) metrics = 0;
    size_t used = (size_t)snprintf(text, LATHE_ROW_TEXT, "%" PRIu64 ",%" PRIu64, row->epoch, row->step);
    used = add_cell(text, used, row->train_loss);
    for (int i = 0; i < metrics; i++) used = add_cell(text, used, row->train[i]);
    used = add_cell(text, used, row->val_loss);
    for (int i = 0; i < metrics; i++) used = add_cell(text, used, row->val[i]);
    used = add_cell(text, used, row->seconds);
    used = add_cell(text, used, row->images_per_second);
    snprintf(text + used, LATHE_ROW_TEXT - used, "\n");
    return text;
}

/* ---- metrics ------------------------------------------------------------------------------------------- */

void lathe_history_set_metrics(lathe_history *history, const lathe_task_metric *metrics)
{
    if (!history) return;
    history->metrics = 0;
    while (metrics && history->metrics < LATHE_TASK_METRICS && metrics[history->metrics].name) {
        history->metric[history->metrics] = metrics[history->metrics];
        history->metrics++;
    }
}

char *lathe_history_epochs_header(const lathe_history *history)
{
    if (!history) return lathe_fail_null("lathe_history_epochs_header", "history"), NULL;
    lathe_text text = { 0 };
    lathe_text_put(&text, "epoch,step,train_loss");
    for (int i = 0; i < history->metrics; i++) lathe_text_add(&text, ",train_%s", history->metric[i].name);
    lathe_text_put(&text, ",val_loss");
    for (int i = 0; i < history->metrics; i++) lathe_text_add(&text, ",val_%s", history->metric[i].name);
    lathe_text_put(&text, ",seconds,images_per_second\n");
    return lathe_text_take(&text);
}

/* The metric of this name of a known task; otherwise a metric with only this name. */
static lathe_task_metric metric_named(const char *name)
{
    for (int i = 0; lathe_task_at(i); i++)
        for (const lathe_task_metric *metric = lathe_task_at(i)->metrics; metric->name; metric++)
            if (!strcmp(metric->name, name)) return *metric;
    return (lathe_task_metric){ .name = name, .title = name };
}

/* ---- reading ------------------------------------------------------------------------------------------- */

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

typedef lathe_status add_fn(lathe_history *history, char *line);

/* One of the two files. */
typedef struct table {
    const char *name, *header;
    add_fn *add;
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

/* Read at most `most` rows of a file that has at least `least`. *end becomes the first byte after them. */
static lathe_status read_rows(lathe_history *history, const char *folder, const table *t, uint64_t least,
    uint64_t most, uint64_t *end)
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
    for (; !status && rows < most && line < text + size; line = next, rows++) {
        next = memchr(line, '\n', (size_t)(text + size - line));
        if (next) *next++ = '\0';
        status = next && cut_cells(line, more) ? t->add(history, line) :
                                                 LATHE_EFORMAT; /* a line without an end is incomplete */
        if (status == LATHE_EFORMAT)
            lathe_fail(status, "%s:%llu: not a row of %.*s", path, (unsigned long long)rows + 2,
                (int)header_length, t->header);
    }
    if (!status && rows < least)
        status = lathe_fail(LATHE_EFORMAT, "%s: has %llu rows, the checkpoint knows of %llu", path,
            (unsigned long long)rows, (unsigned long long)least);
    *end = (uint64_t)(line - text);
    lathe_free(text);
    return status;
}

/* Read both tables, as read_rows does. */
static lathe_status read_both(lathe_history *history, const char *folder, const uint64_t least[2],
    const uint64_t most[2], lathe_history_ends *ends)
{
    const table steps = { "steps.csv", LATHE_STEPS_HEADER, add_step_line };
    lathe_status status = read_rows(history, folder, &steps, least[0], most[0], &ends->steps);
    if (!status) status = read_metrics(history, folder);
    char *header = status ? NULL : lathe_history_epochs_header(history);
    if (!header) return lathe_error();
    const table epochs = { "epochs.csv", header, add_epoch_line };
    status = read_rows(history, folder, &epochs, least[1], most[1], &ends->epochs);
    lathe_free(header);
    return status;
}

lathe_status lathe_history_read(lathe_history *history, const char *folder)
{
    if (!history || !folder) return lathe_fail_null("lathe_history_read", !history ? "history" : "folder");
    lathe_history_ends ends;
    return read_both(history, folder, (const uint64_t[]){ 0, 0 },
        (const uint64_t[]){ UINT64_MAX, UINT64_MAX }, &ends);
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
    return read_both(history, folder, rows, rows, ends);
}
