/* The evaluation of a trained model, for the page of a run. */
#include <math.h>
#include <string.h>

#include "../core/alloc.h"
#include "../metrics/confusion.h"
#include "../metrics/metric.h"
#include "page_impl.h"

enum { MOST_MISTAKES = 24, MOST_CLASSES = 200 };

typedef struct mistake {
    size_t index; /* of the sample */
    int label, predicted;
    double confidence;
} mistake;

/* The sums over the batches. */
typedef struct outcome {
    lathe_confusion *confusion;
    lathe_real *scores;
    mistake worst[MOST_MISTAKES]; /* highest confidence first */
    int count;
    size_t seen;
} outcome;

/* The softmax of the largest score. */
static double confidence_of(const lathe_real *scores, int classes, int largest)
{
    double sum = 0;
    for (int i = 0; i < classes; i++) sum += exp((double)scores[i] - (double)scores[largest]);
    return 1 / sum;
}

static void add_mistake(outcome *all, const mistake *new)
{
    int at = all->count;
    while (at > 0 && all->worst[at - 1].confidence < new->confidence) at--;
    if (at == MOST_MISTAKES) return;
    if (all->count < MOST_MISTAKES) all->count++;
    memmove(&all->worst[at + 1], &all->worst[at], (size_t)(all->count - 1 - at) * sizeof all->worst[0]);
    all->worst[at] = *new;
}

static lathe_status add_batch(lathe_run *run, const lathe_batch *batch, int classes, outcome *all)
{
    lathe_tape_begin(run->tape, LATHE_EVAL);
    lathe_tensor *output = lathe_nn_forward(run->net, lathe_input(run->tape, batch));
    size_t size = (size_t)batch->size;
    if (!output || lathe_tensor_read(output, all->scores, size * (size_t)classes)) return lathe_error();
    lathe_status status = lathe_confusion_update(all->confusion, all->scores, batch->labels, size);
    for (size_t i = 0; i < size && !status; i++) {
        const lathe_real *scores = all->scores + i * (size_t)classes;
        mistake each = { .index = all->seen + i,
            .label = batch->labels[i],
            .predicted = lathe_argmax(scores, classes) };
        each.confidence = confidence_of(scores, classes, each.predicted);
        if (each.predicted != each.label) add_mistake(all, &each);
    }
    all->seen += size;
    return status;
}

static lathe_status gather(lathe_run *run, const lathe_dataset *data, outcome *all)
{
    lathe_loader *loader = lathe_run_loader(run, data);
    lathe_status status = loader ? LATHE_OK : lathe_error();
    for (lathe_batch batch; !status && lathe_loader_next(loader, &batch);)
        status = add_batch(run, &batch, data->classes, all);
    if (!status) status = lathe_loader_status(loader);
    lathe_loader_free(loader);
    return status;
}

/* Evaluate with the weights that the run was tested with. */
static lathe_status gather_tested(lathe_run *run, const lathe_dataset *data, outcome *all)
{
    lathe_status status = lathe_run_tested_enter(run);
    if (!status) status = gather(run, data, all);
    lathe_run_tested_leave(run);
    return status;
}

static lathe_status put_mistakes(lathe_text *out, const lathe_dataset *data, const outcome *all)
{
    uint8_t *scratch = lathe_alloc(lathe_data_scratch(data), 1);
    lathe_status status = scratch ? LATHE_OK : lathe_error();
    bool pictures = data->channels == 1 || data->channels == 3;
    for (int i = 0; i < all->count && !status && pictures; i++) {
        const mistake *each = &all->worst[i];
        lathe_sample sample;
        status = lathe_data_read(data, each->index, scratch, &sample);
        lathe_text_add(out, "%s{\"label\":%d,\"predicted\":%d,\"confidence\":", i ? ",\n" : "", each->label,
            each->predicted);
        lathe_text_number(out, round(1e4 * each->confidence) / 1e4);
        lathe_text_put(out, ",\"png\":");
        if (!status)
            status = lathe_report_png(out, sample.pixels, sample.channels, sample.height, sample.width);
        lathe_text_put(out, "}");
    }
    lathe_free(scratch);
    return status;
}

static lathe_status compose(lathe_text *out, const lathe_dataset *data, const char *set, const outcome *all)
{
    const uint64_t *counts = lathe_confusion_counts(all->confusion);
    lathe_text_add(out, "{\"set\":\"%s\",\"count\":%zu,\"classes\":[", set, all->seen);
    for (int i = 0; i < data->classes; i++) {
        if (i) lathe_text_put(out, ",");
        lathe_text_json(out, data->class_names[i]);
    }
    lathe_text_put(out, "],\"confusion\":[");
    for (int i = 0; i < data->classes; i++) {
        for (int j = 0; j < data->classes; j++)
            lathe_text_add(out, "%s%llu", j ? "," : i ? ",[" : "[", (unsigned long long)*counts++);
        lathe_text_put(out, "]");
    }
    lathe_text_put(out, "],\"mistakes\":[");
    lathe_status status = put_mistakes(out, data, all);
    lathe_text_put(out, "]}");
    return status;
}

char *lathe_report_outcome(lathe_run *run)
{
    const lathe_dataset *data = run->feed->test ? run->feed->test : run->feed->val;
    if (!data || data->task != LATHE_TASK_CLASS || data->classes < 2 || data->classes > MOST_CLASSES)
        return NULL;
    outcome all = { .confusion = lathe_confusion_new(data->classes) };
    all.scores =
        lathe_alloc(lathe_times((size_t)run->settings.batch_size, (size_t)data->classes), sizeof *all.scores);
    lathe_text out = { 0 };
    lathe_status status = all.confusion && all.scores ? gather_tested(run, data, &all) : lathe_error();
    if (!status) status = compose(&out, data, run->feed->test ? "test" : "validation", &all);
    lathe_confusion_free(all.confusion);
    lathe_free(all.scores);
    if (!status) return lathe_text_take(&out);
    lathe_text_free(&out);
    return NULL;
}
