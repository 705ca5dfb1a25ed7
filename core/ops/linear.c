#include "linear.h"

#include <string.h>

#include "op_impl.h"

/*
 * Images stay sixteen abreast (core/kernels/product/product.h):
 *     y = w x and gx = w' gy: the columns are images; gw = gy x': they are features, of x with rows of images
 * made of its lanes. Each result is one task's, so that bits do not depend on the number of threads.
 */
enum {
    /* features that the forward does at once: what a task reads of x stays in the second-level cache */
    DEPTH = 1024,
    DATA_DEPTH = 256, /* outputs that the gradient to x does at once, */
    MOST_ROWS = 32,   /* and the most rows of a task */
    PANEL = 48,       /* features of a task to weights, */
    PANEL_BLOCKS =
        16 /* and the blocks it does at once: the panel stays in the first- or second-level cache */
};

typedef struct linear_job {
    int features, outputs, blocks, tasks[3];
    const lathe_real *x, *w, *bias, *gy;
    lathe_real *y, *gx, *gw, *gb;
    bool relu, add_x, add_w, add_b;
} linear_job;

static int smaller(int a, int b) { return a < b ? a : b; }

/* Rows of a result that one task does. */
static int rows_a_task(int rows) { return rows < 128 ? MOST_ROWS / 2 : MOST_ROWS; }

static int tasks_for(int count, int each) { return (count + each - 1) / each; }

static void forward_task(void *context, int task)
{
    const linear_job *job = context;
    int first = task * rows_a_task(job->outputs);
    lathe_product product = { .rows = smaller(rows_a_task(job->outputs), job->outputs - first),
        .sixteens = job->blocks,
        .last = LATHE_LANES,
        .outer = 1,
        .bias = job->bias ? job->bias + first : NULL,
        .c = job->y + (size_t)first * LATHE_LANES,
        .a_row = job->features,
        .a_inner = 1,
        .b_sixteen = (ptrdiff_t)job->features * LATHE_LANES,
        .b_inner = LATHE_LANES,
        .c_row = LATHE_LANES,
        .c_sixteen = (ptrdiff_t)job->outputs * LATHE_LANES };
    for (int at = 0; at < job->features; at += DEPTH) {
        product.inner = smaller(DEPTH, job->features - at);
        product.a = job->w + (size_t)first * (size_t)job->features + at;
        product.b = job->x + (size_t)at * LATHE_LANES;
        product.relu = job->relu && at + DEPTH >= job->features;
        lathe_context_kernels(NULL)->product->run(&product);
        product.bias = NULL;
        product.add = true;
    }
}

/* The task's columns of w are first brought together: as they lie, each is in another page. */
static void to_data(const linear_job *job, int task)
{
    lathe_real columns[DATA_DEPTH * MOST_ROWS];
    int first = task * rows_a_task(job->features),
        rows = smaller(rows_a_task(job->features), job->features - first);
    lathe_product product = { .rows = rows,
        .sixteens = job->blocks,
        .last = LATHE_LANES,
        .outer = 1,
        .a = columns,
        .c = job->gx + (size_t)first * LATHE_LANES,
        .a_row = 1,
        .a_inner = rows,
        .b_sixteen = (ptrdiff_t)job->outputs * LATHE_LANES,
        .b_inner = LATHE_LANES,
        .c_row = LATHE_LANES,
        .c_sixteen = (ptrdiff_t)job->features * LATHE_LANES,
        .add = job->add_x };
    for (int at = 0; at < job->outputs; at += DATA_DEPTH) {
        product.inner = smaller(DATA_DEPTH, job->outputs - at);
        product.b = job->gy + (size_t)at * LATHE_LANES;
        for (int o = 0; o < product.inner; o++)
            memcpy(columns + o * rows, job->w + (size_t)(at + o) * (size_t)job->features + first,
                (size_t)rows * sizeof *columns);
        lathe_context_kernels(NULL)->product->run(&product);
        product.add = true;
    }
}

static void to_weights(const linear_job *job, int task)
{
    const lathe_product_kernels *kernels = lathe_context_kernels(NULL)->product;
    _Alignas(64) lathe_real panel[PANEL * PANEL_BLOCKS * LATHE_LANES];
    int first = task * PANEL, width = smaller(PANEL, job->features - first),
        sixteens = tasks_for(width, LATHE_LANES);
    lathe_product product = { .rows = job->outputs,
        .sixteens = sixteens,
        .last = width - (sixteens - 1) * LATHE_LANES,
        .inner = LATHE_LANES,
        .b = panel,
        .c = job->gw + first,
        .a_row = LATHE_LANES,
        .a_outer = (ptrdiff_t)job->outputs * LATHE_LANES,
        .a_inner = 1,
        .b_outer = LATHE_LANES * LATHE_LANES,
        .b_inner = LATHE_LANES,
        .c_row = job->features,
        .c_sixteen = LATHE_LANES,
        .add = job->add_w };
    for (int block = 0; block < job->blocks; block += PANEL_BLOCKS) {
        product.outer = smaller(PANEL_BLOCKS, job->blocks - block);
        product.b_sixteen = (ptrdiff_t)product.outer * product.b_outer;
        product.a = job->gy + (size_t)block * (size_t)product.a_outer;
        for (int s = 0; s < sixteens; s++)
            for (int b = 0; b < product.outer; b++) {
                size_t place =
                    (size_t)(block + b) * (size_t)job->features + (size_t)(first + s * LATHE_LANES);
                kernels->transpose(smaller(LATHE_LANES, width - s * LATHE_LANES),
                    job->x + place * LATHE_LANES, panel + s * product.b_sixteen + b * product.b_outer);
            }
        kernels->run(&product);
        product.add = true;
    }
}

static void to_bias(const linear_job *job, int task)
{
    int first = task * rows_a_task(job->outputs),
        end = smaller(first + rows_a_task(job->outputs), job->outputs);
    for (int o = first; o < end; o++) {
        lathe_real sum = 0;
        for (int block = 0; block < job->blocks; block++)
            sum += lathe_context_kernels(NULL)->conv->sum(LATHE_LANES,
                job->gy + ((size_t)block * (size_t)job->outputs + (size_t)o) * LATHE_LANES);
        job->gb[o] = job->add_b ? job->gb[o] + sum : sum;
    }
}

/* All directions as one list of tasks, so that threads wait for each other but once. */
static void backward_task(void *context, int task)
{
    static void (*const direction[3])(const linear_job *job, int task) = { to_weights, to_data, to_bias };
    const linear_job *job = context;
    int d = 0;
    for (; task >= job->tasks[d]; d++) task -= job->tasks[d];
    direction[d](job, task);
}

static linear_job job_of(const lathe_tensor *x, const lathe_tensor *w)
{
    return (linear_job){ .features = x->shape.dim[1],
        .outputs = w->shape.dim[0],
        .blocks = lathe_tensor_blocks(x),
        .x = x->data,
        .w = w->data };
}

static lathe_status backward(lathe_node *node, const lathe_real *gy)
{
    lathe_tensor *x = node->in[0], *w = node->in[1], *bias = node->in[2], *y = node->out;
    linear_job job = job_of(x, w);
    job.gy = gy;
    job.gw = lathe_grad_target(y->tape, w, &job.add_w);
    job.gx = lathe_grad_target(y->tape, x, &job.add_x);
    job.gb = lathe_grad_target(y->tape, bias, &job.add_b);
    job.tasks[0] = job.gw ? tasks_for(job.features, PANEL) : 0;
    job.tasks[1] = job.gx ? tasks_for(job.features, rows_a_task(job.features)) : 0;
    job.tasks[2] = job.gb ? tasks_for(job.outputs, rows_a_task(job.outputs)) : 0;
    if (!lathe_tape_status(y->tape))
        lathe_parallel(NULL, job.tasks[0] + job.tasks[1] + job.tasks[2], backward_task, &job);
    return lathe_tape_status(y->tape);
}

static lathe_status linear_backward(lathe_node *node) { return backward(node, node->out->grad); }

static lathe_status linear_relu_backward(lathe_node *node)
{
    lathe_real *gy = lathe_grad_before_relu(node->out);
    return gy ? backward(node, gy) : lathe_tape_status(node->out->tape);
}

const lathe_op lathe_linear_op = { "linear", linear_backward };
const lathe_op lathe_linear_relu_op = { "linear_relu", linear_relu_backward };

static bool check_linear(lathe_tape *tape, const lathe_tensor *x, const lathe_tensor *w,
    const lathe_tensor *bias)
{
    char text[LATHE_SHAPE_TEXT];
    if (x->layout != LATHE_BATCHED || x->shape.rank != 2)
        lathe_tape_fail(tape, LATHE_ESHAPE,
            "lathe_linear: x is %s %s, it must be batched [B, F]: flatten it first",
            x->layout == LATHE_BATCHED ? "batched" : "plain", lathe_shape_text(&x->shape, text));
    else if (w->layout != LATHE_PLAIN || w->shape.rank != 2)
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_linear: weight is %s, it must be plain [O, F]",
            lathe_shape_text(&w->shape, text));
    else if (x->shape.dim[1] != w->shape.dim[1])
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_linear: x has %d features, weight expects %d",
            x->shape.dim[1], w->shape.dim[1]);
    else if (bias &&
        (bias->layout != LATHE_PLAIN || bias->shape.rank != 1 || bias->shape.dim[0] != w->shape.dim[0]))
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_linear: bias is %s, weight has %d outputs",
            lathe_shape_text(&bias->shape, text), w->shape.dim[0]);
    else return true;
    return false;
}

static lathe_tensor *linear(const lathe_op *op, lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias)
{
    lathe_tensor *in[3] = { x, w, bias };
    lathe_tape *tape = lathe_tape_of("lathe_linear", in, bias ? 3 : 2);
    if (!tape || !check_linear(tape, x, w, bias)) return NULL;
    lathe_tensor *y =
        lathe_tape_tensor(tape, LATHE_BATCHED, (lathe_shape){ 2, { x->shape.dim[0], w->shape.dim[0] } });
    if (!y) return NULL;
    linear_job job = job_of(x, w);
    job.bias = bias ? bias->data : NULL;
    job.y = y->data;
    job.relu = op == &lathe_linear_relu_op;
    lathe_parallel(NULL, tasks_for(job.outputs, rows_a_task(job.outputs)), forward_task, &job);
    return lathe_tape_record(tape, op, y, in, 3, NULL);
}

lathe_tensor *lathe_linear(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias)
{
    return linear(&lathe_linear_op, x, w, bias);
}

lathe_tensor *lathe_linear_relu(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias)
{
    return linear(&lathe_linear_relu_op, x, w, bias);
}
