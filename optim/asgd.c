#include "asgd.h"

#include <math.h>

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_asgd_opts, lr),
        .preset = { 1e-2 },
        .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "lambd",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_asgd_opts, lambd),
        .preset = { 1e-4 },
        .max = HUGE_VAL,
        .help = "how fast the rate falls, and the parameters with it" },
    { .name = "alpha",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_asgd_opts, alpha),
        .preset = { 0.75 },
        .max = HUGE_VAL,
        .help = "the power with which the rate falls" },
    { .name = "t0",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_asgd_opts, t0),
        .preset = { 1e6 },
        .max = HUGE_VAL,
        .help = "the step after which the average begins" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_asgd_opts, weight_decay),
        .max = HUGE_VAL,
        .help = "added to the gradient, times the parameter" },
    { .name = NULL },
};

/* value[0] is eta, value[1] the weight of the newest parameters in the average. */
static void advance(const void *opts, lathe_optim_clock *clock)
{
    const lathe_asgd_opts *o = opts;
    double before = (double)clock->step - 1;
    clock->value[0] = o->lr / pow(1 + o->lambd * o->lr * before, o->alpha);
    clock->value[1] = 1 / fmax(1, before - o->t0);
}

static void update(const lathe_update *u)
{
    const lathe_asgd_opts *o = u->opts;
    lathe_real eta = (lathe_real)u->clock->value[0], share = (lathe_real)u->clock->value[1];
    lathe_real shrink = (lathe_real)(o->lambd * u->clock->value[0]), decay = (lathe_real)o->weight_decay;
    lathe_real *average = u->slot[0];
    for (size_t i = 0; i < u->count; i++) {
        lathe_real g = u->g[i] + decay * u->p[i];
        u->p[i] -= shrink * u->p[i] + eta * g;
        if (share < 1) average[i] += share * (u->p[i] - average[i]);
        else average[i] = u->p[i];
    }
}

const lathe_optim_type lathe_asgd_optim = {
    .name = "asgd",
    .summary = "gradient descent, and the mean of where it has been",
    .opts_size = sizeof(lathe_asgd_opts),
    .fields = fields,
    .slot_names = { "ax" },
    .advance = advance,
    .update = update,
};

lathe_optim *lathe_optim_asgd(const lathe_params *params, const lathe_asgd_opts *opts)
{
    return lathe_optim_new(&lathe_asgd_optim, params, opts);
}

lathe_real *lathe_optim_asgd_average(lathe_optim *optim)
{
    const lathe_optim_type *type = lathe_optim_type_of(optim);
    if (type == &lathe_asgd_optim) return lathe_optim_slot(optim, 0);
    if (type) lathe_fail(LATHE_EARG, "lathe_optim_asgd_average: the optimizer is %s, not asgd", type->name);
    else lathe_fail_null("lathe_optim_asgd_average", "optim");
    return NULL;
}
