#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "../command.h"
#include "../json.h"
#include "table.h"

/* ---- for people ---------------------------------------------------------------------------------------- */

static void number_text(char text[64], const char *format, double number)
{
    if (fabs(number) >= 1e5 && isfinite(number)) snprintf(text, 64, "%.3g", number);
    else if (isfinite(number)) snprintf(text, 64, format, number);
    else snprintf(text, 64, "-");
}

static void spread_text(char text[64], const lathe_spread *spread)
{
    number_text(text, "%.2f", 100 * spread->mean);
    if (spread->count > 1)
        snprintf(text + strlen(text), 64 - strlen(text), " ± %.2f", 100 * spread->deviation);
}

static const lathe_variant *baseline_of(const lathe_variant *variant)
{
    while (!variant->baseline) variant++;
    return variant;
}

/* Hypotheses were named: then the variants have no column of differences from a baseline. */
static void print_variants(const cli_results *results)
{
    const bool named = results->hypotheses > 0;
    cli_table *table = cli_table_new(named ? "lrrrrrl" : "lrrrrrrl");
    cli_table_row(table,
        (const char *const[]){ "variant", "test accuracy %", "best %", "val loss", "train loss", "s a run",
            named ? "" : "difference", "" });
    for (int v = 0; v < results->variants; v++) {
        const lathe_variant *variant = &results->variant[v];
        char accuracy[64], best[64], val_loss[64], train_loss[64], seconds[64], difference[64], words[96];
        spread_text(accuracy, &variant->accuracy);
        number_text(best, "%.2f", 100 * variant->accuracy.most);
        number_text(val_loss, "%.4f", variant->val_loss.mean);
        number_text(train_loss, "%.4f", variant->train_loss.mean);
        number_text(seconds, "%.1f", variant->seconds.mean);
        number_text(difference, "%+.2f", 100 * variant->against.mean);
        lathe_variant_words(variant, words);
        cli_table_row(table,
            (const char *const[]){ variant->name, accuracy, best, val_loss, train_loss, seconds,
                named                 ? words :
                    variant->baseline ? "" :
                                        difference,
                words });
    }
    cli_table_print(table, stdout, 0);
}

static void print_hypotheses(const cli_results *results)
{
    cli_table *table = cli_table_new("lrrrl");
    putchar('\n');
    cli_table_row(table,
        (const char *const[]){ "named test", "difference", "95 % interval", "p (Holm)", "result" });
    for (int i = 0; i < results->hypotheses; i++) {
        const lathe_hypothesis *h = &results->hypothesis[i];
        const double unit = h->percent ? 100 : 1;
        const char *format = h->percent ? "%+.2f" : "%+.4f";
        char mean[64], low[64], high[64], interval[132], p[64], words[128];
        number_text(mean, format, unit * h->test.mean);
        number_text(low, format, unit * h->test.low);
        number_text(high, format, unit * h->test.high);
        number_text(p, "%.2g", h->p);
        snprintf(interval, sizeof interval, "%s to %s", low, high);
        cli_table_row(table,
            (const char *const[]){ h->text, mean, interval, p, lathe_hypothesis_words(h, words) });
    }
    cli_table_print(table, stdout, 0);
}

void cli_results_print(const cli_results *results)
{
    const lathe_variant *base = baseline_of(results->variant);
    print_variants(results);
    if (results->hypotheses) {
        print_hypotheses(results);
        printf("\ndifference: points of accuracy, or losses. Paired two-sided t tests over %zu seeds, p with "
               "Holm's correction for\n"
               "%d named test%s; interval: 95 %%, uncorrected. ± is the standard deviation over seeds.\n",
            results->hypothesis[0].test.count, results->hypotheses, results->hypotheses == 1 ? "" : "s");
    } else if (base->accuracy.count > 1 && results->variants > 1) {
        printf("\ndifference: points of test accuracy against %s. Paired t test over the %zu seeds, p with "
               "Holm's correction for %d\n"
               "comparison%s, noise above 5 %%; ± is the standard deviation over seeds.\n",
            base->name, base->accuracy.count, results->variants - 1, results->variants == 2 ? "" : "s");
    }
}

/* The account of a variant's runs; of no runs: nothing is written. */
static lathe_status variant_words(const cli_results *results, const char *name, lathe_history *room,
    const lathe_history **known, char words[256])
{
    const lathe_compare *compare = results->compare;
    size_t count = 0;
    lathe_account account;
    lathe_status status = LATHE_OK;
    words[0] = '\0';
    for (size_t i = 0; i < compare->runs && !status; i++) {
        if (strcmp(compare->run[i].group, name) || lathe_compare_run_died(compare, i)) continue;
        status = lathe_curves_history(compare, i, &room[i]);
        if (room[i].steps) known[count++] = &room[i];
    }
    if (!status && count) status = lathe_account_of(known, count, &account);
    if (!status && count) lathe_account_words(&account, words);
    for (size_t i = 0; i < compare->runs; i++) lathe_history_free(&room[i]);
    return status;
}

int cli_results_accounts(const cli_results *results)
{
    const size_t runs = results->compare->runs;
    lathe_history *room = lathe_alloc(runs, sizeof *room);
    const lathe_history **known = lathe_alloc(runs, sizeof *known);
    cli_table *table = cli_table_new("ll");
    lathe_status status = room && known ? LATHE_OK : lathe_error();
    bool any = false;
    for (int v = 0; v < results->variants && !status; v++) {
        char words[256];
        status = variant_words(results, results->variant[v].name, room, known, words);
        if (!*words) continue;
        any = true;
        cli_table_row(table, (const char *const[]){ results->variant[v].name, words });
    }
    if (any) putchar('\n');
    cli_table_print(table, stdout, 0);
    lathe_free(room);
    lathe_free(known);
    return status ? cli_library_failed() : CLI_DONE;
}

/* ---- for programs -------------------------------------------------------------------------------------- */

static cJSON *variant_json(const lathe_variant *variant)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "name", variant->name);
    cJSON_AddNumberToObject(object, "runs", variant->runs);
    cJSON_AddNumberToObject(object, "ended", variant->ended);
    cJSON_AddNumberToObject(object, "diverged", variant->diverged);
    cJSON_AddNumberToObject(object, "died", variant->died);
    cli_json_number(object, "test_accuracy", variant->accuracy.mean);
    cli_json_number(object, "deviation", variant->accuracy.deviation);
    cli_json_number(object, "best", variant->accuracy.most);
    cli_json_number(object, "val_loss", variant->val_loss.mean);
    cli_json_number(object, "train_loss", variant->train_loss.mean);
    cli_json_number(object, "seconds", variant->seconds.mean);
    cli_json_number(object, "difference", variant->baseline ? (double)NAN : variant->against.mean);
    cli_json_number(object, "p", variant->p);
    cJSON_AddBoolToObject(object, "clear", variant->p <= LATHE_VARIANT_LEVEL);
    return object;
}

/* The cycles of the rate with the validation's first metric at their extremes, as in lathe_run_json. */
static lathe_status add_cycles(cJSON *object, const lathe_compare *compare, size_t index)
{
    lathe_history history = { 0 };
    size_t count = 0;
    lathe_status status = lathe_curves_history(compare, index, &history);
    lathe_cycle *cycle = status ? NULL : lathe_history_cycles(&history, -1, &count);
    cJSON *list = cJSON_AddArrayToObject(object, "cycles");
    for (size_t i = 0; count > 1 && i < count; i++) {
        cJSON *one = cJSON_CreateObject();
        cJSON_AddNumberToObject(one, "max_step", (double)cycle[i].max_step);
        cJSON_AddNumberToObject(one, "min_step", (double)cycle[i].min_step);
        cli_json_number(one, "max_lr", cycle[i].max_lr);
        cli_json_number(one, "min_lr", cycle[i].min_lr);
        cli_json_number(one, "at_max", cycle[i].at_max);
        cli_json_number(one, "at_min", cycle[i].at_min);
        cJSON_AddItemToArray(list, one);
    }
    status = cycle ? LATHE_OK : lathe_error();
    lathe_free(cycle);
    lathe_history_free(&history);
    return status;
}

static cJSON *run_json(const lathe_compare_run *run)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "group", run->group);
    cJSON_AddNumberToObject(object, "seed", (double)run->settings.seed);
    cJSON_AddStringToObject(object, "folder", run->folder);
    cJSON_AddStringToObject(object, "end", lathe_run_end_name(run->result.end));
    cJSON_AddNumberToObject(object, "steps", (double)run->result.steps);
    cli_json_number(object, "train_loss", run->result.train_loss);
    cli_json_number(object, "val_loss", run->result.val_loss);
    cli_json_number(object, "val_accuracy", run->result.val_accuracy);
    cli_json_number(object, "test_loss", run->result.test_loss);
    cli_json_number(object, "test_accuracy", run->result.test_accuracy);
    cli_json_number(object, "best_val_accuracy", run->result.best_val_accuracy);
    cli_json_number(object, "minima_accuracy", run->result.minima_accuracy);
    cli_json_number(object, "maxima_accuracy", run->result.maxima_accuracy);
    cli_json_number(object, "seconds", run->result.seconds);
    return object;
}

static cJSON *hypothesis_json(const lathe_hypothesis *h)
{
    char words[128];
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "test", h->text);
    cJSON_AddStringToObject(object, "measure", h->measure);
    cli_json_number(object, "difference", h->test.mean);
    cli_json_number(object, "low", h->test.low);
    cli_json_number(object, "high", h->test.high);
    cli_json_number(object, "p", h->p);
    cJSON_AddNumberToObject(object, "seeds", (double)h->test.count);
    cJSON_AddStringToObject(object, "words", lathe_hypothesis_words(h, words));
    return object;
}

int cli_results_json(const cli_results *results)
{
    const lathe_compare *compare = results->compare;
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "folder", compare->folder);
    cJSON_AddStringToObject(object, "baseline", baseline_of(results->variant)->name);
    cJSON *groups = cJSON_AddArrayToObject(object, "groups"),
          *tests = cJSON_AddArrayToObject(object, "tests"), *runs = cJSON_AddArrayToObject(object, "runs");
    for (int v = 0; v < results->variants; v++)
        cJSON_AddItemToArray(groups, variant_json(&results->variant[v]));
    for (int i = 0; i < results->hypotheses; i++)
        cJSON_AddItemToArray(tests, hypothesis_json(&results->hypothesis[i]));
    for (size_t i = 0; i < compare->runs; i++) {
        cJSON *run = run_json(&compare->run[i]);
        cJSON_AddItemToArray(runs, run);
        if (!add_cycles(run, compare, i)) continue;
        cJSON_Delete(object);
        return cli_library_failed();
    }
    return cli_json_print(object);
}
