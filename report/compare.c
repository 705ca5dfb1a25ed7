/* The page of several runs, read from their folders. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../io/file.h"
#include "page_impl.h"

/* The runs that there are, and what they have in common. */
typedef struct comparison {
    lathe_history *history;
    lathe_page_run *run;
    lathe_page_group *group;
    size_t runs, groups;
    lathe_settings settings; /* of the first run */
} comparison;

static int group_of(comparison *c, const lathe_report_run *run)
{
    for (size_t i = 0; i < c->groups; i++)
        if (!strcmp(c->group[i].name, run->group)) return (int)i;
    c->group[c->groups] = (lathe_page_group){ run->group, run->differs ? run->differs : "" };
    return (int)c->groups++;
}

/* Steps of the first epoch; of one that is not whole yet, what there is of it. */
static double steps_per_epoch(const lathe_history *history)
{
    size_t count = 0;
    while (count < history->steps && history->step[count].epoch == 0) count++;
    return count ? (double)count : 1;
}

/* A run that has not begun has no tables yet, and is left out. */
static lathe_status add_run(comparison *c, const char *dir, const lathe_report_run *run)
{
    char folder[LATHE_SETTING_LONG], path[LATHE_SETTING_LONG];
    lathe_history *history = &c->history[c->runs];
    lathe_status status = lathe_file_join(dir, run->folder, folder, sizeof folder);
    if (!status) status = lathe_file_join(folder, "epochs.csv", path, sizeof path);
    if (status || !lathe_file_exists(path)) return status;
    status = lathe_history_read(history, folder);
    if (!status && c->runs == 0) status = lathe_file_join(folder, "config.ini", path, sizeof path);
    if (!status && c->runs == 0) status = lathe_settings_read(&c->settings, path);
    if (status) return status;
    c->run[c->runs++] = (lathe_page_run){ .history = history, .group = group_of(c, run), .seed = run->seed, .steps_per_epoch = steps_per_epoch(history),
        .seconds = run->seconds, .test_accuracy = run->test_accuracy, .test_loss = run->test_loss, .folder = run->folder };
    return LATHE_OK;
}

/* "lenet5 on fashion-mnist: 7 variants, 21 runs" */
static char *title_of(const comparison *c)
{
    lathe_text out = { 0 };
    if (c->runs) {
        lathe_text_put(&out, c->settings.model);
        lathe_text_put(&out, " on ");
        lathe_text_put(&out, c->settings.data);
        lathe_text_put(&out, ": ");
    }
    lathe_text_add(&out, "%zu variants, %zu runs", c->groups, c->runs);
    return lathe_text_take(&out);
}

static lathe_status write_page(const comparison *c, const char *path)
{
    char *title = title_of(c), *settings = c->runs ? lathe_settings_text(&c->settings) : NULL, *text = NULL;
    const lathe_page page = { .title = title, .kind = "compare", .run = c->run, .runs = c->runs, .group = c->group, .groups = c->groups,
        .settings = settings };
    if (title) text = lathe_page_text(&page);
    lathe_status status = text ? lathe_file_write_text(path, text) : lathe_error();
    if (!status) status = lathe_page_write_charts(&page, path);
    lathe_free(title);
    lathe_free(settings);
    lathe_free(text);
    return status;
}

lathe_status lathe_report_compare(const char *dir, const lathe_report_run *runs, size_t count)
{
    char path[LATHE_SETTING_LONG];
    if (!dir || !runs || !count) return lathe_fail(LATHE_EARG, "lathe_report_compare: no folder or no runs");
    comparison c = { .history = lathe_alloc(count, sizeof *c.history), .run = lathe_alloc(count, sizeof *c.run),
        .group = lathe_alloc(count, sizeof *c.group), .settings = lathe_settings_default() };
    lathe_status status = c.history && c.run && c.group ? lathe_file_join(dir, "report.html", path, sizeof path) : lathe_error();
    for (size_t i = 0; i < count && !status; i++) status = add_run(&c, dir, &runs[i]);
    if (!status) status = write_page(&c, path);
    for (size_t i = 0; c.history && i < count; i++) lathe_history_free(&c.history[i]);
    lathe_free(c.history);
    lathe_free(c.run);
    lathe_free(c.group);
    return status;
}
