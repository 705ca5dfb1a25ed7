/*
 * Sharpness: the eigenvalue of largest size of the Hessian of the loss over a fixed sample of training
 * pictures, by power iteration: v <- H v / |H v|, and v'H v at the end. H v is the difference of two
 * gradients, (g(w + e v) - g(w - e v)) / 2 e. The start vector is random, from the run's seed and the step,
 * so that a resumed run has the same numbers and nothing need be saved.
 *
 * Source   Cohen et al., "Gradient descent on neural networks typically occurs at the edge of stability",
 *          arXiv 2103.00065
 */
#include <math.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/field.h"
#include "../../core/rng.h"
#include "../../core/shard.h"
#include "probe_impl.h"

enum { PICTURES = 500, ITERATIONS = 20 };

/* Iteration ends when the value changes by less than this part. */
static const double settled = 1e-3;

typedef struct sharp {
    lathe_probe base;
    lathe_probe_gradient gradient;
    lathe_dataset *chosen; /* NULL: all training pictures */
    lathe_real *v, *product;
} sharp;

static lathe_status choose(sharp *s)
{
    const lathe_feed *feed = s->base.feed;
    int64_t count = PICTURES;
    const char *option = s->base.option;
    if (*option && (!lathe_parse_int64(option, &count) || count < 1))
        return lathe_fail(LATHE_EARG,
            "settings: probe = sharpness:%.40s, expected a number of pictures after the colon", option);
    if ((uint64_t)count >= feed->train->count) return LATHE_OK;
    s->chosen = lathe_feed_choose(feed->train, (size_t)count, s->base.seed);
    return s->chosen ? LATHE_OK : lathe_error();
}

static lathe_status open(lathe_probe *probe)
{
    sharp *s = (sharp *)probe;
    const size_t size = lathe_optim_params(probe->learner->optim)->size;
    lathe_status status = choose(s);
    if (!status) status = lathe_probe_gradient_open(&s->gradient, probe->learner);
    s->v = status ? NULL : lathe_alloc(size, sizeof *s->v);
    s->product = s->v ? lathe_alloc(size, sizeof *s->product) : NULL;
    return s->product ? LATHE_OK : status ? status : lathe_error();
}

static void close(lathe_probe *probe)
{
    sharp *s = (sharp *)probe;
    lathe_probe_gradient_close(&s->gradient);
    lathe_free(s->v);
    lathe_free(s->product);
    lathe_data_free(s->chosen);
}

static double dot(const lathe_real *a, const lathe_real *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static void scale(lathe_real *numbers, size_t count, double factor)
{
    for (size_t i = 0; i < count; i++) numbers[i] = (lathe_real)((double)numbers[i] * factor);
}

/* A random unit vector; 0 for parameters that are not trained. */
static void begin_vector(sharp *s, const lathe_params *params)
{
    const size_t size = params->size;
    lathe_rng rng = lathe_rng_at(s->base.seed, lathe_rng_stream("sharpness"), s->base.learner->step);
    memset(s->v, 0, size * sizeof *s->v);
    for (int i = 0; i < params->count; i++) {
        const lathe_tensor *tensor = params->tensor[i];
        lathe_real *v = s->v + (tensor->data - params->data);
        for (size_t k = 0; k < tensor->stored && tensor->needs_grad; k++)
            v[k] = (lathe_real)lathe_rng_normal(&rng);
    }
    scale(s->v, size, 1 / lathe_probe_norm(s->v, size));
}

/* The gradient over the sample at w + shift v; it is left in the parameters' slab. */
static lathe_status gradient_at(sharp *s, lathe_loader *loader, double shift)
{
    const lathe_params *params = lathe_optim_params(s->base.learner->optim);
    const double pictures = (double)(s->chosen ? s->chosen : s->base.feed->train)->count;
    lathe_status status = LATHE_OK;
    for (size_t i = 0; i < params->size; i++)
        params->data[i] = (lathe_real)((double)s->gradient.weights[i] + shift * (double)s->v[i]);
    lathe_probe_gradient_zero(&s->gradient, s->base.seed);
    for (lathe_batch batch; !status && lathe_loader_next(loader, &batch);)
        status = lathe_probe_gradient_add(&s->gradient, &batch, lathe_batch_whole(&batch) / pictures);
    return status ? status : lathe_loader_status(loader);
}

/* product = H v */
static lathe_status multiply(sharp *s, lathe_loader *loader)
{
    const lathe_params *params = lathe_optim_params(s->base.learner->optim);
    const double norm = lathe_probe_norm(s->gradient.weights, params->size),
                 shift = 1e-3 * (norm > 0 ? norm : 1);
    lathe_status status = gradient_at(s, loader, shift);
    memcpy(s->product, params->grad, params->size * sizeof *s->product);
    if (!status) status = gradient_at(s, loader, -shift);
    for (size_t i = 0; i < params->size; i++)
        s->product[i] = (lathe_real)(((double)s->product[i] - (double)params->grad[i]) / (2 * shift));
    return status;
}

static lathe_status iterate(sharp *s, lathe_loader *loader)
{
    const size_t size = lathe_optim_params(s->base.learner->optim)->size;
    double value = 0, former = 0, norm = 1;
    for (int i = 0; i < ITERATIONS && norm > 0; i++) {
        const lathe_status status = multiply(s, loader);
        if (status) return status;
        former = value;
        value = dot(s->v, s->product, size);
        norm = lathe_probe_norm(s->product, size);
        if (!isfinite(norm)) return LATHE_OK; /* the cell stays empty */
        if (i && fabs(value - former) <= settled * fabs(value)) break;
        memcpy(s->v, s->product, size * sizeof *s->v);
        if (norm > 0) scale(s->v, size, 1 / norm);
    }
    s->base.value[0] = value;
    return LATHE_OK;
}

static lathe_status finish(lathe_probe *probe)
{
    sharp *s = (sharp *)probe;
    lathe_loader *loader = lathe_feed_loader(probe->feed, s->chosen ? s->chosen : probe->feed->train, true);
    if (!loader) return lathe_error();
    lathe_probe_gradient_hold(&s->gradient);
    begin_vector(s, lathe_optim_params(probe->learner->optim));
    lathe_status status = iterate(s, loader);
    lathe_probe_gradient_release(&s->gradient);
    lathe_loader_free(loader);
    return status;
}

const lathe_probe_type lathe_sharpness_probe = {
    .name = "sharpness",
    .summary = "largest eigenvalue of the loss's Hessian over 500 training pictures; sharpness:N: over N",
    .options = "number of pictures",
    .size = sizeof(sharp),
    .open = open,
    .close = close,
    .finish = finish,
};
