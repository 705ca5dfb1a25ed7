#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "json.h"
#include "table.h"

/* A difference whose p is at most this is more than noise. */
#define LEVEL 0.05

/* ---- what came of each variant ------------------------------------------------------------------------------ */

/* Names of the variants, for lathe_fail_name's function, which has no argument for them. */
static const cli_group *named;
static int named_count;

static const char *name_at(int index)
{
    return index < named_count ? named[index].name : NULL;
}

static int find_group(const cli_group *group, int count, const char *name)
{
    for (int g = 0; g < count; g++)
        if (!strcmp(group[g].name, name)) return g;
    return count;
}

/* The accuracy of the group's run with that seed; NaN if there is none. */
static double accuracy_of(const lathe_compare *compare, const char *group, uint64_t seed)
{
    for (size_t i = 0; i < compare->runs; i++)
        if (!strcmp(compare->run[i].group, group) && compare->run[i].settings.seed == seed) return compare->run[i].result.test_accuracy;
    return (double)NAN;
}

/* Spreads of one group's runs; `room` holds 5 numbers a run. */
static void measure(const lathe_compare *compare, const char *baseline, cli_group *group, double *room)
{
    size_t most = compare->runs, runs = 0;
    double *accuracy = room, *val_loss = room + most, *train_loss = room + 2 * most, *seconds = room + 3 * most, *other = room + 4 * most;
    for (size_t i = 0; i < most; i++) {
        const lathe_compare_run *run = &compare->run[i];
        if (strcmp(run->group, group->name)) continue;
        accuracy[runs] = run->result.test_accuracy;
        val_loss[runs] = run->result.val_loss;
        train_loss[runs] = run->result.train_loss;
        seconds[runs] = run->result.seconds;
        other[runs++] = accuracy_of(compare, baseline, run->settings.seed);
        group->ended += run->result.end != LATHE_RUN_OPEN;
        group->diverged += run->result.end == LATHE_RUN_NAN;
    }
    group->runs = (int)runs;
    group->accuracy = lathe_spread_of(accuracy, runs);
    group->val_loss = lathe_spread_of(val_loss, runs);
    group->train_loss = lathe_spread_of(train_loss, runs);
    group->seconds = lathe_spread_of(seconds, runs);
    group->against = lathe_paired_t_test(accuracy, other, runs);
}

/* p of each comparison with the baseline, corrected for their number. */
static void correct(cli_group *group, int count, int base, double *p, double *adjusted)
{
    for (int g = 0; g < count; g++) p[g] = g == base ? (double)NAN : group[g].against.p;
    lathe_holm(p, (size_t)count, adjusted);
    for (int g = 0; g < count; g++) group[g].p = adjusted[g];
}

cli_group *cli_groups_of(const lathe_compare *compare, const char *baseline, int *count, int *base)
{
    cli_group *group = lathe_alloc(compare->runs, sizeof *group);
    double *room = lathe_alloc(lathe_times(compare->runs, 5), sizeof *room);
    *count = 0;
    for (size_t i = 0; group && i < compare->runs; i++) {
        int g = find_group(group, *count, compare->run[i].group);
        if (g == *count) group[(*count)++].name = compare->run[i].group;
    }
    named = group;
    named_count = *count;
    *base = group && baseline ? find_group(group, *count, baseline) : 0;
    bool good = group && room && *base < *count;
    if (group && *base == *count) lathe_fail_name("variant", baseline, name_at);
    for (int g = 0; good && g < *count; g++) measure(compare, group[*base].name, &group[g], room);
    if (good) correct(group, *count, *base, room, room + compare->runs);
    lathe_free(room);
    if (good) return group;
    lathe_free(group);
    return NULL;
}

/* ---- for people --------------------------------------------------------------------------------------------- */

static void number_text(char text[64], const char *format, double number)
{
    if (isfinite(number)) snprintf(text, 64, format, number);
    else snprintf(text, 64, "-");
}

static void spread_text(char text[64], const lathe_spread *spread)
{
    number_text(text, "%.2f", 100 * spread->mean);
    if (spread->count > 1) snprintf(text + strlen(text), 64 - strlen(text), " ± %.2f", 100 * spread->deviation);
}

/* The difference in plain words. */
static void words_of(char text[96], const cli_group *group, bool is_base)
{
    const lathe_paired_t *t = &group->against;
    if (group->ended < group->runs && !group->accuracy.count) snprintf(text, 96, "not run yet");
    else if (group->diverged == group->runs) snprintf(text, 96, "diverged");
    else if (group->diverged) snprintf(text, 96, "diverged in %d of %d runs", group->diverged, group->runs);
    else if (is_base) snprintf(text, 96, "what the others are held against");
    else if (t->count < 2) snprintf(text, 96, "one seed: no telling from noise");
    else if (group->p <= LEVEL) snprintf(text, 96, "%s, p = %.2g", t->mean > 0 ? "clearly better" : "clearly worse", group->p);
    else snprintf(text, 96, "difference within seed noise, p = %.2g", group->p);
}

void cli_groups_print(const cli_group *group, int count, int base)
{
    cli_table *table = cli_table_new("lrrrrrrl");
    cli_table_row(table, (const char *const[]){ "variant", "test accuracy %", "best %", "val loss", "train loss", "s a run", "difference", "" });
    for (int g = 0; g < count; g++) {
        char accuracy[64], best[64], val_loss[64], train_loss[64], seconds[64], difference[64], words[96];
        spread_text(accuracy, &group[g].accuracy);
        number_text(best, "%.2f", 100 * group[g].accuracy.most);
        number_text(val_loss, "%.4f", group[g].val_loss.mean);
        number_text(train_loss, "%.4f", group[g].train_loss.mean);
        number_text(seconds, "%.1f", group[g].seconds.mean);
        number_text(difference, "%+.2f", 100 * group[g].against.mean);
        words_of(words, &group[g], g == base);
        cli_table_row(table, (const char *const[]){ group[g].name, accuracy, best, val_loss, train_loss, seconds, g == base ? "" : difference, words });
    }
    cli_table_print(table, stdout, 0);
    if (group[base].accuracy.count > 1 && count > 1)
        printf("\ndifference: points of test accuracy against %s. Paired t test over the %zu seeds, p with Holm's correction for %d\n"
               "comparison%s, noise above 5 %%; ± is the standard deviation over seeds.\n", group[base].name, group[base].accuracy.count, count - 1,
            count == 2 ? "" : "s");
}

/* ---- for programs ------------------------------------------------------------------------------------------- */

static cJSON *group_json(const cli_group *group, bool is_base)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "name", group->name);
    cJSON_AddNumberToObject(object, "runs", group->runs);
    cJSON_AddNumberToObject(object, "ended", group->ended);
    cJSON_AddNumberToObject(object, "diverged", group->diverged);
    cli_json_number(object, "test_accuracy", group->accuracy.mean);
    cli_json_number(object, "deviation", group->accuracy.deviation);
    cli_json_number(object, "best", group->accuracy.most);
    cli_json_number(object, "val_loss", group->val_loss.mean);
    cli_json_number(object, "train_loss", group->train_loss.mean);
    cli_json_number(object, "seconds", group->seconds.mean);
    cli_json_number(object, "difference", is_base ? (double)NAN : group->against.mean);
    cli_json_number(object, "p", group->p);
    cJSON_AddBoolToObject(object, "clear", group->p <= LEVEL);
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

int cli_groups_json(const lathe_compare *compare, const cli_group *group, int count, int base)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "folder", compare->folder);
    cJSON_AddStringToObject(object, "baseline", group[base].name);
    cJSON *groups = cJSON_AddArrayToObject(object, "groups"), *runs = cJSON_AddArrayToObject(object, "runs");
    for (int g = 0; g < count; g++) cJSON_AddItemToArray(groups, group_json(&group[g], g == base));
    for (size_t i = 0; i < compare->runs; i++) cJSON_AddItemToArray(runs, run_json(&compare->run[i]));
    return cli_json_print(object);
}
