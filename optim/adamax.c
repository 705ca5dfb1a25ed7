#include "adamax.h"

#include <tgmath.h>

#include "adam_impl.h"

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adamax_opts, lr),
        .preset = { 2e-3 },
        .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "betas",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adamax_opts, betas),
        .count = 2,
        .preset = { 0.9, 0.999 },
        .max = 1,
        .below_max = true,
        .help = "decay of the average of g and of the largest g" },
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adamax_opts, eps),
        .preset = { 1e-8 },
        .max = HUGE_VAL,
        .help = "added to the size of each g" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adamax_opts, weight_decay),
        .max = HUGE_VAL,
        .help = "added to the gradient, times the parameter" },
    { .name = "pytorch_correction",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_adamax_opts, pytorch_correction),
        .help = "bias correction 1 - beta^t with the present betas, as PyTorch" },
    { .name = NULL },
};

static void advance(const void *opts, lathe_optim_clock *clock)
{
    const lathe_adamax_opts *o = opts;
    lathe_adam_advance(o->betas, o->pytorch_correction, clock);
}

static void update(const lathe_update *u)
{
    const lathe_adamax_opts *o = u->opts;
    lathe_real step = (lathe_real)(o->lr / u->clock->value[0]), decay = (lathe_real)o->weight_decay,
               eps = (lathe_real)o->eps;
    lathe_real beta1 = (lathe_real)o->betas[0], rest1 = (lathe_real)(1 - o->betas[0]),
               beta2 = (lathe_real)o->betas[1];
    lathe_real *mean = u->slot[0], *most = u->slot[1];
    for (size_t i = 0; i < u->count; i++) {
        lathe_real g = u->g[i] + decay * u->p[i], size = fabs(g) + eps, faded = beta2 * most[i];
        mean[i] = beta1 * mean[i] + rest1 * g;
        most[i] = size < faded ? faded : size;
        u->p[i] -= step * mean[i] / most[i];
    }
}

const lathe_optim_type lathe_adamax_optim = {
    .name = "adamax",
    .summary = "Adam with the largest gradient in place of the mean square",
    .opts_size = sizeof(lathe_adamax_opts),
    .fields = fields,
    .slot_names = { "exp_avg", "exp_inf" },
    .advance = advance,
    .update = update,
};

lathe_optim *lathe_optim_adamax(const lathe_params *params, const lathe_adamax_opts *opts)
{
    return lathe_optim_new(&lathe_adamax_optim, params, opts);
}
