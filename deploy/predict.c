#include "predict.h"

#include <string.h>

#include "../task/evaluate.h"

/* Where the probabilities are written. */
typedef struct answers {
    const lathe_predict_opts *opts;
    double *probabilities;
} answers;

static lathe_status answer_batch(void *context, lathe_task *task, const lathe_pass *pass)
{
    const answers *to = context;
    const size_t classes = (size_t)task->data->classes, size = (size_t)pass->batch->size;
    const size_t each = lathe_tensor_per_image(pass->output);
    for (size_t i = 0; i < size; i++) {
        const lathe_real *scores = pass->scores + i * each;
        size_t sample = pass->first + i;
        task->type->probabilities(task, scores, to->opts->hflip ? 0.5 : 1,
            to->probabilities + sample * classes);
        if (to->opts->masks && !pass->mirrored)
            task->type->mask(task, scores, to->opts->masks + sample * task->answers);
    }
    return LATHE_OK;
}

lathe_status lathe_trained_predict(const lathe_trained *trained, const lathe_dataset *data,
    const lathe_predict_opts *opts, double *probabilities)
{
    static const lathe_predict_opts none;
    if (!trained || !data || !probabilities)
        return lathe_fail_null("lathe_trained_predict",
            !trained  ? "trained" :
                !data ? "data" :
                        "probabilities");
    answers to = { .opts = opts ? opts : &none, .probabilities = probabilities };
    if (to.opts->masks && !trained->task->type->mask)
        return lathe_fail(LATHE_EARG, "lathe_trained_predict: masks are asked for, and the task %s has none",
            trained->task->type->name);
    const int batch_size = to.opts->batch_size ? to.opts->batch_size : 64;
    lathe_loader *loader = lathe_trained_loader(trained, data, batch_size, to.opts->workers);
    lathe_tape *tape = loader ? lathe_tape_new(NULL) : NULL;
    lathe_status status = tape ? LATHE_OK : lathe_error();
    if (!status) {
        memset(probabilities, 0, data->count * (size_t)trained->data.classes * sizeof *probabilities);
        status = lathe_infer(trained->task, trained->plan, tape, loader, to.opts->hflip, answer_batch, &to);
    }
    lathe_tape_free(tape);
    lathe_loader_free(loader);
    return status;
}
