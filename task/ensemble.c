#include "ensemble.h"

#include <math.h>
#include <string.h>

#include "../core/alloc.h"
#include "../metrics/average.h"
#include "task_impl.h"

lathe_ensemble *lathe_ensemble_new(lathe_task *task, size_t samples)
{
    if (!task) return lathe_fail_null("lathe_ensemble_new", "task"), NULL;
    if (task->type->dense || !samples)
        return lathe_fail(LATHE_EARG, "lathe_ensemble_new: %s",
                   samples ? "the predictions of single pixels are not averaged" : "samples = 0"),
               NULL;
    lathe_ensemble *ensemble = lathe_alloc(1, sizeof *ensemble);
    if (!ensemble) return NULL;
    *ensemble = (lathe_ensemble){ .task = task, .samples = samples };
    ensemble->p = lathe_alloc(lathe_times(samples, (size_t)task->data->classes), sizeof *ensemble->p);
    if (ensemble->p) return ensemble;
    lathe_ensemble_free(ensemble);
    return NULL;
}

void lathe_ensemble_free(lathe_ensemble *ensemble)
{
    if (!ensemble) return;
    lathe_free(ensemble->p);
    lathe_free(ensemble);
}

static lathe_status check_samples(const lathe_ensemble *ensemble, size_t samples)
{
    if (samples == ensemble->samples) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "lathe_ensemble: the loader has %s samples than the %zu of the ensemble",
        samples < ensemble->samples ? "fewer" : "more", ensemble->samples);
}

static lathe_status add_batch(void *context, lathe_task *task, const lathe_pass *pass)
{
    lathe_ensemble *ensemble = context;
    const size_t classes = (size_t)task->data->classes, size = (size_t)pass->batch->size;
    if (pass->first + size > ensemble->samples) return check_samples(ensemble, pass->first + size);
    if (lathe_task_needs_whole("lathe_ensemble_add", pass->batch)) return lathe_error();
    const lathe_real *scores = pass->scores;
    for (size_t i = 0; i < size; i++, scores += classes)
        task->type->probabilities(task, scores, 1, ensemble->p + (pass->first + i) * classes);
    return LATHE_OK;
}

lathe_status lathe_ensemble_add(lathe_ensemble *ensemble, lathe_layer *net, lathe_tape *tape,
    lathe_loader *loader)
{
    if (!ensemble) return lathe_fail_null("lathe_ensemble_add", "ensemble");
    lathe_plan *plan = lathe_plan_new(net);
    lathe_status status =
        plan ? lathe_infer(ensemble->task, plan, tape, loader, false, add_batch, ensemble) : lathe_error();
    lathe_plan_free(plan);
    if (!status) ensemble->members++;
    return status;
}

/*
 * Scores whose softmax (or sigmoid, if a sample has any number of classes) are the mean probabilities. So
 * losses and metrics need not know of ensembles.
 */
static void put_scores(const lathe_ensemble *ensemble, size_t first, size_t size, bool many,
    lathe_real *scores)
{
    const size_t classes = (size_t)ensemble->task->data->classes;
    for (size_t i = 0; i < size * classes; i++) {
        const double p = fmax(ensemble->p[first * classes + i] / ensemble->members, 1e-30);
        scores[i] = (lathe_real)(many ? log(p) - log(fmax(1 - p, 1e-30)) : log(p));
    }
}

/* Add a batch to the sums of loss and metrics. */
static lathe_status count_batch(lathe_ensemble *ensemble, lathe_tape *tape, const lathe_batch *batch,
    const void *loss, size_t first, lathe_average *average, double *numbers)
{
    lathe_task *task = ensemble->task;
    lathe_task_view view;
    lathe_shape shape = task->output;
    shape.dim[0] = batch->size;
    if (first + (size_t)batch->size > ensemble->samples)
        return check_samples(ensemble, first + (size_t)batch->size);
    lathe_status status = lathe_task_needs_whole("lathe_ensemble_score", batch);
    if (!status) status = lathe_task_reserve(task, batch->size);
    if (status) return status;
    const bool many = task->type->view(task, 0, task->scores, batch, &view) && view.many;
    put_scores(ensemble, first, (size_t)batch->size, many, task->scores);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *output = lathe_tape_leaf(tape, LATHE_BATCHED, shape, task->scores);
    lathe_tensor *value = output && task->loss ? lathe_task_loss(task, output, batch, loss) : NULL;
    if (!output || (task->loss && !value)) return lathe_error();
    if (value) lathe_average_add(average, lathe_item(value), batch->size);
    task->type->update(task, task->scores, batch, numbers);
    return LATHE_OK;
}

lathe_status lathe_ensemble_score(lathe_ensemble *ensemble, lathe_tape *tape, lathe_loader *loader,
    const void *loss, lathe_score *score)
{
    if (!ensemble || !tape || !loader || !score)
        return lathe_fail_null("lathe_ensemble_score",
            !ensemble   ? "ensemble" :
                !tape   ? "tape" :
                !loader ? "loader" :
                          "score");
    if (!ensemble->members) return lathe_fail(LATHE_ESTATE, "lathe_ensemble_score: no net was added");
    lathe_average average = { 0 };
    lathe_status status = LATHE_OK;
    double *numbers = lathe_alloc(ensemble->task->numbers, sizeof *numbers);
    *score = lathe_score_none();
    if (!numbers) return lathe_error();
    size_t first = 0;
    for (lathe_batch batch; !status && lathe_loader_next(loader, &batch); first += (size_t)batch.size)
        status = count_batch(ensemble, tape, &batch, loss, first, &average, numbers);
    if (!status) status = lathe_loader_status(loader);
    if (!status) status = check_samples(ensemble, first);
    if (!status) {
        score->count = first;
        score->loss = ensemble->task->loss ? lathe_average_value(&average) : (double)NAN;
        lathe_task_compute(ensemble->task, numbers, score->metric);
    }
    lathe_free(numbers);
    return status;
}
