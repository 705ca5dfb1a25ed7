#include "rmsprop.h"

#include <tgmath.h>

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_rmsprop_opts, lr),
        .preset = { 1e-2 },
        .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "alpha",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_rmsprop_opts, alpha),
        .preset = { 0.99 },
        .max = 1,
        .help = "decay of the average of g squared" },
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_rmsprop_opts, eps),
        .preset = { 1e-8 },
        .max = HUGE_VAL,
        .help = "added to the root of the average square" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_rmsprop_opts, weight_decay),
        .max = HUGE_VAL,
        .help = "added to the gradient, times the parameter" },
    { .name = "momentum",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_rmsprop_opts, momentum),
        .max = 1,
        .below_max = true,
        .help = "how much of the last step's direction is kept" },
    { .name = "centered",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_rmsprop_opts, centered),
        .help = "divide by the standard deviation of g, not by its size" },
    { .name = NULL },
};

/* The momentum's slot is always there, because a schedule may set a momentum later. */
static int slots(const void *opts)
{
    const lathe_rmsprop_opts *o = opts;
    return o->centered ? 3 : 2;
}

static void update(const lathe_update *u)
{
    const lathe_rmsprop_opts *o = u->opts;
    lathe_real lr = (lathe_real)o->lr, decay = (lathe_real)o->weight_decay,
               momentum = (lathe_real)o->momentum;
    lathe_real alpha = (lathe_real)o->alpha, rest = (lathe_real)(1 - o->alpha), eps = (lathe_real)o->eps;
    lathe_real *square = u->slot[0], *v = u->slot[1], *mean = o->centered ? u->slot[2] : NULL;
    for (size_t i = 0; i < u->count; i++) {
        lathe_real g = u->g[i] + decay * u->p[i];
        lathe_real spread = square[i] = alpha * square[i] + rest * g * g;
        if (mean) {
            mean[i] = alpha * mean[i] + rest * g;
            spread -= mean[i] * mean[i];
            if (spread < 0) spread = 0; /* and NaN stays NaN */
        }
        v[i] = momentum * v[i] + g / (sqrt(spread) + eps);
        u->p[i] -= lr * v[i];
    }
}

const lathe_optim_type lathe_rmsprop_optim = {
    .name = "rmsprop",
    .summary = "the gradient divided by its running size, with momentum",
    .opts_size = sizeof(lathe_rmsprop_opts),
    .fields = fields,
    .slot_names = { "square_avg", "momentum_buffer", "grad_avg" },
    .slots = slots,
    .update = update,
};

lathe_optim *lathe_optim_rmsprop(const lathe_params *params, const lathe_rmsprop_opts *opts)
{
    return lathe_optim_new(&lathe_rmsprop_optim, params, opts);
}
