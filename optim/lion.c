#include "lion.h"

#include <math.h>

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
    lathe_real lr = (lathe_real)o->lr, decay = (lathe_real)(o->lr * o->weight_decay), *m = u->slot[0];
    lathe_real beta1 = (lathe_real)o->betas[0], rest1 = (lathe_real)(1 - o->betas[0]);
    lathe_real beta2 = (lathe_real)o->betas[1], rest2 = (lathe_real)(1 - o->betas[1]);
    for (size_t i = 0; i < u->count; i++) {
        lathe_real g = u->g[i], mixed = beta1 * m[i] + rest1 * g;
        lathe_real step = mixed > 0 ? lr : mixed < 0 ? -lr : lr * mixed; /* NaN stays NaN */
        u->p[i] -= decay * u->p[i] + step;
        m[i] = beta2 * m[i] + rest2 * g;
    }
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
