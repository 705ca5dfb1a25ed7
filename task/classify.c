/* One class a picture. */
#include <stdio.h>
#include <string.h>

#include "../core/tape.h"
#include "../metrics/metric.h"
#include "task_impl.h"

static lathe_status check(const lathe_task *task, const lathe_task_opts *opts)
{
    lathe_status status = lathe_task_needs_labels(task, opts);
    if (status) return status;
    if (!opts->loss || !lathe_transforms_mixes(opts->transforms) || opts->loss->mixed) return LATHE_OK;
    return lathe_fail(LATHE_EARG,
        "settings: mixup and cutmix mix labels, which loss %s does not take; cross_entropy does",
        opts->loss->name);
}

/* The labels of mixed pictures: [B, K], share at one's class and the rest at the other's. */
static lathe_tensor *mixed_targets(lathe_task *task, const lathe_tensor *output, const lathe_batch *batch)
{
    size_t classes = (size_t)task->data->classes;
    lathe_real *target = task->scores; /* free until the outputs are counted */
    memset(target, 0, (size_t)batch->size * classes * sizeof *target);
    for (size_t i = 0; i < (size_t)batch->size; i++) {
        target[i * classes + (size_t)batch->labels[i]] += batch->share[i];
        target[i * classes + (size_t)batch->other_labels[i]] += 1 - batch->share[i];
    }
    return lathe_tape_leaf(output->tape, LATHE_BATCHED, output->shape, target);
}

static lathe_tensor *loss(lathe_task *task, lathe_tensor *output, const lathe_batch *batch, const void *opts)
{
    if (!batch->other_labels) return task->loss->classify(output, batch->labels, opts);
    return task->loss->mixed(output, mixed_targets(task, output, batch), opts);
}

static void update(const lathe_task *task, const lathe_real *scores, const lathe_batch *batch,
    double *numbers)
{
    int classes = task->data->classes;
    for (int i = 0; i < batch->size; i++, scores += classes)
        numbers[0] += lathe_argmax(scores, classes) == batch->labels[i];
    numbers[1] += batch->size;
}

static bool view(lathe_task *task, int index, const lathe_real *scores, const lathe_batch *batch,
    lathe_task_view *view)
{
    if (index) return false;
    *view = lathe_whole_view(task, scores, batch);
    return true;
}

static void probabilities(const lathe_task *task, const lathe_real *scores, double share, double *p)
{
    lathe_add_softmax(scores, task->data->classes, share, p);
}

static int decode(const lathe_task *task, const double *p, int top, lathe_finding *found, int room)
{
    return lathe_findings_rank(p, task->data->classes, top < room ? top : room, found);
}

static void describe(const lathe_task *task, char *line, size_t size)
{
    snprintf(line, size, "one of %d classes", task->data->classes);
}

const lathe_task_type lathe_classify_task = {
    .name = "classify",
    .summary = "one class a picture",
    .word = "class",
    .scores = "a score for each class; softmax makes probabilities",
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
