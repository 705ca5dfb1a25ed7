#include "adamw.h"

#include <math.h>

#include "adam_impl.h"

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adamw_opts, lr),
        .preset = { 1e-3 },
        .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "betas",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adamw_opts, betas),
        .count = 2,
        .preset = { 0.9, 0.999 },
        .max = 1,
        .below_max = true,
        .help = "decay of the averages of g and of g squared" },
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adamw_opts, eps),
        .preset = { 1e-8 },
        .max = HUGE_VAL,
        .help = "added to the root of the average square" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adamw_opts, weight_decay),
        .preset = { 1e-2 },
        .max = HUGE_VAL,
        .help = "decoupled: p shrinks by lr * weight_decay a step" },
    { .name = "amsgrad",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_adamw_opts, amsgrad),
        .help = "divide by the largest average square so far" },
    { .name = "pytorch_correction",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_adamw_opts, pytorch_correction),
        .help = "bias correction 1 - beta^t with the present betas, as PyTorch" },
    { .name = NULL },
};

static int slots(const void *opts)
{
    const lathe_adamw_opts *o = opts;
    return o->amsgrad ? 3 : 2;
}

static void advance(const void *opts, lathe_optim_clock *clock)
{
    const lathe_adamw_opts *o = opts;
    lathe_adam_advance(o->betas, o->pytorch_correction, clock);
}

static void update(const lathe_update *u)
{
    const lathe_adamw_opts *o = u->opts;
    lathe_adam_rates rates = lathe_adam_rates_of(o->lr, o->betas, o->eps, u->clock);
    /* p - lr * weight_decay * p in one rounding: in float, p * (1 - lr * weight_decay) would lose a part of a
     * small decay. */
    rates.decay = (lathe_real)(o->lr * o->weight_decay);
    u->kernels->update->adam(u->count, &rates, u->p, u->g, u->slot[0], u->slot[1],
        o->amsgrad ? u->slot[2] : NULL);
}

const lathe_optim_type lathe_adamw_optim = {
    .name = "adamw",
    .summary = "Adam with weight decay apart from the gradient",
    .opts_size = sizeof(lathe_adamw_opts),
    .fields = fields,
    .slot_names = { "exp_avg", "exp_avg_sq", "max_exp_avg_sq" },
    .slots = slots,
    .advance = advance,
    .update = update,
};

lathe_optim *lathe_optim_adamw(const lathe_params *params, const lathe_adamw_opts *opts)
{
    return lathe_optim_new(&lathe_adamw_optim, params, opts);
}
