#include "calibration.h"

#include <math.h>

#include "metric_impl.h"

static const char *const norms[] = { "mean", "max", NULL };

static const lathe_field fields[] = {
    { .name = "bins",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_calibration_opts, bins),
        .preset = { 15 },
        .min = 1,
        .max = 1e6,
        .help = "confidence bins of equal width" },
    { .name = "probabilities",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_calibration_opts, probabilities),
        .help = "scores are probabilities, not logits" },
    { .name = "norm",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_calibration_opts, norm),
        .choices = norms,
        .help = "the mean gap (ECE) or the largest (MCE)" },
    { .name = NULL },
};

/* State: for each bin its samples, the sum of their confidences, and the number that is right. */
static size_t numbers(const void *opts, int classes)
{
    (void)classes;
    return 3 * (size_t)((const lathe_calibration_opts *)opts)->bins;
}

/* The largest probability of one sample. */
static double confidence_of(const lathe_real *scores, int classes, bool probabilities)
{
    double largest = (double)scores[lathe_argmax(scores, classes)], sum = 0;
    if (probabilities) return largest;
    for (int k = 0; k < classes; k++) sum += exp((double)scores[k] - largest);
    return 1 / sum;
}

static void update(const lathe_metric_view *some)
{
    const lathe_calibration_opts *o = some->opts;
    for (size_t i = 0; i < some->samples; i++) {
        const lathe_real *scores = some->scores + i * (size_t)some->classes;
        double confidence = confidence_of(scores, some->classes, o->probabilities);
        double place = ceil(fmin(fmax(confidence, 0), 1) * o->bins) - 1;
        double *bin = some->state + 3 * (int)fmax(place, 0);
        bin[0] += 1;
        bin[1] += confidence;
        bin[2] += lathe_argmax(scores, some->classes) == some->labels[i];
    }
}

static lathe_status compute(const lathe_metric_view *all, double *value)
{
    const lathe_calibration_opts *o = all->opts;
    double sum = 0, worst = 0;
    for (int n = 0; n < o->bins; n++) {
        const double *bin = all->state + 3 * n;
        if (bin[0] == 0) continue;
        double gap = fabs(bin[2] - bin[1]); /* times the bin's samples */
        sum += gap;
        worst = fmax(worst, gap / bin[0]);
    }
    *value = o->norm == LATHE_CALIBRATION_MEAN ? sum / (double)all->samples : worst;
    return LATHE_OK;
}

const lathe_metric_type lathe_calibration_error_metric = {
    .name = "calibration_error",
    .summary = "gap between confidence and accuracy (ECE)",
    .opts_size = sizeof(lathe_calibration_opts),
    .fields = fields,
    .lower_is_better = true,
    .numbers = numbers,
    .update = update,
    .compute = compute,
};

lathe_metric *lathe_metric_calibration_error(int classes, const lathe_calibration_opts *opts)
{
    return lathe_metric_new(&lathe_calibration_error_metric, classes, opts);
}

lathe_status lathe_calibration_bins(const lathe_metric *metric, lathe_calibration_bin *bins, int count)
{
    if (!metric || !bins) return lathe_fail_null("lathe_calibration_bins", metric ? "bins" : "metric");
    if (lathe_metric_type_of(metric) != &lathe_calibration_error_metric)
        return lathe_fail(LATHE_EARG, "lathe_calibration_bins: the metric is not a calibration_error");
    const lathe_metric_view all = lathe_metric_view_of(metric);
    const lathe_calibration_opts *o = all.opts;
    if (count != o->bins)
        return lathe_fail(LATHE_EARG, "lathe_calibration_bins: room for %d bins, there are %d", count,
            o->bins);
    for (int n = 0; n < count; n++) {
        const double *bin = all.state + 3 * n;
        bins[n] = (lathe_calibration_bin){ bin[0], bin[0] > 0 ? bin[1] / bin[0] : NAN,
            bin[0] > 0 ? bin[2] / bin[0] : NAN };
    }
    return LATHE_OK;
}
