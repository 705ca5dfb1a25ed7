/* The page of several runs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../io/file.h"
#include "chart.h"
#include "page.h"

extern const unsigned char lathe_page_css[]; /* page.css */

/* The runs with their histories, and one line a group. */
typedef struct lines {
    const lathe_report_run *runs;
    lathe_history *history;
    size_t count;
    int *group;          /* of each run */
    int groups;
    lathe_series *series;
    double **numbers;    /* x and y of each line */
} lines;

static int group_of(const lines *l, size_t run)
{
    for (size_t i = 0; i < run; i++)
        if (!strcmp(l->runs[i].group, l->runs[run].group)) return l->group[i];
    return l->groups;
}

static double step_value(const lathe_step_row *row, int what)
{
    return what == 0 ? row->lr : row->momentum;
}

static double epoch_value(const lathe_epoch_row *row, int what)
{
    return what == 0 ? row->train_loss : what == 1 ? row->val_loss : 100 * row->val_accuracy;
}

/* Rows of a group's longest run, of steps or of epochs. */
static size_t rows_of(const lines *l, int group, bool steps)
{
    size_t most = 0;
    for (size_t i = 0; i < l->count; i++) {
        size_t rows = steps ? l->history[i].steps : l->history[i].epochs;
        if (l->group[i] == group && rows > most) most = rows;
    }
    return most;
}

/* The mean over a group's seeds of number `what` of each row. */
static lathe_status make_line(lines *l, int group, bool steps, int what)
{
    size_t rows = rows_of(l, group, steps);
    double *x = lathe_alloc(lathe_plus(lathe_times(2, rows), 1), sizeof *x), *y = x + rows;
    if (!x) return lathe_error();
    lathe_free(l->numbers[group]);
    l->numbers[group] = x;
    for (size_t row = 0; row < rows; row++) {
        double sum = 0, count = 0;
        for (size_t i = 0; i < l->count; i++) {
            const lathe_history *h = &l->history[i];
            if (l->group[i] != group || row >= (steps ? h->steps : h->epochs)) continue;
            double value = steps ? step_value(&h->step[row], what) : epoch_value(&h->epoch[row], what);
            x[row] = steps ? (double)h->step[row].step : (double)h->epoch[row].step;
            if (isfinite(value)) sum += value, count++;
        }
        y[row] = count > 0 ? sum / count : (double)NAN;
    }
    l->series[group].x = x;
    l->series[group].y = y;
    l->series[group].count = rows;
    l->series[group].dots = !steps;
    return LATHE_OK;
}

static lathe_status add_chart(lathe_text *out, lines *l, const char *title, const char *unit, bool steps, int what)
{
    lathe_status status = LATHE_OK;
    for (int g = 0; g < l->groups && !status; g++) status = make_line(l, g, steps, what);
    const lathe_chart chart = { .title = title, .x_label = "step", .y_label = unit, .series = l->series, .count = l->groups, .height = 320 };
    if (!status) lathe_chart_svg(out, &chart);
    return status;
}

static void add_cell(lathe_text *out, const char *format, double value)
{
    char text[64] = "";
    if (isfinite(value)) snprintf(text, sizeof text, format, value);
    lathe_text_add(out, "<td>%s</td>", text);
}

static void add_table(lathe_text *out, const lines *l)
{
    lathe_text_put(out, "<h2>Runs</h2>\n<div class=\"scroll\"><table>\n<tr><th>run</th><th>test accuracy</th><th>test loss</th>"
        "<th>seconds</th><th>settings that differ</th></tr>\n");
    for (size_t i = 0; i < l->count; i++) {
        lathe_text_put(out, "<tr><td>");
        lathe_text_html(out, l->runs[i].label);
        lathe_text_put(out, "</td>");
        add_cell(out, "%.2f %%", 100 * l->runs[i].test_accuracy);
        add_cell(out, "%.4f", l->runs[i].test_loss);
        add_cell(out, "%.1f", l->runs[i].seconds);
        lathe_text_put(out, "<td>");
        lathe_text_html(out, l->runs[i].differs);
        lathe_text_put(out, "</td></tr>\n");
    }
    lathe_text_put(out, "</table></div>\n");
}

static lathe_status add_page(lathe_text *out, lines *l)
{
    lathe_text_put(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Comparison</title>\n<style>\n");
    lathe_text_put(out, (const char *)lathe_page_css);
    lathe_text_put(out, "</style>\n</head>\n<body>\n<h1>Comparison</h1>\n<div class=\"charts\">\n");
    lathe_status status = add_chart(out, l, "Validation accuracy", "%", false, 2);
    if (!status) status = add_chart(out, l, "Learning rate", NULL, true, 0);
    if (!status) status = add_chart(out, l, "Training loss", NULL, false, 0);
    if (!status) status = add_chart(out, l, "Validation loss", NULL, false, 1);
    lathe_text_put(out, "</div>\n");
    add_table(out, l);
    lathe_text_put(out, "</body>\n</html>\n");
    return status;
}

static lathe_status read_lines(lines *l, const char *dir)
{
    char path[LATHE_SETTING_LONG + 256];
    lathe_status status = LATHE_OK;
    for (size_t i = 0; i < l->count && !status; i++) {
        l->group[i] = group_of(l, i);
        if (l->group[i] == l->groups) l->series[l->groups++] = (lathe_series){ .name = l->runs[i].group, .color = l->group[i] % 7 };
        status = lathe_file_join(dir, l->runs[i].folder, path, sizeof path - 16);
        if (!status) strcat(path, "/epochs.csv");
        if (status || !lathe_file_exists(path)) continue;
        path[strlen(path) - strlen("/epochs.csv")] = '\0';
        status = lathe_history_read(&l->history[i], path);
    }
    return status;
}

lathe_status lathe_report_compare(const char *dir, const lathe_report_run *runs, size_t count)
{
    char path[LATHE_SETTING_LONG + 64];
    if (!dir || !runs || !count) return lathe_fail(LATHE_EARG, "lathe_report_compare: no folder or no runs");
    lines l = { .runs = runs, .count = count, .history = lathe_alloc(count, sizeof *l.history), .group = lathe_alloc(count, sizeof *l.group),
        .series = lathe_alloc(count, sizeof *l.series), .numbers = lathe_alloc(count, sizeof *l.numbers) };
    lathe_text out = { 0 };
    lathe_status status = l.history && l.group && l.series && l.numbers ? lathe_file_join(dir, "report.html", path, sizeof path) : lathe_error();
    if (!status) status = read_lines(&l, dir);
    if (!status) status = add_page(&out, &l);
    char *page = status ? NULL : lathe_text_take(&out);
    if (!status) status = page ? lathe_file_write_text(path, page) : lathe_error();
    lathe_text_free(&out);
    for (size_t i = 0; l.history && i < count; i++) lathe_history_free(&l.history[i]);
    for (size_t i = 0; l.numbers && i < count; i++) lathe_free(l.numbers[i]);
    lathe_free(page);
    lathe_free(l.history);
    lathe_free(l.group);
    lathe_free(l.series);
    lathe_free(l.numbers);
    return status;
}
