#include "step.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static const lathe_field fields[] = {
    { .name = "step_size",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_step_opts, step_size),
        .required = true,
        .min = 1,
        .max = 9007199254740992.0,
        .help = "from one drop to the next" },
    { .name = "gamma",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_step_opts, gamma),
        .preset = { 0.1 },
        .above_min = true,
        .max = HUGE_VAL,
        .help = "factor of a drop" },
    { .name = NULL },
};

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_step_opts *o = opts;
    return (lathe_rates){ .lr = base->lr * pow(o->gamma, (double)(t / o->step_size)) };
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    const lathe_step_opts *o = opts;
    (void)base;
    if (!steps || steps > o->step_size || n) return false;
    return snprintf(text, 256,
        "step: the run of %" PRIu64 " steps ends before the first drop, step_size = %" PRIu64, steps,
        o->step_size);
}

const lathe_sched_type lathe_step_sched = {
    .name = "step",
    .summary = "falls by a factor at regular distances",
    .opts_size = sizeof(lathe_step_opts),
    .fields = fields,
    .rates = rates,
    .warn = warn,
};

lathe_sched *lathe_sched_step_lr(lathe_optim *optim, const lathe_step_opts *opts)
{
    return lathe_sched_new(&lathe_step_sched, optim, opts);
}
