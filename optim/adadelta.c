#include "adadelta.h"

#include <tgmath.h>

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adadelta_opts, lr),
        .preset = { 1 },
        .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "rho",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adadelta_opts, rho),
        .preset = { 0.9 },
        .max = 1,
        .help = "decay of the averages of g squared and of the step squared" },
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adadelta_opts, eps),
        .preset = { 1e-6 },
        .max = HUGE_VAL,
        .help = "added under both roots" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adadelta_opts, weight_decay),
        .max = HUGE_VAL,
        .help = "added to the gradient, times the parameter" },
    { .name = NULL },
};

static void update(const lathe_update *u)
{
    const lathe_adadelta_opts *o = u->opts;
    lathe_real lr = (lathe_real)o->lr, decay = (lathe_real)o->weight_decay, eps = (lathe_real)o->eps;
    lathe_real rho = (lathe_real)o->rho, rest = (lathe_real)(1 - o->rho), *square = u->slot[0],
               *travel = u->slot[1];
    for (size_t i = 0; i < u->count; i++) {
        lathe_real g = u->g[i] + decay * u->p[i];
        square[i] = rho * square[i] + rest * g * g;
        lathe_real step = sqrt(travel[i] + eps) / sqrt(square[i] + eps) * g;
        travel[i] = rho * travel[i] + rest * step * step;
        u->p[i] -= lr * step;
    }
}

const lathe_optim_type lathe_adadelta_optim = {
    .name = "adadelta",
    .summary = "steps as large as the last ones were; needs no learning rate",
    .opts_size = sizeof(lathe_adadelta_opts),
    .fields = fields,
    .slot_names = { "square_avg", "acc_delta" },
    .update = update,
};

lathe_optim *lathe_optim_adadelta(const lathe_params *params, const lathe_adadelta_opts *opts)
{
    return lathe_optim_new(&lathe_adadelta_optim, params, opts);
}
