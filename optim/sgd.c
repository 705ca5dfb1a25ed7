#include "sgd.h"

#include <math.h>

static const lathe_field fields[] = {
    { .name = "lr", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_sgd_opts, lr), .preset = { 1e-3 }, .max = HUGE_VAL,
        .help = "learning rate" },
    { .name = "momentum", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_sgd_opts, momentum), .max = 1, .below_max = true,
        .help = "how much of the last step's direction is kept" },
    { .name = "dampening", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_sgd_opts, dampening), .max = 1,
        .help = "how much of the gradient is left out of the momentum" },
    { .name = "weight_decay", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_sgd_opts, weight_decay), .max = HUGE_VAL,
        .help = "added to the gradient, times the parameter" },
    { .name = "nesterov", .kind = LATHE_FIELD_BOOL, .offset = offsetof(lathe_sgd_opts, nesterov),
        .help = "look ahead along the momentum" },
    { .name = "caffe_momentum", .kind = LATHE_FIELD_BOOL, .offset = offsetof(lathe_sgd_opts, caffe_momentum),
        .help = "the learning rate inside the velocity" },
    { .name = NULL },
};

static lathe_status check(const void *opts)
{
    const lathe_sgd_opts *o = opts;
    if (o->nesterov && o->momentum == 0) return lathe_fail(LATHE_EARG, "sgd: nesterov needs momentum > 0, momentum = 0");
    if (o->nesterov && o->dampening != 0)
        return lathe_fail(LATHE_EARG, "sgd: nesterov needs dampening 0, dampening = %g", o->dampening);
    if (o->caffe_momentum && o->dampening != 0)
        return lathe_fail(LATHE_EARG, "sgd: caffe_momentum needs dampening 0, dampening = %g", o->dampening);
    return LATHE_OK;
}

/* Always one, for a schedule may set a momentum later. */
static int slots(const void *opts)
{
    (void)opts;
    return 1;
}

/* value[0] is the step that began the momentum: PyTorch's buffer starts as that step's gradient, undampened. */
static void advance(const void *opts, lathe_optim_clock *clock)
{
    const lathe_sgd_opts *o = opts;
    if (o->momentum != 0 && clock->value[0] == 0) clock->value[0] = (double)clock->step;
}

static void plain(const lathe_update *update, lathe_real lr, lathe_real decay)
{
    lathe_real *restrict p = update->p;
    const lathe_real *restrict g = update->g;
    for (size_t i = 0; i < update->count; i++) p[i] -= lr * (g[i] + decay * p[i]);
}

/* v = m v + keep g, p -= lr (ahead_g g + ahead_v v): with (0, 1) momentum, with (1, m) Nesterov's. */
static void torch_form(const lathe_update *update, lathe_real lr, lathe_real decay, lathe_real momentum, lathe_real keep,
    lathe_real ahead_g, lathe_real ahead_v)
{
    lathe_real *restrict p = update->p, *restrict v = update->slot[0];
    const lathe_real *restrict g = update->g;
    for (size_t i = 0; i < update->count; i++) {
        lathe_real d = g[i] + decay * p[i];
        lathe_real velocity = momentum * v[i] + keep * d;
        v[i] = velocity;
        p[i] -= lr * (ahead_g * d + ahead_v * velocity);
    }
}

/* v' = m v + lr g, p -= now v' - before v: with (1, 0) momentum, with (1 + m, m) Nesterov's. */
static void caffe_form(const lathe_update *update, lathe_real lr, lathe_real decay, lathe_real momentum, lathe_real now,
    lathe_real before)
{
    lathe_real *restrict p = update->p, *restrict v = update->slot[0];
    const lathe_real *restrict g = update->g;
    for (size_t i = 0; i < update->count; i++) {
        lathe_real former = v[i], velocity = momentum * former + lr * (g[i] + decay * p[i]);
        v[i] = velocity;
        p[i] -= now * velocity - before * former;
    }
}

static void update(const lathe_update *u)
{
    const lathe_sgd_opts *o = u->opts;
    lathe_real lr = (lathe_real)o->lr, decay = (lathe_real)o->weight_decay, momentum = (lathe_real)o->momentum;
    bool first = u->clock->value[0] == (double)u->clock->step;
    if (o->momentum == 0) plain(u, lr, decay);
    else if (o->caffe_momentum)
        caffe_form(u, lr, decay, momentum, (lathe_real)(o->nesterov ? 1 + o->momentum : 1), o->nesterov ? momentum : 0);
    else
        torch_form(u, lr, decay, momentum, (lathe_real)(first ? 1 : 1 - o->dampening), o->nesterov ? 1 : 0,
            o->nesterov ? momentum : 1);
}

const lathe_optim_type lathe_sgd_type = {
    .name = "sgd",
    .summary = "stochastic gradient descent with momentum (PyTorch's or Caffe's form)",
    .opts_size = sizeof(lathe_sgd_opts),
    .fields = fields,
    .slot_names = { "momentum_buffer" },
    .check = check,
    .slots = slots,
    .advance = advance,
    .update = update,
};

lathe_optim *lathe_optim_sgd(const lathe_params *params, const lathe_sgd_opts *opts)
{
    return lathe_optim_new(&lathe_sgd_type, params, opts);
}
