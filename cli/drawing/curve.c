#include "curve.h"

#include <string.h>

#include "../text.h"
#include "picture.h"

enum { ALL = -1, WORST = 6 };

/* The curve of one class, or of ALL. Free its points with lathe_free. */
static lathe_status curve_of(const lathe_metric *metric, int class_number, lathe_pr_point **points,
    size_t *count)
{
    lathe_pr_point none;
    lathe_status status = lathe_pr_curve(metric, class_number, &none, 1, count);
    *points = status ? NULL : lathe_alloc(*count, sizeof **points);
    if (!*points) return lathe_error();
    status = lathe_pr_curve(metric, class_number, *points, *count, count);
    if (status) lathe_free(*points), *points = NULL;
    return status;
}

/* ---- a table ------------------------------------------------------------------------------------------- */

static lathe_status put_table(lathe_text *out, const lathe_metric *metric, const char *const *class_names)
{
    lathe_text_put(out, "class,precision,recall,threshold\n");
    for (int k = 0; k < lathe_metric_classes(metric); k++) {
        lathe_pr_point *points;
        size_t count;
        lathe_status status = curve_of(metric, k, &points, &count);
        if (status) return status;
        for (size_t i = 0; i < count; i++) {
            char precision[32], recall[32], threshold[32] = "inf";
            if (i + 1 < count) lathe_double_text(points[i].threshold, threshold);
            cli_put_cell(out, class_names[k]);
            lathe_text_add(out, ",%s,%s,%s\n", lathe_double_text(points[i].precision, precision),
                lathe_double_text(points[i].recall, recall), threshold);
        }
        lathe_free(points);
    }
    return LATHE_OK;
}

/* ---- a picture ----------------------------------------------------------------------------------------- */

/* The classes with the smallest area, the smallest first. */
static lathe_status worst_classes(const lathe_metric *metric, int worst[WORST], int *count)
{
    int classes = lathe_metric_classes(metric);
    double *area = lathe_alloc((size_t)classes, sizeof *area);
    lathe_status status = area ? lathe_metric_per_class(metric, area, classes) : lathe_error();
    *count = 0;
    for (int k = 0; k < classes && !status; k++) {
        int at = *count < WORST ? (*count)++ : WORST;
        for (; at > 0 && area[worst[at - 1]] > area[k]; at--)
            if (at < WORST) worst[at] = worst[at - 1];
        if (at < WORST) worst[at] = k;
    }
    lathe_free(area);
    return status;
}

/* Recall as x, in rising order. Free x with lathe_free. */
static lathe_status fill_series(const lathe_metric *metric, int class_number, const char *name,
    lathe_series *series)
{
    lathe_pr_point *points;
    size_t count;
    lathe_status status = curve_of(metric, class_number, &points, &count);
    if (status) return status;
    double *x = lathe_alloc(count, 2 * sizeof *x), *y = x + count;
    for (size_t i = 0; x && i < count; i++) {
        x[i] = points[count - 1 - i].recall;
        y[i] = points[count - 1 - i].precision;
    }
    lathe_free(points);
    series->name = name;
    series->x = x, series->y = y;
    series->count = count;
    return x ? LATHE_OK : lathe_error();
}

static lathe_status write_picture(const char *path, const lathe_metric *metric,
    const char *const *class_names)
{
    int worst[WORST], count;
    lathe_series series[1 + WORST] = { { .name = NULL } };
    lathe_status status = worst_classes(metric, worst, &count);
    if (!status) status = fill_series(metric, ALL, "all classes", &series[0]);
    for (int i = 0; i < count && !status; i++) {
        status = fill_series(metric, worst[i], class_names[worst[i]], &series[1 + i]);
        series[1 + i].color = 1 + i;
    }
    if (!status)
        status = cli_picture_write(path,
            &(lathe_chart){ .title = "precision against recall",
                .x_label = "recall",
                .series = series,
                .count = 1 + count,
                .zero = true,
                .width = 720,
                .height = 420 },
            1);
    for (int i = 0; i < 1 + WORST; i++) lathe_free((void *)series[i].x);
    return status;
}

lathe_status cli_curve_write(const char *path, const lathe_metric *metric, const char *const *class_names)
{
    size_t length = strlen(path);
    if (length > 4 && !strcmp(path + length - 4, ".svg")) return write_picture(path, metric, class_names);
    lathe_text out = { 0 };
    lathe_status status = put_table(&out, metric, class_names);
    char *text = lathe_text_take(&out);
    if (!status) status = text ? lathe_file_write_text(path, text) : lathe_error();
    lathe_free(text);
    return status;
}
