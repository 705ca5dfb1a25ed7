#include "page.h"

#include <math.h>
#include <stdio.h>

#include "../core/alloc.h"
#include "../core/field.h"
#include "../io/file.h"
#include "chart.h"

enum { MOST_ROWS = 4000 }; /* steps that the page's script can show; the charts are drawn from all */

extern const unsigned char lathe_page_css[], lathe_page_js[]; /* page.css, page.js */

/* The history by columns, as charts want it. */
typedef struct columns {
    size_t steps, epochs;
    double *step, *lr, *momentum, *loss, *smooth; /* a step each */
    double *end, *train_loss, *val_loss, *train_accuracy, *val_accuracy; /* an epoch each; end: its last step */
} columns;

/*
 * Exponential mean without the bias of its start (as in Adam, Kingma and Ba 2015): after t steps divided by 1 - 0.98^t.
 */
static void smooth(const double *raw, double *smoothed, size_t count)
{
    const double keep = 0.98;
    double mean = 0, weight = 0;
    for (size_t i = 0; i < count; i++) {
        if (isfinite(raw[i])) mean = keep * mean + (1 - keep) * raw[i], weight = keep * weight + (1 - keep);
        smoothed[i] = weight > 0 ? mean / weight : NAN;
    }
}

static lathe_status columns_of(const lathe_history *history, columns *c)
{
    size_t n = history->steps, m = history->epochs;
    double *room = lathe_alloc(lathe_plus(lathe_times(lathe_plus(n, m), 5), 1), sizeof *room);
    if (!room) return lathe_error();
    *c = (columns){ n, m, room, room + n, room + 2 * n, room + 3 * n, room + 4 * n, room + 5 * n, room + 5 * n + m,
        room + 5 * n + 2 * m, room + 5 * n + 3 * m, room + 5 * n + 4 * m };
    for (size_t i = 0; i < n; i++) {
        const lathe_step_row *row = &history->step[i];
        c->step[i] = (double)row->step, c->lr[i] = row->lr, c->momentum[i] = row->momentum, c->loss[i] = row->loss;
    }
    for (size_t i = 0; i < m; i++) {
        const lathe_epoch_row *row = &history->epoch[i];
        c->end[i] = (double)row->step;
        c->train_loss[i] = row->train_loss, c->val_loss[i] = row->val_loss;
        c->train_accuracy[i] = 100 * row->train_accuracy, c->val_accuracy[i] = 100 * row->val_accuracy;
    }
    smooth(c->loss, c->smooth, n);
    return LATHE_OK;
}

static void charts(lathe_text *out, const columns *c)
{
    const lathe_series loss[] = {
        { .name = "batch", .x = c->step, .y = c->loss, .count = c->steps, .faint = true },
        { .name = "smoothed", .x = c->step, .y = c->smooth, .count = c->steps },
        { .name = "validation", .x = c->end, .y = c->val_loss, .count = c->epochs, .color = 1, .dots = true },
    };
    const lathe_series accuracy[] = {
        { .name = "training", .x = c->end, .y = c->train_accuracy, .count = c->epochs, .dots = true },
        { .name = "validation", .x = c->end, .y = c->val_accuracy, .count = c->epochs, .color = 1, .dots = true },
    };
    const lathe_series lr = { .x = c->step, .y = c->lr, .count = c->steps, .color = 2 };
    const lathe_series momentum = { .x = c->step, .y = c->momentum, .count = c->steps, .color = 3 };
    const lathe_chart all[] = {
        { .title = "Loss", .x_label = "step", .series = loss, .count = 3 },
        { .title = "Accuracy", .x_label = "step", .y_label = "%", .series = accuracy, .count = 2 },
        { .title = "Learning rate", .x_label = "step", .series = &lr, .count = 1 },
        { .title = "Momentum (beta1 of Adam's family)", .x_label = "step", .series = &momentum, .count = 1 },
    };
    lathe_text_put(out, "<div class=\"charts\">\n");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) lathe_chart_svg(out, &all[i]);
    lathe_text_put(out, "</div>\n");
}

static void tile(lathe_text *out, const char *name, const char *format, double value)
{
    char text[64];
    if (!isfinite(value)) return;
    snprintf(text, sizeof text, format, value);
    lathe_text_put(out, "<li>");
    lathe_text_html(out, name);
    lathe_text_put(out, "<b>");
    lathe_text_html(out, text);
    lathe_text_put(out, "</b></li>\n");
}

static void tiles(lathe_text *out, const lathe_run *run)
{
    const lathe_history *history = &run->history;
    lathe_text_put(out, "<ul class=\"tiles\">\n");
    if (run->test_score.count) {
        tile(out, "test accuracy", "%.2f %%", 100 * run->test_score.accuracy);
        tile(out, "test loss", "%.4f", run->test_score.loss);
    }
    if (history->epochs) {
        tile(out, "validation accuracy", "%.2f %%", 100 * history->epoch[history->epochs - 1].val_accuracy);
        tile(out, "training loss", "%.4f", history->epoch[history->epochs - 1].train_loss);
    }
    tile(out, "steps", "%.0f", (double)run->step);
    tile(out, "seconds", "%.1f", run->seconds);
    tile(out, "images a second", "%.0f", lathe_run_images_per_second(run));
    lathe_text_put(out, "</ul>\n");
}

static void cell(lathe_text *out, const char *format, double value)
{
    char text[64] = "";
    if (isfinite(value)) snprintf(text, sizeof text, format, value);
    lathe_text_add(out, "<td>%s</td>", text);
}

static void epoch_table(lathe_text *out, const lathe_history *history)
{
    lathe_text_put(out, "<h2>Epochs</h2>\n<div class=\"scroll\"><table>\n<tr><th>epoch</th><th>step</th><th>train loss</th>"
        "<th>train accuracy</th><th>val loss</th><th>val accuracy</th><th>seconds</th><th>images/s</th></tr>\n");
    for (size_t i = 0; i < history->epochs; i++) {
        const lathe_epoch_row *row = &history->epoch[i];
        lathe_text_put(out, "<tr>");
        cell(out, "%.0f", (double)row->epoch + 1);
        cell(out, "%.0f", (double)row->step);
        cell(out, "%.4f", row->train_loss);
        cell(out, "%.2f %%", 100 * row->train_accuracy);
        cell(out, "%.4f", row->val_loss);
        cell(out, "%.2f %%", 100 * row->val_accuracy);
        cell(out, "%.2f", row->seconds);
        cell(out, "%.0f", row->images_per_second);
        lathe_text_put(out, "</tr>\n");
    }
    lathe_text_put(out, "</table></div>\n");
}

static void json_column(lathe_text *out, const char *name, const double *values, size_t count, size_t stride)
{
    lathe_text_add(out, "\"%s\":[", name);
    for (size_t i = 0; i < count; i += stride) {
        if (i) lathe_text_put(out, ",");
        lathe_text_number(out, values[i]);
    }
    lathe_text_put(out, "]");
}

/* What the script shows under the pointer: every step, or every so many of a long run. */
static void step_data(lathe_text *out, const lathe_history *history, const columns *c)
{
    size_t stride = c->steps / MOST_ROWS + 1;
    lathe_text_put(out, "<script type=\"application/json\" id=\"steps\">{");
    json_column(out, "step", c->step, c->steps, stride);
    lathe_text_put(out, ",\"epoch\":[");
    for (size_t i = 0; i < c->steps; i += stride)
        lathe_text_add(out, "%s%llu", i ? "," : "", (unsigned long long)history->step[i].epoch);
    lathe_text_put(out, "],");
    json_column(out, "lr", c->lr, c->steps, stride);
    lathe_text_put(out, ",");
    json_column(out, "momentum", c->momentum, c->steps, stride);
    lathe_text_put(out, ",");
    json_column(out, "loss", c->loss, c->steps, stride);
    lathe_text_put(out, "}</script>\n");
}

static void heading(lathe_text *out, const lathe_settings *settings)
{
    lathe_text_html(out, settings->model);
    lathe_text_put(out, " on ");
    lathe_text_html(out, settings->data);
    lathe_text_put(out, ": ");
    lathe_text_html(out, settings->optim);
    lathe_text_put(out, ", ");
    lathe_text_html(out, settings->sched);
}

char *lathe_report_page(const lathe_run *run)
{
    if (!run) return lathe_fail_null("lathe_report_page", "run"), NULL;
    columns c = { 0 };
    char *settings = lathe_settings_text(&run->settings);
    if (!settings || columns_of(&run->history, &c)) {
        lathe_free(settings);
        return NULL;
    }
    lathe_text out = { 0 };
    lathe_text_put(&out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    heading(&out, &run->settings);
    lathe_text_put(&out, "</title>\n<style>\n");
    lathe_text_put(&out, (const char *)lathe_page_css);
    lathe_text_put(&out, "</style>\n</head>\n<body>\n<h1>");
    heading(&out, &run->settings);
    lathe_text_put(&out, "</h1>\n");
    tiles(&out, run);
    lathe_text_put(&out, "<div id=\"readout\" aria-live=\"polite\">Point at a chart, or use the arrow keys, to read a step's numbers.</div>\n");
    charts(&out, &c);
    epoch_table(&out, &run->history);
    lathe_text_put(&out, "<h2>Settings</h2>\n<pre>");
    lathe_text_html(&out, settings);
    lathe_text_put(&out, "</pre>\n");
    step_data(&out, &run->history, &c);
    lathe_text_put(&out, "<script>\n");
    lathe_text_put(&out, (const char *)lathe_page_js);
    lathe_text_put(&out, "</script>\n</body>\n</html>\n");
    lathe_free(c.step);
    lathe_free(settings);
    return lathe_text_take(&out);
}

lathe_status lathe_report_write(const lathe_run *run, const char *path)
{
    if (!run || !path) return lathe_fail_null("lathe_report_write", !run ? "run" : "path");
    char *page = lathe_report_page(run);
    if (!page) return lathe_error();
    lathe_status status = lathe_file_write_text(path, page);
    lathe_free(page);
    return status;
}
