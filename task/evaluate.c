#include "evaluate.h"

#include <math.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/shard.h"
#include "../metrics/average.h"
#include "task_impl.h"

/* ---- the loop ------------------------------------------------------------------------------------------ */

/* What the loop works with. */
typedef struct looping {
    lathe_task *task;
    lathe_plan *plan;
    lathe_tape *tape;
    lathe_pass_fn *told;
    void *context;
    lathe_real *mirrored; /* images of a batch; NULL: not wanted, or not yet */
} looping;

/* Numbers that lie abreast at each pixel of a batch. */
static size_t lanes_of(const lathe_batch *batch) { return batch->plain ? 1 : LATHE_LANES; }

/* Numbers of a batch's images as they are stored. */
static size_t stored(const lathe_batch *batch)
{
    size_t lanes = lanes_of(batch), blocks = ((size_t)batch->size + lanes - 1) / lanes;
    return blocks * lanes * (size_t)batch->channels * (size_t)batch->height * (size_t)batch->width;
}

/* Each row of pixels, whose lanes stay where they are, from its end. */
static void mirror(const lathe_batch *batch, lathe_real *mirrored)
{
    size_t width = (size_t)batch->width, lanes = lanes_of(batch), rows = stored(batch) / (width * lanes);
    for (size_t row = 0; row < rows; row++)
        for (size_t x = 0; x < width; x++)
            memcpy(mirrored + (row * width + x) * lanes,
                batch->images + (row * width + width - 1 - x) * lanes, lanes * sizeof *mirrored);
}

static lathe_status pass_once(const looping *l, const lathe_batch *batch, size_t first, bool mirrored)
{
    lathe_task *task = l->task;
    lathe_tape_begin(l->tape, LATHE_EVAL);
    lathe_tensor *output = lathe_plan_run(l->plan, lathe_input(l->tape, batch));
    lathe_status status = output ? lathe_task_check_output(task, output) : lathe_error();
    if (!status) status = lathe_task_reserve(task, batch->size);
    if (!status) status = lathe_tensor_read(output, task->scores, lathe_shape_count(&output->shape));
    const lathe_pass pass = { batch, output, task->scores, first + (size_t)batch->first, mirrored };
    return status ? status : l->told(l->context, task, &pass);
}

static lathe_status pass_mirrored(looping *l, const lathe_batch *batch, size_t first)
{
    if (!l->mirrored)
        l->mirrored = lathe_alloc_raw(stored(batch), sizeof *l->mirrored); /* the first is largest */
    if (!l->mirrored) return lathe_error();
    lathe_batch other = *batch;
    mirror(batch, l->mirrored);
    other.images = l->mirrored;
    return pass_once(l, &other, first, true);
}

lathe_status lathe_infer(lathe_task *task, lathe_plan *plan, lathe_tape *tape, lathe_loader *loader,
    bool hflip, lathe_pass_fn *told, void *context)
{
    if (!task || !plan || !tape || !loader || !told)
        return lathe_fail_null("lathe_infer",
            !task       ? "task" :
                !plan   ? "plan" :
                !tape   ? "tape" :
                !loader ? "loader" :
                          "told");
    looping l = { .task = task, .plan = plan, .tape = tape, .told = told, .context = context };
    lathe_status status = LATHE_OK;
    size_t first = 0;
    for (lathe_batch batch; !status && lathe_loader_next(loader, &batch);
         first += (size_t)lathe_batch_whole(&batch)) {
        status = pass_once(&l, &batch, first, false);
        if (!status && hflip) status = pass_mirrored(&l, &batch, first);
    }
    lathe_free(l.mirrored);
    return status ? status : lathe_loader_status(loader);
}

/* ---- loss and metrics ---------------------------------------------------------------------------------- */

lathe_score lathe_score_none(void)
{
    lathe_score score = { .loss = (double)NAN };
    for (int i = 0; i < LATHE_TASK_METRICS; i++) score.metric[i] = (double)NAN;
    return score;
}

/* What evaluation adds up. */
typedef struct sums {
    const lathe_evaluate_opts *opts;
    lathe_average loss;
    double *numbers; /* [task->numbers], of this process's pictures */
    size_t count;
    bool shared; /* other processes have the rest of the pictures */
} sums;

static lathe_status add_batch(void *context, lathe_task *task, const lathe_pass *pass)
{
    sums *sum = context;
    if (task->loss) {
        lathe_tensor *loss = lathe_task_loss(task, pass->output, pass->batch, sum->opts->loss);
        if (!loss) return lathe_error();
        lathe_average_add(&sum->loss, lathe_item(loss), lathe_batch_whole(pass->batch));
    }
    if (!pass->batch->silent) task->type->update(task, pass->scores, pass->batch, sum->numbers);
    sum->count += (size_t)lathe_batch_whole(pass->batch);
    sum->shared |= pass->batch->whole > 0;
    return sum->opts->measure ? lathe_measure_update(sum->opts->measure, task, pass) : LATHE_OK;
}

lathe_status lathe_evaluate(lathe_task *task, lathe_layer *net, lathe_tape *tape, lathe_loader *loader,
    const lathe_evaluate_opts *opts, lathe_score *score)
{
    static const lathe_evaluate_opts none;
    if (!task || !score) return lathe_fail_null("lathe_evaluate", task ? "score" : "task");
    *score = lathe_score_none();
    sums sum = { .opts = opts ? opts : &none, .numbers = lathe_alloc(task->numbers, sizeof *sum.numbers) };
    if (!sum.numbers) return lathe_error();
    lathe_plan *plan = lathe_plan_new(net);
    lathe_status status =
        plan ? lathe_infer(task, plan, tape, loader, false, add_batch, &sum) : lathe_error();
    lathe_plan_free(plan);
    if (!status && sum.shared) status = lathe_task_join(task, lathe_tape_context(tape), sum.numbers);
    if (!status) {
        score->count = sum.count;
        score->loss = lathe_average_value(&sum.loss);
        lathe_task_compute(task, sum.numbers, score->metric);
    }
    lathe_free(sum.numbers);
    return status;
}
