#include "history.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/field.h"
#include "../io/file.h"

/* ---- rows in memory ------------------------------------------------------------------------------------ */

/* Room for one more row of `size` bytes; NULL after a failure, with the rows as they were. */
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
    rows[history->steps++] = *row;
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
    *history = (lathe_history){ 0 };
}

/* ---- rows as text -------------------------------------------------------------------------------------- */

/* A number that reads back exactly, or nothing if it is NaN; infinities have a name. */
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

const char *lathe_epoch_row_text(const lathe_epoch_row *row, char text[LATHE_ROW_TEXT])
{
    if (!row || !text) return lathe_fail_null("lathe_epoch_row_text", !row ? "row" : "text"), NULL;
    const double numbers[] = { row->train_loss, row->train_accuracy, row->val_loss, row->val_accuracy,
        row->seconds, row->images_per_second };
    size_t used = (size_t)snprintf(text, LATHE_ROW_TEXT, "%" PRIu64 ",%" PRIu64, row->epoch, row->step);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char number[32];
        used += (size_t)snprintf(text + used, LATHE_ROW_TEXT - used, ",%s", cell(numbers[i], number));
    }
    snprintf(text + used, LATHE_ROW_TEXT - used, "\n");
    return text;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static int commas_of(const char *text)
{
    int commas = 0;
    for (; *text && *text != '\n'; text++) commas += *text == ',';
    return commas;
}

/* Cut off the last `count` cells of a line; false if there are not so many. */
static bool cut_cells(char *line, int count)
{
    while (count--) {
        char *comma = strrchr(line, ',');
        if (!comma) return false;
        *comma = '\0';
    }
    return true;
}

/* Cells of one line, each ended by a 0; false if there are not exactly `count`. */
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
    char *cells[8];
    lathe_epoch_row row;
    if (!split_line(line, cells, 8) || !read_count(cells[0], &row.epoch) ||
        !read_count(cells[1], &row.step) || !read_cell(cells[2], &row.train_loss) ||
        !read_cell(cells[3], &row.train_accuracy) || !read_cell(cells[4], &row.val_loss) ||
        !read_cell(cells[5], &row.val_accuracy) || !read_cell(cells[6], &row.seconds) ||
        !read_cell(cells[7], &row.images_per_second))
        return LATHE_EFORMAT;
    return lathe_history_add_epoch(history, &row);
}

typedef lathe_status add_fn(lathe_history *history, char *line);

/* One of the two files. */
typedef struct table {
    const char *name, *header;
    add_fn *add;
} table;

static const table steps_table = { "steps.csv", LATHE_STEPS_HEADER, add_step_line };
static const table epochs_table = { "epochs.csv", LATHE_EPOCHS_HEADER, add_epoch_line };

/* At most `most` rows of a file that has at least `least`; *end: the byte behind the last that was read. */
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
    const int more = status ? 0 : commas_of(text + header_length); /* columns behind those known here */
    line = line ? line + 1 : text;
    uint64_t rows = 0;
    for (; !status && rows < most && line < text + size; line = next, rows++) {
        next = memchr(line, '\n', (size_t)(text + size - line));
        if (next) *next++ = '\0';
        status = next && cut_cells(line, more) ? t->add(history, line) :
                                                 LATHE_EFORMAT; /* a line without end was not finished */
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

lathe_status lathe_history_read(lathe_history *history, const char *folder)
{
    if (!history || !folder) return lathe_fail_null("lathe_history_read", !history ? "history" : "folder");
    uint64_t end;
    lathe_status status = read_rows(history, folder, &steps_table, 0, UINT64_MAX, &end);
    return status ? status : read_rows(history, folder, &epochs_table, 0, UINT64_MAX, &end);
}

lathe_status lathe_history_read_first(lathe_history *history, const char *folder, uint64_t steps,
    uint64_t epochs, lathe_history_ends *ends)
{
    if (!history || !folder || !ends)
        return lathe_fail_null("lathe_history_read_first",
            !history    ? "history" :
                !folder ? "folder" :
                          "ends");
    lathe_status status = read_rows(history, folder, &steps_table, steps, steps, &ends->steps);
    return status ? status : read_rows(history, folder, &epochs_table, epochs, epochs, &ends->epochs);
}
