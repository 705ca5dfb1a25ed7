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
#include "../../core/shard.h"
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
    add_part(n, lathe_batch_whole(batch), part);
    return LATHE_OK;
}

/* Pictures that lie abreast in a batch, and stay together. */
static int abreast(const lathe_batch *batch) { return batch->plain ? 1 : LATHE_LANES; }

/* All pictures of a batch, of which this process has some. */
typedef struct gathered {
    lathe_real *images, *share;
    int *labels, *other_labels;
} gathered;

static void free_gathered(gathered *g)
{
    lathe_free(g->images);
    lathe_free(g->share);
    lathe_free(g->labels);
    lathe_free(g->other_labels);
}

/* A new array of what all processes have in `mine`, `bytes` for each run of `pictures`. NULL: a failure. */
static void *gather(lathe_context *context, const lathe_batch *batch, const void *mine, int pictures,
    size_t bytes)
{
    void *all = lathe_alloc_raw((size_t)((batch->whole - 1) / pictures + 1), bytes);
    if (all && !lathe_shard_gather(context, batch->whole, pictures, mine, bytes, all)) return all;
    lathe_free(all);
    return NULL;
}

/* Make *batch the whole batch. */
static lathe_status gather_batch(lathe_context *context, lathe_batch *batch, gathered *g)
{
    const size_t answers = batch->answers ? batch->answers : 1, lanes = (size_t)abreast(batch),
                 numbers = lanes * (size_t)batch->channels * (size_t)batch->height * (size_t)batch->width;
    g->images = gather(context, batch, batch->images, abreast(batch), numbers * sizeof *g->images);
    g->labels = g->images ? gather(context, batch, batch->labels, 1, answers * sizeof *g->labels) : NULL;
    if (!g->labels) return lathe_error();
    if (batch->other_labels) {
        g->other_labels = gather(context, batch, batch->other_labels, 1, sizeof *g->other_labels);
        g->share = g->other_labels ? gather(context, batch, batch->share, 1, sizeof *g->share) : NULL;
        if (!g->share) return lathe_error();
    }
    batch->size = batch->whole;
    batch->images = g->images;
    batch->labels = g->labels;
    batch->other_labels = g->other_labels;
    batch->share = g->share;
    return LATHE_OK;
}

/*
 * `count` pictures of a batch from number `first` on, a multiple of those that lie abreast; or if the batch
 * is shared, this process's pictures of them.
 */
static lathe_batch part_of(lathe_context *context, const lathe_batch *batch, int first, int count)
{
    lathe_batch part = *batch;
    part.size = count;
    if (batch->whole) {
        const lathe_exchange *exchange = lathe_context_exchange(context);
        const lathe_shard shard = lathe_shard_of(count, exchange->rank, exchange->size);
        part.size = shard.count;
        part.whole = shard.whole;
        part.first = shard.first;
        part.silent = shard.silent;
        first += shard.first;
    }
    const size_t at = (size_t)first;
    part.images += at * (size_t)batch->channels * (size_t)batch->height * (size_t)batch->width;
    if (batch->labels) part.labels += at * (batch->answers ? batch->answers : 1);
    if (batch->other_labels) part.other_labels += at;
    if (batch->share) part.share += at;
    return part;
}

/* The gradients of two halves of the batch, computed beside the step. */
static lathe_status halve(noise *n, const lathe_batch *batch)
{
    lathe_context *context = lathe_optim_context(n->base.learner->optim);
    lathe_batch all = *batch;
    gathered g = { 0 };
    lathe_status status = batch->whole ? gather_batch(context, &all, &g) : LATHE_OK;
    const int first = (all.size + abreast(batch) - 1) / abreast(batch) / 2 * abreast(batch);
    forget(n);
    lathe_probe_gradient_hold(&n->gradient);
    lathe_probe_gradient_zero(&n->gradient, n->base.seed);
    for (int i = 0; i < 2 && !status; i++) {
        const int count = i ? all.size - first : first;
        const double share = (double)count / all.size;
        const lathe_batch half = part_of(context, &all, i ? first : 0, count);
        status = lathe_probe_gradient_add(&n->gradient, &half, share);
        if (!status) add_part(n, count, share);
    }
    lathe_probe_gradient_release(&n->gradient);
    free_gathered(&g);
    return status;
}

static lathe_status gradients(lathe_probe *probe, const lathe_batch *batch)
{
    noise *n = (noise *)probe;
    if (n->parts == 1) {
        if (lathe_batch_whole(batch) <= abreast(batch)) return LATHE_OK; /* too few for halves */
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
