#include "linear.h"

#include "../blas.h"
#include "op_impl.h"

/*
 * A block of sixteen images lies as a row-major matrix already: x [F, 16], y [O, 16]. So, block by block,
 *     y = w x        gx = w' gy        gw = sum over blocks of gy x'
 */
typedef struct linear_job {
    int features, outputs, blocks;
    const lathe_real *x, *w, *bias, *gy;
    lathe_real *y, *gx, *gw;
    bool add;
} linear_job;

static size_t block_at(int block, int rows)
{
    return (size_t)block * (size_t)rows * LATHE_LANES;
}

static void forward_block(void *context, int block)
{
    const linear_job *job = context;
    lathe_real *y = job->y + block_at(block, job->outputs);
    for (int o = 0; o < job->outputs; o++)
        for (int i = 0; i < LATHE_LANES; i++) y[o * LATHE_LANES + i] = job->bias ? job->bias[o] : 0;
    lathe_gemm(false, false, job->outputs, LATHE_LANES, job->features, job->w, job->features,
        job->x + block_at(block, job->features), LATHE_LANES, 1, y, LATHE_LANES);
}

static void to_data_block(void *context, int block)
{
    const linear_job *job = context;
    lathe_gemm(true, false, job->features, LATHE_LANES, job->outputs, job->w, job->features,
        job->gy + block_at(block, job->outputs), LATHE_LANES, (lathe_real)job->add,
        job->gx + block_at(block, job->features), LATHE_LANES);
}

/* The rows of gw that one task does; all blocks, in order. */
enum { ROWS_A_TASK = 32 };

static void to_weights_rows(void *context, int task)
{
    const linear_job *job = context;
    int first = task * ROWS_A_TASK, rows = job->outputs - first < ROWS_A_TASK ? job->outputs - first : ROWS_A_TASK;
    for (int block = 0; block < job->blocks; block++)
        lathe_gemm(false, true, rows, job->features, LATHE_LANES, job->gy + block_at(block, job->outputs) + first * LATHE_LANES,
            LATHE_LANES, job->x + block_at(block, job->features), LATHE_LANES, (lathe_real)(job->add || block),
            job->gw + (size_t)first * (size_t)job->features, job->features);
}

static void to_bias(const linear_job *job, lathe_real *gb, bool add)
{
    for (int o = 0; o < job->outputs; o++) {
        lathe_real sum = 0;
        for (int block = 0; block < job->blocks; block++)
            for (int i = 0; i < LATHE_LANES; i++) sum += job->gy[block_at(block, job->outputs) + (size_t)(o * LATHE_LANES + i)];
        gb[o] = add ? gb[o] + sum : sum;
    }
}

static lathe_status linear_backward(lathe_node *node)
{
    lathe_tensor *x = node->in[0], *w = node->in[1], *bias = node->in[2];
    linear_job job = { .features = x->shape.dim[1], .outputs = w->shape.dim[0], .blocks = lathe_tensor_blocks(x),
        .x = x->data, .w = w->data, .gy = node->out->grad };
    lathe_tape *tape = node->out->tape;
    if ((job.gx = lathe_grad_target(tape, x, &job.add))) lathe_parallel(job.blocks, to_data_block, &job);
    if ((job.gw = lathe_grad_target(tape, w, &job.add)))
        lathe_parallel((job.outputs + ROWS_A_TASK - 1) / ROWS_A_TASK, to_weights_rows, &job);
    bool add;
    lathe_real *gb = lathe_grad_target(tape, bias, &add);
    if (gb) to_bias(&job, gb, add);
    return LATHE_OK;
}

const lathe_op lathe_linear_op = { "linear", linear_backward };

static bool check_linear(lathe_tape *tape, const lathe_tensor *x, const lathe_tensor *w, const lathe_tensor *bias)
{
    char text[LATHE_SHAPE_TEXT];
    if (x->layout != LATHE_BATCHED || x->shape.rank != 2)
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_linear: x is %s %s, it must be batched [B, F]: flatten it first",
            x->layout == LATHE_BATCHED ? "batched" : "plain", lathe_shape_text(&x->shape, text));
    else if (w->layout != LATHE_PLAIN || w->shape.rank != 2)
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_linear: weight is %s, it must be plain [O, F]", lathe_shape_text(&w->shape, text));
    else if (x->shape.dim[1] != w->shape.dim[1])
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_linear: x has %d features, weight expects %d", x->shape.dim[1], w->shape.dim[1]);
    else if (bias && (bias->layout != LATHE_PLAIN || bias->shape.rank != 1 || bias->shape.dim[0] != w->shape.dim[0]))
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_linear: bias is %s, weight has %d outputs", lathe_shape_text(&bias->shape, text),
            w->shape.dim[0]);
    else return true;
    return false;
}

lathe_tensor *lathe_linear(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias)
{
    lathe_tensor *in[3] = { x, w, bias };
    lathe_tape *tape = lathe_tape_of("lathe_linear", in, bias ? 3 : 2);
    if (!tape || !check_linear(tape, x, w, bias)) return NULL;
    if (lathe_blas_start()) return lathe_tape_fail(tape, LATHE_ESTATE, "%s", lathe_error_message());
    lathe_tensor *y = lathe_tape_tensor(tape, LATHE_BATCHED, (lathe_shape){ 2, { x->shape.dim[0], w->shape.dim[0] } });
    if (!y) return NULL;
    linear_job job = { .features = x->shape.dim[1], .outputs = w->shape.dim[0], .blocks = lathe_tensor_blocks(x),
        .x = x->data, .w = w->data, .bias = bias ? bias->data : NULL, .y = y->data };
    lathe_parallel(job.blocks, forward_block, &job);
    return lathe_tape_record(tape, &lathe_linear_op, y, in, 3, NULL);
}
