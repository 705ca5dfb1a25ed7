#include "local_response_norm.h"

#include "op_impl.h"

#define OPTION(name) offsetof(lathe_local_response_norm_opts, name)

static const lathe_field fields[] = {
    { .name = "size",
        .kind = LATHE_FIELD_INT,
        .offset = OPTION(size),
        .preset = { 5 },
        .min = 1,
        .max = 1023 },
    { .name = "alpha", .kind = LATHE_FIELD_DOUBLE, .offset = OPTION(alpha), .preset = { 1e-4 }, .max = 1e6 },
    { .name = "beta", .kind = LATHE_FIELD_DOUBLE, .offset = OPTION(beta), .preset = { 0.75 }, .max = 100 },
    { .name = "k",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = OPTION(k),
        .preset = { 1 },
        .max = 1e6,
        .above_min = true },
    { 0 },
};

/*
 * One pass over all planes: task t is plane t % C of block t / C, where blocks are sixteen images of C
 * channels. Windows within a channel treat all lanes alike: with channels abreast a block is one image, and C
 * its planes.
 */
typedef struct job {
    const lathe_response_kernels *kernels;
    lathe_response response;
    int planes;   /* of all blocks */
    size_t block; /* numbers in a block */
    const lathe_real *x, *gy;
    lathe_real *s, *y, *product, *gx;
    bool add;
} job;

static void forward_task(void *context, int task)
{
    const job *j = context;
    size_t at = (size_t)(task / j->response.channels) * j->block;
    j->kernels->forward(&j->response, task % j->response.channels, j->x + at, j->s + at, j->y + at);
}

static void product_task(void *context, int task)
{
    const job *j = context;
    size_t at = (size_t)(task / j->response.channels) * j->block;
    j->kernels->product(&j->response, task % j->response.channels, j->x + at, j->s + at, j->gy + at,
        j->product + at);
}

static void backward_task(void *context, int task)
{
    const job *j = context;
    size_t at = (size_t)(task / j->response.channels) * j->block;
    j->kernels->backward(&j->response, task % j->response.channels, j->x + at, j->s + at, j->gy + at,
        j->product + at, j->gx + at, j->add);
}

static lathe_layout local_response_norm_layout(const lathe_node *node)
{
    const lathe_local_response_norm_opts *o = node->attributes;
    return o->within_channel ? lathe_layout_kept(node) : LATHE_BATCHED;
}

static bool local_response_norm_shape(lathe_node *node, lathe_result *result)
{
    (void)result;
    int size = ((const lathe_local_response_norm_opts *)node->attributes)->size;
    return size % 2 || lathe_op_fail(node, LATHE_EARG, "size = %d must be odd", size);
}

static void run(const lathe_node *node, lathe_task_fn *task, job *of)
{
    const lathe_tensor *x = node->in[0];
    int blocks = x->layout == LATHE_BATCHED ? lathe_tensor_blocks(x) : 1;
    lathe_parallel_blocks(node, blocks, of->planes / blocks, task, of, sizeof *of);
}

static void forward(lathe_node *node)
{
    const lathe_local_response_norm_opts *o = node->attributes;
    const lathe_tensor *x = node->in[0];
    job *saved = node->saved;
    int radius = o->size / 2, window = o->within_channel ? o->size * o->size : o->size,
        planes = (int)lathe_tensor_planes(x), height = x->shape.dim[2], width = x->shape.dim[3],
        channels = x->layout == LATHE_CHANNELS ? planes / x->shape.dim[0] : x->shape.dim[1];
    *saved = (job){ .kernels = node->kernels->response,
        .response = { channels, height, width, o->within_channel ? 0 : radius, o->within_channel ? radius : 0,
            (lathe_real)(o->alpha / window), (lathe_real)o->beta, (lathe_real)o->k },
        .planes = planes,
        .block = x->stored / (size_t)(planes / channels),
        .x = x->data,
        .y = node->out->data };
    saved->s = (node->records ? lathe_tape_alloc : lathe_tape_work)(node->tape, x->stored, sizeof *saved->s);
    if (saved->s) run(node, forward_task, saved);
}

static void backward(lathe_node *node)
{
    job j = *(const job *)node->saved;
    j.gy = node->out->grad;
    if (!(j.gx = lathe_grad_target(node->tape, node->in[0], &j.add)) ||
        !(j.product = lathe_tape_work(node->tape, node->out->stored, sizeof *j.product)))
        return;
    run(node, product_task, &j);
    run(node, backward_task, &j);
}

const lathe_op lathe_local_response_norm_op = {
    .name = "local_response_norm",
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES } },
    .fields = fields,
    .attributes_size = sizeof(lathe_local_response_norm_opts),
    .saved_size = sizeof(job),
    .layout = local_response_norm_layout,
    .shape = local_response_norm_shape,
    .forward = forward,
    .backward = backward,
};

lathe_tensor *lathe_local_response_norm(lathe_tensor *x, const lathe_local_response_norm_opts *opts)
{
    return lathe_apply(&lathe_local_response_norm_op, &x, 1, opts);
}
