/* A class for each pixel: a mask. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "task_impl.h"

static lathe_status check(const lathe_task *task, const lathe_task_opts *opts)
{
    if (!task->data->masks) return lathe_fail(LATHE_EARG, "task pixels: %s has no masks", task->data->name);
    if (!opts->class_weights || strcmp(opts->class_weights, "balanced"))
        return lathe_task_needs_labels(task, opts);
    return lathe_fail(LATHE_EARG,
        "settings: class_weights = 'balanced' is for one class a picture, and %s has one each pixel",
        task->data->name);
}

static lathe_shape output(const lathe_task *task)
{
    return (lathe_shape){ 4, { 0, task->data->classes, task->height, task->width } };
}

static lathe_tensor *loss(lathe_task *task, lathe_tensor *output, const lathe_batch *batch, const void *opts)
{
    return task->loss->classify(output, batch->labels, opts);
}

/* The class of pixel `p` of scores [classes, area]: the first of the largest. */
static int class_at(const lathe_task *task, const lathe_real *scores, size_t p)
{
    int best = 0;
    for (int k = 1; k < task->data->classes; k++)
        if (scores[(size_t)k * task->answers + p] > scores[(size_t)best * task->answers + p]) best = k;
    return best;
}

/* Per class, pixels predicted, pixels true, and pixels in both, behind the first two numbers. */
static size_t numbers(const lathe_task *task) { return 2 + 3 * (size_t)task->data->classes; }

static void update(const lathe_task *task, const lathe_real *scores, const lathe_batch *batch,
    double *numbers)
{
    const size_t area = task->answers, classes = (size_t)task->data->classes;
    double *predicted = numbers + 2, *actual = predicted + classes, *both = actual + classes;
    const int *label = batch->labels;
    for (int i = 0; i < batch->size; i++, scores += area * classes)
        for (size_t p = 0; p < area; p++, label++) {
            int best = class_at(task, scores, p);
            numbers[0] += best == *label;
            predicted[best]++;
            actual[*label]++;
            both[best] += best == *label;
        }
    numbers[1] += (double)batch->size * (double)area;
}

/* Mean IoU: over the classes that occur or are predicted, intersection over union. */
static void compute(const lathe_task *task, const double *numbers, double *values)
{
    const int classes = task->data->classes;
    const double *predicted = numbers + 2, *actual = predicted + classes, *both = actual + classes;
    double sum = 0, occur = 0;
    for (int k = 0; k < classes; k++) {
        double either = predicted[k] + actual[k] - both[k];
        if (either == 0) continue;
        sum += both[k] / either;
        occur++;
    }
    lathe_compute_accuracy(task, numbers, values);
    values[1] = sum / occur;
}

/* Scores [size, classes, area] become [size * area, classes]. */
static bool view(lathe_task *task, int index, const lathe_real *scores, const lathe_batch *batch,
    lathe_task_view *view)
{
    if (index) return false;
    const size_t size = (size_t)batch->size, classes = (size_t)task->data->classes, area = task->answers;
    for (size_t i = 0; i < size; i++)
        for (size_t k = 0; k < classes; k++)
            for (size_t p = 0; p < area; p++)
                task->sorted[(i * area + p) * classes + k] = scores[(i * classes + k) * area + p];
    *view = lathe_whole_view(task, task->sorted, batch);
    view->count = size * area;
    return true;
}

/* The part of the picture that each class has. */
static void probabilities(const lathe_task *task, const lathe_real *scores, double share, double *p)
{
    for (size_t i = 0; i < task->answers; i++) p[class_at(task, scores, i)] += share / (double)task->answers;
}

/* The classes that have a part of it. */
static int decode(const lathe_task *task, const double *p, int top, lathe_finding *found, int room)
{
    int seen = 0;
    for (int k = 0; k < task->data->classes; k++) seen += p[k] > 0;
    int count = seen > top ? seen : top;
    return lathe_findings_rank(p, task->data->classes, count < room ? count : room, found);
}

static void mask(const lathe_task *task, const lathe_real *scores, uint8_t *mask)
{
    for (size_t p = 0; p < task->answers; p++) mask[p] = (uint8_t)class_at(task, scores, p);
}

static void describe(const lathe_task *task, char *line, size_t size)
{
    snprintf(line, size, "one of %d classes for each of %d x %d pixels", task->data->classes, task->height,
        task->width);
}

static const lathe_task_metric metrics[] = { { "accuracy", "accuracy", false, true },
    { "mean_iou", "mean IoU", false, false }, { .name = NULL } };

const lathe_task_type lathe_pixels_task = {
    .name = "pixels",
    .summary = "a class for each pixel",
    .scores = "for each class a score at each pixel; softmax over the classes makes probabilities",
    .metrics = metrics,
    .dense = true,
    .check = check,
    .output = output,
    .loss = loss,
    .numbers = numbers,
    .update = update,
    .compute = compute,
    .view = view,
    .probabilities = probabilities,
    .decode = decode,
    .mask = mask,
    .describe = describe,
};
