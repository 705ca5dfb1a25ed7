#include "nadam.h"

#include <tgmath.h>

#include "adam_impl.h"

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_nadam_opts, lr),
        .preset = { 2e-3 },
        .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "betas",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_nadam_opts, betas),
        .count = 2,
        .preset = { 0.9, 0.999 },
        .max = 1,
        .below_max = true,
        .help = "decay of the averages of g and of g squared" },
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_nadam_opts, eps),
        .preset = { 1e-8 },
        .max = HUGE_VAL,
        .help = "added to the root of the average square" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_nadam_opts, weight_decay),
        .max = HUGE_VAL,
        .help = "added to the gradient, times the parameter" },
    { .name = "momentum_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_nadam_opts, momentum_decay),
        .preset = { 4e-3 },
        .max = HUGE_VAL,
        .help = "how fast the momentum grows from beta1 / 2 to beta1" },
    { .name = "decoupled_weight_decay",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_nadam_opts, decoupled_weight_decay),
        .help = "AdamW's decay: p shrinks by lr * weight_decay a step" },
    { .name = NULL },
};

/* mu of step t */
static double momentum_at(const lathe_nadam_opts *o, uint64_t t)
{
    return o->betas[0] * (1 - 0.5 * pow(0.96, (double)t * o->momentum_decay));
}

/*
 * value[0] = 1 - product of mu, value[1] = 1 - product of beta2; value[2], value[3] = mu of this and next
 * step.
 */
static void advance(const void *opts, lathe_optim_clock *clock)
{
    const lathe_nadam_opts *o = opts;
    clock->value[2] = momentum_at(o, clock->step);
    clock->value[3] = momentum_at(o, clock->step + 1);
    lathe_adam_advance((double[2]){ clock->value[2], o->betas[1] }, false, clock);
}

static void update(const lathe_update *u)
{
    const lathe_nadam_opts *o = u->opts;
    const double *value = u->clock->value;
    double next = value[3] * value[0] + (1 - value[3]); /* 1 - product of mu up to the next step */
    lathe_adam_rates r = lathe_adam_rates_of(1, o->betas, o->eps, u->clock);
    if (o->decoupled_weight_decay) r.decay = (lathe_real)(o->lr * o->weight_decay);
    else r.l2 = (lathe_real)o->weight_decay;
    lathe_real along_g = (lathe_real)(o->lr * (1 - value[2]) / value[0]),
               along_m = (lathe_real)(o->lr * value[3] / next);
    lathe_real *m = u->slot[0], *v = u->slot[1];
    for (size_t i = 0; i < u->count; i++) {
        lathe_real g = u->g[i] + r.l2 * u->p[i];
        m[i] = r.beta1 * m[i] + r.rest1 * g;
        v[i] = r.beta2 * v[i] + r.rest2 * g * g;
        u->p[i] -= r.decay * u->p[i] + (along_g * g + along_m * m[i]) / (sqrt(v[i]) * r.root + r.eps);
    }
}

const lathe_optim_type lathe_nadam_optim = {
    .name = "nadam",
    .summary = "Adam with Nesterov's look ahead",
    .opts_size = sizeof(lathe_nadam_opts),
    .fields = fields,
    .slot_names = { "exp_avg", "exp_avg_sq" },
    .advance = advance,
    .update = update,
};

lathe_optim *lathe_optim_nadam(const lathe_params *params, const lathe_nadam_opts *opts)
{
    return lathe_optim_new(&lathe_nadam_optim, params, opts);
}
