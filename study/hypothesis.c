#include "hypothesis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/field.h"
#include "compare_impl.h"
#include "variants.h"

/* ---- measures ------------------------------------------------------------------------------------------ */

/* What a hypothesis can be about: a number of the result, or the difference of two. */
typedef struct measure {
    const char *name;
    size_t offset;
    bool percent, difference;
    size_t minus;
} measure;

static const measure measures[] = {
    { "test_accuracy", offsetof(lathe_compare_result, test_accuracy), true, false, 0 },
    { "val_accuracy", offsetof(lathe_compare_result, best_val_accuracy), true, false, 0 },
    { "swing", offsetof(lathe_compare_result, minima_accuracy), true, true,
        offsetof(lathe_compare_result, maxima_accuracy) },
    { "test_loss", offsetof(lathe_compare_result, test_loss), false, false, 0 },
    { "val_loss", offsetof(lathe_compare_result, val_loss), false, false, 0 },
    { "train_loss", offsetof(lathe_compare_result, train_loss), false, false, 0 },
    { "ensemble", offsetof(lathe_compare_result, ensemble_accuracy), true, false, 0 },
    { "ensemble_gain", offsetof(lathe_compare_result, ensemble_accuracy), true, true,
        offsetof(lathe_compare_result, snapshot_accuracy) },
    { "grad_norm", offsetof(lathe_compare_result, grad_norm.last), false, false, 0 },
    { "update_ratio", offsetof(lathe_compare_result, update_ratio.last), false, false, 0 },
    { "sharpness", offsetof(lathe_compare_result, sharpness.last), false, false, 0 },
    { "grad_norm_swing", offsetof(lathe_compare_result, grad_norm.minima), false, true,
        offsetof(lathe_compare_result, grad_norm.maxima) },
    { "update_ratio_swing", offsetof(lathe_compare_result, update_ratio.minima), false, true,
        offsetof(lathe_compare_result, update_ratio.maxima) },
    { "sharpness_swing", offsetof(lathe_compare_result, sharpness.minima), false, true,
        offsetof(lathe_compare_result, sharpness.maxima) },
};
enum { MEASURES = sizeof measures / sizeof measures[0] };

static const char *measure_name(const void *unused, int index)
{
    (void)unused;
    return index < MEASURES ? measures[index].name : NULL;
}

static const measure *find_measure(const char *name)
{
    for (int i = 0; i < MEASURES; i++)
        if (!strcmp(measures[i].name, name)) return &measures[i];
    lathe_fail_name("measure", name, measure_name, NULL);
    return NULL;
}

static double number_at(const lathe_compare_result *result, size_t offset)
{
    double number;
    memcpy(&number, (const char *)result + offset, sizeof number);
    return number;
}

/* The measure of the variant's run with this seed; NaN without one, and if the run died. */
static double measured(const lathe_compare *compare, const measure *m, const char *variant, uint64_t seed)
{
    for (size_t i = 0; i < compare->runs; i++) {
        const lathe_compare_run *run = &compare->run[i];
        if (strcmp(run->group, variant) || run->settings.seed != seed) continue;
        if (run->result.end == LATHE_RUN_OPEN || lathe_compare_run_died(compare, i)) return (double)NAN;
        return number_at(&run->result, m->offset) - (m->difference ? number_at(&run->result, m->minus) : 0);
    }
    return (double)NAN;
}

/* ---- texts --------------------------------------------------------------------------------------------- */

lathe_status lathe_compare_add_test(lathe_compare *compare, const char *text)
{
    if (strlen(text) >= LATHE_SETTING_LONG)
        return lathe_fail(LATHE_EARG, "test '%.60s...' is too long", text);
    char **grown =
        lathe_grow(compare->test, (size_t)compare->tests, (size_t)compare->tests + 1, sizeof *compare->test);
    if (!grown) return lathe_error();
    compare->test = grown;
    grown[compare->tests] = lathe_strdup(text);
    if (!grown[compare->tests]) return lathe_error();
    compare->tests++;
    return LATHE_OK;
}

lathe_status lathe_compare_check_tests(const lathe_compare *compare)
{
    int count;
    lathe_hypothesis *hypothesis = lathe_hypotheses_of(compare, &count);
    lathe_free(hypothesis);
    return hypothesis ? LATHE_OK : lathe_error();
}

void lathe_compare_drop_tests(lathe_compare *compare)
{
    for (int i = 0; i < compare->tests; i++) lathe_free(compare->test[i]);
    lathe_free(compare->test);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* The names of a comparison's variants, one after the other; repeated names are passed over. */
static const char *group_name(const void *context, int index)
{
    const lathe_compare *compare = context;
    for (size_t i = 0; i < compare->runs; i++) {
        size_t first = 0;
        while (strcmp(compare->run[first].group, compare->run[i].group)) first++;
        if (first == i && index-- == 0) return compare->run[i].group;
    }
    return NULL;
}

/* The comparison's own copy of a variant's name; NULL if no variant has the name. */
static const char *find_group(const lathe_compare *compare, const char *name)
{
    for (size_t i = 0; i < compare->runs; i++)
        if (!strcmp(compare->run[i].group, name)) return compare->run[i].group;
    return NULL;
}

/* The last " WORD " in a text. */
static char *last_of(char *text, const char *word)
{
    char *found = NULL;
    for (char *at = text; (at = strstr(at, word)); at++) found = at;
    return found;
}

/* "B [by MEASURE] [within MARGIN]", which is changed. */
static lathe_status read_right(const lathe_compare *compare, char *right, lathe_hypothesis *h,
    const measure **m)
{
    char *within = last_of(right, " within "), *by;
    *m = &measures[0];
    if (within && !find_group(compare, right)) {
        *within = '\0';
        if (!lathe_parse_double(within + strlen(" within "), &h->margin) || !(h->margin > 0))
            return lathe_fail(LATHE_EARG, "test '%s': within what? expected a number above 0", h->text);
    }
    if (!find_group(compare, right) && (by = last_of(right, " by "))) {
        *by = '\0';
        *m = find_measure(by + strlen(" by "));
        if (!*m) return lathe_error();
    }
    h->other = find_group(compare, right);
    if (!h->other && strcmp(right, "0")) return lathe_fail_name("variant", right, group_name, compare);
    return LATHE_OK;
}

/* "A > B ..." */
static lathe_status read_text(const lathe_compare *compare, const char *text, lathe_hypothesis *h,
    const measure **m)
{
    static const char *const sign[] = { " < ", " = ", " > " };
    char copy[LATHE_SETTING_LONG], *middle = NULL;
    snprintf(copy, sizeof copy, "%s", text);
    *h = (lathe_hypothesis){ .text = text };
    for (int i = 0; i < 3 && !middle; i++) {
        middle = strstr(copy, sign[i]);
        h->expected = i - 1;
    }
    if (!middle) return lathe_fail(LATHE_EARG, "test '%s': expected 'A > B', 'A < B' or 'A = B'", text);
    *middle = '\0';
    h->variant = find_group(compare, copy);
    if (!h->variant) return lathe_fail_name("variant", copy, group_name, compare);
    lathe_status status = read_right(compare, middle + 3, h, m);
    if (status) return status;
    h->measure = (*m)->name;
    h->percent = (*m)->percent;
    if (h->percent) h->margin /= 100;
    if (!h->expected && !(h->margin > 0))
        return lathe_fail(LATHE_EARG, "test '%s': 'A = B' needs 'within MARGIN'", text);
    return LATHE_OK;
}

/* ---- testing ------------------------------------------------------------------------------------------- */

static void test(const lathe_compare *compare, const measure *m, lathe_hypothesis *h, double *room)
{
    double *a = room, *b = room + compare->runs;
    size_t runs = 0;
    for (size_t i = 0; i < compare->runs; i++) {
        const lathe_compare_run *run = &compare->run[i];
        if (strcmp(run->group, h->variant)) continue;
        a[runs] = measured(compare, m, h->variant, run->settings.seed);
        b[runs++] = h->other ? measured(compare, m, h->other, run->settings.seed) : 0;
    }
    h->test = lathe_paired_t_test(a, b, runs);
}

lathe_hypothesis *lathe_hypotheses_of(const lathe_compare *compare, int *count)
{
    if (!compare || !count) {
        lathe_fail_null("lathe_hypotheses_of", compare ? "count" : "compare");
        return NULL;
    }
    const size_t most = compare->runs > (size_t)compare->tests ? compare->runs : (size_t)compare->tests;
    lathe_hypothesis *h = lathe_alloc((size_t)compare->tests + 1, sizeof *h);
    double *room = lathe_alloc(lathe_times(most, 2), sizeof *room);
    lathe_status status = h && room ? LATHE_OK : lathe_error();
    *count = compare->tests;
    for (int i = 0; i < *count && !status; i++) {
        const measure *m;
        status = read_text(compare, compare->test[i], &h[i], &m);
        if (!status) test(compare, m, &h[i], room);
    }
    for (int i = 0; i < *count && !status; i++) room[i] = h[i].test.p;
    if (!status) lathe_holm(room, (size_t)*count, room + most);
    for (int i = 0; i < *count && !status; i++) h[i].p = room[most + (size_t)i];
    lathe_free(room);
    if (!status) return h;
    lathe_free(h);
    return NULL;
}

const char *lathe_hypothesis_words(const lathe_hypothesis *hypothesis, char text[128])
{
    if (!hypothesis || !text) {
        lathe_fail_null("lathe_hypothesis_words", hypothesis ? "text" : "hypothesis");
        return NULL;
    }
    const lathe_hypothesis *h = hypothesis;
    const lathe_paired_t *t = &h->test;
    const bool within = h->margin > 0 && t->low >= -h->margin && t->high <= h->margin;
    const int sign = t->mean > 0 ? 1 : -1;
    char margin[64];
    snprintf(margin, sizeof margin, "%.4g%s", h->margin * (h->percent ? 100 : 1),
        h->percent ? " points" : "");
    if (!t->count) snprintf(text, 128, "not run yet");
    else if (t->count < 2) snprintf(text, 128, "one seed: noise unknown");
    else if (h->p <= LATHE_VARIANT_LEVEL)
        snprintf(text, 128, "%s%s, p = %.2g%s%s", sign > 0 ? "higher" : "lower",
            !h->expected            ? "" :
                sign == h->expected ? ", as expected" :
                                      ", against the expectation",
            h->p, within ? "; by less than " : "", within ? margin : "");
    else if (within) snprintf(text, 128, "no difference larger than %s, p = %.2g", margin, h->p);
    else snprintf(text, 128, "undecided, p = %.2g", h->p);
    return text;
}
