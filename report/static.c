/* The charts of a page as SVG files beside it, for papers and READMEs: one line a group, the mean of its
 * runs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../io/file.h"
#include "chart.h"
#include "page_impl.h"

enum { VAL_LOSS = 1, PLANS = 4 + LATHE_TASK_METRICS };

/* The rows that a chart shows. */
typedef enum kind { STEPS, EPOCHS, EVALS } kind;

/* A chart: the file's name is the page's, "-NAME.svg" for ".html". */
typedef struct plan {
    char name[80], title[96];
    kind rows;
    size_t offset; /* of the value in its row */
    bool smooth, percent;
} plan;

static const plan rates_and_losses[] = {
    { "loss", "Training loss, smoothed", STEPS, offsetof(lathe_step_row, loss), true, false },
    { "val-loss", "Validation loss", EPOCHS, offsetof(lathe_epoch_row, val_loss), false, false },
    { "lr", "Learning rate", STEPS, offsetof(lathe_step_row, lr), false, false },
    { "momentum", "Momentum", STEPS, offsetof(lathe_step_row, momentum), false, false },
};

/* All charts of a page; returns how many. Validation within epochs replaces that at their ends. */
static int make_plans(const lathe_page *page, plan plans[PLANS])
{
    const lathe_history *history = page->runs ? page->run[0].history : NULL;
    const bool evals = history && history->evals;
    int count = (int)(sizeof rates_and_losses / sizeof rates_and_losses[0]);
    memcpy(plans, rates_and_losses, sizeof rates_and_losses);
    if (evals) plans[VAL_LOSS].rows = EVALS, plans[VAL_LOSS].offset = offsetof(lathe_eval_row, loss);
    for (int i = 0; history && i < history->metrics; i++) {
        plan *p = &plans[count++];
        *p = (plan){ .rows = evals ? EVALS : EPOCHS,
            .offset = (evals ? offsetof(lathe_eval_row, metric) : offsetof(lathe_epoch_row, val)) +
                (size_t)i * sizeof(double),
            .percent = history->metric[i].percent };
        snprintf(p->name, sizeof p->name, "val-%.60s", history->metric[i].name);
        snprintf(p->title, sizeof p->title, "Validation %.60s", history->metric[i].title);
        for (char *c = p->name; *c; c++)
            if (*c == '_' || *c == '/') *c = '-';
    }
    return count;
}

static size_t rows_of(const lathe_page_run *run, const plan *p)
{
    const size_t rows[] = { run->history->steps, run->history->epochs, run->history->evals };
    return rows[p->rows];
}

static double value_of(const lathe_page_run *run, const plan *p, size_t row)
{
    const lathe_history *h = run->history;
    const void *start = p->rows == STEPS ? (const void *)&h->step[row] :
        p->rows == EPOCHS                ? (const void *)&h->epoch[row] :
                                           (const void *)&h->eval[row];
    double value;
    memcpy(&value, (const char *)start + p->offset, sizeof value);
    return p->percent ? 100 * value : value;
}

static double step_of(const lathe_history *h, const plan *p, size_t row)
{
    return (double)(p->rows == STEPS ? h->step[row].step :
            p->rows == EPOCHS        ? h->epoch[row].step :
                                       h->eval[row].step);
}

/* The mean of the group's living runs at a row; NaN if no run has a number there. */
static double mean_at(const lathe_page *page, int group, const plan *p, size_t row)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < page->runs; i++) {
        const lathe_page_run *run = &page->run[i];
        if (run->group != group || run->died || row >= rows_of(run, p)) continue;
        double value = value_of(run, p, row);
        if (isfinite(value)) sum += value, count++;
    }
    return count > 0 ? sum / count : (double)NAN;
}

/* Exponential mean without the bias of its start (as in Adam, Kingma and Ba 2015): after t steps divided by 1
 * - 0.98^t. */
static void smooth(double *values, size_t count)
{
    const double keep = 0.98;
    double mean = 0, weight = 0;
    for (size_t i = 0; i < count; i++) {
        if (isfinite(values[i]))
            mean = keep * mean + (1 - keep) * values[i], weight = keep * weight + (1 - keep);
        values[i] = weight > 0 ? mean / weight : (double)NAN;
    }
}

/* A group's line; its numbers are to be given to lathe_free through `x`. */
static lathe_status line_of(const lathe_page *page, int group, const plan *p, lathe_series *line)
{
    const lathe_page_run *longest = NULL;
    for (size_t i = 0; i < page->runs; i++)
        if (page->run[i].group == group && (!longest || rows_of(&page->run[i], p) > rows_of(longest, p)))
            longest = &page->run[i];
    size_t rows = longest ? rows_of(longest, p) : 0;
    double *x = lathe_alloc(lathe_plus(lathe_times(2, rows), 1), sizeof *x), *y = x ? x + rows : NULL;
    if (!x) return lathe_error();
    for (size_t row = 0; row < rows; row++) {
        x[row] = step_of(longest->history, p, row);
        y[row] = mean_at(page, group, p, row);
    }
    if (p->smooth) smooth(y, rows);
    *line = (lathe_series){ .name = page->groups > 1 ? page->group[group].name : NULL,
        .x = x,
        .y = y,
        .count = rows,
        .color = group % 7,
        .dots = p->rows != STEPS && rows < 60 };
    return LATHE_OK;
}

static lathe_status write_chart(const lathe_page *page, const plan *p, lathe_series *line, const char *path)
{
    lathe_status status = LATHE_OK;
    for (size_t g = 0; g < page->groups && !status; g++) status = line_of(page, (int)g, p, &line[g]);
    lathe_text out = { 0 };
    const lathe_chart chart = { .title = p->title,
        .x_label = "step",
        .y_label = p->percent ? "%" : NULL,
        .series = line,
        .count = (int)page->groups };
    lathe_text_put(&out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"260\" viewBox=\"0 0 720 260\" "
        "style=\"background:#fff;color:#1c1e21\">\n");
    if (!status) lathe_chart_svg(&out, &chart);
    lathe_text_put(&out, "\n</svg>\n");
    char *text = status ? NULL : lathe_text_take(&out);
    lathe_text_free(&out);
    if (!status) status = text ? lathe_file_write_text(path, text) : lathe_error();
    for (size_t g = 0; g < page->groups; g++) lathe_free((void *)line[g].x), line[g].x = NULL;
    lathe_free(text);
    return status;
}

lathe_status lathe_page_write_charts(const lathe_page *page, const char *page_path)
{
    char path[LATHE_SETTING_LONG + 32];
    const char *dot = strrchr(page_path, '.');
    int stem = (int)(dot ? (size_t)(dot - page_path) : strlen(page_path));
    lathe_series *line = lathe_alloc(page->groups + 1, sizeof *line);
    lathe_status status = line ? LATHE_OK : lathe_error();
    plan plans[PLANS];
    const int count = make_plans(page, plans);
    for (int i = 0; i < count && !status; i++) {
        if (snprintf(path, sizeof path, "%.*s-%s.svg", stem, page_path, plans[i].name) >= (int)sizeof path)
            status = lathe_fail(LATHE_EARG, "lathe_report_write: the path is too long: %s", page_path);
        else status = write_chart(page, &plans[i], line, path);
    }
    lathe_free(line);
    return status;
}
