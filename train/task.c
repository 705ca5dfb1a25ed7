/* What a run learns about its pictures: the loss of a batch's answers, and how many of them are right. */
#include <math.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/ops/arithmetic.h"
#include "../core/ops/shape.h"
#include "../metrics/metric.h"
#include "run_impl.h"

lathe_status lathe_task_open(lathe_run *run)
{
    const lathe_dataset *data = run->feed->data;
    lathe_run_state *state = run->state;
    if (data->task == LATHE_TASK_MANY && !state->loss_type->many)
        return lathe_fail(LATHE_EARG,
            "settings: loss %s is for one class a picture, and those of %s have any number; "
            "binary_cross_entropy is for that",
            state->loss_type->name, data->name);
    bool weighted = *run->settings.class_weights, one = data->task == LATHE_TASK_CLASS;
    if (weighted &&
        (data->task == LATHE_TASK_HEADS || (!one && !strcmp(run->settings.class_weights, "balanced"))))
        return lathe_fail(LATHE_EARG,
            "settings: class_weights = '%.40s' is for one class a picture, and %s has %s",
            run->settings.class_weights, data->name,
            data->task == LATHE_TASK_HEADS ? "several heads" : "others");
    if (lathe_transforms_mixes(run->feed->transforms) && one &&
        strcmp(state->loss_type->name, "cross_entropy"))
        return lathe_fail(LATHE_EARG,
            "settings: mixup and cutmix mix labels, which loss %s does not take; cross_entropy does",
            state->loss_type->name);
    int height = data->height, width = data->width;
    lathe_status status = lathe_transforms_size(run->feed->transforms, data->channels, &height, &width);
    if (status) return status;
    state->answers =
        data->task == LATHE_TASK_PIXELS ? (size_t)height * (size_t)width : lathe_data_answers(data);
    state->output =
        (lathe_shape){ data->task == LATHE_TASK_PIXELS ? 4 : 2, { 0, data->classes, height, width } };
    size_t each = (size_t)data->classes * (data->task == LATHE_TASK_PIXELS ? state->answers : 1);
    state->scores = lathe_alloc(lathe_times((size_t)run->settings.batch_size, each), sizeof *state->scores);
    state->head_labels = lathe_alloc((size_t)run->settings.batch_size, sizeof *state->head_labels);
    return state->scores && state->head_labels ? LATHE_OK : lathe_error();
}

/* ---- the loss ------------------------------------------------------------------------------------------ */

/* That the net gives what the data asks for. Errors: LATHE_ESHAPE. */
static lathe_status check_output(const lathe_run *run, const lathe_tensor *output)
{
    lathe_shape want = run->state->output;
    want.dim[0] = output->shape.dim[0];
    if (lathe_shape_equal(&output->shape, &want)) return LATHE_OK;
    char got[LATHE_SHAPE_TEXT], expected[LATHE_SHAPE_TEXT];
    const char *hint = want.rank == 4 ? ", a class for each pixel, as unet gives" :
        output->shape.rank == 4       ? ", a class for each picture; this is a net for masks" :
                                        "";
    return lathe_fail(LATHE_ESHAPE, "lathe_run_train: the net gives %s, expected %s%s",
        lathe_shape_text(&output->shape, got), lathe_shape_text(&want, expected), hint);
}

/* The sum over the heads, each a classification of its own. */
static lathe_tensor *heads_loss(const lathe_run *run, lathe_tensor *output, const int *labels,
    const void *opts)
{
    const lathe_dataset *data = run->feed->data;
    lathe_tensor *sum = NULL;
    for (int h = 0; h < data->heads; h++) {
        int *own = run->state->head_labels;
        for (int i = 0; i < output->shape.dim[0]; i++) own[i] = labels[i * data->heads + h];
        lathe_tensor *loss =
            run->state->loss_type->classify(lathe_slice(output, data->head[h].first, data->head[h].classes),
                own, opts);
        sum = sum ? lathe_add(sum, loss) : loss;
        if (!sum) return NULL;
    }
    return sum;
}

lathe_tensor *lathe_task_loss(const lathe_run *run, lathe_tensor *output, const int *labels, const void *opts)
{
    const lathe_loss_type *type = run->state->loss_type;
    if (!output || check_output(run, output)) return NULL;
    if (run->feed->data->task == LATHE_TASK_MANY) return type->many(output, labels, opts);
    if (run->feed->data->task == LATHE_TASK_HEADS) return heads_loss(run, output, labels, opts);
    return type->classify(output, labels, opts);
}

/* ---- what is right ------------------------------------------------------------------------------------- */

/* Of scores [size, classes]: for each class yes or no, the class of each head, or the class. */
static uint64_t count_samples(const lathe_dataset *data, const lathe_real *scores, const int *labels,
    int size)
{
    uint64_t right = 0;
    for (int i = 0; i < size; i++, scores += data->classes) {
        const int *own = labels + i * (data->targets_each ? data->targets_each : 1);
        if (data->task == LATHE_TASK_MANY)
            for (int k = 0; k < data->classes; k++) right += (scores[k] > 0) == own[k];
        else if (data->task == LATHE_TASK_HEADS)
            for (int h = 0; h < data->heads; h++)
                right += lathe_argmax(scores + data->head[h].first, data->head[h].classes) == own[h];
        else right += lathe_argmax(scores, data->classes) == *own;
    }
    return right;
}

/* Of scores [size, classes, area], pixel by pixel. */
static uint64_t count_pixels(const lathe_dataset *data, const lathe_real *scores, const int *labels, int size,
    size_t area, lathe_regions *regions)
{
    uint64_t right = 0;
    for (int i = 0; i < size; i++, scores += area * (size_t)data->classes, labels += area)
        for (size_t p = 0; p < area; p++) {
            int best = 0, is = labels[p];
            for (int k = 1; k < data->classes; k++)
                if (scores[(size_t)k * area + p] > scores[(size_t)best * area + p]) best = k;
            right += best == is;
            if (!regions) continue;
            regions->said[best]++;
            regions->is[is]++;
            regions->both[is] += best == is;
        }
    return right;
}

lathe_status lathe_task_count(lathe_run *run, const lathe_tensor *output, const int *labels, uint64_t *right,
    lathe_regions *regions)
{
    int size = output->shape.dim[0];
    lathe_real *scores = run->state->scores;
    lathe_status status = lathe_tensor_read(output, scores, lathe_shape_count(&output->shape));
    if (status) return status;
    *right += run->feed->data->task == LATHE_TASK_PIXELS ?
        count_pixels(run->feed->data, scores, labels, size, run->state->answers, regions) :
        count_samples(run->feed->data, scores, labels, size);
    return LATHE_OK;
}

double lathe_task_mean_iou(const lathe_dataset *data, const lathe_regions *regions)
{
    double sum = 0;
    int classes = 0;
    for (int k = 0; k < data->classes && data->task == LATHE_TASK_PIXELS; k++) {
        double either = (double)regions->said[k] + (double)regions->is[k] - (double)regions->both[k];
        if (either == 0) continue;
        sum += (double)regions->both[k] / either;
        classes++;
    }
    return classes ? sum / classes : (double)NAN;
}
