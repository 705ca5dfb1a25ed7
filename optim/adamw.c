#include "adamw.h"

#include <math.h>

static const lathe_field fields[] = {
    { .name = "lr", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_adamw_opts, lr), .preset = { 1e-3 }, .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "betas", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_adamw_opts, betas), .count = 2,
        .preset = { 0.9, 0.999 }, .max = 1, .below_max = true, .help = "decay of the averages of g and of g squared" },
    { .name = "eps", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_adamw_opts, eps), .preset = { 1e-8 }, .max = HUGE_VAL,
        .help = "added to the root of the average square" },
    { .name = "weight_decay", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_adamw_opts, weight_decay), .preset = { 1e-2 },
        .max = HUGE_VAL, .help = "decoupled: p shrinks by lr * weight_decay a step" },
    { .name = "amsgrad", .kind = LATHE_FIELD_BOOL, .offset = offsetof(lathe_adamw_opts, amsgrad),
        .help = "divide by the largest average square so far" },
    { .name = NULL },
};

static int slots(const void *opts)
{
    const lathe_adamw_opts *o = opts;
    return o->amsgrad ? 3 : 2;
}

/* value[k] = 1 - product of beta_k: the sum of the weights that the average gives to the gradients so far. */
static void advance(const void *opts, lathe_optim_clock *clock)
{
    const lathe_adamw_opts *o = opts;
    for (int k = 0; k < 2; k++) clock->value[k] = o->betas[k] * clock->value[k] + (1 - o->betas[k]);
}

/* One rounding of p a step: in float, p * (1 - lr * weight_decay) would lose a part of a small decay, each time the same way. */
static void update(const lathe_update *u)
{
    const lathe_adamw_opts *o = u->opts;
    const lathe_real decay = (lathe_real)(o->lr * o->weight_decay), eps = (lathe_real)o->eps;
    const lathe_real beta1 = (lathe_real)o->betas[0], rest1 = (lathe_real)(1 - o->betas[0]);
    const lathe_real beta2 = (lathe_real)o->betas[1], rest2 = (lathe_real)(1 - o->betas[1]);
    const lathe_real step = (lathe_real)(o->lr / u->clock->value[0]), root = (lathe_real)(1 / sqrt(u->clock->value[1]));
    lathe_real *restrict p = u->p, *restrict m = u->slot[0], *restrict v = u->slot[1], *restrict most = u->slot[2];
    const lathe_real *restrict g = u->g;
    for (size_t i = 0; i < u->count; i++) {
        m[i] = beta1 * m[i] + rest1 * g[i];
        v[i] = beta2 * v[i] + rest2 * g[i] * g[i];
    }
    if (o->amsgrad) {
        for (size_t i = 0; i < u->count; i++) most[i] = most[i] > v[i] ? most[i] : v[i];
        v = most;
    }
    for (size_t i = 0; i < u->count; i++)
        p[i] -= decay * p[i] + step * m[i] / ((lathe_real)sqrt((double)v[i]) * root + eps);
}

const lathe_optim_type lathe_adamw_type = {
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
    return lathe_optim_new(&lathe_adamw_type, params, opts);
}
