#include "accuracy.h"

#include <math.h>

static const char *const averages[] = { "micro", "macro", NULL };

static const lathe_field fields[] = {
    { .name = "k",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_accuracy_opts, k),
        .preset = { 1 },
        .min = 1,
        .max = HUGE_VAL,
        .help = "right if the label is among the k largest scores" },
    { .name = "average",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_accuracy_opts, average),
        .choices = averages,
        .help = "over samples (micro) or classes (macro)" },
    { .name = NULL },
};

static lathe_status check(const void *opts, int classes)
{
    const lathe_accuracy_opts *o = opts;
    if (o->k <= classes) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "accuracy: k = %d is more than the %d classes", o->k, classes);
}

/* State: for each class its samples that were right, then for each class all its samples. */
static size_t numbers(const void *opts, int classes)
{
    (void)opts;
    return 2 * (size_t)classes;
}

static int rank_of(const lathe_real *scores, int classes, int label)
{
    int rank = 0;
    for (int j = 0; j < classes; j++)
        rank += scores[j] > scores[label] || (j < label && scores[j] == scores[label]);
    return rank;
}

static void update(const lathe_metric_view *some)
{
    const lathe_accuracy_opts *o = some->opts;
    double *right = some->state, *seen = some->state + some->classes;
    for (size_t i = 0; i < some->samples; i++) {
        int label = some->labels[i];
        right[label] += rank_of(some->scores + i * (size_t)some->classes, some->classes, label) < o->k;
        seen[label] += 1;
    }
}

static lathe_status compute(const lathe_metric_view *all, double *value)
{
    const lathe_accuracy_opts *o = all->opts;
    const double *right = all->state, *seen = all->state + all->classes;
    double sum = 0, parts = 0, present = 0;
    for (int k = 0; k < all->classes; k++) {
        sum += right[k];
        if (seen[k] == 0) continue;
        parts += right[k] / seen[k];
        present += 1;
    }
    *value = o->average == LATHE_ACCURACY_MICRO ? sum / (double)all->samples : parts / present;
    return LATHE_OK;
}

static lathe_status per_class(const lathe_metric_view *all, double *values)
{
    const double *right = all->state, *seen = all->state + all->classes;
    for (int k = 0; k < all->classes; k++) values[k] = seen[k] > 0 ? right[k] / seen[k] : NAN;
    return LATHE_OK;
}

const lathe_metric_type lathe_accuracy_metric = {
    .name = "accuracy",
    .summary = "how often the label is among the k largest scores",
    .opts_size = sizeof(lathe_accuracy_opts),
    .fields = fields,
    .check = check,
    .numbers = numbers,
    .update = update,
    .compute = compute,
    .per_class = per_class,
};

lathe_metric *lathe_metric_accuracy(int classes, const lathe_accuracy_opts *opts)
{
    return lathe_metric_new(&lathe_accuracy_metric, classes, opts);
}
