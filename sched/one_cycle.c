#include "one_cycle.h"

#include <math.h>

#include "momentum_impl.h"
#include "sched_impl.h"

static const char *const strategies[] = { "cos", "linear", NULL };

static const lathe_field fields[] = {
    { .name = "max_lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_one_cycle_opts, max_lr),
        .required = true,
        .max = HUGE_VAL,
        .help = "highest learning rate" },
    { .name = "total_steps",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_one_cycle_opts, total_steps),
        .required = true,
        .min = 1,
        .max = 9007199254740992.0,
        .help = "of the whole schedule" },
    { .name = "pct_start",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_one_cycle_opts, pct_start),
        .preset = { 0.3 },
        .max = 1,
        .help = "part of it on the way up" },
    { .name = "anneal_strategy",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_one_cycle_opts, anneal_strategy),
        .choices = strategies,
        .help = "shape of the ways up and down" },
    { .name = "cycle_momentum",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_one_cycle_opts, cycle_momentum),
        .choices = lathe_momentum_choices,
        .help = "move momentum (or beta1) the other way" },
    { .name = "base_momentum",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_one_cycle_opts, base_momentum),
        .preset = { LATHE_MOMENTUM_NOT_GIVEN },
        .min = -1,
        .max = 1,
        .below_max = true,
        .help = "lowest momentum; -1: max_momentum - 0.1" },
    { .name = "max_momentum",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_one_cycle_opts, max_momentum),
        .preset = { LATHE_MOMENTUM_NOT_GIVEN },
        .min = -1,
        .max = 1,
        .below_max = true,
        .help = "highest momentum; -1: the optimizer's own, or 0.95" },
    { .name = "div_factor",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_one_cycle_opts, div_factor),
        .preset = { 25 },
        .above_min = true,
        .max = HUGE_VAL,
        .help = "initial lr = max_lr / div_factor" },
    { .name = "final_div_factor",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_one_cycle_opts, final_div_factor),
        .preset = { 1e4 },
        .above_min = true,
        .max = HUGE_VAL,
        .help = "final lr = initial lr / final_div_factor" },
    { .name = "three_phase",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_one_cycle_opts, three_phase),
        .help = "up, down, and then far down" },
    { .name = "torch_compat",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_one_cycle_opts, torch_compat),
        .help = "momentum as in PyTorch: auto means on, from 0.95 to 0.85" },
    { .name = NULL },
};

/* One phase of learning rate and momentum; `end` is its last step. */
typedef struct phase {
    double end, from, to, momentum_from, momentum_to;
} phase;

static lathe_momentum_wish wish_of(const lathe_one_cycle_opts *o)
{
    return (lathe_momentum_wish){ .cycle = o->cycle_momentum,
        .base = o->base_momentum,
        .max = o->max_momentum,
        .torch_compat = o->torch_compat,
        .torch_base = 0.85,
        .torch_max = 0.95 };
}

static double anneal(const lathe_one_cycle_opts *o, double from, double to, double way)
{
    if (o->anneal_strategy == LATHE_ANNEAL_LINEAR) return (to - from) * way + from;
    return to + (from - to) / 2 * (cos(LATHE_PI * way) + 1);
}

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_one_cycle_opts *o = opts;
    const double initial = o->max_lr / o->div_factor, final = initial / o->final_div_factor;
    const double total = (double)o->total_steps, last = total - 1, up = o->pct_start * total - 1;
    lathe_momentum_wish wish = wish_of(o);
    lathe_momentum_range momentum = lathe_momentum_range_of(&wish, base);
    const double low = momentum.low, high = momentum.high;
    const phase two[] = { { up, initial, o->max_lr, high, low }, { last, o->max_lr, final, low, high } };
    const phase three[] = { { up, initial, o->max_lr, high, low },
        { 2 * o->pct_start * total - 2, o->max_lr, initial, low, high },
        { last, initial, final, high, high } };
    const phase *now = o->three_phase ? three : two;
    double step = fmin((double)t, last), begin = 0;
    while (step > now->end) begin = (now++)->end;
    double way = now->end > begin ? (step - begin) / (now->end - begin) : 1;
    return (lathe_rates){ .lr = anneal(o, now->from, now->to, way),
        .momentum = anneal(o, now->momentum_from, now->momentum_to, way),
        .sets_momentum = momentum.used };
}

static lathe_status check(const void *opts, const lathe_sched_base *base)
{
    const lathe_one_cycle_opts *o = opts;
    if (o->three_phase && o->pct_start > 0.5)
        return lathe_fail(LATHE_EARG, "one_cycle: pct_start = %g is above 0.5, so three phases do not fit",
            o->pct_start);
    lathe_momentum_wish wish = wish_of(o);
    return lathe_momentum_check("one_cycle", &wish, base);
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    (void)base;
    return lathe_sched_warn_length("one_cycle", ((const lathe_one_cycle_opts *)opts)->total_steps, steps, n,
        text);
}

static bool sets_rate(const void *opts) { return opts; }

const lathe_sched_type lathe_one_cycle_sched = {
    .name = "one_cycle",
    .summary = "one cycle up to max_lr, then far down",
    .opts_size = sizeof(lathe_one_cycle_opts),
    .fields = fields,
    .check = check,
    .rates = rates,
    .sets_rate = sets_rate,
    .warn = warn,
};

lathe_sched *lathe_sched_one_cycle(lathe_optim *optim, const lathe_one_cycle_opts *opts)
{
    return lathe_sched_new(&lathe_one_cycle_sched, optim, opts);
}
