#include "rprop.h"

#include <math.h>

#include "../core/kernels/kernels.h"

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_rprop_opts, lr),
        .preset = { 1e-2 },
        .max = HUGE_VAL,
        .help = "the first step size" },
    { .name = "etas",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_rprop_opts, etas),
        .count = 2,
        .preset = { 0.5, 1.2 },
        .above_min = true,
        .max = HUGE_VAL,
        .help = "factors of a step size: sign changed, sign kept" },
    { .name = "step_sizes",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_rprop_opts, step_sizes),
        .count = 2,
        .preset = { 1e-6, 50 },
        .max = HUGE_VAL,
        .help = "the least and the largest step size" },
    { .name = NULL },
};

static lathe_status check(const void *opts)
{
    const lathe_rprop_opts *o = opts;
    if (o->etas[0] >= 1 || o->etas[1] <= 1)
        return lathe_fail(LATHE_EARG, "rprop: etas = %g, %g are not legal: 0 < etas[0] < 1 < etas[1]",
            o->etas[0], o->etas[1]);
    if (o->step_sizes[0] > o->step_sizes[1])
        return lathe_fail(LATHE_EARG, "rprop: step_sizes[0] = %g is above step_sizes[1] = %g",
            o->step_sizes[0], o->step_sizes[1]);
    return LATHE_OK;
}

static void update(const lathe_update *u)
{
    const lathe_rprop_opts *o = u->opts;
    const lathe_rprop_rates rates = { .shorter = (lathe_real)o->etas[0],
        .longer = (lathe_real)o->etas[1],
        .least = (lathe_real)o->step_sizes[0],
        .most = (lathe_real)o->step_sizes[1] };
    for (size_t i = 0; i < u->count && u->clock->step == 1; i++) u->slot[1][i] = (lathe_real)o->lr;
    u->kernels->update->rprop(u->count, &rates, u->p, u->g, u->slot[0], u->slot[1]);
}

const lathe_optim_type lathe_rprop_optim = {
    .name = "rprop",
    .summary = "a step size a parameter, by whether its gradient keeps its sign; for whole data sets only",
    .opts_size = sizeof(lathe_rprop_opts),
    .fields = fields,
    .slot_names = { "prev", "step_size" },
    .check = check,
    .update = update,
    .full_batch = true,
};

lathe_optim *lathe_optim_rprop(const lathe_params *params, const lathe_rprop_opts *opts)
{
    return lathe_optim_new(&lathe_rprop_optim, params, opts);
}
