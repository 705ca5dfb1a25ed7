#include "answer.h"

#include <math.h>
#include <string.h>

#include "../command.h"

/* ---- answers ------------------------------------------------------------------------------------------- */

static const char *head_of(const lathe_dataset *data, int class)
{
    for (int i = 0; i < data->heads; i++)
        if (class >= data->head[i].first && class < data->head[i].first + data->head[i].classes)
            return data->head[i].name;
    return NULL;
}

static void put_finding(const lathe_trained *trained, const lathe_finding *found, lathe_text *out)
{
    const char *head = head_of(&trained->data, found->index);
    lathe_text_put(out, "{\"class\":");
    lathe_text_json(out, trained->data.class_names[found->index]);
    lathe_text_add(out, ",\"index\":%d,\"%s\":", found->index,
        trained->task->type->mask ? "part" : "probability");
    lathe_text_number(out, found->probability);
    if (head) {
        lathe_text_put(out, ",\"head\":");
        lathe_text_json(out, head);
    }
    lathe_text_put(out, "}");
}

/* Classes and lengths of runs, row after row. */
static void put_mask(const lathe_task *task, const uint8_t *mask, lathe_text *out)
{
    lathe_text_add(out, ",\"mask\":{\"height\":%d,\"width\":%d,\"rle\":[", task->height, task->width);
    for (size_t at = 0, run; at < task->answers; at += run) {
        for (run = 1; at + run < task->answers && mask[at + run] == mask[at]; run++) continue;
        lathe_text_add(out, "%s%d,%zu", at ? "," : "", mask[at], run);
    }
    lathe_text_put(out, "]}");
}

/* "predictions": [...] of a picture, and its mask; or "error". */
static void put_shot(const lathe_trained *trained, const cli_job *job, const cli_shot *shot, lathe_text *out)
{
    lathe_finding found[CLI_JOB_TOP];
    const lathe_task *task = trained->task;
    if (shot->status) {
        lathe_text_put(out, "\"error\":");
        lathe_text_json(out, shot->why);
        return;
    }
    lathe_text_put(out, "\"predictions\":[");
    const int count = task->type->decode(task, shot->probabilities, job->top, found, CLI_JOB_TOP);
    bool any = false;
    for (int i = 0; i < count; i++) {
        if (!(found[i].probability >= job->confidence)) continue;
        if (any) lathe_text_put(out, ",");
        put_finding(trained, &found[i], out);
        any = true;
    }
    lathe_text_put(out, "]");
    if (shot->mask) put_mask(task, shot->mask, out);
}

static void put_shots(const lathe_trained *trained, const cli_job *job, const char *name, lathe_text *out)
{
    lathe_text_add(out, "\"%s\":[", name);
    for (int i = 0; i < job->shots; i++) {
        lathe_text_put(out, i ? ",{" : "{");
        if (*job->shot[i].name) {
            lathe_text_put(out, "\"file\":");
            lathe_text_json(out, job->shot[i].name);
            lathe_text_put(out, ",");
        }
        put_shot(trained, job, &job->shot[i], out);
        lathe_text_put(out, "}");
    }
    lathe_text_put(out, "]");
}

/* Milliseconds, rounded to microseconds. */
static void put_ms(const char *name, double seconds, lathe_text *out)
{
    lathe_text_add(out, "\"%s\":", name);
    lathe_text_number(out, round(seconds * 1e6) / 1e3);
}

static void put_head(const lathe_trained *trained, const cli_job *job, lathe_text *out)
{
    lathe_text_put(out, "{\"model\":");
    lathe_text_json(out, trained->model_name);
    lathe_text_put(out, ",\"weights\":");
    lathe_text_json(out, trained->weights_hash);
    lathe_text_put(out, ",\"ms\":{");
    put_ms("wait", job->begun - job->received, out);
    lathe_text_put(out, ",");
    put_ms("prepare", job->preparing, out);
    lathe_text_put(out, ",");
    put_ms("predict", job->predicting, out);
    lathe_text_put(out, "},");
}

unsigned cli_answer_job(const lathe_trained *trained, const cli_job *job, bool instances, lathe_text *out)
{
    int good = 0;
    for (int i = 0; i < job->shots; i++) good += !job->shot[i].status;
    const cli_shot *first = &job->shot[0];
    if (!good && (job->shots == 1 || first->status == LATHE_ENOMEM)) {
        cli_answer_error(first->why, out);
        return first->status == LATHE_EFORMAT || first->status == LATHE_EARG ? 400 :
            first->status == LATHE_ENOMEM                                    ? 503 :
                                                                               500;
    }
    put_head(trained, job, out);
    if (instances) put_shots(trained, job, "predictions", out);
    else if (job->shots > 1) put_shots(trained, job, "pictures", out);
    else put_shot(trained, job, first, out);
    lathe_text_put(out, "}\n");
    return good ? 200 : 400;
}

void cli_answer_error(const char *why, lathe_text *out)
{
    lathe_text_put(out, "{\"error\":");
    lathe_text_json(out, why);
    lathe_text_put(out, "}\n");
}

/* ---- the model ----------------------------------------------------------------------------------------- */

static void put_text(const char *name, const char *text, lathe_text *out)
{
    lathe_text_add(out, ",\"%s\":", name);
    lathe_text_json(out, text ? text : "");
}

static void put_numbers(const char *name, const double *numbers, int count, lathe_text *out)
{
    lathe_text_add(out, ",\"%s\":[", name);
    for (int i = 0; i < count; i++) {
        if (i) lathe_text_put(out, ",");
        lathe_text_number(out, numbers[i]);
    }
    lathe_text_put(out, "]");
}

static void put_input(const lathe_trained *trained, lathe_text *out)
{
    const lathe_dataset *data = &trained->data;
    lathe_text_add(out, ",\"input\":{\"channels\":%d,\"height\":%d,\"width\":%d", data->channels,
        data->height, data->width);
    put_numbers("mean", data->mean, data->channels, out);
    put_numbers("std", data->std, data->channels, out);
    lathe_text_put(out, ",\"crop_ratio\":");
    lathe_text_number(out, trained->crop_ratio);
    put_text("interpolation", lathe_filter_names[trained->interpolation], out);
    put_text("background", trained->background, out);
    put_text("transforms", trained->augment, out);
    lathe_text_put(out, "}");
}

static void put_classes(const lathe_trained *trained, lathe_text *out)
{
    const lathe_dataset *data = &trained->data;
    lathe_text_put(out, ",\"classes\":[");
    for (int i = 0; i < data->classes; i++) {
        if (i) lathe_text_put(out, ",");
        lathe_text_json(out, data->class_names[i]);
    }
    lathe_text_put(out, "]");
    if (data->heads) lathe_text_put(out, ",\"heads\":[");
    for (int i = 0; i < data->heads; i++) {
        lathe_text_put(out, i ? ",{\"name\":" : "{\"name\":");
        lathe_text_json(out, data->head[i].name);
        lathe_text_add(out, ",\"first\":%d,\"classes\":%d}", data->head[i].first, data->head[i].classes);
    }
    if (data->heads) lathe_text_put(out, "]");
    if (!trained->class_counts || trained->task->type->mask) return; /* of masks it is no number of pixels */
    lathe_text_put(out, ",\"class_counts\":[");
    for (int i = 0; i < data->classes; i++)
        lathe_text_add(out, "%s%llu", i ? "," : "", (unsigned long long)trained->class_counts[i]);
    lathe_text_put(out, "]");
}

static size_t parameters(const lathe_trained *trained)
{
    const lathe_params *params = lathe_nn_params(trained->net);
    size_t sum = 0;
    for (int i = 0; params && i < params->count; i++) sum += lathe_shape_count(&params->tensor[i]->shape);
    return sum;
}

void cli_answer_model(const lathe_trained *trained, const char *batches, lathe_text *out)
{
    char line[LATHE_MESSAGE_SIZE];
    const lathe_task *task = trained->task;
    task->type->describe(task, line, sizeof line);
    lathe_text_put(out, "{\"model\":");
    lathe_text_json(out, trained->model_name);
    put_text("task", task->type->name, out);
    put_text("answer", line, out);
    put_classes(trained, out);
    put_input(trained, out);
    lathe_text_add(out, ",\"parameters\":%zu,\"step\":%llu", parameters(trained),
        (unsigned long long)trained->step);
    put_text("settings", trained->settings_hash, out);
    put_text("weights", trained->weights_hash, out);
    lathe_text_add(out, ",\"batches\":[%s]", batches);
    put_text("lathe", lathe_version(), out);
    lathe_text_put(out, "}\n");
}
