#include "averaged.h"

#include <string.h>

#include "../core/alloc.h"
#include "../core/threads.h"

/* Work is cut at multiples of this many numbers, for any number of threads. */
enum { CHUNK = 8192 };

struct lathe_averaged {
    const lathe_params *params;
    lathe_averaged_opts opts;
    lathe_real *average; /* [params->size] */
    lathe_real share;    /* of the weights in the present update */
    uint64_t updates;
    bool swapped;
};

lathe_averaged *lathe_averaged_new(const lathe_params *params, const lathe_averaged_opts *opts)
{
    const lathe_averaged_opts o = opts ? *opts : (lathe_averaged_opts){ 0 };
    if (!params) return lathe_fail_null("lathe_averaged_new", "params"), NULL;
    if (!params->data)
        return lathe_fail(LATHE_ESTATE,
                   "lathe_averaged_new: the parameters have no values; call lathe_nn_init first"),
               NULL;
    if (!(o.decay >= 0 && o.decay < 1))
        return lathe_fail(LATHE_EARG, "lathe_averaged_new: decay = %g is not legal: in [0, 1)", o.decay),
               NULL;
    lathe_averaged *averaged = lathe_alloc(1, sizeof *averaged);
    if (!averaged) return NULL;
    averaged->params = params;
    averaged->opts = o;
    averaged->average = lathe_alloc(params->size, sizeof *averaged->average);
    if (averaged->average) return averaged;
    lathe_free(averaged);
    return NULL;
}

void lathe_averaged_free(lathe_averaged *averaged)
{
    if (averaged) lathe_free(averaged->average);
    lathe_free(averaged);
}

static lathe_status check(const lathe_averaged *averaged, const char *who)
{
    return averaged ? LATHE_OK : lathe_fail_null(who, "averaged");
}

static void blend(void *context, int number)
{
    const lathe_averaged *averaged = context;
    size_t at = (size_t)number * CHUNK, left = averaged->params->size - at,
           count = left < CHUNK ? left : CHUNK;
    const lathe_real share = averaged->share, *w = averaged->params->data + at;
    lathe_real *a = averaged->average + at;
    for (size_t i = 0; i < count; i++) a[i] += share * (w[i] - a[i]);
}

/* How much the weights count in the next update. */
static double share_of_update(const lathe_averaged *averaged)
{
    double n = (double)averaged->updates, decay = averaged->opts.decay;
    if (decay == 0) return 1 / (n + 1);
    double early = (1 + n) / (10 + n);
    return 1 - (averaged->opts.warmup && early < decay ? early : decay);
}

lathe_status lathe_averaged_update(lathe_averaged *averaged)
{
    lathe_status status = check(averaged, "lathe_averaged_update");
    if (status) return status;
    if (averaged->swapped)
        return lathe_fail(LATHE_ESTATE,
            "lathe_averaged_update: the parameters hold the average; swap back first");
    averaged->share = (lathe_real)share_of_update(averaged);
    if (averaged->updates)
        lathe_parallel(averaged->opts.context, (int)((averaged->params->size + CHUNK - 1) / CHUNK), blend,
            averaged);
    else
        memcpy(averaged->average, averaged->params->data, averaged->params->size * sizeof *averaged->average);
    averaged->updates++;
    return LATHE_OK;
}

lathe_status lathe_averaged_swap(lathe_averaged *averaged)
{
    lathe_status status = check(averaged, "lathe_averaged_swap");
    if (status) return status;
    if (!averaged->updates)
        return lathe_fail(LATHE_ESTATE, "lathe_averaged_swap: there is no average before the first update");
    lathe_params_swap(averaged->params, averaged->average);
    averaged->swapped = !averaged->swapped;
    return LATHE_OK;
}

lathe_real *lathe_averaged_numbers(lathe_averaged *averaged) { return averaged ? averaged->average : NULL; }

uint64_t *lathe_averaged_updates(lathe_averaged *averaged) { return averaged ? &averaged->updates : NULL; }
