#include "constant.h"

#include <math.h>

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_constant_opts, lr),
        .max = HUGE_VAL,
        .help = "learning rate; 0: the optimizer's own" },
    { .name = NULL },
};

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_constant_opts *o = opts;
    (void)t;
    return (lathe_rates){ .lr = o->lr > 0 ? o->lr : base->lr };
}

static bool sets_rate(const void *opts) { return ((const lathe_constant_opts *)opts)->lr > 0; }

const lathe_sched_type lathe_constant_sched = {
    .name = "constant",
    .summary = "the same learning rate throughout",
    .opts_size = sizeof(lathe_constant_opts),
    .fields = fields,
    .rates = rates,
    .sets_rate = sets_rate,
};

lathe_sched *lathe_sched_constant(lathe_optim *optim, const lathe_constant_opts *opts)
{
    return lathe_sched_new(&lathe_constant_sched, optim, opts);
}
