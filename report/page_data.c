/* The data of a page as JSON. Long runs are thinned: of so many steps in a row the mean, least and greatest
 * loss. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/alloc.h"
#include "../study/account.h"
#include "page_impl.h"

/* The most rows of steps on one page, about a megabyte, and of one run among several. */
enum { MOST_ROWS = 36000, MOST_OF_A_RUN = 6000, LEAST_OF_A_RUN = 300 };

/* The number of steps in one row. It is the same for all runs, so their curves can be compared. */
static size_t stride_of(const lathe_page *page)
{
    size_t longest = 0, most = page->runs ? MOST_ROWS / page->runs : MOST_ROWS;
    for (size_t i = 0; i < page->runs; i++)
        if (page->run[i].history->steps > longest) longest = page->run[i].history->steps;
    if (most > MOST_OF_A_RUN) most = MOST_OF_A_RUN;
    if (most < LEAST_OF_A_RUN) most = LEAST_OF_A_RUN;
    return longest ? (longest + most - 1) / most : 1;
}

/* Six digits are more than a screen shows, and take half the bytes. */
void lathe_page_number(lathe_text *out, double number)
{
    char text[32];
    snprintf(text, sizeof text, "%.5e", number);
    lathe_text_number(out, strtod(text, NULL));
}

/* "BEFORENAME" in quotes. */
static void put_name(lathe_text *out, const char *before, const char *name)
{
    char whole[128];
    snprintf(whole, sizeof whole, "%s%s", before, name);
    lathe_text_json(out, whole);
}

typedef enum part { LR, MOMENTUM, LOSS, LOW, HIGH } part;

static double loss_of(const lathe_step_row *row, size_t count, part which)
{
    double sum = 0, low = (double)INFINITY, high = (double)-INFINITY;
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(row[i].loss)) continue;
        sum += row[i].loss, known++;
        low = fmin(low, row[i].loss), high = fmax(high, row[i].loss);
    }
    if (!known) return (double)NAN;
    return which == LOSS ? sum / (double)known : which == LOW ? low : high;
}

static void step_column(lathe_text *out, const char *name, const lathe_history *history, size_t stride,
    part which)
{
    lathe_text_add(out, ",\"%s\":[", name);
    for (size_t i = 0; i < history->steps; i += stride) {
        const lathe_step_row *row = &history->step[i];
        size_t left = history->steps - i;
        if (i) lathe_text_put(out, ",");
        if (which == LR) lathe_page_number(out, row->lr);
        else if (which == MOMENTUM) lathe_page_number(out, row->momentum);
        else lathe_page_number(out, loss_of(row, left < stride ? left : stride, which));
    }
    lathe_text_put(out, "]");
}

/* Rows of a table: `count` structs of `size` bytes. */
typedef struct rows {
    const void *first;
    size_t count, size;
} rows;

/* The column whose number lies `offset` bytes behind a row's beginning; its name is "BEFORENAME". */
static void column(lathe_text *out, const char *before, const char *name, const rows *r, size_t offset)
{
    lathe_text_put(out, ",");
    put_name(out, before, name);
    lathe_text_put(out, ":[");
    for (size_t i = 0; i < r->count; i++) {
        double value;
        memcpy(&value, (const char *)r->first + i * r->size + offset, sizeof value);
        if (i) lathe_text_put(out, ",");
        lathe_page_number(out, value);
    }
    lathe_text_put(out, "]");
}

static void epochs(lathe_text *out, const lathe_history *history)
{
    const rows r = { history->epoch, history->epochs, sizeof *history->epoch };
    lathe_text_put(out, ",\"epoch\":{\"epoch\":[");
    for (size_t i = 0; i < history->epochs; i++)
        lathe_text_add(out, "%s%" PRIu64, i ? "," : "", history->epoch[i].epoch);
    lathe_text_put(out, "],\"step\":[");
    for (size_t i = 0; i < history->epochs; i++)
        lathe_text_add(out, "%s%" PRIu64, i ? "," : "", history->epoch[i].step);
    lathe_text_put(out, "]");
    column(out, "train_", "loss", &r, offsetof(lathe_epoch_row, train_loss));
    column(out, "val_", "loss", &r, offsetof(lathe_epoch_row, val_loss));
    for (int i = 0; i < history->metrics; i++) {
        const size_t place = (size_t)i * sizeof(double);
        column(out, "train_", history->metric[i].name, &r, offsetof(lathe_epoch_row, train) + place);
        column(out, "val_", history->metric[i].name, &r, offsetof(lathe_epoch_row, val) + place);
    }
    column(out, "", "seconds", &r, offsetof(lathe_epoch_row, seconds));
    lathe_text_put(out, "}");
}

/* Measurements within epochs, if there are any. */
static void evals(lathe_text *out, const lathe_history *history)
{
    const rows r = { history->eval, history->evals, sizeof *history->eval };
    if (!history->evals) return;
    lathe_text_put(out, ",\"eval\":{\"step\":[");
    for (size_t i = 0; i < history->evals; i++)
        lathe_text_add(out, "%s%" PRIu64, i ? "," : "", history->eval[i].step);
    lathe_text_put(out, "]");
    column(out, "val_", "loss", &r, offsetof(lathe_eval_row, loss));
    for (int i = 0; i < history->metrics; i++)
        column(out, "val_", history->metric[i].name, &r,
            offsetof(lathe_eval_row, metric) + (size_t)i * sizeof(double));
    lathe_text_put(out, "}");
}

/* What probes found, if there are any: the columns of probes.csv. */
static void probes(lathe_text *out, const lathe_history *history)
{
    const lathe_probe_table *table = &history->probe;
    if (!table->rows) return;
    lathe_text_put(out, ",\"probe\":{\"step\":[");
    for (size_t i = 0; i < table->rows; i++) lathe_text_add(out, "%s%" PRIu64, i ? "," : "", table->step[i]);
    lathe_text_put(out, "]");
    const char *name = table->header;
    for (int k = 0; k < table->columns; k++) {
        char one[128];
        name += strcspn(name, ",") + 1;
        snprintf(one, sizeof one, "%.*s", (int)strcspn(name, ","), name);
        const rows r = { table->value, table->rows, (size_t)table->columns * sizeof(double) };
        column(out, "", one, &r, (size_t)k * sizeof(double));
    }
    lathe_text_put(out, "}");
}

/* The first run before number `index` with the same learning rates and momenta, or `index`: seeds of a group
 * share them. */
static size_t same_rates(const lathe_page *page, size_t index)
{
    const lathe_history *mine = page->run[index].history;
    for (size_t i = 0; i < index; i++) {
        const lathe_history *other = page->run[i].history;
        size_t k = 0;
        if (other->steps != mine->steps) continue;
        while (k < mine->steps && mine->step[k].lr == other->step[k].lr &&
            mine->step[k].momentum == other->step[k].momentum)
            k++;
        if (k == mine->steps) return i;
    }
    return index;
}

static void named_number(lathe_text *out, const char *name, double number)
{
    lathe_text_add(out, ",\"%s\":", name);
    lathe_page_number(out, number);
}

static void one_run(lathe_text *out, const lathe_page *page, size_t index, size_t stride)
{
    const lathe_page_run *run = &page->run[index];
    size_t same = same_rates(page, index);
    lathe_text_add(out,
        "%s\n{\"group\":%d,\"seed\":%" PRIu64 ",\"stride\":%zu,\"steps\":%zu,\"folder\":", index ? "," : "",
        run->group, run->seed, stride, run->history->steps);
    lathe_text_json(out, run->folder);
    named_number(out, "per_epoch", run->steps_per_epoch);
    named_number(out, "seconds", run->seconds);
    if (run->died) lathe_text_put(out, ",\"died\":true");
    named_number(out, "test_loss", run->test_loss);
    for (int i = 0; i < run->history->metrics; i++) {
        lathe_text_put(out, ",");
        put_name(out, "test_", run->history->metric[i].name);
        lathe_text_put(out, ":");
        lathe_page_number(out, run->test[i]);
    }
    if (same == index) {
        lathe_text_put(out, ",\"rates\":null");
        step_column(out, "lr", run->history, stride, LR);
        step_column(out, "momentum", run->history, stride, MOMENTUM);
    } else {
        lathe_text_add(out, ",\"rates\":%zu", same);
    }
    step_column(out, "loss", run->history, stride, LOSS);
    if (stride > 1 && page->runs == 1) {
        step_column(out, "low", run->history, stride, LOW);
        step_column(out, "high", run->history, stride, HIGH);
    }
    epochs(out, run->history);
    evals(out, run->history);
    probes(out, run->history);
    lathe_text_put(out, "}");
}

static void optional_text(lathe_text *out, const char *name, const char *text)
{
    if (!text) return;
    lathe_text_add(out, ",\n\"%s\":", name);
    lathe_text_json(out, text);
}

/* What the runs of a group did: see study/account.h. Runs that died do not count, unless all did. */
static void account(lathe_text *out, const lathe_page *page, int group)
{
    const lathe_history **history = lathe_alloc(page->runs + 1, sizeof *history);
    size_t count = 0;
    lathe_account a;
    for (int died = 0; history && died < 2 && !count; died++)
        for (size_t i = 0; i < page->runs; i++)
            if (page->run[i].group == group && page->run[i].died == died)
                history[count++] = page->run[i].history;
    const bool failed = !history || (count && lathe_account_of(history, count, &a));
    if (failed) out->failed = true;
    if (!failed && count) {
        lathe_text_add(out, ",\"account\":{\"cycles\":%zu,\"over\":\"%s\",\"n\":%zu", a.cycles,
            a.over_seeds ? "seeds" : "cycles", a.gap.count);
        named_number(out, "low_lr", a.low_lr);
        named_number(out, "high_lr", a.high_lr);
        named_number(out, "minima", a.minima);
        named_number(out, "maxima", a.maxima);
        named_number(out, "gap", a.gap.mean);
        named_number(out, "gap_low", a.gap.low);
        named_number(out, "gap_high", a.gap.high);
        if (a.fit_known)
            lathe_text_add(out, ",\"over_fits\":%s,\"fit_epoch\":%" PRIu64, a.over_fits ? "true" : "false",
                a.fit_epoch);
        named_number(out, "val_from", a.val_from);
        named_number(out, "val_to", a.val_to);
        named_number(out, "train_from", a.train_from);
        named_number(out, "train_to", a.train_to);
        lathe_text_put(out, "}");
    }
    lathe_free(history);
}

static void one_group(lathe_text *out, const lathe_page *page, int index)
{
    const lathe_page_group *group = &page->group[index];
    char words[96];
    lathe_text_put(out, "{\"name\":");
    lathe_text_json(out, group->name);
    lathe_text_put(out, ",\"differs\":");
    lathe_text_json(out, group->differs);
    if (group->result) {
        lathe_text_add(out, ",\"baseline\":%s", group->result->baseline ? "true" : "false");
        named_number(out, "difference", group->result->against.mean);
        named_number(out, "p", group->result->p);
        lathe_text_put(out, ",\"words\":");
        lathe_text_json(out, lathe_variant_words(group->result, words));
    }
    account(out, page, index);
    lathe_text_put(out, "}");
}

/* A hypothesis: what was named, the mean difference with its 95 % interval, p after Holm, and the words. */
static void one_test(lathe_text *out, const lathe_hypothesis *test)
{
    char words[128];
    lathe_text_put(out, "{\"test\":");
    lathe_text_json(out, test->text);
    lathe_text_add(out, ",\"measure\":\"%s\",\"percent\":%s", test->measure,
        test->percent ? "true" : "false");
    named_number(out, "difference", test->test.mean);
    named_number(out, "low", test->test.low);
    named_number(out, "high", test->test.high);
    named_number(out, "p", test->p);
    lathe_text_put(out, ",\"words\":");
    lathe_text_json(out, lathe_hypothesis_words(test, words));
    lathe_text_put(out, "}");
}

/* The task's metrics, which all runs of a page share; the first one is the chief. */
static void metrics(lathe_text *out, const lathe_page *page)
{
    const lathe_history *history = page->runs ? page->run[0].history : NULL;
    lathe_text_put(out, ",\n\"metrics\":[");
    for (int i = 0; history && i < history->metrics; i++) {
        const lathe_task_metric *metric = &history->metric[i];
        lathe_text_put(out, i ? ",{\"name\":" : "{\"name\":");
        lathe_text_json(out, metric->name);
        lathe_text_put(out, ",\"title\":");
        lathe_text_json(out, metric->title);
        lathe_text_add(out, ",\"percent\":%s,\"lower\":%s}", metric->percent ? "true" : "false",
            metric->lower_is_better ? "true" : "false");
    }
    lathe_text_put(out, "]");
}

void lathe_page_data(lathe_text *out, const lathe_page *page)
{
    size_t stride = stride_of(page);
    lathe_text_put(out, "{\"title\":");
    lathe_text_json(out, page->title);
    lathe_text_add(out, ",\"kind\":\"%s\",\"live\":%s", page->kind, page->live ? "true" : "false");
    metrics(out, page);
    lathe_text_put(out, ",\n\"groups\":[");
    for (size_t i = 0; i < page->groups; i++) {
        if (i) lathe_text_put(out, ",\n");
        one_group(out, page, (int)i);
    }
    lathe_text_put(out, "]");
    if (page->tests) lathe_text_put(out, ",\n\"tests\":[");
    for (size_t i = 0; i < page->tests; i++) {
        if (i) lathe_text_put(out, ",\n");
        one_test(out, &page->test[i]);
    }
    lathe_text_add(out, "%s,\n\"planned\":%zu,\n\"runs\":[", page->tests ? "]" : "", page->planned);
    for (size_t i = 0; i < page->runs; i++) one_run(out, page, i, stride);
    lathe_text_put(out, "]");
    if (page->charts) lathe_page_charts(out, page->charts);
    if (page->outcome) {
        lathe_text_put(out, ",\n\"outcome\":");
        lathe_text_put(out, page->outcome);
    }
    optional_text(out, "summary", page->summary);
    optional_text(out, "settings", page->settings);
    lathe_text_put(out, "}\n");
}
