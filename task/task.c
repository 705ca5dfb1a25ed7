#include "task_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/exchange.h"
#include "../core/names.h"
#include "../core/registry.h"
#include "../core/shard.h"
#include "../core/tape.h"
#include "../metrics/metric.h"

/* ---- finding kinds ------------------------------------------------------------------------------------- */

static const char *word_of(const void *type) { return ((const lathe_task_type *)type)->word; }

static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_task_type *type = object;
    if (!type->metrics || !type->metrics[0].name)
        return lathe_registry_refuse(registry, type, "it has no metrics");
    const struct {
        const char *name;
        bool given;
    } needed[] = { { "output", type->output }, { "loss", type->loss }, { "numbers", type->numbers },
        { "update", type->update }, { "compute", type->compute }, { "view", type->view },
        { "probabilities", type->probabilities }, { "decode", type->decode },
        { "describe", type->describe } };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!needed[i].given) return lathe_registry_refuse(registry, type, "%s is NULL", needed[i].name);
    return LATHE_OK;
}

extern const void *const lathe_task_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "task",
    .prefix = "lathe_task",
    .table = lathe_task_types,
    .check = check_type,
    .alias = word_of };

const lathe_task_type *lathe_task_at(int index) { return lathe_registry_at(&registry, index); }

const lathe_task_type *lathe_task_find(const char *name) { return lathe_registry_find(&registry, name); }

lathe_status lathe_task_register(const lathe_task_type *type) { return lathe_registry_add(&registry, type); }

lathe_status lathe_task_needs_labels(const lathe_task *task, const lathe_task_opts *opts)
{
    if (!opts->loss || opts->loss->classify) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "settings: loss %s is not for labels, which %s has; cross_entropy is",
        opts->loss->name, task->data->name);
}

/* ---- an object ----------------------------------------------------------------------------------------- */

/* The most bytes of a picture before, between and after the transforms: 22 megapixels in colour. */
enum { PICTURE_MOST = 1 << 26 };

/*
 * The size of a picture after the transforms. Training and prediction check the sizes on the way here, so
 * that a checkpoint cannot ask for more memory than a run that wrote it.
 */
static lathe_status set_size(lathe_task *task, const lathe_transforms *transforms)
{
    const lathe_dataset *data = task->data;
    lathe_status status = lathe_transforms_size(transforms, data->channels, &task->height, &task->width);
    if (status) return status;
    double most = (double)data->channels * data->height * data->width;
    const double between =
        (double)lathe_transforms_scratch(transforms, data->channels, data->height, data->width) / 2;
    if (between > most) most = between;
    return most <= PICTURE_MOST ? LATHE_OK :
                                  lathe_fail(LATHE_ESHAPE,
                                      "%s: pictures of %d x %d x %d, and with their transforms of up to %.0f "
                                      "bytes; at most %d bytes are taken: choose a smaller --size",
                                      data->name ? data->name : "the data", data->channels, data->height,
                                      data->width, most, PICTURE_MOST);
}

static lathe_status set_up(lathe_task *task, const lathe_task_opts *opts)
{
    const lathe_task_type *type = task->type;
    lathe_status status = set_size(task, opts->transforms);
    if (!status && type->check) status = type->check(task, opts);
    if (status) return status;
    task->answers =
        task->data->masks ? (size_t)task->height * (size_t)task->width : lathe_data_answers(task->data);
    task->output = type->output(task);
    task->numbers = type->numbers(task);
    while (task->metrics < LATHE_TASK_METRICS && type->metrics[task->metrics].name) task->metrics++;
    return LATHE_OK;
}

lathe_task *lathe_task_new(const lathe_task_opts *opts)
{
    if (!opts || !opts->data) return lathe_fail_null("lathe_task_new", opts ? "opts->data" : "opts"), NULL;
    const lathe_task_type *type = lathe_task_find(opts->data->task);
    lathe_task *task = type ? lathe_alloc(1, sizeof *task) : NULL;
    if (!task) return NULL;
    *task = (lathe_task){ .type = type,
        .data = opts->data,
        .loss = opts->loss,
        .height = opts->data->height,
        .width = opts->data->width };
    if (!set_up(task, opts)) return task;
    lathe_task_free(task);
    return NULL;
}

static void free_room(lathe_task *task)
{
    lathe_free(task->scores);
    lathe_free(task->sorted);
    lathe_free(task->labels);
    task->scores = task->sorted = NULL;
    task->labels = NULL;
    task->room = 0;
}

void lathe_task_free(lathe_task *task)
{
    if (!task) return;
    free_room(task);
    lathe_free(task);
}

lathe_status lathe_task_reserve(lathe_task *task, int size)
{
    if (size <= task->room) return LATHE_OK;
    free_room(task);
    lathe_shape each = task->output;
    each.dim[0] = 1;
    size_t numbers = lathe_times((size_t)size, lathe_shape_count(&each));
    task->scores = lathe_alloc(numbers, sizeof *task->scores);
    task->sorted = lathe_alloc(numbers, sizeof *task->sorted);
    task->labels = lathe_alloc((size_t)size, sizeof *task->labels);
    if (!task->scores || !task->sorted || !task->labels) return lathe_error();
    task->room = size;
    return LATHE_OK;
}

/* ---- a batch ------------------------------------------------------------------------------------------- */

lathe_status lathe_task_check_output(const lathe_task *task, const lathe_tensor *output)
{
    lathe_status status = lathe_tape_check(task->type->name, "the output", output);
    if (status) return status;
    lathe_shape want = task->output;
    want.dim[0] = output->shape.dim[0];
    if (lathe_shape_equal(&output->shape, &want)) return LATHE_OK;
    char got[LATHE_SHAPE_TEXT], expected[LATHE_SHAPE_TEXT];
    const char *hint = want.rank == 4 ? ", a class for each pixel, as unet gives" :
        output->shape.rank == 4       ? ", a class for each picture; this is a net for masks" :
                                        "";
    return lathe_fail(LATHE_ESHAPE, "task %s: the net gives %s, expected %s%s", task->type->name,
        lathe_shape_text(&output->shape, got), lathe_shape_text(&want, expected), hint);
}

/* Of what a batch and a task must have. */
static lathe_status check_batch(const char *who, const lathe_task *task, const lathe_tensor *output,
    const lathe_batch *batch)
{
    if (!task || !output || !batch)
        return lathe_error() && !output ? lathe_error() :
                                          lathe_fail_null(who,
                                              !task       ? "task" :
                                                  !output ? "output" :
                                                            "batch");
    lathe_status status = lathe_task_check_output(task, output);
    if (status) return status;
    if (output->shape.dim[0] != batch->size)
        return lathe_fail(LATHE_ESHAPE, "%s: output of %d samples, batch of %d", who, output->shape.dim[0],
            batch->size);
    return batch->labels ? LATHE_OK : lathe_fail_null(who, "batch->labels");
}

lathe_status lathe_task_needs_whole(const char *who, const lathe_batch *batch)
{
    if (!batch->whole) return LATHE_OK;
    return lathe_fail(LATHE_EARG,
        "%s: this process has %d of the batch's %d pictures; make a loader without ranks", who, batch->size,
        batch->whole);
}

lathe_tensor *lathe_task_loss(lathe_task *task, lathe_tensor *output, const lathe_batch *batch,
    const void *opts)
{
    const char *who = "lathe_task_loss";
    if (check_batch(who, task, output, batch)) return NULL;
    if (!task->loss) return lathe_fail(LATHE_ESTATE, "%s: the task was made without a loss", who), NULL;
    return lathe_task_reserve(task, batch->size) ? NULL : task->type->loss(task, output, batch, opts);
}

/* The sum of the weights of labels, micro-batch by micro-batch. */
static lathe_status add_weights(const lathe_task *task, lathe_context *context, const lathe_batch *batch,
    const void *opts, double *sum)
{
    const size_t size = (size_t)batch->size, leaves = (size - 1) / LATHE_MICRO_BATCH + 1;
    double *weight = lathe_alloc(leaves, sizeof *weight);
    if (!weight) return lathe_error();
    for (size_t i = 0; i < leaves; i++) {
        const size_t first = i * LATHE_MICRO_BATCH, left = size - first,
                     count = left < LATHE_MICRO_BATCH ? left : LATHE_MICRO_BATCH;
        weight[i] =
            task->loss->mean_weight(opts, batch->labels + first * task->answers, count * task->answers);
    }
    const lathe_shard shard = { batch->whole, batch->first, batch->size, batch->silent };
    lathe_status status = lathe_shard_sum(context, &shard, weight, sum);
    lathe_free(weight);
    return status;
}

double lathe_task_weight(const lathe_task *task, lathe_context *context, const lathe_batch *batch,
    const void *opts)
{
    if (!task || !batch) return lathe_fail_null("lathe_task_weight", task ? "batch" : "task"), (double)NAN;
    double sum;
    if (batch->size < 1 || !task->loss || !task->loss->mean_weight || batch->other_labels || !batch->labels ||
        !task->answers)
        return lathe_batch_whole(batch);
    return add_weights(task, context, batch, opts, &sum) ? (double)NAN : sum / (double)task->answers;
}

lathe_status lathe_task_count(lathe_task *task, const lathe_tensor *output, const lathe_batch *batch,
    double *numbers)
{
    lathe_status status = check_batch("lathe_task_count", task, output, batch);
    if (status) return status;
    if (!numbers) return lathe_fail_null("lathe_task_count", "numbers");
    if (batch->silent) return LATHE_OK;
    status = lathe_task_reserve(task, batch->size);
    if (!status) status = lathe_tensor_read(output, task->scores, lathe_shape_count(&output->shape));
    if (!status) task->type->update(task, task->scores, batch, numbers);
    return status;
}

lathe_status lathe_task_join(const lathe_task *task, lathe_context *context, double *numbers)
{
    if (!task || !numbers) return lathe_fail_null("lathe_task_join", task ? "numbers" : "task");
    const lathe_exchange *exchange = lathe_context_exchange(context);
    if (!exchange || exchange->size == 1) return LATHE_OK;
    const size_t size = (size_t)exchange->size, count = task->numbers;
    double *all = lathe_alloc(lathe_times(size, count), sizeof *all);
    lathe_status status =
        all ? lathe_exchange_each(exchange, numbers, all, count * sizeof *all) : lathe_error();
    for (size_t i = 0; i < count && !status; i++) {
        numbers[i] = 0;
        for (size_t rank = 0; rank < size; rank++) numbers[i] += all[rank * count + i];
    }
    lathe_free(all);
    return status;
}

/* ---- metrics ------------------------------------------------------------------------------------------- */

void lathe_task_compute(const lathe_task *task, const double *numbers, double *values)
{
    if (!task || !numbers || !values) return;
    for (int i = 0; i < LATHE_TASK_METRICS; i++) values[i] = (double)NAN;
    task->type->compute(task, numbers, values);
}

int lathe_task_metric_find(const lathe_task *task, const char *name)
{
    for (int i = 0; task && name && i < task->metrics; i++)
        if (!strcmp(task->type->metrics[i].name, name)) return i;
    return -1;
}

static lathe_status unknown_column(const lathe_task *task, const char *name)
{
    char known[LATHE_MESSAGE_SIZE];
    lathe_names names = lathe_names_in(known, sizeof known);
    lathe_names_add(&names, ", ", "train_loss, val_loss");
    for (int i = 0; i < task->metrics; i++) {
        char pair[128];
        snprintf(pair, sizeof pair, "train_%s, val_%s", task->type->metrics[i].name,
            task->type->metrics[i].name);
        lathe_names_add(&names, ", ", pair);
    }
    return lathe_fail(LATHE_ENAME, "task %s has no column '%.60s'; known: %s", task->type->name, name, known);
}

lathe_status lathe_task_column_find(const lathe_task *task, const char *name, lathe_task_column *column)
{
    if (!task || !name || !column)
        return lathe_fail_null("lathe_task_column_find", !task ? "task" : !name ? "name" : "column");
    bool validation = !strncmp(name, "val_", 4);
    const char *rest = validation ? name + 4 : !strncmp(name, "train_", 6) ? name + 6 : "";
    int metric = lathe_task_metric_find(task, rest);
    if (metric < 0 && strcmp(rest, "loss")) return unknown_column(task, name);
    *column = (lathe_task_column){ .validation = validation,
        .metric = metric,
        .lower_is_better = metric < 0 || task->type->metrics[metric].lower_is_better };
    return LATHE_OK;
}

bool lathe_task_single_class(lathe_task *task)
{
    static const lathe_batch empty;
    lathe_task_view view;
    return task && !task->type->dense && !task->type->view(task, 1, NULL, &empty, &view) &&
        task->type->view(task, 0, NULL, &empty, &view) && !view.many;
}

/* ---- for the kinds ------------------------------------------------------------------------------------- */

const lathe_task_metric lathe_accuracy_alone[] = { { "accuracy", "accuracy", false, true },
    { .name = NULL } };

size_t lathe_two_numbers(const lathe_task *task)
{
    (void)task;
    return 2;
}

void lathe_compute_accuracy(const lathe_task *task, const double *numbers, double *values)
{
    (void)task;
    values[0] = numbers[0] / numbers[1]; /* before the first batch 0 / 0 */
}

lathe_shape lathe_class_scores(const lathe_task *task)
{
    return (lathe_shape){ 2, { 0, task->data->classes } };
}

lathe_task_view lathe_whole_view(const lathe_task *task, const lathe_real *scores, const lathe_batch *batch)
{
    return (lathe_task_view){ .classes = task->data->classes,
        .count = (size_t)batch->size,
        .scores = scores,
        .labels = batch->labels };
}

void lathe_add_softmax(const lathe_real *scores, int classes, double share, double *p)
{
    double most = (double)scores[lathe_argmax(scores, classes)], sum = 0;
    for (int k = 0; k < classes; k++) sum += exp((double)scores[k] - most);
    for (int k = 0; k < classes; k++) p[k] += share * exp((double)scores[k] - most) / sum;
}

/* Has the class a place before `place` already? */
static bool is_ranked(const lathe_finding *found, int place, int k)
{
    for (int before = 0; before < place; before++)
        if (found[before].index == k) return true;
    return false;
}

int lathe_findings_rank(const double *p, int classes, int count, lathe_finding *found)
{
    if (!p || !found) return 0;
    if (count > classes) count = classes;
    for (int place = 0; place < count; place++) {
        int best = -1;
        for (int k = 0; k < classes; k++)
            if (!is_ranked(found, place, k) && (best < 0 || p[k] > p[best])) best = k;
        found[place] = (lathe_finding){ best, p[best] };
    }
    return count;
}
