#include "activation.h"

#include "op_impl.h"

typedef struct relu_job {
    const lathe_real *x;
    lathe_real *y;
} relu_job;

static void relu_range(void *context, size_t begin, size_t end)
{
    const relu_job *job = context;
    lathe_kernels_in_use()->element->relu(end - begin, job->x + begin, job->y + begin);
}

typedef struct relu_backward_job {
    const lathe_real *y, *gy;
    lathe_real *gx;
    bool add;
} relu_backward_job;

static void relu_backward_range(void *context, size_t begin, size_t end)
{
    const relu_backward_job *job = context;
    lathe_kernels_in_use()->element->relu_backward(end - begin, job->y + begin, job->gy + begin, job->gx + begin, job->add);
}

static lathe_status relu_backward(lathe_node *node)
{
    relu_backward_job job = { .y = node->out->data, .gy = node->out->grad };
    if ((job.gx = lathe_grad_target(node->out->tape, node->in[0], &job.add)))
        lathe_parallel_ranges(node->out->stored, relu_backward_range, &job);
    return LATHE_OK;
}

const lathe_op lathe_relu_op = { "relu", relu_backward };

lathe_tensor *lathe_relu(lathe_tensor *x)
{
    lathe_tape *tape = lathe_tape_of("lathe_relu", &x, 1);
    if (!tape) return NULL;
    lathe_tensor *y = lathe_tape_tensor(tape, x->layout, x->shape);
    if (!y) return NULL;
    relu_job job = { x->data, y->data };
    lathe_parallel_ranges(y->stored, relu_range, &job);
    return lathe_tape_record(tape, &lathe_relu_op, y, &x, 1, NULL);
}
