/* The final results of a run. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>

#include "../core/alloc.h"
#include "../core/blas.h"
#include "../core/threads.h"
#include "../io/text.h"
#include "keeper/cycles.h"
#include "run_impl.h"

double lathe_run_images_per_second(const lathe_run *run)
{
    if (!run) return 0;
    return run->train_seconds > 0 ? (double)run->learner->images / run->train_seconds : 0;
}

double lathe_peak_rss_mib(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) ? (double)NAN : (double)usage.ru_maxrss / 1024;
}

static void put_string(lathe_text *text, const char *key, const char *value)
{
    lathe_text_add(text, ",\"%s\":", key);
    lathe_text_json(text, value);
}

static void put_number(lathe_text *text, const char *key, double number)
{
    lathe_text_add(text, ",\"%s\":", key);
    lathe_text_number(text, number);
}

/* Add "val_accuracy" and the other metrics; NULL: not measured. */
static void put_metrics(lathe_text *text, const char *part, const lathe_task *task, const double *values)
{
    for (int i = 0; i < task->metrics; i++) {
        lathe_text_add(text, ",\"%s%s\":", part, task->type->metrics[i].name);
        lathe_text_number(text, values ? values[i] : (double)NAN);
    }
}

/* The row of evals.csv whose weights are the best, as an epoch's row without training; NULL without it. */
static const lathe_epoch_row *best_eval(const lathe_run *run)
{
    const lathe_history *history = &run->keeper->history;
    lathe_epoch_row *best = &run->state->best;
    for (size_t i = 0; run->keeper->has_best && i < history->evals; i++) {
        const lathe_eval_row *row = &history->eval[i];
        if (row->step != run->keeper->best_step) continue;
        *best = (lathe_epoch_row){ .epoch = run->keeper->best_epoch, .step = row->step };
        best->train_loss = best->seconds = best->images_per_second = (double)NAN;
        best->val_loss = row->loss;
        for (int k = 0; k < LATHE_TASK_METRICS; k++) best->train[k] = (double)NAN;
        memcpy(best->val, row->metric, sizeof best->val);
        return best;
    }
    return NULL;
}

const lathe_epoch_row *lathe_run_tested_epoch(const lathe_run *run)
{
    if (!run) return lathe_fail_null("lathe_run_tested_epoch", "run"), NULL;
    const lathe_history *history = &run->keeper->history;
    if (run->settings.best == LATHE_BEST_EVAL) {
        const lathe_epoch_row *best = best_eval(run);
        if (best) return best;
    }
    for (size_t i = 0; run->feed->val && i < history->epochs; i++)
        if (history->epoch[i].epoch == run->keeper->best_epoch) return &history->epoch[i];
    return history->epochs ? &history->epoch[history->epochs - 1] : NULL;
}

/* The rate's cycles with the validation's first metric at their extremes; a single rise and fall is none. */
static lathe_status put_cycles(lathe_text *text, const lathe_history *history)
{
    size_t count;
    lathe_cycle *cycle = lathe_history_cycles(history, -1, &count);
    if (!cycle) return lathe_error();
    lathe_text_put(text, ",\"cycles\":[");
    for (size_t i = 0; count > 1 && i < count; i++) {
        lathe_text_add(text, "%s{\"max_step\":%" PRIu64 ",\"min_step\":%" PRIu64, i ? "," : "",
            cycle[i].max_step, cycle[i].min_step);
        put_number(text, "max_lr", cycle[i].max_lr);
        put_number(text, "min_lr", cycle[i].min_lr);
        put_number(text, "at_max", cycle[i].at_max);
        put_number(text, "at_min", cycle[i].at_min);
        lathe_text_put(text, "}");
    }
    lathe_text_put(text, "]");
    lathe_free(cycle);
    return LATHE_OK;
}

char *lathe_run_json(const lathe_run *run)
{
    if (!run) return lathe_fail_null("lathe_run_json", "run"), NULL;
    lathe_text text = { 0 };
    const lathe_epoch_row *epoch = lathe_run_tested_epoch(run);
    bool tested = run->test_score.count > 0;
    lathe_text_put(&text, "{\"model\":");
    lathe_text_json(&text, run->settings.model);
    put_string(&text, "data", run->settings.data);
    put_number(&text, "epochs", (double)run->keeper->history.epochs);
    put_number(&text, "steps", (double)run->learner->step);
    put_number(&text, "train_loss", epoch ? epoch->train_loss : (double)NAN);
    put_metrics(&text, "val_", run->learner->task, epoch ? epoch->val : NULL);
    put_number(&text, "test_loss", tested ? run->test_score.loss : (double)NAN);
    put_metrics(&text, "test_", run->learner->task, tested ? run->test_score.metric : NULL);
    lathe_text_put(&text, ",\"metrics\":{");
    for (int i = 0; i < run->learner->task->metrics; i++) {
        lathe_text_add(&text, "%s\"%s\":", i ? "," : "", run->learner->task->type->metrics[i].name);
        lathe_text_number(&text, run->test_score.metric[i]);
    }
    lathe_text_put(&text, "}");
    if (put_cycles(&text, &run->keeper->history)) return lathe_text_free(&text), NULL;
    size_t skipped =
        run->feed->data->skipped + run->feed->test->skipped + (run->feed->val ? run->feed->val->skipped : 0);
    if (skipped) put_number(&text, "skipped", (double)skipped);
    put_number(&text, "seconds", run->seconds);
    put_number(&text, "seconds_to_first_step", run->seconds_to_first_step);
    put_number(&text, "images_per_second", lathe_run_images_per_second(run));
    put_number(&text, "peak_rss_mib", lathe_peak_rss_mib());
    put_number(&text, "threads", lathe_threads(NULL));
    put_string(&text, "blas_core", lathe_blas_core());
    put_string(&text, "run", run->settings.out);
    lathe_text_put(&text, "}");
    return lathe_text_take(&text);
}
