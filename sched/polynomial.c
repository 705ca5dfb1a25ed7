#include "polynomial.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "sched_impl.h"

static const lathe_field fields[] = {
    { .name = "total_iters",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_polynomial_opts, total_iters),
        .preset = { 5 },
        .min = 1,
        .max = 9007199254740992.0,
        .help = "steps to zero" },
    { .name = "power",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_polynomial_opts, power),
        .preset = { 1 },
        .above_min = true,
        .max = HUGE_VAL,
        .help = "1: a straight line" },
    { .name = NULL },
};

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_polynomial_opts *o = opts;
    uint64_t left = t < o->total_iters ? o->total_iters - t : 0;
    return (lathe_rates){ .lr = base->lr * pow((double)left / (double)o->total_iters, o->power) };
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    const lathe_polynomial_opts *o = opts;
    (void)base;
    if (steps < o->total_iters)
        return lathe_sched_warn_beyond("polynomial", "total_iters", o->total_iters, steps, n, text);
    if (steps == o->total_iters || n) return false;
    return snprintf(text, 256, "polynomial: the rate is 0 from step %" PRIu64 " of the run of %" PRIu64,
        o->total_iters, steps);
}

const lathe_sched_type lathe_polynomial_sched = {
    .name = "polynomial",
    .summary = "down to zero along a power",
    .opts_size = sizeof(lathe_polynomial_opts),
    .fields = fields,
    .rates = rates,
    .warn = warn,
};

lathe_sched *lathe_sched_polynomial(lathe_optim *optim, const lathe_polynomial_opts *opts)
{
    return lathe_sched_new(&lathe_polynomial_sched, optim, opts);
}
