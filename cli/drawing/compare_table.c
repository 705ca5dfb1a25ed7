#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "../json.h"
#include "table.h"

/* ---- for people ---------------------------------------------------------------------------------------- */

static void number_text(char text[64], const char *format, double number)
{
    if (isfinite(number)) snprintf(text, 64, format, number);
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

void cli_variants_print(const lathe_variant *variant, int count)
{
    cli_table *table = cli_table_new("lrrrrrrl");
    cli_table_row(table,
        (const char *const[]){ "variant", "test accuracy %", "best %", "val loss", "train loss", "s a run",
            "difference", "" });
    for (int v = 0; v < count; v++) {
        char accuracy[64], best[64], val_loss[64], train_loss[64], seconds[64], difference[64], words[96];
        spread_text(accuracy, &variant[v].accuracy);
        number_text(best, "%.2f", 100 * variant[v].accuracy.most);
        number_text(val_loss, "%.4f", variant[v].val_loss.mean);
        number_text(train_loss, "%.4f", variant[v].train_loss.mean);
        number_text(seconds, "%.1f", variant[v].seconds.mean);
        number_text(difference, "%+.2f", 100 * variant[v].against.mean);
        cli_table_row(table,
            (const char *const[]){ variant[v].name, accuracy, best, val_loss, train_loss, seconds,
                variant[v].baseline ? "" : difference, lathe_variant_words(&variant[v], words) });
    }
    cli_table_print(table, stdout, 0);
    const lathe_variant *base = baseline_of(variant);
    if (base->accuracy.count > 1 && count > 1)
        printf("\ndifference: points of test accuracy against %s. Paired t test over the %zu seeds, p with "
               "Holm's correction for %d\n"
               "comparison%s, noise above 5 %%; ± is the standard deviation over seeds.\n",
            base->name, base->accuracy.count, count - 1, count == 2 ? "" : "s");
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

static cJSON *run_json(const lathe_compare_run *run)
{
    static const char *const ends[] = { "open", "complete", "early_stop", "interrupted", "not_a_number" };
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "group", run->group);
    cJSON_AddNumberToObject(object, "seed", (double)run->settings.seed);
    cJSON_AddStringToObject(object, "folder", run->folder);
    cJSON_AddStringToObject(object, "end", ends[run->result.end]);
    cJSON_AddNumberToObject(object, "steps", (double)run->result.steps);
    cli_json_number(object, "train_loss", run->result.train_loss);
    cli_json_number(object, "val_loss", run->result.val_loss);
    cli_json_number(object, "val_accuracy", run->result.val_accuracy);
    cli_json_number(object, "test_loss", run->result.test_loss);
    cli_json_number(object, "test_accuracy", run->result.test_accuracy);
    cli_json_number(object, "seconds", run->result.seconds);
    return object;
}

int cli_variants_json(const lathe_compare *compare, const lathe_variant *variant, int count)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "folder", compare->folder);
    cJSON_AddStringToObject(object, "baseline", baseline_of(variant)->name);
    cJSON *groups = cJSON_AddArrayToObject(object, "groups"), *runs = cJSON_AddArrayToObject(object, "runs");
    for (int v = 0; v < count; v++) cJSON_AddItemToArray(groups, variant_json(&variant[v]));
    for (size_t i = 0; i < compare->runs; i++) cJSON_AddItemToArray(runs, run_json(&compare->run[i]));
    return cli_json_print(object);
}
