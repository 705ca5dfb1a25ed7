#include "linear.h"

#include <string.h>

#include "../alloc.h"
#include "batch_sum_impl.h"

/*
 * Images stay sixteen abreast (core/kernels/product/product.h):
 *     y = w x and gx = w' gy: the columns are images; gw = gy x': they are features, of x with rows of images
 * made of its lanes. Each result is one task's, so that bits do not depend on the number of threads.
 * Of few images one after the other is taken out of its lanes, and features are abreast.
 */
enum {
    /* features that the forward does at once: what a task reads of x stays in the second-level cache */
    DEPTH = 1024,
    DATA_DEPTH = 256,        /* outputs that the gradient to x does at once, */
    MOST_ROWS = 32,          /* and the most rows of a task */
    FEW = 4,                 /* images that are done one after the other, */
    FEW_FEATURES = 128,      /* and the features of a task of the gradient to x then */
    BLOCK_WEIGHTS = 1 << 16, /* weights that are read anew for each block, so that its results may wait */
    PANEL = 48,              /* features of a task to weights, */
    /* and the blocks it does at once, a power of two: the panel stays in the first- or second-level cache */
    PANEL_BLOCKS = LATHE_PRODUCT_OUTER,
    FETCHED = 1 << 19 /* weights above this number: their gradient is fetched while its sums are computed */
};

/* The gradient of a parameter: sums [nodes][count], or the gradient itself. */
typedef struct shared_grad {
    lathe_real *sums;
    size_t count;
    bool direct;
} shared_grad;

typedef struct linear_job {
    const lathe_kernels *kernels;
    int features, outputs, images, blocks, tasks[3];
    const lathe_real *single; /* of few images: x or gy, image after image */
    const lathe_real *x, *w, *bias, *gy;
    lathe_real *y, *gx;
    bool relu, add_x;
    lathe_leaves leaves, node[LATHE_MOST_NODES];
    int nodes;
    shared_grad weights, biases;
    lathe_real *waiting; /* [slots - 1][weights.count]: sums of PANEL_BLOCKS blocks and more */
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
        product.last_inner = smaller(DEPTH, job->features - at);
        product.a = job->w + (size_t)first * (size_t)job->features + at;
        product.b = job->x + (size_t)at * LATHE_LANES;
        product.relu = job->relu && at + DEPTH >= job->features;
        job->kernels->product->run(&product);
        product.bias = NULL;
        product.add = true;
    }
}

/* The same of one block, which reads all weights. */
static void block_forward_task(void *context, int task)
{
    linear_job job = *(const linear_job *)context;
    int block = task / job.tasks[0];
    job.x += (size_t)block * (size_t)job.features * LATHE_LANES;
    job.y += (size_t)block * (size_t)job.outputs * LATHE_LANES;
    job.blocks = 1;
    forward_task(&job, task % job.tasks[0]);
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
        product.last_inner = smaller(DATA_DEPTH, job->outputs - at);
        product.b = job->gy + (size_t)at * LATHE_LANES;
        for (int o = 0; o < product.last_inner; o++)
            memcpy(columns + o * rows, job->w + (size_t)(at + o) * (size_t)job->features + first,
                (size_t)rows * sizeof *columns);
        job->kernels->product->run(&product);
        product.add = true;
    }
}

/* Some features of the weights' gradient, of one node's blocks. */
typedef struct weights_task {
    const linear_job *job;
    int first, width, begin, end;
    lathe_real *sums; /* slot 0 */
    lathe_real *panel;
} weights_task;

static lathe_real *slot_of(const weights_task *t, int slot)
{
    return (slot ? t->job->waiting + (size_t)(slot - 1) * t->job->weights.count : t->sums) + t->first;
}

/* PANEL_BLOCKS blocks, whose tree is the product's. */
static void weights_run(void *context, int run, int slot, bool add)
{
    const weights_task *t = context;
    const linear_job *job = t->job;
    int sixteens = tasks_for(t->width, LATHE_LANES), begin = t->begin + run * PANEL_BLOCKS,
        blocks = smaller(PANEL_BLOCKS, t->end - begin), images = job->images - begin * LATHE_LANES;
    lathe_product product = { .rows = job->outputs,
        .sixteens = sixteens,
        .last = t->width - (sixteens - 1) * LATHE_LANES,
        .outer = blocks,
        .inner = LATHE_LANES,
        .last_inner = smaller(LATHE_LANES, images - (blocks - 1) * LATHE_LANES),
        .a = job->gy + (size_t)begin * (size_t)job->outputs * LATHE_LANES,
        .b = t->panel,
        .c = slot_of(t, slot),
        .a_row = LATHE_LANES,
        .a_outer = (ptrdiff_t)job->outputs * LATHE_LANES,
        .a_inner = 1,
        .b_sixteen = (ptrdiff_t)blocks * LATHE_LANES * LATHE_LANES,
        .b_outer = LATHE_LANES * LATHE_LANES,
        .b_inner = LATHE_LANES,
        .c_row = job->features,
        .c_sixteen = LATHE_LANES,
        .add = add,
        .fetch = job->weights.count > FETCHED };
    for (int s = 0; s < sixteens; s++)
        for (int b = 0; b < blocks; b++) {
            size_t place = (size_t)(begin + b) * (size_t)job->features + (size_t)(t->first + s * LATHE_LANES);
            job->kernels->product->transpose(smaller(LATHE_LANES, t->width - s * LATHE_LANES),
                job->x + place * LATHE_LANES, t->panel + s * product.b_sixteen + b * product.b_outer);
        }
    job->kernels->product->run(&product);
}

static void weights_join(void *context, int to, int from)
{
    const weights_task *t = context;
    size_t features = (size_t)t->job->features;
    lathe_real *sum = slot_of(t, to), *more = slot_of(t, from);
    for (int o = 0; o < t->job->outputs; o++, sum += features, more += features)
        for (int f = 0; f < t->width; f++) sum[f] += more[f];
}

static void to_weights(const linear_job *job, int task)
{
    _Alignas(64) lathe_real panel[PANEL * PANEL_BLOCKS * LATHE_LANES];
    int first = task * PANEL;
    weights_task t = { .job = job,
        .first = first,
        .width = smaller(PANEL, job->features - first),
        .sums = job->weights.sums,
        .panel = panel };
    const lathe_tree tree = { weights_run, weights_join, &t };
    for (int n = 0; n < job->nodes; n++, t.sums += job->weights.count) {
        t.begin = job->node[n].begin - job->leaves.begin;
        t.end = job->node[n].end - job->leaves.begin;
        lathe_tree_sum(&tree, 0, tasks_for(t.end - t.begin, PANEL_BLOCKS), 0);
    }
}

/* Some outputs of the bias' gradient. */
typedef struct bias_task {
    const linear_job *job;
    int first, rows;
    _Alignas(64) lathe_real slot[LATHE_MOST_SLOTS][MOST_ROWS];
} bias_task;

static void bias_leaf(void *context, int leaf, int slot, bool add)
{
    bias_task *t = context;
    size_t block = (size_t)(leaf - t->job->leaves.begin), outputs = (size_t)t->job->outputs;
    const lathe_real *gy = t->job->gy + (block * outputs + (size_t)t->first) * LATHE_LANES;
    for (int o = 0; o < t->rows; o += LATHE_LANES)
        t->job->kernels->conv->to_bias(LATHE_LANES, smaller(LATHE_LANES, t->rows - o), gy + o * LATHE_LANES,
            t->slot[slot] + o, add);
}

static void bias_join(void *context, int to, int from)
{
    bias_task *t = context;
    for (int o = 0; o < t->rows; o++) t->slot[to][o] += t->slot[from][o];
}

static void to_bias(const linear_job *job, int task)
{
    bias_task t;
    t.job = job;
    t.first = task * rows_a_task(job->outputs);
    t.rows = smaller(rows_a_task(job->outputs), job->outputs - t.first);
    const lathe_tree tree = { bias_leaf, bias_join, &t };
    for (int n = 0; n < job->nodes; n++) {
        lathe_tree_sum(&tree, job->node[n].begin, job->node[n].end, 0);
        memcpy(job->biases.sums + (size_t)n * job->biases.count + t.first, t.slot[0],
            (size_t)t.rows * sizeof *t.slot[0]);
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
    if (lathe_whole_batch(node->in[0]) > FEW) return NULL;
    int images = node->out->shape.dim[0];
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
    if (lathe_whole_batch(node->in[0]) <= FEW) lathe_chain_run(node->tape);
    job.single = single_images(node, job.x, job.features);
    if (lathe_tape_status(node->tape)) return;
    job.bias = node->in[2] ? node->in[2]->data : NULL;
    job.y = node->out->data;
    job.relu = relu;
    if (!job.single && (size_t)job.outputs * (size_t)job.features <= BLOCK_WEIGHTS) {
        job.tasks[0] = tasks_for(job.outputs, rows_a_task(job.outputs));
        lathe_parallel_blocks(node, job.blocks, job.tasks[0], block_forward_task, &job, sizeof job);
        return;
    }
    lathe_chain_run(node->tape);
    lathe_parallel(node->context, tasks_for(job.outputs, rows_a_task(job.outputs)),
        job.single ? few_forward_task : forward_task, &job);
}

/* Where the sums of a parameter's gradient go; no sums if it needs none, or if there is no room. */
static shared_grad grad_of(lathe_node *node, int input, int nodes)
{
    shared_grad grad = { 0 };
    if (!lathe_needs_gradient(node, input)) return grad;
    lathe_tensor *to = node->in[input];
    bool sharded = lathe_is_sharded(node), add;
    grad.count = to->stored;
    grad.direct = !sharded && !to->has_grad;
    size_t numbers = lathe_times((size_t)nodes, grad.count);
    grad.sums = grad.direct ? lathe_grad_target(node->tape, to, &add) :
        sharded             ? lathe_tape_alloc(node->tape, numbers, sizeof *grad.sums) :
                              lathe_tape_work(node->tape, numbers, sizeof *grad.sums);
    return grad;
}

static void deliver(lathe_node *node, int input, const shared_grad *grad)
{
    if (grad->count && !grad->direct)
        lathe_batch_deliver(node, input, grad->sums, grad->count, NULL, NULL, 0);
}

/* Room for the sums of the weights that wait for others. */
static bool make_room(lathe_node *node, linear_job *job)
{
    int runs = tasks_for(job->blocks, PANEL_BLOCKS), waiting = lathe_tree_slots(runs) - 1;
    if (!job->weights.count || !waiting) return true;
    job->waiting =
        lathe_tape_work(node->tape, lathe_times((size_t)waiting, job->weights.count), sizeof *job->waiting);
    return job->waiting != NULL;
}

static void backward(lathe_node *node, const lathe_real *gy)
{
    lathe_chain_run(node->tape);
    linear_job job = job_of(node);
    job.gy = gy;
    job.leaves = lathe_leaves_of(node->in[0]);
    job.nodes = lathe_nodes_of(node->in[0], job.node);
    job.weights = grad_of(node, 1, job.nodes);
    job.gx = lathe_grad_target(node->tape, node->in[0], &job.add_x);
    job.biases = grad_of(node, 2, job.nodes);
    if (job.gx) job.single = single_images(node, gy, job.outputs);
    job.tasks[0] = job.weights.count && job.nodes ? tasks_for(job.features, PANEL) : 0;
    job.tasks[1] =
        job.gx ? tasks_for(job.features, job.single ? FEW_FEATURES : rows_a_task(job.features)) : 0;
    job.tasks[2] = job.biases.count && job.nodes ? tasks_for(job.outputs, rows_a_task(job.outputs)) : 0;
    if (!make_room(node, &job) || lathe_tape_status(node->tape)) return;
    lathe_parallel(node->context, job.tasks[0] + job.tasks[1] + job.tasks[2], backward_task, &job);
    deliver(node, 1, &job.weights);
    deliver(node, 2, &job.biases);
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
    .by_blocks = true,
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
    .by_blocks = true,
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
