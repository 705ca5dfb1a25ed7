#include "multi_step.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static const lathe_field fields[] = {
    { .name = "milestones",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_multi_step_opts, milestones),
        .count = LATHE_FIELD_LIST,
        .required = true,
        .min = 1,
        .max = 9007199254740992.0,
        .help = "steps at which lr drops, such as 10ep,15ep" },
    { .name = "gamma",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_multi_step_opts, gamma),
        .preset = { 0.1 },
        .above_min = true,
        .max = HUGE_VAL,
        .help = "factor of a drop" },
    { .name = NULL },
};

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_multi_step_opts *o = opts;
    int passed = 0;
    for (int i = 0; i < LATHE_FIELD_LIST && o->milestones[i]; i++) passed += o->milestones[i] <= t;
    return (lathe_rates){ .lr = base->lr * pow(o->gamma, passed) };
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    const lathe_multi_step_opts *o = opts;
    (void)base;
    for (int i = 0; steps && i < LATHE_FIELD_LIST && o->milestones[i]; i++)
        if (o->milestones[i] >= steps && n-- == 0)
            return snprintf(text, 256,
                "multi_step: milestone %" PRIu64 " is beyond the run of %" PRIu64 " steps", o->milestones[i],
                steps);
    return false;
}

const lathe_sched_type lathe_multi_step_sched = {
    .name = "multi_step",
    .summary = "down by a factor at given steps",
    .opts_size = sizeof(lathe_multi_step_opts),
    .fields = fields,
    .rates = rates,
    .warn = warn,
};

lathe_sched *lathe_sched_multi_step(lathe_optim *optim, const lathe_multi_step_opts *opts)
{
    return lathe_sched_new(&lathe_multi_step_sched, optim, opts);
}
