#include "cooldown.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "sched_impl.h"

static const char *const shapes[] = { "linear", "cosine", NULL };

static const lathe_field fields[] = {
    { .name = "total_iters",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_cooldown_opts, total_iters),
        .preset = { 5 },
        .min = 1,
        .max = 9007199254740992.0,
        .help = "length" },
    { .name = "end_factor",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_cooldown_opts, end_factor),
        .preset = { 0.01 },
        .max = 1,
        .help = "lr is multiplied by it in the end" },
    { .name = "shape",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_cooldown_opts, shape),
        .choices = shapes,
        .help = "a line down, or half a cosine" },
    { .name = NULL },
};

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_cooldown_opts *o = opts;
    double way = t < o->total_iters ? (double)t / (double)o->total_iters : 1;
    if (o->shape == LATHE_COOLDOWN_COSINE) way = (1 - cos(LATHE_PI * way)) / 2;
    return (lathe_rates){ .lr = base->lr * (1 - (1 - o->end_factor) * way) };
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    const lathe_cooldown_opts *o = opts;
    (void)base;
    if (steps < o->total_iters)
        return lathe_sched_warn_beyond("cooldown", "total_iters", o->total_iters, steps, n, text);
    if (steps == o->total_iters || n) return false;
    return snprintf(text, 256,
        "cooldown: the rate is at its end from step %" PRIu64 " of the run of %" PRIu64, o->total_iters,
        steps);
}

const lathe_sched_type lathe_cooldown_sched = {
    .name = "cooldown",
    .summary = "the last steps at ever lower rates",
    .opts_size = sizeof(lathe_cooldown_opts),
    .fields = fields,
    .rates = rates,
    .warn = warn,
    .joins = LATHE_JOINS_PREVIOUS,
};

lathe_sched *lathe_sched_cooldown(lathe_optim *optim, const lathe_cooldown_opts *opts)
{
    return lathe_sched_new(&lathe_cooldown_sched, optim, opts);
}
