#include "muon.h"

#include <math.h>

#include "../core/blas.h"
#include "adam_impl.h"

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_muon_opts, lr),
        .preset = { 2e-2 },
        .max = HUGE_VAL,
        .help = "learning rate of the matrices" },
    { .name = "momentum",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_muon_opts, momentum),
        .preset = { 0.95 },
        .max = 1,
        .below_max = true,
        .help = "how much of the mean gradient is kept" },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_muon_opts, weight_decay),
        .max = HUGE_VAL,
        .help = "decoupled, of all tensors: p shrinks by its lr * weight_decay a step" },
    { .name = "no_nesterov",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_muon_opts, no_nesterov),
        .help = "do not look ahead along the momentum" },
    { .name = "ns_steps",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_muon_opts, ns_steps),
        .preset = { 5 },
        .min = 1,
        .max = 100,
        .help = "iterations of Newton and Schulz" },
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_muon_opts, eps),
        .preset = { 1e-7 },
        .max = HUGE_VAL,
        .help = "added to the norm of the matrix" },
    { .name = "adamw_lr_ratio",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_muon_opts, adamw_lr_ratio),
        .preset = { 0.05 },
        .max = HUGE_VAL,
        .help = "AdamW's learning rate as a part of lr" },
    { .name = "adamw_betas",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_muon_opts, adamw_betas),
        .count = 2,
        .preset = { 0.9, 0.95 },
        .max = 1,
        .below_max = true,
        .help = "AdamW's betas" },
    { .name = "adamw_eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_muon_opts, adamw_eps),
        .preset = { 1e-10 },
        .max = HUGE_VAL,
        .help = "AdamW's eps" },
    { .name = NULL },
};

/* A tensor as a matrix, lying so that it has no more rows than columns. */
typedef struct matrix {
    int rows, columns;
    bool transposed; /* of how it lies in the tensor */
} matrix;

static matrix matrix_of(const lathe_shape *shape)
{
    int rows = shape->dim[0], columns = (int)(lathe_shape_count(shape) / (size_t)rows);
    return rows > columns ? (matrix){ columns, rows, true } : (matrix){ rows, columns, false };
}

/* Every matrix except the model's last one. Scratch: two of the matrix's size and two of rows^2. */
static size_t scratch(const lathe_params *params, int tensor)
{
    int last = params->count - 1;
    while (last >= 0 && params->tensor[last]->shape.rank < 2) last--;
    const lathe_shape *shape = &params->tensor[tensor]->shape;
    if (shape->rank < 2 || tensor >= last) return 0;
    size_t rows = (size_t)matrix_of(shape).rows;
    return 2 * lathe_shape_count(shape) + 2 * rows * rows;
}

/* Its matrix products must be possible. */
static lathe_status check(const void *opts)
{
    (void)opts;
    return lathe_blas_start();
}

static void advance(const void *opts, lathe_optim_clock *clock)
{
    const lathe_muon_opts *o = opts;
    lathe_adam_advance(o->adamw_betas, false, clock);
}

/* Where number i of the matrix `m` lies in its tensor. */
static size_t place(const matrix *m, size_t i)
{
    size_t row = i / (size_t)m->columns, column = i % (size_t)m->columns;
    return m->transposed ? column * (size_t)m->rows + row : i;
}

/* Update the momentum; x receives the direction that follows from it, with norm 1. */
static void find_direction(const lathe_update *u, const matrix *m, lathe_real *x)
{
    const lathe_muon_opts *o = u->opts;
    lathe_real keep = (lathe_real)o->momentum, rest = (lathe_real)(1 - o->momentum), *mean = u->slot[0];
    double squares = 0;
    for (size_t i = 0; i < u->count; i++) {
        size_t at = place(m, i);
        mean[at] = keep * mean[at] + rest * u->g[at];
        x[i] = o->no_nesterov ? mean[at] : keep * mean[at] + rest * u->g[at];
        squares += (double)x[i] * (double)x[i];
    }
    lathe_real scale = (lathe_real)(1 / (sqrt(squares) + o->eps));
    for (size_t i = 0; i < u->count; i++) x[i] *= scale;
}

/* Newton's and Schulz's iteration on x [rows, columns]. The result is in x or in `room`, of the same size. */
static lathe_real *orthogonalise(const matrix *m, int steps, lathe_real *x, lathe_real *room,
    lathe_real *gram, lathe_real *poly)
{
    const lathe_real a = (lathe_real)3.4445, b = (lathe_real)-4.7750, c = (lathe_real)2.0315;
    int rows = m->rows, columns = m->columns;
    size_t square = (size_t)rows * (size_t)rows;
    for (int step = 0; step < steps; step++) {
        lathe_gemm(false, true, rows, rows, columns, x, columns, x, columns, 0, gram, rows);
        lathe_gemm(false, false, rows, rows, rows, gram, rows, gram, rows, 0, poly, rows);
        for (size_t i = 0; i < square; i++) poly[i] = b * gram[i] + c * poly[i];
        for (size_t i = 0; i < square; i += (size_t)rows + 1) poly[i] += a;
        lathe_gemm(false, false, rows, columns, rows, poly, rows, x, columns, 0, room, columns);
        lathe_real *result = room;
        room = x;
        x = result;
    }
    return x;
}

static void update_matrix(const lathe_update *u)
{
    const lathe_muon_opts *o = u->opts;
    matrix m = matrix_of(u->shape);
    lathe_real *x = u->scratch, *room = x + u->count, *gram = room + u->count,
               *poly = gram + (size_t)m.rows * (size_t)m.rows;
    find_direction(u, &m, x);
    x = orthogonalise(&m, o->ns_steps, x, room, gram, poly);
    lathe_real step = (lathe_real)(o->lr * (m.transposed ? sqrt((double)m.columns / m.rows) : 1));
    lathe_real decay = (lathe_real)(o->lr * o->weight_decay);
    for (size_t i = 0; i < u->count; i++) {
        lathe_real *p = &u->p[place(&m, i)];
        *p -= decay * *p + step * x[i];
    }
}

static void update(const lathe_update *u)
{
    if (u->scratch) {
        update_matrix(u);
        return;
    }
    const lathe_muon_opts *o = u->opts;
    double lr = o->lr * o->adamw_lr_ratio;
    lathe_adam_rates rates = lathe_adam_rates_of(lr, o->adamw_betas, o->adamw_eps, u->clock);
    rates.decay = (lathe_real)(lr * o->weight_decay);
    u->kernels->update->adam(u->count, &rates, u->p, u->g, u->slot[0], u->slot[1], NULL);
}

const lathe_optim_type lathe_muon_optim = {
    .name = "muon",
    .summary = "steps that are orthogonal matrices, for hidden layers; AdamW for the rest",
    .opts_size = sizeof(lathe_muon_opts),
    .fields = fields,
    .slot_names = { "momentum_buffer", "exp_avg_sq" },
    .check = check,
    .advance = advance,
    .update = update,
    .scratch = scratch,
};

lathe_optim *lathe_optim_muon(const lathe_params *params, const lathe_muon_opts *opts)
{
    return lathe_optim_new(&lathe_muon_optim, params, opts);
}
