#include "plateau.h"

#include <math.h>

static const char *const modes[] = { "min", "max", NULL };
static const char *const threshold_modes[] = { "rel", "abs", NULL };

static const lathe_field fields[] = {
    { .name = "mode",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_plateau_opts, mode),
        .choices = modes,
        .help = "is less better, or more?" },
    { .name = "factor",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_plateau_opts, factor),
        .preset = { 0.1 },
        .above_min = true,
        .max = 1,
        .below_max = true,
        .help = "factor of a drop" },
    { .name = "patience",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_plateau_opts, patience),
        .preset = { 10 },
        .min = -1,
        .zero = -1,
        .max = 1000000,
        .help = "epochs without improvement that are borne" },
    { .name = "threshold",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_plateau_opts, threshold),
        .preset = { 1e-4 },
        .max = HUGE_VAL,
        .help = "an improvement is more than this" },
    { .name = "threshold_mode",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_plateau_opts, threshold_mode),
        .choices = threshold_modes,
        .help = "of the best so far, or absolute" },
    { .name = "cooldown",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_plateau_opts, cooldown),
        .max = 1000000,
        .help = "epochs after a drop that do not count" },
    { .name = "min_lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_plateau_opts, min_lr),
        .max = HUGE_VAL,
        .help = "lowest learning rate" },
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_plateau_opts, eps),
        .preset = { 1e-8 },
        .max = HUGE_VAL,
        .help = "a drop smaller than this is not made" },
    { .name = NULL },
};

/* Indices of the state. */
enum { BEST, BAD, COOLING, DROPS, SEEN };

static bool is_better(const lathe_plateau_opts *o, double value, double best)
{
    bool relative = o->threshold_mode == LATHE_THRESHOLD_REL;
    if (o->mode == LATHE_PLATEAU_MIN)
        return value < (relative ? best * (1 - o->threshold) : best - o->threshold);
    return value > (relative ? best * (o->threshold + 1) : best + o->threshold);
}

static void observe(const void *opts, double state[LATHE_SCHED_STATE], uint64_t t, double value)
{
    (void)t;
    const lathe_plateau_opts *o = opts;
    double worst = o->mode == LATHE_PLATEAU_MIN ? HUGE_VAL : -HUGE_VAL;
    if (is_better(o, value, state[SEEN] > 0 ? state[BEST] : worst)) {
        state[BEST] = value;
        state[SEEN] = 1;
        state[BAD] = 0;
    } else state[BAD]++;
    if (state[COOLING] > 0) {
        state[COOLING]--;
        state[BAD] = 0;
    }
    if (state[BAD] > fmax(o->patience, 0)) {
        state[DROPS]++;
        state[COOLING] = o->cooldown;
        state[BAD] = 0;
    }
}

static bool wants_more(const void *opts)
{
    const lathe_plateau_opts *o = opts;
    return o->mode == LATHE_PLATEAU_MAX;
}

/* Drop by drop, as in PyTorch, because the last drop may be smaller than eps. */
static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_plateau_opts *o = opts;
    double lr = base->lr;
    (void)t;
    for (double drop = 0; drop < base->state[DROPS]; drop++) {
        double lower = fmax(lr * o->factor, o->min_lr);
        if (lr - lower <= o->eps) break;
        lr = lower;
    }
    return (lathe_rates){ .lr = lr };
}

const lathe_sched_type lathe_plateau_sched = {
    .name = "plateau",
    .summary = "down by a factor when a metric has stopped improving",
    .opts_size = sizeof(lathe_plateau_opts),
    .fields = fields,
    .rates = rates,
    .observe = observe,
    .wants_more = wants_more,
};

lathe_sched *lathe_sched_plateau(lathe_optim *optim, const lathe_plateau_opts *opts)
{
    return lathe_sched_new(&lathe_plateau_sched, optim, opts);
}
