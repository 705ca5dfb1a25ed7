#include "clip.h"

#include <math.h>

#include "../core/threads.h"

/* The slab is cut into this many parts of equal length, for any number of threads. */
enum { PARTS = 64 };

typedef struct clipping {
    lathe_context *context;
    const lathe_params *params;
    double sum[PARTS]; /* of squares */
    lathe_real scale;  /* factor of the gradients, */
    lathe_real limit;  /* or their largest absolute value, */
    double ratio;      /* or their largest norm divided by that of the weights */
} clipping;

typedef struct run {
    lathe_real *g;
    size_t count;
} run;

/* The numbers that tensor `number` has in part `part` of the slab; 0 if it has no gradient. */
static run run_in(const lathe_params *params, int number, int part)
{
    const lathe_tensor *tensor = params->tensor[number];
    if (!tensor->needs_grad || !tensor->has_grad) return (run){ NULL, 0 };
    size_t length = (params->size / PARTS + LATHE_LANES) / LATHE_LANES * LATHE_LANES;
    size_t low = (size_t)part * length, high = low + length;
    size_t begin = (size_t)(tensor->grad - params->grad), end = begin + lathe_shape_count(&tensor->shape);
    if (begin < low) begin = low;
    if (end > high) end = high;
    return begin < end ? (run){ params->grad + begin, end - begin } : (run){ NULL, 0 };
}

/* Eight sums side by side, so that the loop vectorises without any change of order. */
static double sum_of_squares(const lathe_real *g, size_t count)
{
    double sum[8] = { 0 };
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (int j = 0; j < 8; j++) sum[j] += (double)g[i + (size_t)j] * (double)g[i + (size_t)j];
    for (; i < count; i++) sum[i % 8] += (double)g[i] * (double)g[i];
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

static void measure(void *context, int part)
{
    clipping *c = context;
    c->sum[part] = 0;
    for (int i = 0; i < c->params->count; i++) {
        run here = run_in(c->params, i, part);
        c->sum[part] += sum_of_squares(here.g, here.count);
    }
}

static void scale(void *context, int part)
{
    clipping *c = context;
    for (int i = 0; i < c->params->count; i++) {
        run here = run_in(c->params, i, part);
        for (size_t j = 0; j < here.count; j++) here.g[j] *= c->scale;
    }
}

static void cut(void *context, int part)
{
    clipping *c = context;
    lathe_real limit = c->limit;
    for (int i = 0; i < c->params->count; i++) {
        run here = run_in(c->params, i, part);
        for (size_t j = 0; j < here.count; j++) {
            lathe_real g = here.g[j];
            here.g[j] = g > limit ? limit : g < -limit ? -limit : g;
        }
    }
}

static const char *first_not_finite(const lathe_params *params)
{
    for (int i = 0; i < params->count; i++)
        for (int part = 0; part < PARTS; part++) {
            run here = run_in(params, i, part);
            if (here.count && !isfinite(sum_of_squares(here.g, here.count)))
                return params->tensor[i]->name ? params->tensor[i]->name : "a parameter without a name";
        }
    return "all of them together";
}

double lathe_optim_clip_norm(lathe_optim *optim, double max_norm)
{
    clipping c = { .context = lathe_optim_context(optim), .params = lathe_optim_params(optim) };
    if (!c.params) return lathe_fail_null("lathe_optim_clip_norm", "optim"), NAN;
    if (!(max_norm > 0))
        return lathe_fail(LATHE_EARG, "lathe_optim_clip_norm: max_norm = %g is not legal: > 0", max_norm),
               NAN;
    lathe_parallel(c.context, PARTS, measure, &c);
    double sum = 0;
    for (int part = 0; part < PARTS; part++) sum += c.sum[part];
    double norm = sqrt(sum), factor = max_norm / (norm + 1e-6);
    if (!isfinite(norm)) {
        lathe_fail(LATHE_ESTATE, "lathe_optim_clip_norm: the norm of the gradients is %g, first in %s", norm,
            first_not_finite(c.params));
        return norm;
    }
    if (factor < 1) {
        c.scale = (lathe_real)factor;
        lathe_parallel(c.context, PARTS, scale, &c);
    }
    return norm;
}

lathe_status lathe_optim_scale_gradients(lathe_optim *optim, double factor)
{
    clipping c = { .context = lathe_optim_context(optim),
        .params = lathe_optim_params(optim),
        .scale = (lathe_real)factor };
    if (!c.params) return lathe_fail_null("lathe_optim_scale_gradients", "optim");
    if (!isfinite(factor))
        return lathe_fail(LATHE_EARG, "lathe_optim_scale_gradients: factor = %g is not finite", factor);
    lathe_parallel(c.context, PARTS, scale, &c);
    return LATHE_OK;
}

lathe_status lathe_optim_clip_value(lathe_optim *optim, double clip_value)
{
    clipping c = { .context = lathe_optim_context(optim),
        .params = lathe_optim_params(optim),
        .limit = (lathe_real)clip_value };
    if (!c.params) return lathe_fail_null("lathe_optim_clip_value", "optim");
    if (!(clip_value > 0))
        return lathe_fail(LATHE_EARG, "lathe_optim_clip_value: clip_value = %g is not legal: > 0",
            clip_value);
    lathe_parallel(c.context, PARTS, cut, &c);
    return LATHE_OK;
}

/* ---- adaptive ------------------------------------------------------------------------------------------ */

/* The first tensor of the output layer: the last of rank 2 or more. */
static int output_layer(const lathe_params *params)
{
    for (int i = params->count - 1; i > 0; i--)
        if (params->tensor[i]->shape.rank >= 2) return i;
    return params->count;
}

static void clip_tensor(void *context, int number)
{
    const clipping *c = context;
    const lathe_tensor *tensor = c->params->tensor[number];
    if (!tensor->needs_grad || !tensor->has_grad) return;
    size_t count = lathe_shape_count(&tensor->shape),
           units = tensor->shape.rank >= 2 ? (size_t)tensor->shape.dim[0] : 1;
    size_t length = count / units;
    for (lathe_real *w = tensor->data, *g = tensor->grad; w < tensor->data + count;
         w += length, g += length) {
        double size = sqrt(sum_of_squares(w, length)), norm = sqrt(sum_of_squares(g, length));
        double limit = c->ratio * (size > 1e-3 ? size : 1e-3);
        if (!(norm > limit)) continue;
        for (size_t j = 0; j < length; j++) g[j] *= (lathe_real)(limit / norm);
    }
}

lathe_status lathe_optim_clip_adaptive(lathe_optim *optim, double ratio)
{
    clipping c = { .context = lathe_optim_context(optim),
        .params = lathe_optim_params(optim),
        .ratio = ratio };
    if (!c.params) return lathe_fail_null("lathe_optim_clip_adaptive", "optim");
    if (!(ratio > 0))
        return lathe_fail(LATHE_EARG, "lathe_optim_clip_adaptive: ratio = %g is not legal: > 0", ratio);
    lathe_parallel(c.context, output_layer(c.params), clip_tensor, &c);
    return LATHE_OK;
}
