#include "variants.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/field.h"

/* The names of some variants; one without a name ends them. */
static const char *name_at(const void *variants, int index)
{
    return ((const lathe_variant *)variants)[index].name;
}

static int find(const lathe_variant *variant, int count, const char *name)
{
    for (int v = 0; v < count; v++)
        if (!strcmp(variant[v].name, name)) return v;
    return count;
}

bool lathe_compare_run_died(const lathe_compare *compare, size_t index)
{
    if (!compare || index >= compare->runs) return false;
    const lathe_compare_run *run = &compare->run[index];
    double best = 0;
    for (size_t i = 0; i < compare->runs; i++)
        if (!strcmp(compare->run[i].group, run->group) && compare->run[i].result.test_accuracy > best)
            best = compare->run[i].result.test_accuracy;
    return run->result.end == LATHE_RUN_NAN || run->result.test_accuracy < best / 2;
}

/* The accuracy of the variant's run with this seed; NaN without one, and if it died. */
static double accuracy_of(const lathe_compare *compare, const char *name, uint64_t seed)
{
    for (size_t i = 0; i < compare->runs; i++)
        if (!strcmp(compare->run[i].group, name) && compare->run[i].settings.seed == seed)
            return lathe_compare_run_died(compare, i) ? (double)NAN : compare->run[i].result.test_accuracy;
    return (double)NAN;
}

/* Spreads of one variant's runs; `room` holds 5 numbers a run. */
static void measure(const lathe_compare *compare, const char *baseline, lathe_variant *variant, double *room)
{
    size_t most = compare->runs, runs = 0;
    double *accuracy = room, *val_loss = room + most, *train_loss = room + 2 * most,
           *seconds = room + 3 * most, *other = room + 4 * most;
    for (size_t i = 0; i < most; i++) {
        const lathe_compare_run *run = &compare->run[i];
        if (strcmp(run->group, variant->name)) continue;
        const bool died = lathe_compare_run_died(compare, i);
        accuracy[runs] = died ? (double)NAN : run->result.test_accuracy;
        val_loss[runs] = died ? (double)NAN : run->result.val_loss;
        train_loss[runs] = died ? (double)NAN : run->result.train_loss;
        variant->died += died;
        seconds[runs] = run->result.seconds;
        other[runs++] = accuracy_of(compare, baseline, run->settings.seed);
        variant->ended += run->result.end != LATHE_RUN_OPEN;
        variant->diverged += run->result.end == LATHE_RUN_NAN;
    }
    variant->runs = (int)runs;
    variant->named = compare->tests > 0;
    variant->accuracy = lathe_spread_of(accuracy, runs);
    variant->val_loss = lathe_spread_of(val_loss, runs);
    variant->train_loss = lathe_spread_of(train_loss, runs);
    variant->seconds = lathe_spread_of(seconds, runs);
    variant->against = lathe_paired_t_test(accuracy, other, runs);
}

/* p of each comparison with the baseline, corrected for their number. */
static void correct(lathe_variant *variant, int count, double *p, double *adjusted)
{
    for (int v = 0; v < count; v++)
        p[v] = variant[v].baseline || variant[v].named ? (double)NAN : variant[v].against.p;
    lathe_holm(p, (size_t)count, adjusted);
    for (int v = 0; v < count; v++) variant[v].p = adjusted[v];
}

lathe_variant *lathe_variants_of(const lathe_compare *compare, const char *baseline, int *count)
{
    if (!compare || !count) {
        lathe_fail_null("lathe_variants_of", compare ? "count" : "compare");
        return NULL;
    }
    lathe_variant *variant = lathe_alloc(compare->runs + 1, sizeof *variant);
    double *room = lathe_alloc(lathe_times(compare->runs, 5), sizeof *room);
    *count = 0;
    for (size_t i = 0; variant && i < compare->runs; i++) {
        const lathe_compare_run *run = &compare->run[i];
        int v = find(variant, *count, run->group);
        if (v == *count) variant[(*count)++] = (lathe_variant){ .name = run->group, .differs = run->differs };
    }
    int base = variant && baseline ? find(variant, *count, baseline) : 0;
    const bool good = variant && room && base < *count;
    if (variant && room && !good) lathe_fail_name("variant", baseline ? baseline : "", name_at, variant);
    if (good) variant[base].baseline = true;
    for (int v = 0; good && v < *count; v++) measure(compare, variant[base].name, &variant[v], room);
    if (good) correct(variant, *count, room, room + compare->runs);
    lathe_free(room);
    if (good) return variant;
    lathe_free(variant);
    return NULL;
}

const char *lathe_variant_words(const lathe_variant *variant, char text[96])
{
    if (!variant || !text) {
        lathe_fail_null("lathe_variant_words", variant ? "text" : "variant");
        return NULL;
    }
    const lathe_paired_t *t = &variant->against;
    char died[40] = "";
    if (variant->died) snprintf(died, sizeof died, "%d of %d died; ", variant->died, variant->runs);
    if (variant->ended < variant->runs && !variant->accuracy.count) snprintf(text, 96, "not run yet");
    else if (variant->diverged == variant->runs) snprintf(text, 96, "diverged");
    else if (variant->named) snprintf(text, 96, "%.*s", (int)strcspn(died, ";"), died);
    else if (variant->baseline) snprintf(text, 96, "%sthe baseline", died);
    else if (t->count < 2) snprintf(text, 96, "%sone seed: noise unknown", died);
    else if (variant->p <= LATHE_VARIANT_LEVEL)
        snprintf(text, 96, "%s%s, p = %.2g", died, t->mean > 0 ? "clearly better" : "clearly worse",
            variant->p);
    else snprintf(text, 96, "%sdifference within seed noise, p = %.2g", died, variant->p);
    return text;
}
