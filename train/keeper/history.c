#include "history.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/field.h"
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

lathe_status lathe_history_add_eval(lathe_history *history, const lathe_eval_row *row)
{
    if (!history || !row) return lathe_fail_null("lathe_history_add_eval", !history ? "history" : "row");
    lathe_eval_row *rows = one_more(history->eval, history->evals, &history->eval_room, sizeof *row);
    if (!rows) return lathe_error();
    history->eval = rows;
    rows[history->evals++] = *row;
    return LATHE_OK;
}

lathe_status lathe_history_set_probes(lathe_history *history, const char *header)
{
    if (!history || !header)
        return lathe_fail_null("lathe_history_set_probes", history ? "header" : "history");
    lathe_probe_table *table = &history->probe;
    char *copy = lathe_strdup(header);
    if (!copy) return lathe_error();
    lathe_free(table->header);
    table->header = copy;
    table->columns = 0;
    for (const char *c = header; *c; c++) table->columns += *c == ',';
    return LATHE_OK;
}

lathe_status lathe_history_add_probe(lathe_history *history, uint64_t step, const double *values)
{
    if (!history || !values)
        return lathe_fail_null("lathe_history_add_probe", history ? "values" : "history");
    lathe_probe_table *table = &history->probe;
    const size_t columns = (size_t)table->columns;
    size_t room = table->room;
    uint64_t *steps = one_more(table->step, table->rows, &room, sizeof *steps);
    if (steps) table->step = steps;
    double *all = table->value;
    if (steps && room != table->room)
        all = lathe_grow(all, lathe_times(table->rows, columns), lathe_times(room, columns + 1), sizeof *all);
    if (!steps || !all) return lathe_error();
    table->value = all;
    table->room = room;
    table->step[table->rows] = step;
    memcpy(all + table->rows++ * columns, values, columns * sizeof *all);
    return LATHE_OK;
}

void lathe_history_free(lathe_history *history)
{
    if (!history) return;
    lathe_free(history->step);
    lathe_free(history->eval);
    lathe_free(history->probe.header);
    lathe_free(history->probe.step);
    lathe_free(history->probe.value);
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

const char *lathe_eval_row_text(const lathe_eval_row *row, int metrics, char text[LATHE_ROW_TEXT])
{
    if (!row || !text) return lathe_fail_null("lathe_eval_row_text", !row ? "row" : "text"), NULL;
    if (metrics < 0 || metrics > LATHE_TASK_METRICS) metrics = 0;
    size_t used = (size_t)snprintf(text, LATHE_ROW_TEXT, "%" PRIu64, row->step);
    used = add_cell(text, used, row->loss);
    for (int i = 0; i < metrics; i++) used = add_cell(text, used, row->metric[i]);
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

char *lathe_history_evals_header(const lathe_history *history)
{
    if (!history) return lathe_fail_null("lathe_history_evals_header", "history"), NULL;
    lathe_text text = { 0 };
    lathe_text_put(&text, "step,val_loss");
    for (int i = 0; i < history->metrics; i++) lathe_text_add(&text, ",val_%s", history->metric[i].name);
    lathe_text_put(&text, "\n");
    return lathe_text_take(&text);
}
