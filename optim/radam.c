#include "radam.h"

#include <math.h>

#include "adam_impl.h"

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_radam_opts, lr),
        .preset = { 1e-3 },
        .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "betas",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_radam_opts, betas),
        .count = 2,
        .preset = { 0.9, 0.999 },
        .max = 1,
        .below_max = true,
        .help = "decay of the averages of g and of g squared" },
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_radam_opts, eps),
        .preset = { 1e-8 },
        .max = HUGE_VAL,
        .help = "added to the root of the average square" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_radam_opts, weight_decay),
        .max = HUGE_VAL,
        .help = "added to the gradient, times the parameter" },
    { .name = "decoupled_weight_decay",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_radam_opts, decoupled_weight_decay),
        .help = "AdamW's decay: p shrinks by lr * weight_decay a step" },
    { .name = "pytorch_correction",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_radam_opts, pytorch_correction),
        .help = "bias correction 1 - beta^t with the present betas, as PyTorch" },
    { .name = NULL },
};

/* r of step t; 0 while the mean square cannot be trusted. */
static double rectification(double beta2, double t)
{
    double power = pow(beta2, t), most = 2 / (1 - beta2) - 1, now = most - 2 * t * power / (1 - power);
    return now > 5 ? sqrt((now - 4) * (now - 2) * most / ((most - 4) * (most - 2) * now)) : 0;
}

/* value[0], value[1] as in adam_impl.h; value[2] is r. */
static void advance(const void *opts, lathe_optim_clock *clock)
{
    const lathe_radam_opts *o = opts;
    lathe_adam_advance(o->betas, o->pytorch_correction, clock);
    clock->value[2] = rectification(o->betas[1], (double)clock->step);
}

static void update(const lathe_update *u)
{
    const lathe_radam_opts *o = u->opts;
    double r = u->clock->value[2];
    lathe_adam_rates rates = lathe_adam_rates_of(o->lr, o->betas, o->eps, u->clock);
    if (o->decoupled_weight_decay) rates.decay = (lathe_real)(o->lr * o->weight_decay);
    else rates.l2 = (lathe_real)o->weight_decay;
    if (r > 0) {
        rates.step = (lathe_real)(o->lr / u->clock->value[0] * r * sqrt(u->clock->value[1]));
        rates.root = 1;
    } else { /* divide by 1 */
        rates.root = 0;
        rates.eps = 1;
    }
    u->kernels->update->adam(u->count, &rates, u->p, u->g, u->slot[0], u->slot[1], NULL);
}

const lathe_optim_type lathe_radam_optim = {
    .name = "radam",
    .summary = "Adam that divides only once the mean square can be trusted",
    .opts_size = sizeof(lathe_radam_opts),
    .fields = fields,
    .slot_names = { "exp_avg", "exp_avg_sq" },
    .advance = advance,
    .update = update,
};

lathe_optim *lathe_optim_radam(const lathe_params *params, const lathe_radam_opts *opts)
{
    return lathe_optim_new(&lathe_radam_optim, params, opts);
}
