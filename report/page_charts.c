/* Pages without a run: ready charts, and a schedule. Their script is that of the page of curves. */
#include <math.h>

#include "../core/alloc.h"
#include "../io/file.h"
#include "page_impl.h"

static void numbers(lathe_text *out, const char *name, const double *number, size_t count)
{
    lathe_text_add(out, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        if (i) lathe_text_put(out, ",");
        lathe_page_number(out, number[i]);
    }
    lathe_text_put(out, "]");
}

static void text_or_null(lathe_text *out, const char *text)
{
    if (text) lathe_text_json(out, text);
    else lathe_text_put(out, "null");
}

static const char *truth(bool value) { return value ? "true" : "false"; }

static void one_series(lathe_text *out, const lathe_series *series)
{
    lathe_text_put(out, "{\"name\":");
    text_or_null(out, series->name);
    lathe_text_add(out, ",\"color\":%d,\"faint\":%s,\"dots\":%s,\"path\":%s", series->color,
        truth(series->faint), truth(series->dots), truth(series->path));
    numbers(out, "x", series->x, series->count);
    numbers(out, "y", series->y, series->count);
    lathe_text_put(out, "}");
}

static void one_chart(lathe_text *out, const lathe_chart *chart)
{
    lathe_text_put(out, "\n{\"title\":");
    text_or_null(out, chart->title);
    lathe_text_put(out, ",\"x_label\":");
    text_or_null(out, chart->x_label);
    lathe_text_add(out, ",\"log_x\":%s,\"log_y\":%s,\"zero\":%s,\"series\":[", truth(chart->log_x),
        truth(chart->log_y), truth(chart->zero));
    for (int i = 0; i < chart->count; i++) {
        if (i) lathe_text_put(out, ",\n");
        one_series(out, &chart->series[i]);
    }
    lathe_text_put(out, "]}");
}

void lathe_page_charts(lathe_text *out, const lathe_chart_page *page)
{
    lathe_text_put(out, ",\n\"charts\":[");
    for (int i = 0; i < page->charts; i++) {
        if (i) lathe_text_put(out, ",");
        one_chart(out, &page->chart[i]);
    }
    lathe_text_put(out, "],\n\"sentences\":[");
    if (page->said) lathe_text_json(out, page->said);
    lathe_text_put(out, "]");
}

static lathe_status write(const lathe_page *page, const char *path)
{
    char *text = lathe_page_text(page);
    lathe_status status = text ? lathe_file_write_text(path, text) : lathe_error();
    lathe_free(text);
    return status;
}

lathe_status lathe_report_charts(const lathe_chart_page *page, const char *path)
{
    if (!page || !path) return lathe_fail_null("lathe_report_charts", !page ? "page" : "path");
    if (!page->title || (page->charts && !page->chart))
        return lathe_fail(LATHE_EARG, "lathe_report_charts: page has no %s", page->title ? "chart" : "title");
    return write(&(lathe_page){ .title = page->title, .kind = "charts", .charts = page }, path);
}

lathe_status lathe_report_schedule(const lathe_step_row *row, size_t steps, double steps_per_epoch,
    const char *title, const char *path)
{
    if (!row || !title || !path)
        return lathe_fail_null("lathe_report_schedule", !row ? "row" : !title ? "title" : "path");
    const lathe_history history = { .step = (lathe_step_row *)(uintptr_t)row, .steps = steps };
    lathe_page_run only = { .history = &history,
        .steps_per_epoch = steps_per_epoch > 0 ? steps_per_epoch : (double)(steps ? steps : 1),
        .folder = "",
        .seconds = (double)NAN,
        .test_loss = (double)NAN };
    const lathe_page_group group = { .name = title, .differs = "" };
    return write(&(lathe_page){ .title = title,
                     .kind = "preview",
                     .run = &only,
                     .runs = 1,
                     .group = &group,
                     .groups = 1,
                     .planned = 1 },
        path);
}
