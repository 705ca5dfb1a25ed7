#include "predict.h"

#include <math.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/tape.h"

/* What is worked with while predicting. */
typedef struct lathe_predictor {
    const lathe_trained *trained;
    lathe_tape *tape;
    lathe_real *scores;   /* [batch, classes] */
    lathe_real *mirrored; /* a batch's images; NULL: not wanted */
} lathe_predictor;

static void softmax(const lathe_real *scores, int classes, double share, double *probabilities)
{
    double most = -HUGE_VAL, sum = 0;
    for (int k = 0; k < classes; k++)
        if ((double)scores[k] > most) most = (double)scores[k];
    for (int k = 0; k < classes; k++) sum += exp((double)scores[k] - most);
    for (int k = 0; k < classes; k++) probabilities[k] += share * exp((double)scores[k] - most) / sum;
}

/* Add `share` of what the scores of one picture mean. */
static void add_probabilities(const lathe_trained *trained, const lathe_real *scores, double share,
    double *probabilities)
{
    if (trained->task == LATHE_TASK_MANY)
        for (int k = 0; k < trained->classes; k++) probabilities[k] += share / (1 + exp(-(double)scores[k]));
    else if (trained->task == LATHE_TASK_HEADS)
        for (int h = 0; h < trained->heads; h++) {
            const lathe_head *head = &trained->head[h];
            softmax(scores + head->first, head->classes, share, probabilities + head->first);
        }
    else softmax(scores, trained->classes, share, probabilities);
}

/* Each row of pixels, whose lanes stay where they are, from its end. */
static void mirror(const lathe_batch *batch, lathe_real *mirrored)
{
    size_t width = (size_t)batch->width, blocks = ((size_t)batch->size + LATHE_LANES - 1) / LATHE_LANES;
    size_t rows = blocks * (size_t)batch->channels * (size_t)batch->height;
    for (size_t row = 0; row < rows; row++)
        for (size_t x = 0; x < width; x++)
            memcpy(mirrored + (row * width + x) * LATHE_LANES,
                batch->images + (row * width + width - 1 - x) * LATHE_LANES, LATHE_LANES * sizeof *mirrored);
}

static lathe_status predict_once(const lathe_predictor *predictor, const lathe_batch *batch, double share,
    double *probabilities)
{
    size_t classes = (size_t)predictor->trained->classes;
    lathe_tape_begin(predictor->tape, LATHE_EVAL);
    lathe_tensor *output = lathe_nn_forward(predictor->trained->net, lathe_input(predictor->tape, batch));
    lathe_status status =
        output ? lathe_tensor_read(output, predictor->scores, (size_t)batch->size * classes) : lathe_error();
    for (size_t i = 0; i < (size_t)batch->size && !status; i++)
        add_probabilities(predictor->trained, predictor->scores + i * classes, share,
            probabilities + i * classes);
    return status;
}

static lathe_status predict_batch(const lathe_predictor *predictor, const lathe_batch *batch,
    double *probabilities)
{
    if (!predictor->mirrored) return predict_once(predictor, batch, 1, probabilities);
    lathe_status status = predict_once(predictor, batch, 0.5, probabilities);
    if (status) return status;
    lathe_batch other = *batch;
    mirror(batch, predictor->mirrored);
    other.images = predictor->mirrored;
    return predict_once(predictor, &other, 0.5, probabilities);
}

static lathe_status open_predictor(lathe_predictor *predictor, const lathe_trained *trained, int batch_size,
    bool hflip)
{
    size_t stored = ((size_t)batch_size + LATHE_LANES - 1) / LATHE_LANES * LATHE_LANES, picture;
    *predictor = (lathe_predictor){ .trained = trained,
        .tape = lathe_tape_new(NULL),
        .scores =
            lathe_alloc_raw(lathe_times((size_t)batch_size, (size_t)trained->classes), sizeof(lathe_real)) };
    if (hflip &&
        lathe_size_mul((size_t)trained->channels * (size_t)trained->input_height,
            (size_t)trained->input_width * sizeof(lathe_real), &picture))
        predictor->mirrored = lathe_alloc_raw(stored, picture);
    return predictor->tape && predictor->scores && (!hflip || predictor->mirrored) ? LATHE_OK : LATHE_ENOMEM;
}

lathe_status lathe_trained_predict(const lathe_trained *trained, const lathe_dataset *data,
    const lathe_predict_opts *opts, double *probabilities)
{
    static const lathe_predict_opts none;
    if (!opts) opts = &none;
    if (!trained || !data || !probabilities) return lathe_fail(LATHE_EARG, "lathe_trained_predict: NULL");
    if (trained->task == LATHE_TASK_PIXELS)
        return lathe_fail(LATHE_EARG,
            "lathe_trained_predict: %s is a model of masks, which gives a class to each pixel",
            trained->path);
    const int batch_size = opts->batch_size ? opts->batch_size : 64;
    size_t classes = (size_t)trained->classes, done = 0;
    lathe_loader *loader = lathe_trained_loader(trained, data, batch_size, opts->workers);
    if (!loader) return lathe_error();
    lathe_predictor predictor;
    lathe_status status = open_predictor(&predictor, trained, batch_size, opts->hflip);
    memset(probabilities, 0, data->count * classes * sizeof *probabilities);
    for (lathe_batch batch; !status && lathe_loader_next(loader, &batch); done += (size_t)batch.size)
        status = predict_batch(&predictor, &batch, probabilities + done * classes);
    if (!status) status = lathe_loader_status(loader);
    lathe_loader_free(loader);
    lathe_tape_free(predictor.tape);
    lathe_free(predictor.scores);
    lathe_free(predictor.mirrored);
    return status;
}
