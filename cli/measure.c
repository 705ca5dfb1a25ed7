#include "measure.h"

#include <stdio.h>
#include <string.h>

/* One more, of a head with so many classes; `text` is `length` characters long. */
static lathe_status add_metric(cli_measure *measure, const char *text, size_t length, int head)
{
    const lathe_dataset *data = measure->data;
    const char *owner = data->heads ? data->head[head].name : "";
    size_t room = strlen(owner) + length + 2;
    char *name = lathe_alloc(1, room);
    if (!name) return lathe_error();
    int before = snprintf(name, room, "%s%s", owner, data->heads ? "." : "");
    memcpy(name + before, text, length);
    measure->name[measure->metrics] = name;
    measure->head[measure->metrics] = head;
    measure->metric[measure->metrics++] =
        lathe_metric_from_text(name + before, data->heads ? data->head[head].classes : data->classes);
    return measure->metric[measure->metrics - 1] ? LATHE_OK : lathe_error();
}

/* Is a metric of all types to be measured on such data? Those that keep all samples are not made for pixels.
 */
static bool fits(const lathe_dataset *data, const lathe_metric_type *type)
{
    if (data->task == LATHE_TASK_MANY) return type->multilabel;
    return data->task != LATHE_TASK_PIXELS || !type->keeps_samples;
}

static lathe_status add_all(cli_measure *measure, const char *text, int head)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; !text && lathe_metric_at(i) && !status; i++) {
        const lathe_metric_type *type = lathe_metric_at(i);
        if (fits(measure->data, type)) status = add_metric(measure, type->name, strlen(type->name), head);
    }
    for (bool more = text; more && !status;) {
        size_t length = strcspn(text, ",");
        more = text[length] == ',';
        status = add_metric(measure, text, length, head);
        text += length + 1;
    }
    return status;
}

lathe_status cli_measure_open(cli_measure *measure, const char *text, bool curve, const lathe_dataset *data)
{
    *measure = (cli_measure){ .data = data };
    size_t count = 1, heads = data->heads ? (size_t)data->heads : 1;
    bool one = data->task == LATHE_TASK_CLASS || data->task == LATHE_TASK_PIXELS;
    for (const char *c = text; c && *c; c++) count += *c == ',';
    while (!text && lathe_metric_at((int)count)) count++;
    measure->metric = lathe_alloc(lathe_times(count, heads), sizeof *measure->metric);
    measure->name = lathe_alloc(lathe_times(count, heads), sizeof *measure->name);
    measure->head = lathe_alloc(lathe_times(count, heads), sizeof *measure->head);
    if (!measure->metric || !measure->name || !measure->head) return lathe_error();
    if (one && !(measure->confusion = lathe_confusion_new(data->classes))) return lathe_error();
    if (curve && data->task != LATHE_TASK_CLASS)
        return lathe_fail(LATHE_EARG, "--pr-curve is for data of one class a picture");
    if (curve && !(measure->curve = lathe_metric_average_precision(data->classes, NULL)))
        return lathe_error();
    lathe_status status = LATHE_OK;
    for (size_t head = 0; head < heads && !status; head++) status = add_all(measure, text, (int)head);
    return status;
}

void cli_measure_free(cli_measure *measure)
{
    for (int i = 0; i < measure->metrics; i++) {
        lathe_metric_free(measure->metric[i]);
        lathe_free(measure->name[i]);
    }
    lathe_free(measure->metric);
    lathe_free(measure->name);
    lathe_free(measure->head);
    lathe_metric_free(measure->curve);
    lathe_confusion_free(measure->confusion);
}

/* Scores [size, classes, area] and one label a pixel become [size * area, classes]. */
static void by_pixel(const lathe_real *scores, size_t size, size_t classes, size_t area, lathe_real *to)
{
    for (size_t i = 0; i < size; i++)
        for (size_t k = 0; k < classes; k++)
            for (size_t p = 0; p < area; p++)
                to[(i * area + p) * classes + k] = scores[(i * classes + k) * area + p];
}

/* Column `head` of the labels, and its part of the scores. */
static void by_head(const lathe_dataset *data, int head, const lathe_real *scores, const int *labels,
    size_t size, lathe_real *to, int *own)
{
    size_t classes = (size_t)data->head[head].classes;
    for (size_t i = 0; i < size; i++) {
        own[i] = labels[i * (size_t)data->heads + (size_t)head];
        memcpy(to + i * classes, scores + i * (size_t)data->classes + data->head[head].first,
            classes * sizeof *to);
    }
}

/* Room for a batch's scores, twice, and for a head's labels. */
typedef struct room {
    lathe_real *scores, *sorted;
    int *labels;
} room;

static lathe_status update(cli_measure *measure, int i, const lathe_real *scores, const int *labels,
    size_t count, const room *r)
{
    const lathe_dataset *data = measure->data;
    if (data->task == LATHE_TASK_MANY)
        return lathe_metric_update_many(measure->metric[i], scores, labels, count);
    if (data->task != LATHE_TASK_HEADS) return lathe_metric_update(measure->metric[i], scores, labels, count);
    by_head(data, measure->head[i], scores, labels, count, r->sorted, r->labels);
    return lathe_metric_update(measure->metric[i], r->sorted, r->labels, count);
}

static lathe_status measure_batch(lathe_run *run, const lathe_batch *batch, cli_measure *measure,
    const room *r)
{
    const lathe_dataset *data = measure->data;
    size_t count = (size_t)batch->size;
    const lathe_real *scores = r->scores;
    lathe_tape_begin(run->tape, LATHE_EVAL);
    lathe_tensor *output = lathe_nn_forward(run->net, lathe_input(run->tape, batch));
    if (!output) return lathe_error();
    lathe_status status = lathe_tensor_read(output, r->scores, lathe_shape_count(&output->shape));
    if (data->task == LATHE_TASK_PIXELS) {
        by_pixel(scores, count, (size_t)data->classes, batch->answers, r->sorted);
        scores = r->sorted;
        count *= batch->answers;
    }
    if (!status && measure->confusion)
        status = lathe_confusion_update(measure->confusion, scores, batch->labels, count);
    for (int i = 0; i < measure->metrics && !status; i++)
        status = update(measure, i, scores, batch->labels, count, r);
    if (measure->curve && !status) status = lathe_metric_update(measure->curve, scores, batch->labels, count);
    return status;
}

lathe_status cli_measure_data(lathe_run *run, const lathe_dataset *data, cli_measure *measure)
{
    lathe_loader *loader = lathe_run_loader(run, data);
    lathe_status status = loader ? LATHE_OK : lathe_error();
    room r = { 0 };
    for (lathe_batch batch; !status && lathe_loader_next(loader, &batch);) {
        size_t each = (size_t)data->classes * (data->task == LATHE_TASK_PIXELS ? batch.answers : 1),
               size = (size_t)run->settings.batch_size;
        if (!r.scores) {
            r.scores = lathe_alloc(lathe_times(size, each), sizeof *r.scores);
            r.sorted = lathe_alloc(lathe_times(size, each), sizeof *r.sorted);
            r.labels = lathe_alloc(size, sizeof *r.labels);
        }
        status = r.scores && r.sorted && r.labels ? measure_batch(run, &batch, measure, &r) : lathe_error();
    }
    if (!status) status = lathe_loader_status(loader);
    lathe_free(r.scores);
    lathe_free(r.sorted);
    lathe_free(r.labels);
    lathe_loader_free(loader);
    return status;
}
