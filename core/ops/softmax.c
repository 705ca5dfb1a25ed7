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

static void run(lathe_node *node, lathe_range_fn *columns, softmax_job *job)
{
    const lathe_tensor *y = node->out;
    job->classes = y->shape.dim[1];
    job->columns = lathe_tensor_per_image(y) / (size_t)job->classes;
    lathe_parallel_pieces(node->context, (size_t)lathe_tensor_blocks(y) * job->columns,
        (size_t)job->classes * LATHE_LANES, columns, job);
}

static void forward(lathe_node *node, softmax_job job)
{
    job.x = node->in[0]->data;
    job.y = node->out->data;
    run(node, forward_columns, &job);
}

static void backward(lathe_node *node, softmax_job job)
{
    job.y = node->out->data;
    job.gy = node->out->grad;
    if ((job.gx = lathe_grad_target(node->tape, node->in[0], &job.add))) run(node, backward_columns, &job);
}

static void softmax_forward(lathe_node *node)
{
    forward(node, (softmax_job){ .forward = node->kernels->softmax->softmax });
}

static void softmax_backward(lathe_node *node)
{
    backward(node, (softmax_job){ .backward = node->kernels->softmax->softmax_backward });
}

const lathe_op lathe_softmax_op = {
    .name = "softmax",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS } },
    .forward = softmax_forward,
    .backward = softmax_backward,
};

lathe_tensor *lathe_softmax(lathe_tensor *x) { return lathe_apply(&lathe_softmax_op, &x, 1, NULL); }

static void log_softmax_forward(lathe_node *node)
{
    forward(node, (softmax_job){ .forward = node->kernels->softmax->log_softmax });
}

static void log_softmax_backward(lathe_node *node)
{
    backward(node, (softmax_job){ .backward = node->kernels->softmax->log_softmax_backward });
}

const lathe_op lathe_log_softmax_op = {
    .name = "log_softmax",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS } },
    .forward = log_softmax_forward,
    .backward = log_softmax_backward,
};

lathe_tensor *lathe_log_softmax(lathe_tensor *x) { return lathe_apply(&lathe_log_softmax_op, &x, 1, NULL); }
