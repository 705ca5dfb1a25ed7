#include "dropout.h"

#include "../rng.h"
#include "op_impl.h"

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
    const lathe_real *from;
    lathe_real *to;
    bool add;
} dropout_job;

static void dropout_range(void *context, size_t begin, size_t end)
{
    const dropout_job *job = context;
    job->kernels->dropout(job->plan, (uint32_t)(begin / LATHE_DROPOUT_GROUP), end - begin, job->from + begin,
        job->to + begin, job->add);
}

static bool dropout_shape(lathe_node *node, lathe_result *result)
{
    double p = ((const dropout_attributes *)node->attributes)->p;
    bool train = lathe_tape_mode(node->tape) == LATHE_TRAIN;
    /* A ticket is taken for p = 0 too, so that p changes no other dropout. */
    uint64_t ticket = train ? lathe_tape_ticket(node->tape) : 0;
    result->same = !train || p == 0;
    if (result->same) return true;
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
    dropout_job job = { node->kernels->dropout, node->saved, node->in[0]->data, node->out->data, false };
    lathe_parallel_ranges(node->context, node->out->stored, dropout_range, &job);
}

/* The plan gives the dropped numbers again, so nothing is stored. */
static void dropout_backward(lathe_node *node)
{
    dropout_job job = { .kernels = node->kernels->dropout, .plan = node->saved, .from = node->out->grad };
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
