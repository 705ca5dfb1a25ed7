#include "adagrad.h"

#include <tgmath.h>

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adagrad_opts, lr),
        .preset = { 1e-2 },
        .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "lr_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adagrad_opts, lr_decay),
        .max = HUGE_VAL,
        .help = "lr / (1 + (t - 1) * lr_decay) in step t" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adagrad_opts, weight_decay),
        .max = HUGE_VAL,
        .help = "added to the gradient, times the parameter" },
    { .name = "initial_accumulator_value",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adagrad_opts, initial_accumulator_value),
        .max = HUGE_VAL,
        .help = "what the sum of squares begins with" },
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_adagrad_opts, eps),
        .preset = { 1e-10 },
        .max = HUGE_VAL,
        .help = "added to the root of the sum of squares" },
    { .name = NULL },
};

static void update(const lathe_update *u)
{
    const lathe_adagrad_opts *o = u->opts;
    double t = (double)u->clock->step;
    lathe_real lr = (lathe_real)(o->lr / (1 + (t - 1) * o->lr_decay));
    lathe_real decay = (lathe_real)o->weight_decay, eps = (lathe_real)o->eps, *sum = u->slot[0];
    lathe_real start = (lathe_real)(u->clock->step == 1 ? o->initial_accumulator_value : 0);
    for (size_t i = 0; i < u->count; i++) {
        lathe_real g = u->g[i] + decay * u->p[i];
        sum[i] += start + g * g;
        u->p[i] -= lr * g / (sqrt(sum[i]) + eps);
    }
}

const lathe_optim_type lathe_adagrad_optim = {
    .name = "adagrad",
    .summary = "the gradient divided by the size of all gradients so far",
    .opts_size = sizeof(lathe_adagrad_opts),
    .fields = fields,
    .slot_names = { "sum" },
    .update = update,
};

lathe_optim *lathe_optim_adagrad(const lathe_params *params, const lathe_adagrad_opts *opts)
{
    return lathe_optim_new(&lathe_adagrad_optim, params, opts);
}
