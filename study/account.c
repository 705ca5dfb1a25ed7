#include "account.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../train/keeper/cycles.h"

/* The cycles of each run. */
typedef struct cycles {
    lathe_cycle **of;
    size_t *count, runs;
} cycles;

static void drop_cycles(cycles *c)
{
    for (size_t i = 0; c->of && i < c->runs; i++) lathe_free(c->of[i]);
    lathe_free(c->of);
    lathe_free(c->count);
}

static lathe_status find_cycles(const lathe_history *const *histories, size_t runs, cycles *c)
{
    *c = (cycles){ .runs = runs };
    c->of = lathe_alloc(runs, sizeof *c->of);
    c->count = c->of ? lathe_alloc(runs, sizeof *c->count) : NULL;
    if (!c->count) return lathe_error();
    for (size_t i = 0; i < runs; i++)
        if (!(c->of[i] = lathe_history_cycles(histories[i], -1, &c->count[i]))) return lathe_error();
    return LATHE_OK;
}

/* ---- minima against maxima ----------------------------------------------------------------------------- */

static bool is_whole(const lathe_cycle *c)
{
    return isfinite(c->before) && isfinite(c->at_max) && isfinite(c->at_min);
}

static double gap_of(const lathe_cycle *c) { return (c->before + c->at_min) / 2 - c->at_max; }

/* The mean gap of a run's cycles; with `only` of that cycle of all runs. NaN: no whole cycle. */
static double mean_gap(const cycles *c, size_t first, size_t last, size_t only)
{
    double sum = 0;
    size_t known = 0;
    for (size_t i = first; i < last; i++)
        for (size_t k = 1; k < c->count[i]; k++) {
            if ((only && k != only) || !is_whole(&c->of[i][k])) continue;
            sum += gap_of(&c->of[i][k]);
            known++;
        }
    return known ? sum / (double)known : (double)NAN;
}

static lathe_status compare_extremes(const cycles *c, lathe_account *a)
{
    size_t most = c->runs, known = 0;
    double minima = 0, maxima = 0;
    for (size_t i = 0; i < c->runs; i++) {
        if (c->count[i] > most) most = c->count[i];
        for (size_t k = 1; k < c->count[i]; k++) {
            const lathe_cycle *each = &c->of[i][k];
            if (!is_whole(each)) continue;
            minima += (each->before + each->at_min) / 2;
            maxima += each->at_max;
            known++;
        }
    }
    double *gap = lathe_alloc(lathe_times(2, most), sizeof *gap);
    if (!gap) return lathe_error();
    a->over_seeds = c->runs > 2;
    for (size_t i = 0; i < most; i++)
        gap[i] = !a->over_seeds ? i ? mean_gap(c, 0, c->runs, i) : (double)NAN :
            i < c->runs         ? mean_gap(c, i, i + 1, 0) :
                                  (double)NAN;
    a->gap = lathe_paired_t_test(gap, gap + most, most);
    a->minima = known ? minima / (double)known : (double)NAN;
    a->maxima = known ? maxima / (double)known : (double)NAN;
    lathe_free(gap);
    return LATHE_OK;
}

/* ---- the best, and over-fitting ------------------------------------------------------------------------ */

/* The mean of row `index` over the runs: of the metric, of the validation loss, of the training loss. */
typedef enum what { METRIC, VAL_LOSS, TRAIN_LOSS } what;

static double mean_of(const lathe_history *const *histories, size_t runs, size_t index, what which)
{
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < runs; i++) {
        const lathe_history *h = histories[i];
        const bool evals = which == METRIC && h->evals;
        if (index >= (evals ? h->evals : h->epochs)) continue;
        const double value = evals ? h->eval[index].metric[0] :
            which == METRIC        ? h->epoch[index].val[0] :
            which == VAL_LOSS      ? h->epoch[index].val_loss :
                                     h->epoch[index].train_loss;
        if (isfinite(value)) sum += value, known++;
    }
    return known ? sum / (double)known : (double)NAN;
}

static void find_best(const lathe_history *const *histories, size_t runs, lathe_account *a)
{
    const lathe_history *h = histories[0];
    const bool lower = a->metric && a->metric->lower_is_better;
    for (size_t i = 0; i < (h->evals ? h->evals : h->epochs); i++) {
        const double value = mean_of(histories, runs, i, METRIC);
        if (isnan(value) || !(isnan(a->best) || (lower ? value < a->best : value > a->best))) continue;
        a->best = value;
        a->best_step = h->evals ? h->eval[i].step : h->epoch[i].step;
    }
    const uint64_t last = a->best_step < h->steps ? a->best_step : h->steps;
    if (last) a->best_epoch = h->step[last - 1].epoch + 1;
}

/* Is this epoch's end the nearest one to the end of a cycle, and at most half an epoch from it? */
static bool ends_cycle(const lathe_history *h, const cycles *c, size_t epoch)
{
    const double apart = lathe_history_steps_per_epoch(h) / 2;
    for (size_t k = 0; k < c->count[0]; k++) {
        const double end = (double)c->of[0][k].min_step + 1;
        size_t best = 0;
        for (size_t i = 1; i < h->epochs; i++)
            if (fabs((double)h->epoch[i].step - end) < fabs((double)h->epoch[best].step - end)) best = i;
        if (best == epoch && fabs((double)h->epoch[best].step - end) <= apart) return true;
    }
    return false;
}

static void judge_fit(const lathe_history *const *histories, const cycles *c, lathe_account *a)
{
    const lathe_history *h = histories[0];
    size_t ends = 0, known = 0, best = 0, last = 0;
    for (size_t i = 0; a->cycles > 1 && i < h->epochs; i++) ends += ends_cycle(h, c, i);
    for (size_t i = 0; i < h->epochs; i++) {
        const double loss = mean_of(histories, c->runs, i, VAL_LOSS);
        if (isnan(loss) || (ends > 1 && !ends_cycle(h, c, i))) continue;
        last = i;
        if (!known++ || loss < mean_of(histories, c->runs, best, VAL_LOSS)) best = i;
    }
    if (known < 3) return;
    a->fit_known = true;
    a->fit_epoch = h->epoch[best].epoch + 1;
    a->val_from = mean_of(histories, c->runs, best, VAL_LOSS);
    a->val_to = mean_of(histories, c->runs, last, VAL_LOSS);
    a->train_from = mean_of(histories, c->runs, best, TRAIN_LOSS);
    a->train_to = mean_of(histories, c->runs, last, TRAIN_LOSS);
    a->over_fits = a->val_to > 1.05 * a->val_from && a->train_to < a->train_from;
}

/* ---- all together -------------------------------------------------------------------------------------- */

static void find_rates(const lathe_history *h, lathe_account *a)
{
    for (size_t i = 0; i < h->steps; i++)
        a->low_lr = fmin(a->low_lr, h->step[i].lr), a->high_lr = fmax(a->high_lr, h->step[i].lr);
}

lathe_status lathe_account_of(const lathe_history *const *histories, size_t runs, lathe_account *account)
{
    if (!histories || !account)
        return lathe_fail_null("lathe_account_of", histories ? "account" : "histories");
    if (!runs) return lathe_fail(LATHE_EARG, "lathe_account_of: runs = 0");
    for (size_t i = 0; i < runs; i++)
        if (!histories[i]) return lathe_fail_null("lathe_account_of", "history");
    const double none = (double)NAN;
    *account = (lathe_account){ .metric = histories[0]->metrics ? &histories[0]->metric[0] : NULL,
        .runs = runs,
        .low_lr = none,
        .high_lr = none,
        .best = none,
        .val_from = none,
        .val_to = none,
        .train_from = none,
        .train_to = none };
    cycles c;
    lathe_status status = find_cycles(histories, runs, &c);
    if (!status) status = compare_extremes(&c, account);
    if (!status) {
        account->cycles = c.count[0];
        find_rates(histories[0], account);
        find_best(histories, runs, account);
        judge_fit(histories, &c, account);
    }
    drop_cycles(&c);
    return status;
}

/* ---- words --------------------------------------------------------------------------------------------- */

static void say(char text[256], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(char text[256], const char *format, ...)
{
    const size_t used = strlen(text);
    va_list list;
    va_start(list, format);
    vsnprintf(text + used, 256 - used, format, list);
    va_end(list);
}

const char *lathe_account_words(const lathe_account *a, char text[256])
{
    if (!a || !text) return lathe_fail_null("lathe_account_words", a ? "text" : "account"), NULL;
    const bool percent = a->metric && a->metric->percent;
    const double unit = percent ? 100 : 1;
    const char *sign = percent ? " %" : "", *title = a->metric ? a->metric->title : "metric";
    const int digits = percent ? 1 : 3;
    text[0] = '\0';
    if (a->cycles > 1) say(text, "%zu cycles between %.3g and %.3g", a->cycles, a->low_lr, a->high_lr);
    if (a->cycles > 1 && isfinite(a->minima)) {
        say(text, ": %.40s %.*f%s at minima, %.*f%s at maxima (%+.*f", title, digits, unit * a->minima, sign,
            digits, unit * a->maxima, sign, digits, unit * a->gap.mean);
        if (isfinite(a->gap.low))
            say(text, ", 95 %% interval %+.*f to %+.*f", digits, unit * a->gap.low, digits,
                unit * a->gap.high);
        say(text, ")");
    }
    if (isfinite(a->best))
        say(text, "%sbest %.*f%s in epoch %llu", *text ? "; " : "", digits, unit * a->best, sign,
            (unsigned long long)a->best_epoch);
    if (a->fit_known && a->over_fits)
        say(text, "; over-fits since epoch %llu", (unsigned long long)a->fit_epoch);
    else if (a->fit_known && a->val_to <= 1.05 * a->val_from) say(text, "; does not over-fit");
    return text;
}
