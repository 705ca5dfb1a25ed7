#include "task.h"

#include <math.h>

static const char *const letters[] = { "a", "b", "c", "d", "e" };

lathe_dataset task_data(const char *task, int classes)
{
    return (lathe_dataset){ .name = (char *)"letters",
        .channels = 1,
        .height = 2,
        .width = 3,
        .classes = classes,
        .class_names = letters,
        .task = task };
}

lathe_task *task_of(const lathe_dataset *data, const char *loss)
{
    lathe_task *task =
        lathe_task_new(&(lathe_task_opts){ .data = data, .loss = loss ? lathe_loss_find(loss) : NULL });
    if (!task) fail_msg("%s", lathe_error_message());
    return task;
}

lathe_batch task_batch(int size, const int *labels)
{
    return (lathe_batch){ .size = size, .channels = 1, .height = 2, .width = 3, .labels = labels };
}

void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.17g, expected %.17g", got, want);
}

/* The scores as an output on a tape of their own. */
static lathe_tensor *output_of(lathe_tape *tape, const lathe_task *task, const lathe_real *scores, int size)
{
    lathe_shape shape = task->output;
    shape.dim[0] = size;
    lathe_tape_begin(tape, LATHE_EVAL);
    return lathe_tape_leaf(tape, LATHE_BATCHED, shape, scores);
}

void task_metrics(lathe_task *task, const lathe_real *scores, const lathe_batch *batch, double values[2])
{
    double sums[64] = { 0 }, all[LATHE_TASK_METRICS];
    lathe_tape *tape = lathe_tape_new(NULL);
    assert_true(task->numbers <= 64);
    if (lathe_task_count(task, output_of(tape, task, scores, batch->size), batch, sums))
        fail_msg("%s", lathe_error_message());
    lathe_task_compute(task, sums, all);
    for (int i = 0; i < 2; i++) values[i] = all[i];
    lathe_tape_free(tape);
}

double task_loss(lathe_task *task, const lathe_real *scores, const lathe_batch *batch)
{
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tensor *loss = lathe_task_loss(task, output_of(tape, task, scores, batch->size), batch, NULL);
    if (!loss) fail_msg("%s", lathe_error_message());
    double value = lathe_item(loss);
    lathe_tape_free(tape);
    return value;
}
