#include "measure.h"

#include <string.h>

/* One more; `text` is `length` characters long. */
static lathe_status add_metric(cli_measure *measure, const char *text, size_t length, int classes)
{
    char *name = lathe_alloc(1, length + 1);
    if (!name) return lathe_error();
    memcpy(name, text, length);
    measure->name[measure->metrics] = name;
    measure->metric[measure->metrics++] = lathe_metric_from_text(name, classes);
    return measure->metric[measure->metrics - 1] ? LATHE_OK : lathe_error();
}

lathe_status cli_measure_open(cli_measure *measure, const char *text, bool curve, int classes)
{
    *measure = (cli_measure){ 0 };
    size_t count = 1;
    for (const char *c = text; c && *c; c++) count += *c == ',';
    while (!text && lathe_metric_type_at((int)count)) count++;
    measure->metric = lathe_alloc(count, sizeof *measure->metric);
    measure->name = lathe_alloc(count, sizeof *measure->name);
    measure->confusion = lathe_confusion_new(classes);
    if (curve) measure->curve = lathe_metric_average_precision(classes, NULL);
    lathe_status status = !measure->metric || !measure->name || !measure->confusion || (curve && !measure->curve) ? lathe_error() : LATHE_OK;
    for (size_t i = 0; i < count && !status; i++) {
        const char *one = text ? text : lathe_metric_type_at((int)i)->name;
        size_t length = text ? strcspn(text, ",") : strlen(one);
        status = add_metric(measure, one, length, classes);
        if (text) text += length + (text[length] == ',');
    }
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
    lathe_metric_free(measure->curve);
    lathe_confusion_free(measure->confusion);
}

static lathe_status measure_batch(lathe_run *run, const lathe_batch *batch, cli_measure *measure, lathe_real *scores)
{
    size_t size = (size_t)batch->size;
    lathe_tape_begin(run->tape, LATHE_EVAL);
    lathe_tensor *output = lathe_nn_forward(run->net, lathe_input(run->tape, batch));
    if (!output) return lathe_error();
    lathe_status status = lathe_tensor_read(output, scores, size * (size_t)run->data->classes);
    if (!status) status = lathe_confusion_update(measure->confusion, scores, batch->labels, size);
    for (int i = 0; i < measure->metrics && !status; i++)
        status = lathe_metric_update(measure->metric[i], scores, batch->labels, size);
    if (measure->curve && !status) status = lathe_metric_update(measure->curve, scores, batch->labels, size);
    return status;
}

lathe_status cli_measure_data(lathe_run *run, const lathe_dataset *data, cli_measure *measure)
{
    lathe_loader *loader = lathe_run_loader(run, data);
    lathe_real *scores = lathe_alloc((size_t)run->settings.batch_size, (size_t)run->data->classes * sizeof *scores);
    lathe_status status = loader && scores ? LATHE_OK : lathe_error();
    for (lathe_batch batch; !status && lathe_loader_next(loader, &batch);)
        status = measure_batch(run, &batch, measure, scores);
    if (!status) status = lathe_loader_status(loader);
    lathe_free(scores);
    lathe_loader_free(loader);
    return status;
}
