/* The page of several runs, read from their folders. */
#include <math.h>
#include <string.h>

#include "../core/alloc.h"
#include "../study/curves.h"
#include "../train/keeper/cycles.h"
#include "page_impl.h"

/* The runs that exist, and what they share. */
typedef struct collection {
    lathe_variant *variant;
    lathe_history *history; /* as read; a run that is training has its own */
    lathe_page_run *run;
    lathe_page_group *group;
    size_t runs;
    lathe_hypothesis *test;
    int groups, tests;
    bool open; /* a run has not ended */
} collection;

static int group_of(const collection *c, const char *name)
{
    int g = 0;
    while (strcmp(c->group[g].name, name)) g++;
    return g;
}

static lathe_status add_run(collection *c, const lathe_compare *compare, size_t index, const lathe_run *now)
{
    const lathe_compare_run *run = &compare->run[index];
    const bool going_on = now && !strcmp(now->settings.out, run->settings.out);
    const lathe_history *history = going_on ? &now->keeper->history : &c->history[c->runs];
    lathe_status status = going_on ? LATHE_OK : lathe_curves_history(compare, index, &c->history[c->runs]);
    if (run->result.end == LATHE_RUN_OPEN) c->open = true;
    if (status || !history->metrics) return status; /* it has not begun, or has no tables */
    c->run[c->runs++] = (lathe_page_run){ .history = history,
        .group = group_of(c, run->group),
        .seed = run->settings.seed,
        .steps_per_epoch = going_on ? now->steps_per_epoch : lathe_history_steps_per_epoch(history),
        .seconds = going_on ? now->seconds : run->result.seconds,
        .test_loss = run->result.test_loss,
        .test = { run->result.test_accuracy },
        .folder = run->folder,
        .died = lathe_compare_run_died(compare, index) };
    for (int i = 1; i < LATHE_TASK_METRICS; i++) c->run[c->runs - 1].test[i] = (double)NAN;
    return LATHE_OK;
}

static lathe_status collect(collection *c, const lathe_compare *compare, const char *baseline,
    const lathe_run *now)
{
    c->variant = lathe_variants_of(compare, baseline, &c->groups);
    c->history = c->variant ? lathe_alloc(compare->runs, sizeof *c->history) : NULL;
    c->run = c->history ? lathe_alloc(compare->runs, sizeof *c->run) : NULL;
    c->group = c->run ? lathe_alloc((size_t)c->groups, sizeof *c->group) : NULL;
    c->test = c->group ? lathe_hypotheses_of(compare, &c->tests) : NULL;
    lathe_status status = c->test ? LATHE_OK : lathe_error();
    for (int g = 0; g < c->groups && !status; g++)
        c->group[g] = (lathe_page_group){ c->variant[g].name, c->variant[g].differs, &c->variant[g] };
    for (size_t i = 0; i < compare->runs && !status; i++) status = add_run(c, compare, i, now);
    return status;
}

static void forget(collection *c, size_t runs)
{
    for (size_t i = 0; c->history && i < runs; i++) lathe_history_free(&c->history[i]);
    lathe_free(c->history);
    lathe_free(c->run);
    lathe_free(c->group);
    lathe_free(c->test);
    lathe_free(c->variant);
}

/* "lenet5 on fashion-mnist: 7 variants, 21 runs" */
static char *title_of(const lathe_compare *compare, int variants)
{
    lathe_text out = { 0 };
    lathe_text_put(&out, compare->run[0].settings.model);
    lathe_text_put(&out, " on ");
    lathe_text_put(&out, compare->run[0].settings.data);
    lathe_text_add(&out, ": %d variant%s, %zu run%s", variants, variants == 1 ? "" : "s", compare->runs,
        compare->runs == 1 ? "" : "s");
    return lathe_text_take(&out);
}

static lathe_status with_compare(const lathe_compare *compare, const char *baseline, const lathe_run *now,
    lathe_page_use *use, void *result)
{
    if (!compare) return lathe_fail_null("lathe_report_compare", "compare");
    collection c = { 0 };
    lathe_status status = collect(&c, compare, baseline, now);
    char *title = status ? NULL : title_of(compare, c.groups),
         *settings = status ? NULL : lathe_settings_text(&compare->run[0].settings);
    const lathe_page page = { .title = title,
        .kind = "compare",
        .run = c.run,
        .runs = c.runs,
        .group = c.group,
        .groups = (size_t)c.groups,
        .test = c.test,
        .tests = (size_t)c.tests,
        .planned = compare->runs,
        .settings = settings,
        .live = c.open };
    if (!status) status = title && settings ? use(&page, result) : lathe_error();
    lathe_free(title);
    lathe_free(settings);
    forget(&c, compare->runs);
    return status;
}

lathe_status lathe_report_compare(const lathe_compare *compare, const char *baseline)
{
    char path[LATHE_SETTING_LONG];
    const char *at = path;
    if (!compare) return lathe_fail_null("lathe_report_compare", "compare");
    lathe_status status = lathe_file_join(compare->folder, "report.html", path, sizeof path);
    return status ? status : with_compare(compare, baseline, NULL, lathe_page_write, &at);
}

char *lathe_report_compare_page(const lathe_compare *compare, const char *baseline, const lathe_run *now)
{
    char *text = NULL;
    return with_compare(compare, baseline, now, lathe_page_take_text, &text) ? NULL : text;
}

char *lathe_report_compare_data(const lathe_compare *compare, const char *baseline, const lathe_run *now)
{
    char *text = NULL;
    return with_compare(compare, baseline, now, lathe_page_take_data, &text) ? NULL : text;
}
