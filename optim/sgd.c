#include "sgd.h"

#include <math.h>

#include "../core/kernels/kernels.h"

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_sgd_opts, lr),
        .preset = { 1e-3 },
        .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "momentum",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_sgd_opts, momentum),
        .max = 1,
        .below_max = true,
        .help = "how much of the last step's direction is kept" },
    { .name = "dampening",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_sgd_opts, dampening),
        .max = 1,
        .help = "how much of the gradient is left out of the momentum" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_sgd_opts, weight_decay),
        .max = HUGE_VAL,
        .help = "added to the gradient, times the parameter" },
    { .name = "nesterov",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_sgd_opts, nesterov),
        .help = "look ahead along the momentum" },
    { .name = "caffe_momentum",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_sgd_opts, caffe_momentum),
        .help = "the learning rate inside the velocity" },
    { .name = NULL },
};

static lathe_status check(const void *opts)
{
    const lathe_sgd_opts *o = opts;
    if (o->nesterov && o->momentum == 0)
        return lathe_fail(LATHE_EARG, "sgd: nesterov needs momentum > 0, momentum = 0");
    if (o->nesterov && o->dampening != 0)
        return lathe_fail(LATHE_EARG, "sgd: nesterov needs dampening 0, dampening = %g", o->dampening);
    if (o->caffe_momentum && o->dampening != 0)
        return lathe_fail(LATHE_EARG, "sgd: caffe_momentum needs dampening 0, dampening = %g", o->dampening);
    return LATHE_OK;
}

/*
 * value[0] is the step that began the momentum. PyTorch's buffer starts as that step's gradient, undampened.
 */
static void advance(const void *opts, lathe_optim_clock *clock)
{
    const lathe_sgd_opts *o = opts;
    if (o->momentum != 0 && clock->value[0] == 0) clock->value[0] = (double)clock->step;
}

/* Both forms are p -= along_d d + along_v v' + along_old v, with d the decayed gradient, v the old velocity
 * and v' the new. */
static lathe_momentum_rates rates_of(const lathe_sgd_opts *o, bool first)
{
    lathe_momentum_rates r = { .decay = (lathe_real)o->weight_decay, .momentum = (lathe_real)o->momentum };
    if (o->caffe_momentum) {
        r.scale = (lathe_real)o->lr;
        r.along_v = (lathe_real)(o->nesterov ? 1 + o->momentum : 1);
        r.along_old = (lathe_real)(o->nesterov ? -o->momentum : 0);
    } else {
        r.scale = (lathe_real)(first ? 1 : 1 - o->dampening);
        r.along_d = (lathe_real)(o->nesterov ? o->lr : 0);
        r.along_v = (lathe_real)(o->nesterov ? o->lr * o->momentum : o->lr);
    }
    return r;
}

static void update(const lathe_update *u)
{
    const lathe_sgd_opts *o = u->opts;
    const lathe_update_kernels *kernels = u->kernels->update;
    if (o->momentum == 0) {
        kernels->descend(u->count, (lathe_real)o->lr, (lathe_real)o->weight_decay, u->p, u->g);
        return;
    }
    lathe_momentum_rates rates = rates_of(o, u->clock->value[0] == (double)u->clock->step);
    kernels->momentum(u->count, &rates, u->p, u->g, u->slot[0]);
}

const lathe_optim_type lathe_sgd_optim = {
    .name = "sgd",
    .summary = "stochastic gradient descent with momentum (PyTorch's or Caffe's form)",
    .opts_size = sizeof(lathe_sgd_opts),
    .fields = fields,
    .slot_names = { "momentum_buffer" }, /* also without momentum: a schedule may set one later */
    .check = check,
    .advance = advance,
    .update = update,
};

lathe_optim *lathe_optim_sgd(const lathe_params *params, const lathe_sgd_opts *opts)
{
    return lathe_optim_new(&lathe_sgd_optim, params, opts);
}
