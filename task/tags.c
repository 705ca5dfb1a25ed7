/* Any number of classes a picture: for each yes or no. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "task_impl.h"

static lathe_status check(const lathe_task *task, const lathe_task_opts *opts)
{
    const char *weights = opts->class_weights ? opts->class_weights : "";
    if (opts->loss && !opts->loss->many)
        return lathe_fail(LATHE_EARG,
            "settings: loss %s is for one class a picture, and those of %s have any number; "
            "binary_cross_entropy is for that",
            opts->loss->name, task->data->name);
    if (!strcmp(weights, "balanced"))
        return lathe_fail(LATHE_EARG,
            "settings: class_weights = 'balanced' is for one class a picture, and %s has any number",
            task->data->name);
    return LATHE_OK;
}

static lathe_tensor *loss(lathe_task *task, lathe_tensor *output, const lathe_batch *batch, const void *opts)
{
    return task->loss->many(output, batch->labels, opts);
}

static void update(const lathe_task *task, const lathe_real *scores, const lathe_batch *batch,
    double *numbers)
{
    size_t answers = (size_t)batch->size * (size_t)task->data->classes;
    for (size_t i = 0; i < answers; i++) numbers[0] += (scores[i] > 0) == batch->labels[i];
    numbers[1] += (double)answers;
}

static bool view(lathe_task *task, int index, const lathe_real *scores, const lathe_batch *batch,
    lathe_task_view *view)
{
    if (index) return false;
    *view = lathe_whole_view(task, scores, batch);
    view->many = true;
    return true;
}

static void probabilities(const lathe_task *task, const lathe_real *scores, double share, double *p)
{
    for (int k = 0; k < task->data->classes; k++) p[k] += share / (1 + exp(-(double)scores[k]));
}

/* The tags that it has, and no fewer than `top`. */
static int decode(const lathe_task *task, const double *p, int top, lathe_finding *found, int room)
{
    int yes = 0;
    for (int k = 0; k < task->data->classes; k++) yes += p[k] > 0.5;
    int count = yes > top ? yes : top;
    return lathe_findings_rank(p, task->data->classes, count < room ? count : room, found);
}

static void describe(const lathe_task *task, char *line, size_t size)
{
    snprintf(line, size, "any of %d classes", task->data->classes);
}

const lathe_task_type lathe_tags_task = {
    .name = "tags",
    .summary = "any number of classes a picture",
    .word = "many",
    .scores = "a score for each class; sigmoid makes probabilities",
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
