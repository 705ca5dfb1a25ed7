#include "exponential.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

static const lathe_field fields[] = {
    { .name = "gamma",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_exponential_opts, gamma),
        .required = true,
        .above_min = true,
        .max = HUGE_VAL,
        .help = "factor of a step, such as 0.999" },
    { .name = NULL },
};

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_exponential_opts *o = opts;
    /* The limit keeps the rate finite for a gamma above 1, for any number of steps. */
    return (lathe_rates){ .lr = fmin(base->lr * pow(o->gamma, (double)t), DBL_MAX) };
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    const lathe_exponential_opts *o = opts;
    (void)base;
    (void)steps;
    if (o->gamma <= 1 || n) return false;
    return snprintf(text, 256, "exponential: gamma = %g is above 1: the learning rate grows", o->gamma);
}

const lathe_sched_type lathe_exponential_sched = {
    .name = "exponential",
    .summary = "down by a factor every step",
    .opts_size = sizeof(lathe_exponential_opts),
    .fields = fields,
    .rates = rates,
    .warn = warn,
};

lathe_sched *lathe_sched_exponential(lathe_optim *optim, const lathe_exponential_opts *opts)
{
    return lathe_sched_new(&lathe_exponential_sched, optim, opts);
}
