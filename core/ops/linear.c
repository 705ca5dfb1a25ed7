#include "linear.h"

#include <string.h>

#include "../alloc.h"
#include "op_impl.h"

/*
 * Images stay sixteen abreast (core/kernels/product/product.h):
 *     y = w x and gx = w' gy: the columns are images; gw = gy x': they are features, of x with rows of images
 * made of its lanes. Each result is one task's, so that bits do not depend on the number of threads.
 * Of few images one after the other is taken out of its lanes, and features are abreast.
 */
enum {
    /* features that the forward does at once: what a task reads of x stays in the second-level cache */
    DEPTH = 1024,
    DATA_DEPTH = 256,   /* outputs that the gradient to x does at once, */
    MOST_ROWS = 32,     /* and the most rows of a task */
    FEW = 4,            /* images that are done one after the other, */
    FEW_FEATURES = 128, /* and the features of a task of the gradient to x then */
    PANEL = 48,         /* features of a task to weights, */
    PANEL_BLOCKS =
        16 /* and the blocks it does at once: the panel stays in the first- or second-level cache */
};

typedef struct linear_job {
    const lathe_kernels *kernels;
    int features, outputs, images, blocks, tasks[3];
    const lathe_real *single; /* of few images: x or gy, image after image */
    const lathe_real *x, *w, *bias, *gy;
    lathe_real *y, *gx, *gw, *gb;
    bool relu, add_x, add_w, add_b;
} linear_job;

static int smaller(int a, int b) { return a < b ? a : b; }

/* Rows of a result that one task does. */
static int rows_a_task(int rows) { return rows < 128 ? MOST_ROWS / 2 : MOST_ROWS; }

static int tasks_for(int count, int each) { return (count + each - 1) / each; }

/* y of few images. */
static void few_forward_task(void *context, int task)
{
    const linear_job *job = context;
    int first = task * rows_a_task(job->outputs),
        rows = smaller(rows_a_task(job->outputs), job->outputs - first);
    lathe_real sums[MOST_ROWS], *y = job->y + (size_t)first * LATHE_LANES;
    memset(y, 0, (size_t)rows * LATHE_LANES * sizeof *y);
    for (int b = 0; b < job->images; b++) {
        job->kernels->product->dots(rows, job->features, job->w + (size_t)first * (size_t)job->features,
            job->features, job->single + (size_t)b * (size_t)job->features, sums);
        for (int r = 0; r < rows; r++) {
            lathe_real v = sums[r] + (job->bias ? job->bias[first + r] : 0);
            y[r * LATHE_LANES + b] = job->relu && v < 0 ? 0 : v; /* NaN stays NaN */
        }
    }
}

/* gx of few images. */
static void few_to_data(const linear_job *job, int task)
{
    lathe_real sums[FEW_FEATURES];
    int first = task * FEW_FEATURES, count = smaller(FEW_FEATURES, job->features - first);
    lathe_real *gx = job->gx + (size_t)first * LATHE_LANES;
    if (!job->add_x) memset(gx, 0, (size_t)count * LATHE_LANES * sizeof *gx);
    for (int b = 0; b < job->images; b++) {
        job->kernels->product->weighted_rows(job->outputs, count, job->w + first, job->features,
            job->single + (size_t)b * (size_t)job->outputs, sums);
        for (int f = 0; f < count; f++) gx[f * LATHE_LANES + b] += sums[f];
    }
}

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
        job->kernels->product->run(&product);
        product.bias = NULL;
        product.add = true;
    }
}

/* The task's columns of w are first brought together: as they lie, each is in another page. */
static void to_data(const linear_job *job, int task)
{
    if (job->single) {
        few_to_data(job, task);
        return;
    }
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
        job->kernels->product->run(&product);
        product.add = true;
    }
}

static void to_weights(const linear_job *job, int task)
{
    const lathe_product_kernels *kernels = job->kernels->product;
    _Alignas(64) lathe_real panel[PANEL * PANEL_BLOCKS * LATHE_LANES];
    int first = task * PANEL, width = smaller(PANEL, job->features - first),
        sixteens = tasks_for(width, LATHE_LANES);
    lathe_product product = { .rows = job->outputs,
        .sixteens = sixteens,
        .last = width - (sixteens - 1) * LATHE_LANES,
        .inner = job->blocks == 1 ? job->images : LATHE_LANES,
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
            sum += job->kernels->conv->sum(LATHE_LANES,
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

static linear_job job_of(const lathe_node *node)
{
    const lathe_tensor *x = node->in[0], *w = node->in[1];
    return (linear_job){ .kernels = node->kernels,
        .features = x->shape.dim[1],
        .outputs = w->shape.dim[0],
        .images = x->shape.dim[0],
        .blocks = lathe_tensor_blocks(x),
        .x = x->data,
        .w = w->data };
}

/* Of few images, `count` numbers each, image after image, in work space. NULL: there are many, or no room. */
static const lathe_real *single_images(lathe_node *node, const lathe_real *x, int count)
{
    int images = node->out->shape.dim[0];
    if (images > FEW) return NULL;
    lathe_real *single =
        lathe_tape_work(node->tape, lathe_times((size_t)images, (size_t)count), sizeof *single);
    for (int b = 0; single && b < images; b++)
        for (int i = 0; i < count; i++)
            single[(size_t)b * (size_t)count + (size_t)i] = x[i * LATHE_LANES + b];
    return single;
}

static void forward(lathe_node *node, bool relu)
{
    linear_job job = job_of(node);
    job.single = single_images(node, job.x, job.features);
    if (lathe_tape_status(node->tape)) return;
    job.bias = node->in[2] ? node->in[2]->data : NULL;
    job.y = node->out->data;
    job.relu = relu;
    lathe_parallel(node->context, tasks_for(job.outputs, rows_a_task(job.outputs)),
        job.single ? few_forward_task : forward_task, &job);
}

static void backward(lathe_node *node, const lathe_real *gy)
{
    linear_job job = job_of(node);
    job.gy = gy;
    job.gw = lathe_grad_target(node->tape, node->in[1], &job.add_w);
    job.gx = lathe_grad_target(node->tape, node->in[0], &job.add_x);
    job.gb = lathe_grad_target(node->tape, node->in[2], &job.add_b);
    if (job.gx) job.single = single_images(node, gy, job.outputs);
    job.tasks[0] = job.gw ? tasks_for(job.features, PANEL) : 0;
    job.tasks[1] =
        job.gx ? tasks_for(job.features, job.single ? FEW_FEATURES : rows_a_task(job.features)) : 0;
    job.tasks[2] = job.gb ? tasks_for(job.outputs, rows_a_task(job.outputs)) : 0;
    if (!lathe_tape_status(node->tape))
        lathe_parallel(node->context, job.tasks[0] + job.tasks[1] + job.tasks[2], backward_task, &job);
}

static bool linear_shape(lathe_node *node, lathe_result *result)
{
    const int *x = node->in[0]->shape.dim, *w = node->in[1]->shape.dim;
    if (x[1] != w[1])
        return lathe_op_fail(node, LATHE_ESHAPE, "x has %d features, weight expects %d", x[1], w[1]);
    if (node->in[2] && node->in[2]->shape.dim[0] != w[0])
        return lathe_op_fail(node, LATHE_ESHAPE, "bias is [%d], weight has %d outputs",
            node->in[2]->shape.dim[0], w[0]);
    result->shape.dim[1] = w[0];
    return true;
}

static double flops(const lathe_shape *x, const lathe_shape *w, const lathe_shape *out)
{
    (void)x, (void)out;
    return 2.0 * w->dim[0] * w->dim[1];
}

static void linear_forward(lathe_node *node) { forward(node, false); }

static void linear_backward(lathe_node *node) { backward(node, node->out->grad); }

const lathe_op lathe_linear_op = {
    .name = "linear",
    .in = { { .name = "x", .form = LATHE_FORM_FEATURES }, { .name = "weight", .form = LATHE_FORM_MATRIX },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true } },
    .shape = linear_shape,
    .forward = linear_forward,
    .backward = linear_backward,
    .flops = flops,
};

lathe_tensor *lathe_linear(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias)
{
    return lathe_apply(&lathe_linear_op, (lathe_tensor *[]){ x, w, bias }, 3, NULL);
}

static void linear_relu_forward(lathe_node *node) { forward(node, true); }

static void linear_relu_backward(lathe_node *node)
{
    const lathe_real *gy = lathe_grad_before(node, node->kernels->element->relu_backward);
    if (gy) backward(node, gy);
}

const lathe_op lathe_linear_relu_op = {
    .name = "linear_relu",
    .in = { { .name = "x", .form = LATHE_FORM_FEATURES }, { .name = "weight", .form = LATHE_FORM_MATRIX },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true } },
    .shape = linear_shape,
    .forward = linear_relu_forward,
    .backward = linear_relu_backward,
    .flops = flops,
};

lathe_tensor *lathe_linear_relu(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias)
{
    return lathe_apply(&lathe_linear_relu_op, (lathe_tensor *[]){ x, w, bias }, 3, NULL);
}
