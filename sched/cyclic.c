#include "cyclic.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "momentum_impl.h"

static const char *const modes[] = { "triangular", "triangular2", "exp_range", NULL };
static const char *const scale_modes[] = { "cycle", "iterations", NULL };

static const lathe_field fields[] = {
    { .name = "base_lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_cyclic_opts, base_lr),
        .required = true,
        .max = HUGE_VAL,
        .help = "lowest learning rate" },
    { .name = "max_lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_cyclic_opts, max_lr),
        .required = true,
        .max = HUGE_VAL,
        .help = "highest learning rate" },
    { .name = "step_size_up",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_cyclic_opts, step_size_up),
        .preset = { 2000 },
        .min = 1,
        .max = 9007199254740992.0,
        .help = "length of the way up" },
    { .name = "step_size_down",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(lathe_cyclic_opts, step_size_down),
        .max = 9007199254740992.0,
        .help = "length of the way down; 0: as up" },
    { .name = "mode",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_cyclic_opts, mode),
        .choices = modes,
        .help = "height of later peaks: all the same, halved each cycle, or times gamma each step" },
    { .name = "gamma",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_cyclic_opts, gamma),
        .preset = { 1 },
        .above_min = true,
        .max = HUGE_VAL,
        .help = "of exp_range, such as 0.9999" },
    { .name = "scale_mode",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_cyclic_opts, scale_mode),
        .choices = scale_modes,
        .help = "what a custom scale function is given" },
    { .name = "cycle_momentum",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_cyclic_opts, cycle_momentum),
        .choices = lathe_momentum_choices,
        .help = "move momentum (or beta1) the other way" },
    { .name = "base_momentum",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_cyclic_opts, base_momentum),
        .preset = { LATHE_MOMENTUM_NOT_GIVEN },
        .min = -1,
        .max = 1,
        .below_max = true,
        .help = "lowest momentum; -1: max_momentum - 0.1" },
    { .name = "max_momentum",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_cyclic_opts, max_momentum),
        .preset = { LATHE_MOMENTUM_NOT_GIVEN },
        .min = -1,
        .max = 1,
        .below_max = true,
        .help = "highest momentum; -1: the optimizer's own, or 0.9" },
    { .name = "torch_compat",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_cyclic_opts, torch_compat),
        .help = "momentum as in PyTorch: auto means on, from 0.9 to 0.8" },
    { .name = NULL },
};

static lathe_momentum_wish wish_of(const lathe_cyclic_opts *o)
{
    return (lathe_momentum_wish){ .cycle = o->cycle_momentum,
        .base = o->base_momentum,
        .max = o->max_momentum,
        .torch_compat = o->torch_compat,
        .torch_base = 0.8,
        .torch_max = 0.9 };
}

static uint64_t down_of(const lathe_cyclic_opts *o)
{
    return o->step_size_down ? o->step_size_down : o->step_size_up;
}

static double scale_of(const lathe_cyclic_opts *o, uint64_t cycle, uint64_t t)
{
    if (o->scale) {
        double k = o->scale->function((double)(o->scale_mode == LATHE_SCALE_CYCLE ? cycle : t));
        return k > 1 ? 1 : k > 0 ? k : 0;
    }
    switch (o->mode) {
    case LATHE_TRIANGULAR: return 1;
    case LATHE_TRIANGULAR2:
        return cycle > 2000 ? 0 : ldexp(1, -(int)(cycle - 1)); /* below 2^-1074 there is only 0 */
    case LATHE_EXP_RANGE: return fmin(pow(o->gamma, (double)t), DBL_MAX);
    }
    return 1;
}

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_cyclic_opts *o = opts;
    const uint64_t up = o->step_size_up, down = down_of(o), length = up + down, p = t % length;
    double s = p <= up ? (double)p / (double)up : (double)(length - p) / (double)down;
    double w = s * scale_of(o, t / length + 1, t);
    lathe_momentum_wish wish = wish_of(o);
    lathe_momentum_range momentum = lathe_momentum_range_of(&wish, base);
    /* With w = 1 the sum could miss the end of the range by a rounding error. */
    return (lathe_rates){
        .lr = w == 1 ? o->max_lr : fmin(o->base_lr + (o->max_lr - o->base_lr) * w, DBL_MAX),
        .momentum = w == 1 ? momentum.low : fmax(0, momentum.high - (momentum.high - momentum.low) * w),
        .sets_momentum = momentum.used,
    };
}

static lathe_status check_scale(const lathe_cyclic_opts *o)
{
    if (!o->scale) return LATHE_OK;
    if (!o->scale->function || !o->scale->name)
        return lathe_fail(LATHE_EARG, "cyclic: scale must have a name and a function");
    uint64_t length = o->step_size_up + down_of(o);
    for (uint64_t cycle = 1; cycle <= 1000; cycle++) {
        double x =
            (double)(o->scale_mode == LATHE_SCALE_CYCLE ? cycle : (cycle - 1) * length + o->step_size_up);
        double k = o->scale->function(x);
        if (!(k >= 0 && k <= 1))
            return lathe_fail(LATHE_EARG,
                "cyclic: scale function '%s' gives %g for %.17g, which is not in [0, 1]", o->scale->name, k,
                x);
    }
    return LATHE_OK;
}

static lathe_status check(const void *opts, const lathe_sched_base *base)
{
    const lathe_cyclic_opts *o = opts;
    if (o->base_lr > o->max_lr)
        return lathe_fail(LATHE_EARG, "cyclic: base_lr = %g is above max_lr = %g", o->base_lr, o->max_lr);
    lathe_momentum_wish wish = wish_of(o);
    lathe_status status = lathe_momentum_check("cyclic", &wish, base);
    if (status) return status;
    return check_scale(o);
}

/* A warning is number n if n warnings before it apply. */
static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    const lathe_cyclic_opts *o = opts;
    const uint64_t length = o->step_size_up + down_of(o);
    const bool decays = o->mode == LATHE_EXP_RANGE && !o->scale;
    double after = pow(o->gamma, (double)length);
    (void)base;
    if (o->base_lr == o->max_lr && n-- == 0)
        return snprintf(text, 256, "cyclic: base_lr = max_lr = %g: the learning rate does not change",
            o->max_lr);
    if (decays && o->gamma > 1 && n-- == 0)
        return snprintf(text, 256,
            "cyclic: gamma = %g is above 1: the learning rate grows beyond max_lr = %g", o->gamma, o->max_lr);
    if (decays && after < 0.01 && n-- == 0)
        return snprintf(text, 256,
            "cyclic: gamma = %g leaves %.2g of max_lr - base_lr after one cycle of %" PRIu64 " steps",
            o->gamma, after, length);
    if (!decays && o->gamma != 1 && n-- == 0)
        return snprintf(text, 256, "cyclic: gamma = %g is not used: it belongs to mode exp_range", o->gamma);
    if (!o->scale && o->scale_mode != LATHE_SCALE_CYCLE && n-- == 0)
        return snprintf(text, 256, "cyclic: scale_mode is not used: it belongs to a custom scale function");
    if (steps && steps < length && n-- == 0)
        return snprintf(text, 256,
            "cyclic: the run of %" PRIu64 " steps is shorter than a cycle of %" PRIu64 "%s", steps, length,
            steps <= o->step_size_up ? " and does not reach max_lr" : "");
    if (steps > length && steps % length > 1 && n-- == 0)
        return snprintf(text, 256,
            "cyclic: the run of %" PRIu64 " steps ends %" PRIu64 " steps into a cycle of %" PRIu64
            "; it is best to end at base_lr",
            steps, steps % length, length);
    return false;
}

static void describe(const void *opts, uint64_t steps, double steps_per_epoch, char text[256])
{
    const lathe_cyclic_opts *o = opts;
    const uint64_t length = o->step_size_up + down_of(o);
    const bool epochs = steps_per_epoch == 1;
    int used = snprintf(text, 256, "cyclic: 1 cycle = %" PRIu64 " %s", length, epochs ? "epochs" : "steps");
    if (steps_per_epoch > 0 && !epochs)
        used += snprintf(text + used, 256 - (size_t)used, " = %.3g epochs", (double)length / steps_per_epoch);
    if (steps)
        snprintf(text + used, 256 - (size_t)used, "; this run has %.3g", (double)steps / (double)length);
}

static bool begins_cycle(const void *opts, uint64_t t)
{
    const lathe_cyclic_opts *o = opts;
    return t % (o->step_size_up + down_of(o)) == 0;
}

static bool sets_rate(const void *opts) { return opts; }

const lathe_sched_type lathe_cyclic_sched = {
    .name = "cyclic",
    .summary = "up from base_lr to max_lr and down again, cycle after cycle",
    .opts_size = sizeof(lathe_cyclic_opts),
    .fields = fields,
    .check = check,
    .rates = rates,
    .sets_rate = sets_rate,
    .warn = warn,
    .describe = describe,
    .begins_cycle = begins_cycle,
};

lathe_sched *lathe_sched_cyclic(lathe_optim *optim, const lathe_cyclic_opts *opts)
{
    return lathe_sched_new(&lathe_cyclic_sched, optim, opts);
}
