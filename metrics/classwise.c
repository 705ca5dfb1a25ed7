#include "classwise.h"

#include <math.h>

static const char *const averages[] = { "macro", "micro", "weighted", NULL };

/* Only the F-score has a beta; the fields of the other metrics begin after it. */
static const lathe_field fields[] = {
    { .name = "beta",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_classwise_opts, beta),
        .preset = { 1 },
        .max = HUGE_VAL,
        .help = "the weight of recall, relative to precision" },
    { .name = "average",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_classwise_opts, average),
        .choices = averages,
        .help = "over classes (macro), counts (micro) or samples (weighted)" },
    { .name = "all_classes",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_classwise_opts, all_classes),
        .help = "macro: also over classes that neither occur nor are predicted" },
    { .name = "zero_division",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_classwise_opts, zero_division),
        .max = 1,
        .help = "what 0/0 counts as: 0 or 1" },
    { .name = "threshold",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_classwise_opts, threshold),
        .help = "with targets: scores above it are predictions" },
    { .name = NULL },
};

/* The counts of one class. */
typedef struct tally {
    double right, predicted, actual;
} tally;

/* State: three numbers a class. */
static size_t numbers(const void *opts, int classes)
{
    (void)opts;
    return 3 * (size_t)classes;
}

static tally tally_of(const lathe_metric_view *view, int class_number)
{
    const double *state = view->state + 3 * class_number;
    return (tally){ state[0], state[1], state[2] };
}

static void count(double *state, bool predicted, bool actual)
{
    state[0] += predicted && actual;
    state[1] += predicted;
    state[2] += actual;
}

static void update(const lathe_metric_view *some)
{
    const lathe_classwise_opts *o = some->opts;
    for (size_t i = 0; i < some->samples; i++) {
        const lathe_real *scores = some->scores + i * (size_t)some->classes;
        int best = some->labels ? lathe_argmax(scores, some->classes) : -1;
        for (int k = 0; k < some->classes; k++)
            if (some->labels) count(some->state + 3 * k, k == best, k == some->labels[i]);
            else
                count(some->state + 3 * k, (double)scores[k] > o->threshold,
                    some->targets[i * (size_t)some->classes + (size_t)k] == 1);
    }
}

typedef double ratio_fn(const tally *t, const lathe_classwise_opts *o);

static double divide(double part, double whole, const lathe_classwise_opts *o)
{
    return whole > 0 ? part / whole : o->zero_division;
}

static double precision(const tally *t, const lathe_classwise_opts *o)
{
    return divide(t->right, t->predicted, o);
}

static double recall(const tally *t, const lathe_classwise_opts *o) { return divide(t->right, t->actual, o); }

static double fbeta(const tally *t, const lathe_classwise_opts *o)
{
    double p = precision(t, o), r = recall(t, o), beta2 = o->beta * o->beta, below = beta2 * p + r;
    return below > 0 ? (1 + beta2) * p * r / below : 0;
}

static double iou(const tally *t, const lathe_classwise_opts *o)
{
    return divide(t->right, t->predicted + t->actual - t->right, o);
}

/* A class without samples and predictions says nothing about the net: 0/0. It has no part in the mean. */
static bool takes_part(tally t, const lathe_classwise_opts *o)
{
    return o->all_classes || t.actual + t.predicted > 0;
}

static lathe_status average(const lathe_metric_view *all, ratio_fn *ratio, double *value)
{
    const lathe_classwise_opts *o = all->opts;
    tally sum = { 0 };
    double mean = 0, weighted = 0;
    int counted = 0;
    for (int k = 0; k < all->classes; k++) counted += takes_part(tally_of(all, k), o);
    for (int k = 0; k < all->classes; k++) {
        tally t = tally_of(all, k);
        sum.right += t.right;
        sum.predicted += t.predicted;
        sum.actual += t.actual;
        if (takes_part(t, o)) mean += ratio(&t, o) / counted;
        weighted += ratio(&t, o) * t.actual;
    }
    if (!counted) mean = o->zero_division;
    if (o->average == LATHE_AVERAGE_MACRO) *value = mean;
    else if (o->average == LATHE_AVERAGE_MICRO) *value = ratio(&sum, o);
    else if (sum.actual > 0) *value = weighted / sum.actual;
    else *value = ratio == iou ? mean : ratio(&sum, o); /* all weights are 0: as in scikit-learn */
    return LATHE_OK;
}

static lathe_status each(const lathe_metric_view *all, ratio_fn *ratio, double *values)
{
    for (int k = 0; k < all->classes; k++) {
        tally t = tally_of(all, k);
        values[k] = ratio(&t, all->opts);
    }
    return LATHE_OK;
}

static lathe_status compute_precision(const lathe_metric_view *all, double *value)
{
    return average(all, precision, value);
}
static lathe_status compute_recall(const lathe_metric_view *all, double *value)
{
    return average(all, recall, value);
}
static lathe_status compute_fbeta(const lathe_metric_view *all, double *value)
{
    return average(all, fbeta, value);
}
static lathe_status compute_iou(const lathe_metric_view *all, double *value)
{
    return average(all, iou, value);
}
static lathe_status each_precision(const lathe_metric_view *all, double *values)
{
    return each(all, precision, values);
}
static lathe_status each_recall(const lathe_metric_view *all, double *values)
{
    return each(all, recall, values);
}
static lathe_status each_fbeta(const lathe_metric_view *all, double *values)
{
    return each(all, fbeta, values);
}
static lathe_status each_iou(const lathe_metric_view *all, double *values) { return each(all, iou, values); }

const lathe_metric_type lathe_precision_metric = {
    .name = "precision",
    .summary = "how many of a class's predictions are right",
    .opts_size = sizeof(lathe_classwise_opts),
    .fields = fields + 1,
    .multilabel = true,
    .numbers = numbers,
    .update = update,
    .compute = compute_precision,
    .per_class = each_precision,
};

const lathe_metric_type lathe_recall_metric = {
    .name = "recall",
    .summary = "how many of a class's samples are found",
    .opts_size = sizeof(lathe_classwise_opts),
    .fields = fields + 1,
    .multilabel = true,
    .numbers = numbers,
    .update = update,
    .compute = compute_recall,
    .per_class = each_recall,
};

const lathe_metric_type lathe_fbeta_metric = {
    .name = "fbeta",
    .summary = "the weighted harmonic mean of precision and recall",
    .opts_size = sizeof(lathe_classwise_opts),
    .fields = fields,
    .multilabel = true,
    .numbers = numbers,
    .update = update,
    .compute = compute_fbeta,
    .per_class = each_fbeta,
};

const lathe_metric_type lathe_iou_metric = {
    .name = "iou",
    .summary = "intersection over union of a class's predictions and samples",
    .opts_size = sizeof(lathe_classwise_opts),
    .fields = fields + 1,
    .multilabel = true,
    .numbers = numbers,
    .update = update,
    .compute = compute_iou,
    .per_class = each_iou,
};

lathe_metric *lathe_metric_precision(int classes, const lathe_classwise_opts *opts)
{
    return lathe_metric_new(&lathe_precision_metric, classes, opts);
}

lathe_metric *lathe_metric_recall(int classes, const lathe_classwise_opts *opts)
{
    return lathe_metric_new(&lathe_recall_metric, classes, opts);
}

lathe_metric *lathe_metric_fbeta(int classes, const lathe_classwise_opts *opts)
{
    return lathe_metric_new(&lathe_fbeta_metric, classes, opts);
}

lathe_metric *lathe_metric_iou(int classes, const lathe_classwise_opts *opts)
{
    return lathe_metric_new(&lathe_iou_metric, classes, opts);
}
