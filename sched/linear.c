#include "linear.h"

#include <math.h>

#include "sched_impl.h"

static const lathe_field fields[] = {
    { .name = "start_factor",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_linear_opts, start_factor),
        .preset = { 1.0 / 3 },
        .max = HUGE_VAL,
        .help = "lr is multiplied by it at first" },
    { .name = "end_factor",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_linear_opts, end_factor),
        .preset = { 1 },
        .max = HUGE_VAL,
        .help = "and by it in the end" },
    { .name = "total_iters",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_linear_opts, total_iters),
        .preset = { 5 },
        .min = 1,
        .max = 9007199254740992.0,
        .help = "length of the line" },
    { .name = NULL },
};

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_linear_opts *o = opts;
    double way = t < o->total_iters ? (double)t / (double)o->total_iters : 1;
    return (lathe_rates){ .lr = base->lr * (o->start_factor + (o->end_factor - o->start_factor) * way) };
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    (void)base;
    return lathe_sched_warn_beyond("linear", "total_iters", ((const lathe_linear_opts *)opts)->total_iters,
        steps, n, text);
}

const lathe_sched_type lathe_linear_sched = {
    .name = "linear",
    .summary = "a straight line from start_factor * lr to end_factor * lr",
    .opts_size = sizeof(lathe_linear_opts),
    .fields = fields,
    .rates = rates,
    .warn = warn,
};

lathe_sched *lathe_sched_linear(lathe_optim *optim, const lathe_linear_opts *opts)
{
    return lathe_sched_new(&lathe_linear_sched, optim, opts);
}
