#include "cosine.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "sched_impl.h"

static const lathe_field fields[] = {
    { .name = "t_max",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_cosine_opts, t_max),
        .required = true,
        .min = 1,
        .max = 9007199254740992.0,
        .help = "length of the way down" },
    { .name = "eta_min",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_cosine_opts, eta_min),
        .max = HUGE_VAL,
        .help = "lowest learning rate" },
    { .name = NULL },
};

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_cosine_opts *o = opts;
    double angle = LATHE_PI * (double)(t % (2 * o->t_max)) / (double)o->t_max;
    return (lathe_rates){ .lr = o->eta_min + (base->lr - o->eta_min) * (1 + cos(angle)) / 2 };
}

static lathe_status check(const void *opts, const lathe_sched_base *base)
{
    return lathe_sched_check_floor("cosine", ((const lathe_cosine_opts *)opts)->eta_min, base);
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    const lathe_cosine_opts *o = opts;
    (void)base;
    if (steps > o->t_max + 1 && n-- == 0)
        return snprintf(text, 256,
            "cosine: the run of %" PRIu64 " steps continues after t_max = %" PRIu64
            ", where the rate rises again",
            steps, o->t_max);
    if (steps && steps < o->t_max && n-- == 0)
        return snprintf(text, 256,
            "cosine: the run of %" PRIu64 " steps ends before t_max = %" PRIu64 "; eta_min is not reached",
            steps, o->t_max);
    return false;
}

const lathe_sched_type lathe_cosine_sched = {
    .name = "cosine",
    .summary = "down along half a cosine",
    .opts_size = sizeof(lathe_cosine_opts),
    .fields = fields,
    .check = check,
    .rates = rates,
    .warn = warn,
};

lathe_sched *lathe_sched_cosine(lathe_optim *optim, const lathe_cosine_opts *opts)
{
    return lathe_sched_new(&lathe_cosine_sched, optim, opts);
}
