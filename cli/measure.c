#include "measure.h"

static lathe_status open_metrics(cli_measure *measure, int classes)
{
    int types = 0;
    while (lathe_metric_type_at(types)) types++;
    measure->metric = lathe_alloc((size_t)types, sizeof(lathe_metric *));
    measure->confusion = lathe_confusion_new(classes);
    if (!measure->metric || !measure->confusion) return lathe_error();
    for (; measure->metrics < types; measure->metrics++) {
        lathe_metric *metric = lathe_metric_new(lathe_metric_type_at(measure->metrics), classes, NULL);
        if (!metric) return lathe_error();
        measure->metric[measure->metrics] = metric;
    }
    return LATHE_OK;
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
    return status;
}

lathe_status cli_measure_data(lathe_run *run, const lathe_dataset *data, cli_measure *measure)
{
    *measure = (cli_measure){ 0 };
    lathe_status status = open_metrics(measure, run->data->classes);
    lathe_loader *loader = status ? NULL : lathe_run_loader(run, data);
    lathe_real *scores = lathe_alloc((size_t)run->settings.batch_size, (size_t)run->data->classes * sizeof *scores);
    if (!loader || !scores) status = lathe_error();
    for (lathe_batch batch; !status && lathe_loader_next(loader, &batch);)
        status = measure_batch(run, &batch, measure, scores);
    if (!status) status = lathe_loader_status(loader);
    lathe_free(scores);
    lathe_loader_free(loader);
    return status;
}

void cli_measure_free(cli_measure *measure)
{
    for (int i = 0; i < measure->metrics; i++) lathe_metric_free(measure->metric[i]);
    lathe_free(measure->metric);
    lathe_confusion_free(measure->confusion);
}
