#include "dropout.h"

#include "../rng.h"
#include "batch_sum_impl.h"
#include "broadcast_impl.h"

typedef struct dropout_attributes {
    double p;
} dropout_attributes;

static const lathe_field fields[] = {
    { .name = "p",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(dropout_attributes, p),
        .max = 1,
        .below_max = true },
    { 0 },
};

typedef struct dropout_job {
    const lathe_dropout_kernels *kernels;
    const lathe_dropout_plan *plan;
    size_t first; /* numbers of the whole batch before this process's */
    const lathe_real *from;
    lathe_real *to;
    bool add;
} dropout_job;

static void dropout_range(void *context, size_t begin, size_t end)
{
    const dropout_job *job = context;
    job->kernels->dropout(job->plan, job->first + begin, end - begin, job->from + begin, job->to + begin,
        job->add);
}

/* Index of the first of x's pictures in the whole batch. */
static int first_picture(const lathe_tensor *x)
{
    return x->sharded ? lathe_leaves_of(x).begin * LATHE_MICRO_BATCH : 0;
}

static dropout_job job_for(const lathe_node *node)
{
    const lathe_tensor *x = node->in[0];
    return (dropout_job){ .kernels = node->kernels->dropout,
        .plan = node->saved,
        .first = x->sharded ? (size_t)first_picture(x) * lathe_tensor_per_image(x) : 0 };
}

static bool dropout_shape(lathe_node *node, lathe_result *result)
{
    double p = ((const dropout_attributes *)node->attributes)->p;
    bool train = lathe_tape_mode(node->tape) == LATHE_TRAIN;
    /* A ticket is taken for p = 0 too, so that p changes no other dropout. */
    uint64_t ticket = train ? lathe_tape_ticket(node->tape) : 0;
    result->same = !train || p == 0;
    if (result->same) return true;
    if (node->in[0]->sharded && node->in[0]->layout == LATHE_PLAIN)
        return lathe_op_fail(node, LATHE_ESHAPE, "x is plain, and processes share its batch");
    lathe_rng rng = lathe_rng_at(lathe_tape_seed_of(node->tape), lathe_rng_stream("dropout"),
        lathe_tape_step(node->tape));
    *(lathe_dropout_plan *)node->saved = (lathe_dropout_plan){ .key = { rng.key[0], rng.key[1] },
        .counter = { (uint32_t)ticket, rng.counter[2], rng.counter[3] },
        .threshold = (uint32_t)(p * 0x1p32),
        .scale = (lathe_real)(1 / (1 - p)) };
    return true;
}

static void dropout_forward(lathe_node *node)
{
    dropout_job job = job_for(node);
    job.from = node->in[0]->data;
    job.to = node->out->data;
    lathe_parallel_ranges(node->context, node->out->stored, dropout_range, &job);
}

/* The plan gives the dropped numbers again, so nothing is stored. */
static void dropout_backward(lathe_node *node)
{
    dropout_job job = job_for(node);
    job.from = node->out->grad;
    if ((job.to = lathe_grad_in_place(node, &job.add)))
        lathe_parallel_ranges(node->context, node->out->stored, dropout_range, &job);
}

const lathe_op lathe_dropout_op = {
    .name = "dropout",
    .in = { { .name = "x" } },
    .fields = fields,
    .attributes_size = sizeof(dropout_attributes),
    .saved_size = sizeof(lathe_dropout_plan),
    .shape = dropout_shape,
    .forward = dropout_forward,
    .backward = dropout_backward,
};

lathe_tensor *lathe_dropout(lathe_tensor *x, double p)
{
    return lathe_apply(&lathe_dropout_op, &x, 1, &(dropout_attributes){ p });
}

/* ---- stochastic depth ---------------------------------------------------------------------------------- */

typedef struct depth_attributes {
    double p;
    int mode;
} depth_attributes;

static const char *const depth_modes[] = { "row", "batch", NULL };

static const lathe_field depth_fields[] = {
    { .name = "p", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(depth_attributes, p), .max = 1 },
    { .name = "mode",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(depth_attributes, mode),
        .choices = depth_modes },
    { 0 },
};

/* The factors, 0 or 1 / (1 - p): a plain tensor [B, 1, ...] or [1, 1, ...]. */
static bool depth_shape(lathe_node *node, lathe_result *result)
{
    const depth_attributes *a = node->attributes;
    const lathe_shape *shape = &node->in[0]->shape;
    if (!shape->rank) return lathe_op_fail(node, LATHE_ESHAPE, "x is a single number, without a batch");
    bool train = lathe_tape_mode(node->tape) == LATHE_TRAIN;
    uint64_t ticket = train ? lathe_tape_ticket(node->tape) : 0; /* for p = 0 too, as in dropout_shape */
    result->same = !train || a->p == 0;
    if (result->same) return true;
    lathe_rng rng = lathe_rng_at(lathe_tape_seed_of(node->tape), lathe_rng_stream("stochastic_depth"),
        lathe_tape_step(node->tape));
    rng.counter[1] = (uint32_t)ticket;
    lathe_tensor *factors = node->saved;
    factors->shape = (lathe_shape){ shape->rank, { 1, 1, 1, 1, 1 } };
    bool rows = a->mode == LATHE_DEPTH_ROW;
    if (rows) factors->shape.dim[0] = shape->dim[0];
    for (int i = rows ? first_picture(node->in[0]) : 0; i; i--) lathe_rng_uniform(&rng); /* of others */
    factors->stored = (size_t)factors->shape.dim[0];
    if (!(factors->data = lathe_tape_alloc(node->tape, factors->stored, sizeof *factors->data))) return false;
    for (size_t i = 0; i < factors->stored; i++)
        factors->data[i] = lathe_rng_uniform(&rng) < a->p ? 0 : (lathe_real)(1 / (1 - a->p));
    return true;
}

typedef struct depth_job {
    const lathe_element_kernels *element;
    const lathe_real *from, *factors;
    lathe_real *to;
    bool add;
} depth_job;

static void depth_run(void *context, const lathe_run *run)
{
    const depth_job *job = context;
    (run->one ? job->element->mul_sixteen : job->element->mul)(run->count, job->from + run->large,
        job->factors + run->form, job->to + run->large, job->add);
}

/* to (+)= factors * from */
static void multiply(lathe_node *node, const lathe_real *from, lathe_real *to, bool add)
{
    const lathe_tensor *factors = node->saved;
    lathe_broadcast b = lathe_broadcast_of(node->out, factors, factors->shape);
    depth_job job = { .element = node->kernels->element, .from = from, .to = to, .add = add };
    if ((job.factors = lathe_broadcast_form(&b, node, factors->data)))
        lathe_broadcast_runs(&b, node, depth_run, &job);
}

static void depth_forward(lathe_node *node) { multiply(node, node->in[0]->data, node->out->data, false); }

static void depth_backward(lathe_node *node)
{
    bool add;
    const lathe_real *gy = node->out->grad; /* may become gx */
    lathe_real *gx = lathe_grad_in_place(node, &add);
    if (gx) multiply(node, gy, gx, add);
}

const lathe_op lathe_stochastic_depth_op = {
    .name = "stochastic_depth",
    .in = { { .name = "x" } },
    .fields = depth_fields,
    .attributes_size = sizeof(depth_attributes),
    .saved_size = sizeof(lathe_tensor),
    .layout = lathe_layout_kept,
    .shape = depth_shape,
    .forward = depth_forward,
    .backward = depth_backward,
};

lathe_tensor *lathe_stochastic_depth(lathe_tensor *x, double p, lathe_depth_mode mode)
{
    return lathe_apply(&lathe_stochastic_depth_op, &x, 1, &(depth_attributes){ p, (int)mode });
}
