#include "lion.h"

#include <math.h>

#include "../core/kernels/kernels.h"

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_lion_opts, lr),
        .preset = { 1e-4 },
        .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "betas",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_lion_opts, betas),
        .count = 2,
        .preset = { 0.9, 0.99 },
        .max = 1,
        .below_max = true,
        .help = "weight of the mean in the step's sign; decay of the mean" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_lion_opts, weight_decay),
        .max = HUGE_VAL,
        .help = "decoupled: p shrinks by lr * weight_decay a step" },
    { .name = NULL },
};

static void update(const lathe_update *u)
{
    const lathe_lion_opts *o = u->opts;
    const lathe_lion_rates rates = { .step = (lathe_real)o->lr,
        .decay = (lathe_real)(o->lr * o->weight_decay),
        .beta1 = (lathe_real)o->betas[0],
        .rest1 = (lathe_real)(1 - o->betas[0]),
        .beta2 = (lathe_real)o->betas[1],
        .rest2 = (lathe_real)(1 - o->betas[1]) };
    u->kernels->update->lion(u->count, &rates, u->p, u->g, u->slot[0]);
}

const lathe_optim_type lathe_lion_optim = {
    .name = "lion",
    .summary = "steps of one size, by the sign of a mean gradient",
    .opts_size = sizeof(lathe_lion_opts),
    .fields = fields,
    .slot_names = { "exp_avg" },
    .update = update,
};

lathe_optim *lathe_optim_lion(const lathe_params *params, const lathe_lion_opts *opts)
{
    return lathe_optim_new(&lathe_lion_optim, params, opts);
}
