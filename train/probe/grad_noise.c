/*
 * The simple noise scale B = tr(S) / |G|^2: about the batch size at which the noise of the gradient is as
 * large as the gradient G. S is the covariance of the gradients of single pictures. Both are estimated from
 * the parts of one step, of b pictures each, since the mean of |g|^2 over parts is |G|^2 + tr(S) / b.
 *
 * Source   McCandlish et al., "An empirical model of large-batch training", arXiv 1812.06162, appendix A.1
 */
#include <math.h>
#include <string.h>

#include "../../core/alloc.h"
#include "probe_impl.h"

typedef struct noise {
    lathe_probe base;
    lathe_probe_gradient gradient; /* for the halves of a step of one batch */
    lathe_real *sum;               /* the gradients of the parts so far, each times its part of the step */
    int parts;
    double pictures;        /* of the step */
    double square, inverse; /* sums of |g|^2 and of 1 / b over the parts */
} noise;

static lathe_status open(lathe_probe *probe)
{
    noise *n = (noise *)probe;
    const lathe_status status = lathe_probe_gradient_open(&n->gradient, probe->learner);
    if (status) return status;
    n->sum = lathe_alloc(lathe_optim_params(probe->learner->optim)->size, sizeof *n->sum);
    return n->sum ? LATHE_OK : lathe_error();
}

static void close(lathe_probe *probe)
{
    noise *n = (noise *)probe;
    lathe_probe_gradient_close(&n->gradient);
    lathe_free(n->sum);
}

static void forget(noise *n)
{
    memset(n->sum, 0, lathe_optim_params(n->base.learner->optim)->size * sizeof *n->sum);
    n->parts = 0;
    n->pictures = n->square = n->inverse = 0;
}

static lathe_status begin(lathe_probe *probe)
{
    forget((noise *)probe);
    return LATHE_OK;
}

/* Add a part of `size` pictures. The slab has the sum of all parts so far, each times its share. */
static void add_part(noise *n, int size, double share)
{
    const lathe_params *params = lathe_optim_params(n->base.learner->optim);
    double square = 0;
    for (int i = 0; i < params->count; i++) {
        const lathe_tensor *tensor = params->tensor[i];
        lathe_real *sum = n->sum + (tensor->data - params->data);
        if (!tensor->has_grad) continue;
        for (size_t k = 0; k < tensor->stored; k++) {
            const double own = ((double)tensor->grad[k] - (double)sum[k]) / share;
            square += own * own;
            sum[k] = tensor->grad[k];
        }
    }
    n->square += square;
    n->inverse += 1.0 / size;
    n->pictures += size;
    n->parts++;
}

static lathe_status backward(lathe_probe *probe, const lathe_batch *batch, double part)
{
    noise *n = (noise *)probe;
    add_part(n, batch->size, part);
    return LATHE_OK;
}

/* Pictures that lie abreast in a batch, and stay together. */
static int abreast(const lathe_batch *batch) { return batch->plain ? 1 : LATHE_LANES; }

/* The gradients of two halves of the batch, computed beside the step. */
static lathe_status halve(noise *n, const lathe_batch *batch)
{
    const int first = (batch->size + abreast(batch) - 1) / abreast(batch) / 2 * abreast(batch);
    const size_t answers = batch->answers ? batch->answers : 1, labels = (size_t)first * answers;
    lathe_batch half[2] = { *batch, *batch };
    lathe_status status = LATHE_OK;
    half[0].size = first;
    half[1].size = batch->size - first;
    half[1].images += (size_t)first * (size_t)batch->channels * (size_t)batch->height * (size_t)batch->width;
    if (batch->labels) half[1].labels += labels;
    if (batch->other_labels) half[1].other_labels += first;
    if (batch->share) half[1].share += first;
    forget(n);
    lathe_probe_gradient_hold(&n->gradient);
    lathe_probe_gradient_zero(&n->gradient, n->base.seed);
    for (int i = 0; i < 2 && !status; i++) {
        const double share = (double)half[i].size / batch->size;
        status = lathe_probe_gradient_add(&n->gradient, &half[i], share);
        if (!status) add_part(n, half[i].size, share);
    }
    lathe_probe_gradient_release(&n->gradient);
    return status;
}

static lathe_status gradients(lathe_probe *probe, const lathe_batch *batch)
{
    noise *n = (noise *)probe;
    if (n->parts == 1) {
        if (batch->size <= abreast(batch)) return LATHE_OK; /* too few for halves */
        const lathe_status status = halve(n, batch);
        if (status) return status;
    }
    const double whole = lathe_probe_square(n->sum, lathe_optim_params(probe->learner->optim)->size),
                 covariance = (n->square / n->parts - whole) / (n->inverse / n->parts - 1 / n->pictures),
                 mean = whole - covariance / n->pictures;
    if (mean > 0) probe->value[0] = covariance / mean;
    return LATHE_OK;
}

const lathe_probe_type lathe_grad_noise_probe = {
    .name = "grad_noise",
    .summary = "noise scale tr(S) / |G|^2 from the batches of a step, or from the halves of its one batch",
    .size = sizeof(noise),
    .open = open,
    .close = close,
    .begin = begin,
    .backward = backward,
    .gradients = gradients,
};
