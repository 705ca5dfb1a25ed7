#include "hamming.h"

static const lathe_field fields[] = {
    { .name = "threshold",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_hamming_opts, threshold),
        .help = "with targets: scores above it are predictions" },
    { .name = NULL },
};

/* State: the sum over samples. */
static size_t numbers(const void *opts, int classes)
{
    (void)opts, (void)classes;
    return 1;
}

/* The numbers of classes of sample i in both sets, in at least one, and in exactly one. */
typedef struct overlap {
    int both, either, differing;
} overlap;

static overlap overlap_of(const lathe_metric_view *some, size_t i)
{
    const lathe_hamming_opts *o = some->opts;
    const size_t first = i * (size_t)some->classes;
    overlap sets = { 0 };
    for (int k = 0; k < some->classes; k++) {
        bool predicted = (double)some->scores[first + (size_t)k] > o->threshold,
             actual = some->targets[first + (size_t)k] == 1;
        sets.both += predicted && actual;
        sets.either += predicted || actual;
        sets.differing += predicted != actual;
    }
    return sets;
}

static bool is_right(const lathe_metric_view *some, size_t i)
{
    return lathe_argmax(some->scores + i * (size_t)some->classes, some->classes) == some->labels[i];
}

static void update_score(const lathe_metric_view *some)
{
    for (size_t i = 0; i < some->samples; i++) {
        if (some->labels) {
            some->state[0] += is_right(some, i);
            continue;
        }
        overlap sets = overlap_of(some, i);
        some->state[0] += sets.either ? (double)sets.both / sets.either : 1;
    }
}

static void update_distance(const lathe_metric_view *some)
{
    for (size_t i = 0; i < some->samples; i++)
        some->state[0] += some->labels ? !is_right(some, i) : (double)overlap_of(some, i).differing;
}

static lathe_status compute_score(const lathe_metric_view *all, double *value)
{
    *value = all->state[0] / (double)all->samples;
    return LATHE_OK;
}

static lathe_status compute_distance(const lathe_metric_view *all, double *value)
{
    *value = all->state[0] / (double)all->samples / (all->many ? all->classes : 1);
    return LATHE_OK;
}

const lathe_metric_type lathe_hamming_score_metric = {
    .name = "hamming_score",
    .summary = "mean overlap of a sample's classes and the predicted ones",
    .opts_size = sizeof(lathe_hamming_opts),
    .fields = fields,
    .multilabel = true,
    .numbers = numbers,
    .update = update_score,
    .compute = compute_score,
};

const lathe_metric_type lathe_hamming_distance_metric = {
    .name = "hamming_distance",
    .summary = "part of all (sample, class) pairs that is wrong",
    .opts_size = sizeof(lathe_hamming_opts),
    .fields = fields,
    .lower_is_better = true,
    .multilabel = true,
    .numbers = numbers,
    .update = update_distance,
    .compute = compute_distance,
};

lathe_metric *lathe_metric_hamming_score(int classes, const lathe_hamming_opts *opts)
{
    return lathe_metric_new(&lathe_hamming_score_metric, classes, opts);
}

lathe_metric *lathe_metric_hamming_distance(int classes, const lathe_hamming_opts *opts)
{
    return lathe_metric_new(&lathe_hamming_distance_metric, classes, opts);
}
