#include "page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../io/file.h"
#include "../nn/summary.h"
#include "../train/keeper/cycles.h"
#include "page_impl.h"

/* The files of report/page, and uPlot with its style and licence. */
extern const unsigned char lathe_page_html[], lathe_page_css[], lathe_page_js[], lathe_uplot_js[],
    lathe_uplot_css[], lathe_uplot_license[];

/* What stands in the page's frame for {{NAME}}. */
static void put_part(lathe_text *out, const lathe_page *page, const char *name, size_t length)
{
    const struct {
        const char *name;
        const unsigned char *text[3];
    } parts[] = {
        { "style", { lathe_uplot_css, (const unsigned char *)"\n", lathe_page_css } },
        { "charts",
            { (const unsigned char *)"/* uPlot\n", lathe_uplot_license, (const unsigned char *)"*/\n" } },
        { "charts", { lathe_uplot_js } },
        { "script", { lathe_page_js } },
    };
    if (length == 5 && !memcmp(name, "title", length)) lathe_text_html(out, page->title);
    else if (length == 4 && !memcmp(name, "data", length)) lathe_page_data(out, page);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (int k = 0; k < 3 && strlen(parts[i].name) == length && !memcmp(name, parts[i].name, length); k++)
            if (parts[i].text[k]) lathe_text_put(out, (const char *)parts[i].text[k]);
}

char *lathe_page_text(const lathe_page *page)
{
    lathe_text out = { 0 };
    const char *frame = (const char *)lathe_page_html, *begin;
    for (; (begin = strstr(frame, "{{")); frame = strstr(begin, "}}") + 2) {
        lathe_text_add(&out, "%.*s", (int)(begin - frame), frame);
        put_part(&out, page, begin + 2, (size_t)(strstr(begin, "}}") - begin - 2));
    }
    lathe_text_put(&out, frame);
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

/* A run of a page that has only its history. */
static lathe_page_run bare_run(const lathe_history *history, int group)
{
    lathe_page_run run = { .history = history,
        .group = group,
        .steps_per_epoch = lathe_history_steps_per_epoch(history),
        .folder = "",
        .seconds = (double)NAN,
        .test_loss = (double)NAN };
    for (int i = 0; i < LATHE_TASK_METRICS; i++) run.test[i] = (double)NAN;
    return run;
}

lathe_status lathe_report_histories(const lathe_named_history *histories, size_t count, const char *title,
    const char *path)
{
    if (!histories || !title || !path)
        return lathe_fail_null("lathe_report_histories",
            !histories ? "histories" :
                !title ? "title" :
                         "path");
    if (!count) return lathe_fail(LATHE_EARG, "lathe_report_histories: count = 0");
    lathe_page_run *run = lathe_alloc(count, sizeof *run);
    lathe_page_group *group = run ? lathe_alloc(count, sizeof *group) : NULL;
    lathe_status status = group ? LATHE_OK : lathe_error();
    for (size_t i = 0; i < count && !status; i++) {
        if (!histories[i].history || !histories[i].name)
            status = lathe_fail_null("lathe_report_histories", histories[i].name ? "history" : "name");
        else run[i] = bare_run(histories[i].history, (int)i);
        if (!status) group[i] = (lathe_page_group){ .name = histories[i].name, .differs = "" };
    }
    const lathe_page page = { .title = title,
        .kind = count > 1 ? "compare" : "run",
        .run = run,
        .runs = count,
        .group = group,
        .groups = count,
        .planned = count };
    if (!status) status = lathe_page_write(&page, &path);
    lathe_free(run);
    lathe_free(group);
    return status;
}

lathe_status lathe_report_history(const lathe_history *history, const char *title, const char *path)
{
    if (!history || !title || !path)
        return lathe_fail_null("lathe_report_history", !history ? "history" : !title ? "title" : "path");
    return lathe_report_histories(&(lathe_named_history){ title, history }, 1, title, path);
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
