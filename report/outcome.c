/* The evaluation of a trained model, for the page of a run. */
#include <math.h>

#include "../core/alloc.h"
#include "page_impl.h"

enum { MOST_MISTAKES = 24, MOST_CLASSES = 200 };

/* With the weights that the run was tested with. */
static lathe_status measure_tested(lathe_run *run, const lathe_dataset *data, lathe_measure *measure)
{
    lathe_score score;
    lathe_status status = lathe_run_tested_enter(run);
    if (!status) status = lathe_run_evaluate(run, data, measure, &score);
    lathe_run_tested_leave(run);
    return status;
}

static lathe_status put_mistakes(lathe_text *out, const lathe_dataset *data, const lathe_measure *measure)
{
    uint8_t *scratch = lathe_alloc(lathe_data_scratch(data), 1);
    lathe_status status = scratch ? LATHE_OK : lathe_error();
    bool pictures = data->channels == 1 || data->channels == 3;
    for (int i = 0; i < measure->mistakes && !status && pictures; i++) {
        const lathe_mistake *each = &measure->mistake[i];
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

static lathe_status compose(lathe_text *out, const lathe_dataset *data, const char *set,
    const lathe_measure *measure)
{
    const uint64_t *counts = lathe_confusion_counts(measure->confusion);
    lathe_text_add(out, "{\"set\":\"%s\",\"count\":%zu,\"classes\":[", set, data->count);
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
    lathe_status status = put_mistakes(out, data, measure);
    lathe_text_put(out, "]}");
    return status;
}

char *lathe_report_outcome(lathe_run *run)
{
    const lathe_dataset *data = run->feed->test ? run->feed->test : run->feed->val;
    if (!data || !lathe_task_single_class(run->learner->task) || data->classes < 2 ||
        data->classes > MOST_CLASSES)
        return NULL;
    lathe_measure *measure = lathe_measure_new(run->learner->task,
        &(lathe_measure_opts){ .metrics = "", .mistakes = MOST_MISTAKES });
    lathe_text out = { 0 };
    lathe_status status = measure ? measure_tested(run, data, measure) : lathe_error();
    if (!status) status = compose(&out, data, run->feed->test ? "test" : "validation", measure);
    lathe_measure_free(measure);
    if (!status) return lathe_text_take(&out);
    lathe_text_free(&out);
    return NULL;
}
