/* A class of each of several kinds (colour, shape, ...): a head each. */
#include <stdio.h>
#include <string.h>

#include "../core/names.h"
#include "../core/ops/arithmetic.h"
#include "../core/ops/shape.h"
#include "../metrics/metric.h"
#include "task_impl.h"

static lathe_status check(const lathe_task *task, const lathe_task_opts *opts)
{
    if (task->data->heads < 1) return lathe_fail(LATHE_EARG, "task heads: %s has no heads", task->data->name);
    if (!opts->class_weights || !*opts->class_weights) return lathe_task_needs_labels(task, opts);
    return lathe_fail(LATHE_EARG,
        "settings: class_weights = '%.40s' is for one class a picture, and %s has several heads",
        opts->class_weights, task->data->name);
}

/* Column `head` of the labels. */
static const int *labels_of(lathe_task *task, int head, const lathe_batch *batch)
{
    for (int i = 0; i < batch->size; i++) task->labels[i] = batch->labels[i * task->data->heads + head];
    return task->labels;
}

/* The sum over the heads, each a classification of its own. */
static lathe_tensor *loss(lathe_task *task, lathe_tensor *output, const lathe_batch *batch, const void *opts)
{
    lathe_tensor *sum = NULL;
    for (int h = 0; h < task->data->heads; h++) {
        const lathe_head *head = &task->data->head[h];
        lathe_tensor *one = task->loss->classify(lathe_slice(output, head->first, head->classes),
            labels_of(task, h, batch), opts);
        sum = sum ? lathe_add(sum, one) : one;
        if (!sum) return NULL;
    }
    return sum;
}

static void update(const lathe_task *task, const lathe_real *scores, const lathe_batch *batch,
    double *numbers)
{
    const lathe_dataset *data = task->data;
    const int *label = batch->labels;
    for (int i = 0; i < batch->size; i++, scores += data->classes)
        for (int h = 0; h < data->heads; h++)
            numbers[0] += lathe_argmax(scores + data->head[h].first, data->head[h].classes) == *label++;
    numbers[1] += (double)batch->size * data->heads;
}

static bool view(lathe_task *task, int index, const lathe_real *scores, const lathe_batch *batch,
    lathe_task_view *view)
{
    if (index >= task->data->heads) return false;
    const lathe_head *head = &task->data->head[index];
    size_t classes = (size_t)head->classes;
    for (size_t i = 0; i < (size_t)batch->size; i++)
        memcpy(task->sorted + i * classes, scores + i * (size_t)task->data->classes + head->first,
            classes * sizeof *task->sorted);
    *view = (lathe_task_view){ .name = head->name,
        .classes = head->classes,
        .first = head->first,
        .count = (size_t)batch->size,
        .scores = task->sorted,
        .labels = labels_of(task, index, batch) };
    return true;
}

static void probabilities(const lathe_task *task, const lathe_real *scores, double share, double *p)
{
    for (int h = 0; h < task->data->heads; h++) {
        const lathe_head *head = &task->data->head[h];
        lathe_add_softmax(scores + head->first, head->classes, share, p + head->first);
    }
}

/* The likeliest class of each head, in the heads' order. */
static int decode(const lathe_task *task, const double *p, int top, lathe_finding *found, int room)
{
    (void)top;
    int count = task->data->heads < room ? task->data->heads : room;
    for (int h = 0; h < count; h++) {
        const lathe_head *head = &task->data->head[h];
        lathe_findings_rank(p + head->first, head->classes, 1, &found[h]);
        found[h].index += head->first;
    }
    return count;
}

static void describe(const lathe_task *task, char *line, size_t size)
{
    const size_t used = (size_t)snprintf(line, size, "a class of each of ");
    if (used >= size) return;
    lathe_names names = lathe_names_in(line + used, size - used);
    for (int h = 0; h < task->data->heads; h++) {
        char one[96];
        snprintf(one, sizeof one, "%.60s (%d)", task->data->head[h].name, task->data->head[h].classes);
        lathe_names_add(&names, ", ", one);
    }
}

const lathe_task_type lathe_heads_task = {
    .name = "heads",
    .summary = "a class of each of several kinds",
    .scores = "a score for each class; softmax over each head makes probabilities",
    .metrics = lathe_accuracy_alone,
    .check = check,
    .output = lathe_class_scores,
    .loss = loss,
    .numbers = lathe_two_numbers,
    .update = update,
    .compute = lathe_compute_accuracy,
    .view = view,
    .probabilities = probabilities,
    .decode = decode,
    .describe = describe,
};
