#include "page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../io/file.h"
#include "../nn/summary.h"
#include "page_impl.h"

/* report/page.css, the three parts of the page's script, and uPlot with its style and licence. */
extern const unsigned char lathe_page_css[], lathe_page_js[], lathe_page_tables_js[],
    lathe_page_controls_js[], lathe_uplot_js[], lathe_uplot_css[], lathe_uplot_license[];

static const char controls[] =
    "<div id=\"controls\" role=\"toolbar\" aria-label=\"How the charts are drawn\">\n"
    "<label>against <select id=\"unit\"><option value=\"step\">step</option><option "
    "value=\"epoch\">epoch</option>"
    "<option value=\"seconds\">seconds</option></select></label>\n"
    "<label>smoothing <input id=\"smooth\" type=\"range\" min=\"0\" max=\"1\" step=\"0.01\" "
    "value=\"0.3334\"></label>\n"
    "<label><input id=\"raw\" type=\"checkbox\"> each step</label>\n"
    "<label><input id=\"logLoss\" type=\"checkbox\"> log loss</label>\n"
    "<label><input id=\"logRate\" type=\"checkbox\"> log learning rate</label>\n"
    "<button id=\"reset\" disabled title=\"Drag over a chart to zoom; a double click shows everything "
    "too\">show all</button>\n"
    "<button id=\"csv\">CSV</button>\n"
    "<button id=\"theme\">light / dark</button>\n"
    "<span class=\"hint\">Point at a chart for its numbers, drag to zoom, click a name to hide it; by "
    "keyboard: Tab, arrows, +, Escape.</span>\n"
    "</div>\n";

static void embed(lathe_text *out, const char *before, const unsigned char *text, const char *after)
{
    lathe_text_put(out, before);
    lathe_text_put(out, (const char *)text);
    lathe_text_put(out, after);
}

static void head(lathe_text *out, const char *title)
{
    lathe_text_put(out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" "
        "href=\"data:,\">\n<title>");
    lathe_text_html(out, title);
    lathe_text_put(out, "</title>\n");
    embed(out, "<style>\n", lathe_uplot_css, "\n");
    embed(out, "", lathe_page_css, "</style>\n</head>\n");
}

static void body(lathe_text *out, const char *title)
{
    lathe_text_put(out, "<body>\n<h1>");
    lathe_text_html(out, title);
    lathe_text_put(out,
        "<span id=\"live\" role=\"status\"></span></h1>\n<ul id=\"tiles\"></ul>\n<div "
        "id=\"verdict\"></div>\n");
    lathe_text_put(out, controls);
    lathe_text_put(out,
        "<div class=\"panel\"><table id=\"legend\"></table></div>\n<div id=\"said\" class=\"away\" "
        "aria-live=\"polite\"></div>\n"
        "<div id=\"charts\"></div>\n<noscript><p>The charts need JavaScript; the pictures beside this file "
        "(report-*.svg) do not.</p></noscript>\n"
        "<main id=\"tables\"></main>\n<footer>Made by lathe. Charts: uPlot.</footer>\n");
}

char *lathe_page_text(const lathe_page *page)
{
    lathe_text out = { 0 };
    head(&out, page->title);
    body(&out, page->title);
    lathe_text_put(&out, "<script type=\"application/json\" id=\"data\">\n");
    lathe_page_data(&out, page);
    lathe_text_put(&out, "</script>\n");
    embed(&out, "<script>\n/* uPlot\n", lathe_uplot_license, "*/\n");
    embed(&out, "", lathe_uplot_js, "\n</script>\n");
    embed(&out, "<script>\n(function () {\n\"use strict\";\n", lathe_page_js, "\n");
    embed(&out, "", lathe_page_tables_js, "\n");
    embed(&out, "", lathe_page_controls_js, "})();\n</script>\n</body>\n</html>\n");
    return lathe_text_take(&out);
}

/* ---- uses of a page ------------------------------------------------------------------------------------ */

lathe_status lathe_page_take_text(const lathe_page *page, void *result)
{
    char *text = *(char **)result = lathe_page_text(page);
    return text ? LATHE_OK : lathe_error();
}

lathe_status lathe_page_take_data(const lathe_page *page, void *result)
{
    lathe_text out = { 0 };
    lathe_page_data(&out, page);
    char *text = *(char **)result = lathe_text_take(&out);
    return text ? LATHE_OK : lathe_error();
}

lathe_status lathe_page_write(const lathe_page *page, void *result)
{
    const char *path = *(const char **)result;
    char *text = lathe_page_text(page);
    lathe_status status = text ? lathe_file_write_text(path, text) : lathe_error();
    lathe_free(text);
    return status ? status : lathe_page_write_charts(page, path);
}

/* ---- one run ------------------------------------------------------------------------------------------- */

/* "lenet5 on fashion-mnist, one of 10 classes: adamw, cyclic" */
static char *title_of(const lathe_run *run)
{
    const lathe_settings *settings = &run->settings;
    const lathe_task *task = run->learner->task;
    lathe_text out = { 0 };
    char target[LATHE_MESSAGE_SIZE];
    lathe_text_put(&out, settings->model);
    lathe_text_put(&out, " on ");
    lathe_text_put(&out, settings->data);
    lathe_text_put(&out, ", ");
    task->type->describe(task, target, sizeof target);
    lathe_text_put(&out, target);
    lathe_text_put(&out, ": ");
    lathe_text_put(&out, settings->optim);
    lathe_text_put(&out, ", ");
    lathe_text_put(&out, settings->sched);
    return lathe_text_take(&out);
}

/* The layers as a table; NULL without layers. */
static char *summary_of(const lathe_run *run)
{
    lathe_summary *summary = lathe_nn_summary(run->learner->net,
        (lathe_shape){ 3, { run->feed->data->channels, run->feed->data->height, run->feed->data->width } });
    size_t length = summary ? lathe_summary_text(summary, NULL, 0) : 0;
    char *text = summary ? lathe_alloc(length + 1, 1) : NULL;
    if (text) lathe_summary_text(summary, text, length + 1);
    lathe_summary_free(summary);
    return text;
}

static lathe_status with_run(const lathe_run *run, const char *outcome, lathe_page_use *use, void *result)
{
    if (!run) return lathe_fail_null("lathe_report_page", "run");
    bool live = run->end == LATHE_RUN_OPEN;
    char *title = title_of(run), *settings = lathe_settings_text(&run->settings),
         *summary = live ? NULL : summary_of(run);
    lathe_page_run only = { .history = &run->keeper->history,
        .seed = run->settings.seed,
        .steps_per_epoch = run->steps_per_epoch,
        .folder = "",
        .seconds = run->settings.no_times ? (double)NAN : run->seconds,
        .test_loss = run->test_score.loss };
    memcpy(only.test, run->test_score.metric, sizeof only.test);
    lathe_page_group group = { .name = run->settings.sched, .differs = "" };
    const lathe_page page = { .title = title,
        .kind = "run",
        .run = &only,
        .runs = 1,
        .group = &group,
        .groups = 1,
        .planned = 1,
        .settings = settings,
        .summary = summary,
        .outcome = outcome,
        .live = live };
    lathe_status status = title && settings ? use(&page, result) : lathe_error();
    lathe_free(title);
    lathe_free(settings);
    lathe_free(summary);
    return status;
}

char *lathe_report_page(const lathe_run *run)
{
    char *text = NULL;
    return with_run(run, NULL, lathe_page_take_text, &text) ? NULL : text;
}

char *lathe_report_data(const lathe_run *run)
{
    char *text = NULL;
    return with_run(run, NULL, lathe_page_take_data, &text) ? NULL : text;
}

lathe_status lathe_report_write(const lathe_run *run, const char *path)
{
    return with_run(run, NULL, lathe_page_write, &path);
}

lathe_status lathe_report_history(const lathe_history *history, const char *title, const char *path)
{
    if (!history || !title || !path)
        return lathe_fail_null("lathe_report_history", !history ? "history" : !title ? "title" : "path");
    lathe_page_run only = { .history = history,
        .steps_per_epoch = lathe_page_steps_per_epoch(history),
        .folder = "",
        .seconds = (double)NAN,
        .test_loss = (double)NAN };
    for (int i = 0; i < LATHE_TASK_METRICS; i++) only.test[i] = (double)NAN;
    lathe_page_group group = { .name = title, .differs = "" };
    const lathe_page page = { .title = title,
        .kind = "run",
        .run = &only,
        .runs = 1,
        .group = &group,
        .groups = 1,
        .planned = 1 };
    return lathe_page_write(&page, &path);
}

lathe_status lathe_report_finish(lathe_run *run, const char *path)
{
    char *outcome = run && (run->end == LATHE_RUN_COMPLETE || run->end == LATHE_RUN_EARLY_STOP) ?
        lathe_report_outcome(run) :
        NULL;
    lathe_status status = with_run(run, outcome, lathe_page_write, &path);
    lathe_free(outcome);
    return status;
}
