#include "adam.h"

#include <math.h>

#include "adam_impl.h"

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adam_opts, lr),
        .preset = { 1e-3 },
        .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "betas",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adam_opts, betas),
        .count = 2,
        .preset = { 0.9, 0.999 },
        .max = 1,
        .below_max = true,
        .help = "decay of the averages of g and of g squared" },
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adam_opts, eps),
        .preset = { 1e-8 },
        .max = HUGE_VAL,
        .help = "added to the root of the average square" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adam_opts, weight_decay),
        .max = HUGE_VAL,
        .help = "added to the gradient, times the parameter" },
    { .name = "amsgrad",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_adam_opts, amsgrad),
        .help = "divide by the largest average square so far" },
    { .name = "pytorch_correction",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_adam_opts, pytorch_correction),
        .help = "bias correction 1 - beta^t with the present betas, as PyTorch" },
    { .name = NULL },
};

void lathe_adam_advance(const double betas[2], bool pytorch, lathe_optim_clock *clock)
{
    for (int k = 0; k < 2; k++)
        clock->value[k] =
            pytorch ? 1 - pow(betas[k], (double)clock->step) : betas[k] * clock->value[k] + (1 - betas[k]);
}

lathe_adam_rates lathe_adam_rates_of(double lr, const double betas[2], double eps,
    const lathe_optim_clock *clock)
{
    return (lathe_adam_rates){
        .beta1 = (lathe_real)betas[0],
        .rest1 = (lathe_real)(1 - betas[0]),
        .beta2 = (lathe_real)betas[1],
        .rest2 = (lathe_real)(1 - betas[1]),
        .step = (lathe_real)(lr / clock->value[0]),
        .root = (lathe_real)(1 / sqrt(clock->value[1])),
        .eps = (lathe_real)eps,
    };
}

static int slots(const void *opts)
{
    const lathe_adam_opts *o = opts;
    return o->amsgrad ? 3 : 2;
}

static void advance(const void *opts, lathe_optim_clock *clock)
{
    const lathe_adam_opts *o = opts;
    lathe_adam_advance(o->betas, o->pytorch_correction, clock);
}

static void update(const lathe_update *u)
{
    const lathe_adam_opts *o = u->opts;
    lathe_adam_rates rates = lathe_adam_rates_of(o->lr, o->betas, o->eps, u->clock);
    rates.l2 = (lathe_real)o->weight_decay;
    u->kernels->update->adam(u->count, &rates, u->p, u->g, u->slot[0], u->slot[1],
        o->amsgrad ? u->slot[2] : NULL);
}

const lathe_optim_type lathe_adam_optim = {
    .name = "adam",
    .summary = "steps of the mean gradient by its size",
    .opts_size = sizeof(lathe_adam_opts),
    .fields = fields,
    .slot_names = { "exp_avg", "exp_avg_sq", "max_exp_avg_sq" },
    .slots = slots,
    .advance = advance,
    .update = update,
};

lathe_optim *lathe_optim_adam(const lathe_params *params, const lathe_adam_opts *opts)
{
    return lathe_optim_new(&lathe_adam_optim, params, opts);
}
