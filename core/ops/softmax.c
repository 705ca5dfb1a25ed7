#include "softmax.h"

#include "op_impl.h"

/* A column is what is normalised together: one place of sixteen images, over all classes. */
typedef struct softmax_job {
    int classes;
    size_t columns; /* of a block */
    void (*forward)(int classes, size_t stride, const lathe_real *x, lathe_real *y);
    void (*backward)(int classes, size_t stride, const lathe_real *y, const lathe_real *gy, lathe_real *gx,
        int add);
    const lathe_real *x, *gy;
    lathe_real *y, *gx;
    bool add;
} softmax_job;

static size_t place_of(const softmax_job *job, size_t column)
{
    return (column / job->columns * job->columns * (size_t)job->classes + column % job->columns) *
        LATHE_LANES;
}

static void forward_columns(void *context, size_t begin, size_t end)
{
    const softmax_job *job = context;
    for (size_t i = begin; i < end; i++) {
        size_t at = place_of(job, i);
        job->forward(job->classes, job->columns * LATHE_LANES, job->x + at, job->y + at);
    }
}

static void backward_columns(void *context, size_t begin, size_t end)
{
    const softmax_job *job = context;
    for (size_t i = begin; i < end; i++) {
        size_t at = place_of(job, i);
        job->backward(job->classes, job->columns * LATHE_LANES, job->y + at, job->gy + at, job->gx + at,
            job->add);
    }
}

static void run(const lathe_tensor *y, lathe_range_fn *columns, softmax_job *job)
{
    job->classes = y->shape.dim[1];
    job->columns = lathe_tensor_per_image(y) / (size_t)job->classes;
    lathe_parallel_pieces((size_t)lathe_tensor_blocks(y) * job->columns, (size_t)job->classes * LATHE_LANES,
        columns, job);
}

static lathe_tensor *softmax(const char *who, lathe_tensor *x, const lathe_op *op, softmax_job *job)
{
    char text[LATHE_SHAPE_TEXT];
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    if (!tape) return NULL;
    if (x->layout != LATHE_BATCHED || x->shape.rank < 2)
        return lathe_tape_fail(tape, LATHE_ESHAPE, "%s: x is %s%s, expected batched [B, K, ...]", who,
            lathe_shape_text(&x->shape, text), x->layout == LATHE_BATCHED ? "" : " and not batched");
    lathe_tensor *y = lathe_tape_tensor(tape, x->layout, x->shape);
    if (!y) return NULL;
    job->x = x->data;
    job->y = y->data;
    run(y, forward_columns, job);
    return lathe_tape_record(tape, op, y, &x, 1, NULL);
}

static lathe_status backward(lathe_node *node, softmax_job *job)
{
    job->y = node->out->data;
    job->gy = node->out->grad;
    if ((job->gx = lathe_grad_target(node->out->tape, node->in[0], &job->add)))
        run(node->out, backward_columns, job);
    return LATHE_OK;
}

static lathe_status softmax_backward(lathe_node *node)
{
    return backward(node,
        &(softmax_job){ .backward = lathe_context_kernels(NULL)->softmax->softmax_backward });
}

const lathe_op lathe_softmax_op = { "softmax", softmax_backward };

lathe_tensor *lathe_softmax(lathe_tensor *x)
{
    softmax_job job = { .forward = lathe_context_kernels(NULL)->softmax->softmax };
    return softmax("lathe_softmax", x, &lathe_softmax_op, &job);
}

static lathe_status log_softmax_backward(lathe_node *node)
{
    return backward(node,
        &(softmax_job){ .backward = lathe_context_kernels(NULL)->softmax->log_softmax_backward });
}

const lathe_op lathe_log_softmax_op = { "log_softmax", log_softmax_backward };

lathe_tensor *lathe_log_softmax(lathe_tensor *x)
{
    softmax_job job = { .forward = lathe_context_kernels(NULL)->softmax->log_softmax };
    return softmax("lathe_log_softmax", x, &lathe_log_softmax_op, &job);
}
