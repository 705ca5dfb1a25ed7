#include "local_response_norm.h"

#include "../field.h"
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

/* One pass over all channels of all blocks: task t is channel t % C of block t / C. */
typedef struct job {
    lathe_response response;
    size_t block; /* numbers in a block */
    const lathe_real *x, *gy;
    lathe_real *s, *y, *product, *gx;
    bool add;
} job;

static void forward_task(void *context, int task)
{
    const job *j = context;
    size_t at = (size_t)(task / j->response.channels) * j->block;
    lathe_context_kernels(NULL)->response->forward(&j->response, task % j->response.channels, j->x + at,
        j->s + at, j->y + at);
}

static void product_task(void *context, int task)
{
    const job *j = context;
    size_t at = (size_t)(task / j->response.channels) * j->block;
    lathe_context_kernels(NULL)->response->product(&j->response, task % j->response.channels, j->x + at,
        j->s + at, j->gy + at, j->product + at);
}

static void backward_task(void *context, int task)
{
    const job *j = context;
    size_t at = (size_t)(task / j->response.channels) * j->block;
    lathe_context_kernels(NULL)->response->backward(&j->response, task % j->response.channels, j->x + at,
        j->s + at, j->gy + at, j->product + at, j->gx + at, j->add);
}

static lathe_status backward(lathe_node *node)
{
    lathe_tape *tape = node->out->tape;
    job j = *(const job *)node->saved;
    j.gy = node->out->grad;
    int tasks = lathe_tensor_blocks(node->out) * j.response.channels;
    if (!(j.gx = lathe_grad_target(tape, node->in[0], &j.add))) return lathe_tape_status(tape);
    if (!(j.product = lathe_tape_work(tape, node->out->stored, sizeof *j.product)))
        return lathe_tape_status(tape);
    lathe_parallel(NULL, tasks, product_task, &j);
    lathe_parallel(NULL, tasks, backward_task, &j);
    return LATHE_OK;
}

const lathe_op lathe_local_response_norm_op = { "local_response_norm", backward };

lathe_tensor *lathe_local_response_norm(lathe_tensor *x, const lathe_local_response_norm_opts *opts)
{
    const char *who = "lathe_local_response_norm";
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    if (!tape) return NULL;
    lathe_local_response_norm_opts o;
    char text[LATHE_SHAPE_TEXT];
    if (lathe_fields_resolve(who, fields, opts, &o, sizeof o))
        return lathe_tape_fail(tape, lathe_error(), "%s", lathe_error_message());
    if (o.size % 2 == 0) return lathe_tape_fail(tape, LATHE_EARG, "%s: size = %d must be odd", who, o.size);
    if (x->layout != LATHE_BATCHED || x->shape.rank != 4)
        return lathe_tape_fail(tape, LATHE_ESHAPE, "%s: x is %s, expected [B, C, H, W]", who,
            lathe_shape_text(&x->shape, text));
    lathe_tensor *y = lathe_tape_tensor(tape, x->layout, x->shape);
    bool records = lathe_tape_records(tape, &x, 1);
    job *saved = lathe_tape_alloc(tape, 1, sizeof *saved);
    lathe_real *s =
        records ? lathe_tape_alloc(tape, x->stored, sizeof *s) : lathe_tape_work(tape, x->stored, sizeof *s);
    if (!y || !saved || !s) return NULL;
    int radius = o.size / 2, window = o.within_channel ? o.size * o.size : o.size;
    *saved = (job){ .response = { x->shape.dim[1], x->shape.dim[2], x->shape.dim[3],
                        o.within_channel ? 0 : radius, o.within_channel ? radius : 0,
                        (lathe_real)(o.alpha / window), (lathe_real)o.beta, (lathe_real)o.k },
        .block = x->stored / (size_t)lathe_tensor_blocks(x),
        .x = x->data,
        .s = s,
        .y = y->data };
    lathe_parallel(NULL, lathe_tensor_blocks(x) * saved->response.channels, forward_task, saved);
    return lathe_tape_record(tape, &lathe_local_response_norm_op, y, &x, 1, saved);
}
