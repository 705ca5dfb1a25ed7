#include "average_precision.h"

#include <math.h>
#include <stdlib.h>

#include "../core/alloc.h"
#include "metric_impl.h"

static const char *const averages[] = { "macro", "micro", "weighted", NULL };

static const lathe_field fields[] = {
    { .name = "average",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_average_precision_opts, average),
        .choices = averages,
        .help = "over classes (macro), pairs (micro) or samples (weighted)" },
    { .name = "all_classes",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_average_precision_opts, all_classes),
        .help = "macro: also over classes that do not occur" },
    { .name = "probabilities",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_average_precision_opts, probabilities),
        .help = "rank by the scores, not by their softmax" },
    { .name = NULL },
};

/* One (sample, class) pair. */
typedef struct ranked {
    double score;
    bool positive;
} ranked;

static int higher_score_first(const void *left, const void *right)
{
    double a = ((const ranked *)left)->score, b = ((const ranked *)right)->score;
    return (a < b) - (a > b);
}

/* All samples, with the scores that rank them. */
typedef struct table {
    const lathe_metric_view *all;
    double *scores; /* [samples, classes] */
    ranked *order;  /* the pairs of the classes that are ranked at once */
} table;

static void close_table(table *t)
{
    lathe_free(t->scores);
    lathe_free(t->order);
}

static lathe_status open_table(table *t, const lathe_metric_view *all, bool all_classes)
{
    const lathe_average_precision_opts *o = all->opts;
    size_t classes = (size_t)all->classes;
    *t = (table){ all, lathe_alloc_raw(lathe_times(all->samples, classes), sizeof *t->scores),
        lathe_alloc_raw(lathe_times(all->samples, all_classes ? classes : 1), sizeof *t->order) };
    if (!t->scores || !t->order) {
        close_table(t);
        return LATHE_ENOMEM;
    }
    for (size_t i = 0; i < all->samples; i++) {
        const lathe_real *scores = all->scores + i * classes;
        if (!all->many && !o->probabilities)
            lathe_scores_softmax(scores, all->classes, t->scores + i * classes);
        else
            for (size_t k = 0; k < classes; k++) t->scores[i * classes + k] = (double)scores[k];
    }
    return LATHE_OK;
}

/* A position in the falling scores of one class (class -1: of all pairs). */
typedef struct walk {
    const ranked *order;
    size_t pairs, taken;
    double positives, right;
} walk;

static walk start_walk(const table *t, int class_number)
{
    size_t classes = (size_t)t->all->classes, first = class_number < 0 ? 0 : (size_t)class_number;
    size_t end = class_number < 0 ? classes : first + 1;
    walk w = { .order = t->order };
    for (size_t i = 0; i < t->all->samples; i++)
        for (size_t k = first; k < end; k++) {
            bool positive =
                t->all->many ? t->all->targets[i * classes + k] == 1 : t->all->labels[i] == (int)k;
            t->order[w.pairs++] = (ranked){ t->scores[i * classes + k], positive };
            w.positives += positive;
        }
    qsort(t->order, w.pairs, sizeof *t->order, higher_score_first);
    return w;
}

/* Take in all pairs of the next lower score, and say what precision and recall are with them. False after the
 * last. */
static bool next_point(walk *w, lathe_pr_point *point)
{
    if (w->taken == w->pairs) return false;
    double score = w->order[w->taken].score;
    while (w->taken < w->pairs && w->order[w->taken].score == score)
        w->right += w->order[w->taken++].positive;
    *point = (lathe_pr_point){ w->right / (double)w->taken, w->positives > 0 ? w->right / w->positives : 1,
        score };
    return true;
}

typedef double area_fn(walk *w);

static double steps(walk *w)
{
    double sum = 0, recall = 0;
    for (lathe_pr_point point; next_point(w, &point); recall = point.recall)
        sum += (point.recall - recall) * point.precision;
    return sum;
}

static double trapezoids(walk *w)
{
    double sum = 0;
    lathe_pr_point before = { 1, 0, HUGE_VAL };
    for (lathe_pr_point point; next_point(w, &point); before = point)
        sum += (point.recall - before.recall) * (point.precision + before.precision) / 2;
    return sum;
}

static lathe_status average(const lathe_metric_view *all, area_fn *area, double *value)
{
    const lathe_average_precision_opts *o = all->opts;
    bool micro = o->average == LATHE_AVERAGE_MICRO;
    table t;
    lathe_status status = open_table(&t, all, micro);
    if (status) return status;
    double sum = 0, counted = 0, weighted = 0, weights = 0;
    for (int k = 0; k < all->classes && !micro; k++) {
        walk w = start_walk(&t, k);
        double one = area(&w);
        if (o->all_classes || w.positives > 0) sum += one, counted++;
        weighted += one * w.positives;
        weights += w.positives;
    }
    if (o->average == LATHE_AVERAGE_MACRO) *value = counted > 0 ? sum / counted : 0;
    else *value = weights > 0 ? weighted / weights : 0;
    if (micro) {
        walk w = start_walk(&t, -1);
        *value = area(&w);
    }
    close_table(&t);
    return LATHE_OK;
}

static lathe_status each(const lathe_metric_view *all, area_fn *area, double *values)
{
    table t;
    lathe_status status = open_table(&t, all, false);
    if (status) return status;
    for (int k = 0; k < all->classes; k++) {
        walk w = start_walk(&t, k);
        values[k] = area(&w);
    }
    close_table(&t);
    return LATHE_OK;
}

static lathe_status compute_steps(const lathe_metric_view *all, double *value)
{
    return average(all, steps, value);
}
static lathe_status compute_trapezoids(const lathe_metric_view *all, double *value)
{
    return average(all, trapezoids, value);
}
static lathe_status each_steps(const lathe_metric_view *all, double *values)
{
    return each(all, steps, values);
}
static lathe_status each_trapezoids(const lathe_metric_view *all, double *values)
{
    return each(all, trapezoids, values);
}

const lathe_metric_type lathe_average_precision_metric = {
    .name = "average_precision",
    .summary = "precision averaged over recall, by steps (macro: mAP)",
    .opts_size = sizeof(lathe_average_precision_opts),
    .fields = fields,
    .multilabel = true,
    .keeps_samples = true,
    .compute = compute_steps,
    .per_class = each_steps,
};

const lathe_metric_type lathe_pr_auc_metric = {
    .name = "pr_auc",
    .summary = "area under precision against recall, by trapezoids",
    .opts_size = sizeof(lathe_average_precision_opts),
    .fields = fields,
    .multilabel = true,
    .keeps_samples = true,
    .compute = compute_trapezoids,
    .per_class = each_trapezoids,
};

lathe_metric *lathe_metric_average_precision(int classes, const lathe_average_precision_opts *opts)
{
    return lathe_metric_new(&lathe_average_precision_metric, classes, opts);
}

lathe_metric *lathe_metric_pr_auc(int classes, const lathe_average_precision_opts *opts)
{
    return lathe_metric_new(&lathe_pr_auc_metric, classes, opts);
}

static lathe_status check_curve(const lathe_metric *metric, int class_number, const lathe_pr_point *points,
    const size_t *count)
{
    if (!metric || !count || !points)
        return lathe_fail_null("lathe_pr_curve", !metric ? "metric" : !count ? "count" : "points");
    if (lathe_metric_type_of(metric)->fields != fields)
        return lathe_fail(LATHE_EARG, "lathe_pr_curve: the metric %s has no curve",
            lathe_metric_type_of(metric)->name);
    if (class_number < -1 || class_number >= lathe_metric_classes(metric))
        return lathe_fail(LATHE_EARG, "lathe_pr_curve: class %d of %d", class_number,
            lathe_metric_classes(metric));
    if (!lathe_metric_samples(metric))
        return lathe_fail(LATHE_ESTATE, "lathe_pr_curve: there are no samples yet");
    return LATHE_OK;
}

lathe_status lathe_pr_curve(const lathe_metric *metric, int class_number, lathe_pr_point *points, size_t room,
    size_t *count)
{
    lathe_status status = check_curve(metric, class_number, points, count);
    if (status) return status;
    lathe_metric_view all = lathe_metric_view_of(metric);
    table t;
    if ((status = open_table(&t, &all, class_number < 0))) return status;
    walk w = start_walk(&t, class_number);
    size_t n = 0;
    for (lathe_pr_point point; next_point(&w, &point); n++)
        if (n < room) points[n] = point;
    close_table(&t);
    *count = n + 1;
    if (room < *count) return LATHE_OK;
    for (size_t i = 0; i < n / 2; i++) {
        lathe_pr_point swapped = points[i];
        points[i] = points[n - 1 - i];
        points[n - 1 - i] = swapped;
    }
    points[n] = (lathe_pr_point){ 1, 0, HUGE_VAL };
    return LATHE_OK;
}
