#include "warmup.h"

#include <math.h>

#include "sched_impl.h"

static const char *const shapes[] = { "linear", "constant", NULL };

static const lathe_field fields[] = {
    { .name = "total_iters",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_warmup_opts, total_iters),
        .preset = { 5 },
        .min = 1,
        .max = 9007199254740992.0,
        .help = "length" },
    { .name = "start_factor",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_warmup_opts, start_factor),
        .preset = { 0.01 },
        .max = 1,
        .help = "lr is multiplied by it at first" },
    { .name = "shape",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_warmup_opts, shape),
        .choices = shapes,
        .help = "a line up, or a step" },
    { .name = NULL },
};

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_warmup_opts *o = opts;
    double way = t >= o->total_iters    ? 1 :
        o->shape == LATHE_WARMUP_LINEAR ? (double)t / (double)o->total_iters :
                                          0;
    return (lathe_rates){ .lr = base->lr * (o->start_factor + (1 - o->start_factor) * way) };
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    (void)base;
    return lathe_sched_warn_beyond("warmup", "total_iters", ((const lathe_warmup_opts *)opts)->total_iters,
        steps, n, text);
}

const lathe_sched_type lathe_warmup_sched = {
    .name = "warmup",
    .summary = "the first steps at lower rates, then lr",
    .opts_size = sizeof(lathe_warmup_opts),
    .fields = fields,
    .rates = rates,
    .warn = warn,
    .joins = LATHE_JOINS_NEXT,
};

lathe_sched *lathe_sched_warmup(lathe_optim *optim, const lathe_warmup_opts *opts)
{
    return lathe_sched_new(&lathe_warmup_sched, optim, opts);
}
