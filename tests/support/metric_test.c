#include "metric_test.h"

#include <stdlib.h>

static const char file[] = "metrics.txt";

static double *golden_part(const char *name, const char *what, size_t *count)
{
    char full[128];
    snprintf(full, sizeof full, "%s.%s", name, what);
    return golden(file, full, count);
}

metric_data metric_data_open(const char *name, bool many)
{
    size_t n, score_count, label_count;
    double *shape = golden_part(name, "shape", &n), *scores = golden_part(name, "scores", &score_count);
    double *labels = golden_part(name, many ? "targets" : "labels", &label_count);
    metric_data data = { name, (int)shape[0], (int)shape[1], many,
        malloc((score_count + 1) * sizeof *data.scores), malloc((label_count + 1) * sizeof *data.labels) };
    assert_true(data.scores && data.labels);
    assert_int_equal(score_count, data.samples * data.classes);
    assert_int_equal(label_count, many ? score_count : (size_t)data.samples);
    for (size_t i = 0; i < score_count; i++) data.scores[i] = (lathe_real)scores[i];
    for (size_t i = 0; i < label_count; i++) data.labels[i] = (int)labels[i];
    free(shape);
    free(scores);
    free(labels);
    return data;
}

void metric_data_free(metric_data *data)
{
    free(data->scores);
    free(data->labels);
}

static void feed(lathe_metric *metric, const metric_data *data, int begin, int end)
{
    size_t classes = (size_t)data->classes, first = (size_t)begin, count = (size_t)(end - begin);
    lathe_status status = data->many ?
        lathe_metric_update_many(metric, data->scores + first * classes, data->labels + first * classes,
            count) :
        lathe_metric_update(metric, data->scores + first * classes, data->labels + first, count);
    if (status) fail_msg("%s: %s", data->name, lathe_error_message());
}

lathe_metric *metric_fed(const lathe_metric_type *type, const void *opts, const metric_data *data)
{
    lathe_metric *metric = lathe_metric_new(type, data->classes, opts);
    if (!metric) fail_msg("%s: %s", data->name, lathe_error_message());
    feed(metric, data, 0, data->samples < 3 ? data->samples : 3);
    lathe_metric_reset(metric);
    for (int i = 0; i < data->samples; i += 7)
        feed(metric, data, i, i + 7 < data->samples ? i + 7 : data->samples);
    assert_int_equal(lathe_metric_samples(metric), data->samples);
    return metric;
}

double golden_number(const char *name, const char *what)
{
    size_t n;
    double *values = golden_part(name, what, &n), value = values[0];
    assert_int_equal(n, 1);
    free(values);
    return value;
}

void assert_metric(const lathe_metric_type *type, const void *opts, const metric_data *data, const char *name,
    const char *what)
{
    char full[256];
    snprintf(full, sizeof full, "%s: %s.%s", type->name, name, what);
    lathe_metric *metric = metric_fed(type, opts, data);
    golden_tried();
    double got = lathe_metric_compute(metric), want = golden_number(name, what);
    assert_close_double(full, &got, &want, 1, 1e-12, 1e-12);
    golden_agreed();
    lathe_metric_free(metric);
}

void assert_each_class(const lathe_metric_type *type, const void *opts, const metric_data *data,
    const char *name, const char *what)
{
    char full[256];
    size_t n;
    snprintf(full, sizeof full, "%s: %s.%s", type->name, name, what);
    lathe_metric *metric = metric_fed(type, opts, data);
    double *want = golden_part(name, what, &n), *got = malloc((size_t)data->classes * sizeof *got);
    assert_non_null(got);
    assert_int_equal(n, data->classes);
    golden_tried();
    if (lathe_metric_per_class(metric, got, data->classes)) fail_msg("%s: %s", full, lathe_error_message());
    assert_close_double(full, got, want, n, 1e-12, 1e-12);
    golden_agreed();
    free(got);
    free(want);
    lathe_metric_free(metric);
}

int count_metrics(void **state)
{
    (void)state;
    return golden_counts("metrics");
}
