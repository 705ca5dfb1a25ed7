#include "warm_restarts.h"

#include <math.h>

#include "sched_impl.h"

static const lathe_field fields[] = {
    { .name = "t_0",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_warm_restarts_opts, t_0),
        .required = true,
        .min = 1,
        .max = 9007199254740992.0,
        .help = "length of the first cosine" },
    { .name = "t_mult",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_warm_restarts_opts, t_mult),
        .preset = { 1 },
        .min = 1,
        .max = 1000,
        .help = "how much longer each is than the one before" },
    { .name = "eta_min",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_warm_restarts_opts, eta_min),
        .max = HUGE_VAL,
        .help = "lowest learning rate" },
    { .name = NULL },
};

/* The position in the cosine of step t; *length becomes the length of that cosine. */
static uint64_t position_of(const lathe_warm_restarts_opts *o, uint64_t t, uint64_t *length)
{
    const uint64_t multiple = (uint64_t)o->t_mult;
    *length = o->t_0;
    if (multiple == 1) return t % *length;
    while (t >= *length) {
        t -= *length;
        *length = *length > UINT64_MAX / multiple ? UINT64_MAX : *length * multiple;
    }
    return t;
}

static bool begins_cycle(const void *opts, uint64_t t)
{
    uint64_t length;
    return position_of(opts, t, &length) == 0;
}

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_warm_restarts_opts *o = opts;
    uint64_t length;
    t = position_of(o, t, &length);
    return (lathe_rates){ .lr = o->eta_min +
            (base->lr - o->eta_min) * (1 + cos(LATHE_PI * (double)t / (double)length)) / 2 };
}

static lathe_status check(const void *opts, const lathe_sched_base *base)
{
    return lathe_sched_check_floor("warm_restarts", ((const lathe_warm_restarts_opts *)opts)->eta_min, base);
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    (void)base;
    return lathe_sched_warn_beyond("warm_restarts", "t_0", ((const lathe_warm_restarts_opts *)opts)->t_0,
        steps, n, text);
}

const lathe_sched_type lathe_warm_restarts_sched = {
    .name = "warm_restarts",
    .summary = "cosines that begin again, each t_mult times as long",
    .opts_size = sizeof(lathe_warm_restarts_opts),
    .fields = fields,
    .check = check,
    .rates = rates,
    .warn = warn,
    .begins_cycle = begins_cycle,
};

lathe_sched *lathe_sched_warm_restarts(lathe_optim *optim, const lathe_warm_restarts_opts *opts)
{
    return lathe_sched_new(&lathe_warm_restarts_sched, optim, opts);
}
