#include "wsd.h"

#include <inttypes.h>
#include <math.h>

#include "sched_impl.h"

static const char *const shapes[] = { "sqrt", "linear", NULL };

static const lathe_field fields[] = {
    { .name = "total_steps",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_wsd_opts, total_steps),
        .required = true,
        .min = 1,
        .max = 9007199254740992.0,
        .help = "of all three phases" },
    { .name = "warmup",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_wsd_opts, warmup),
        .max = 9007199254740992.0,
        .help = "length of the way up" },
    { .name = "decay",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_wsd_opts, decay),
        .max = 9007199254740992.0,
        .help = "length of the way down; 0: a fifth of total_steps" },
    { .name = "end_factor",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_wsd_opts, end_factor),
        .max = 1,
        .help = "of lr, in the end" },
    { .name = "shape",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_wsd_opts, shape),
        .choices = shapes,
        .help = "of the way down" },
    { .name = NULL },
};

static uint64_t decay_of(const lathe_wsd_opts *o) { return o->decay ? o->decay : (o->total_steps + 4) / 5; }

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_wsd_opts *o = opts;
    const uint64_t decay = decay_of(o), turn = o->total_steps - decay;
    double factor = 1;
    if (t < o->warmup) factor = (double)(t + 1) / (double)(o->warmup + 1);
    else if (t > turn) {
        double way = t < o->total_steps ? (double)(t - turn) / (double)decay : 1;
        factor = 1 - (1 - o->end_factor) * (o->shape == LATHE_WSD_SQRT ? sqrt(way) : way);
    }
    return (lathe_rates){ .lr = base->lr * factor };
}

static lathe_status check(const void *opts, const lathe_sched_base *base)
{
    const lathe_wsd_opts *o = opts;
    (void)base;
    if (o->warmup + decay_of(o) <= o->total_steps) return LATHE_OK;
    return lathe_fail(LATHE_EARG,
        "wsd: warmup = %" PRIu64 " and decay = %" PRIu64 " are together above total_steps = %" PRIu64,
        o->warmup, decay_of(o), o->total_steps);
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    (void)base;
    return lathe_sched_warn_length("wsd", ((const lathe_wsd_opts *)opts)->total_steps, steps, n, text);
}

const lathe_sched_type lathe_wsd_sched = {
    .name = "wsd",
    .summary = "warm-up, stable, decay",
    .opts_size = sizeof(lathe_wsd_opts),
    .fields = fields,
    .check = check,
    .rates = rates,
    .warn = warn,
};

lathe_sched *lathe_sched_wsd(lathe_optim *optim, const lathe_wsd_opts *opts)
{
    return lathe_sched_new(&lathe_wsd_sched, optim, opts);
}
