#include "dropout.h"

#include "../rng.h"
#include "op_impl.h"

typedef struct dropout_job {
    lathe_dropout_plan plan;
    const lathe_real *from;
    lathe_real *to;
    bool add;
} dropout_job;

static void dropout_range(void *context, size_t begin, size_t end)
{
    const dropout_job *job = context;
    lathe_context_kernels(NULL)->dropout->dropout(&job->plan, (uint32_t)(begin / LATHE_DROPOUT_GROUP),
        end - begin, job->from + begin, job->to + begin, job->add);
}

/* What fell is found again from the plan: nothing need be kept. */
static lathe_status dropout_backward(lathe_node *node)
{
    dropout_job job = { .plan = *(const lathe_dropout_plan *)node->saved, .from = node->out->grad };
    if ((job.to = lathe_grad_in_place(node->out, node->in[0], &job.add)))
        lathe_parallel_ranges(node->out->stored, dropout_range, &job);
    return LATHE_OK;
}

const lathe_op lathe_dropout_op = { "dropout", dropout_backward };

lathe_tensor *lathe_dropout(lathe_tensor *x, double p)
{
    lathe_tape *tape = lathe_tape_of("lathe_dropout", &x, 1);
    if (!tape) return NULL;
    if (!(p >= 0 && p < 1))
        return lathe_tape_fail(tape, LATHE_EARG, "lathe_dropout: p %g is outside [0, 1)", p);
    if (lathe_tape_mode(tape) == LATHE_EVAL) return x;
    uint64_t ticket = lathe_tape_ticket(tape); /* taken for p = 0 too, so that p changes no other dropout */
    if (p == 0) return x;
    lathe_tensor *y = lathe_tape_tensor(tape, x->layout, x->shape);
    lathe_dropout_plan *plan = lathe_tape_alloc(tape, 1, sizeof *plan);
    if (!y || !plan) return NULL;
    lathe_rng rng =
        lathe_rng_at(lathe_tape_seed_of(tape), lathe_rng_stream("dropout"), lathe_tape_step(tape));
    *plan = (lathe_dropout_plan){ .key = { rng.key[0], rng.key[1] },
        .counter = { (uint32_t)ticket, rng.counter[2], rng.counter[3] },
        .threshold = (uint32_t)(p * 0x1p32),
        .scale = (lathe_real)(1 / (1 - p)) };
    dropout_job job = { .plan = *plan, .from = x->data, .to = y->data };
    lathe_parallel_ranges(y->stored, dropout_range, &job);
    return lathe_tape_record(tape, &lathe_dropout_op, y, &x, 1, plan);
}
