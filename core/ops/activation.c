#include "activation.h"

#include <math.h>

#include "op_impl.h"

typedef struct map_job {
    lathe_map_kernel *kernel;
    const lathe_real *x;
    lathe_real *y;
} map_job;

static void map_range(void *context, size_t begin, size_t end)
{
    const map_job *job = context;
    job->kernel(end - begin, job->x + begin, job->y + begin);
}

typedef struct map_backward_job {
    lathe_map_backward_kernel *kernel;
    const lathe_real *from, *gy;
    lathe_real *gx;
    bool add;
} map_backward_job;

static void map_backward_range(void *context, size_t begin, size_t end)
{
    const map_backward_job *job = context;
    job->kernel(end - begin, job->from + begin, job->gy + begin, job->gx + begin, job->add);
}

/* y = kernel(x) on all threads, as operation `op`. */
static lathe_tensor *map(const char *who, lathe_tensor *x, lathe_map_kernel *kernel, const lathe_op *op)
{
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    lathe_tensor *y = tape ? lathe_tape_tensor(tape, x->layout, x->shape) : NULL;
    if (!y) return NULL;
    map_job job = { kernel, x->data, y->data };
    lathe_parallel_ranges(y->stored, map_range, &job);
    return lathe_tape_record(tape, op, y, &x, 1, NULL);
}

/* Its backward, by a kernel that wants `from`: the operation's x or y. */
static lathe_status map_backward(lathe_node *node, const lathe_tensor *from,
    lathe_map_backward_kernel *kernel)
{
    map_backward_job job = { .kernel = kernel, .from = from->data, .gy = node->out->grad };
    if ((job.gx = lathe_grad_in_place(node->out, node->in[0], &job.add)))
        lathe_parallel_ranges(node->out->stored, map_backward_range, &job);
    return LATHE_OK;
}

static lathe_status relu_backward(lathe_node *node)
{
    return map_backward(node, node->out, lathe_context_kernels(NULL)->element->relu_backward);
}

const lathe_op lathe_relu_op = { "relu", relu_backward };

lathe_tensor *lathe_relu(lathe_tensor *x)
{
    return map("lathe_relu", x, lathe_context_kernels(NULL)->element->relu, &lathe_relu_op);
}

static lathe_status gelu_backward(lathe_node *node)
{
    return map_backward(node, node->in[0], lathe_context_kernels(NULL)->element->gelu_backward);
}

const lathe_op lathe_gelu_op = { "gelu", gelu_backward };

lathe_tensor *lathe_gelu(lathe_tensor *x)
{
    return map("lathe_gelu", x, lathe_context_kernels(NULL)->element->gelu, &lathe_gelu_op);
}

static lathe_status silu_backward(lathe_node *node)
{
    return map_backward(node, node->in[0], lathe_context_kernels(NULL)->element->silu_backward);
}

const lathe_op lathe_silu_op = { "silu", silu_backward };

lathe_tensor *lathe_silu(lathe_tensor *x)
{
    return map("lathe_silu", x, lathe_context_kernels(NULL)->element->silu, &lathe_silu_op);
}

static lathe_status sigmoid_backward(lathe_node *node)
{
    return map_backward(node, node->out, lathe_context_kernels(NULL)->element->sigmoid_backward);
}

const lathe_op lathe_sigmoid_op = { "sigmoid", sigmoid_backward };

lathe_tensor *lathe_sigmoid(lathe_tensor *x)
{
    return map("lathe_sigmoid", x, lathe_context_kernels(NULL)->element->sigmoid, &lathe_sigmoid_op);
}

static lathe_status tanh_backward(lathe_node *node)
{
    return map_backward(node, node->out, lathe_context_kernels(NULL)->element->tanh_backward);
}

const lathe_op lathe_tanh_op = { "tanh", tanh_backward };

lathe_tensor *lathe_tanh(lathe_tensor *x)
{
    return map("lathe_tanh", x, lathe_context_kernels(NULL)->element->tanh, &lathe_tanh_op);
}

typedef struct leaky_job {
    lathe_real slope;
    const lathe_real *x, *gy;
    lathe_real *out; /* y, or gx */
    bool add;
} leaky_job;

static void leaky_relu_range(void *context, size_t begin, size_t end)
{
    const leaky_job *job = context;
    lathe_context_kernels(NULL)->element->leaky_relu(end - begin, job->slope, job->x + begin,
        job->out + begin);
}

static void leaky_relu_backward_range(void *context, size_t begin, size_t end)
{
    const leaky_job *job = context;
    lathe_context_kernels(NULL)->element->leaky_relu_backward(end - begin, job->slope, job->x + begin,
        job->gy + begin, job->out + begin, job->add);
}

static lathe_status leaky_relu_backward(lathe_node *node)
{
    leaky_job job = { .slope = *(const lathe_real *)node->saved,
        .x = node->in[0]->data,
        .gy = node->out->grad };
    if ((job.out = lathe_grad_in_place(node->out, node->in[0], &job.add)))
        lathe_parallel_ranges(node->out->stored, leaky_relu_backward_range, &job);
    return LATHE_OK;
}

const lathe_op lathe_leaky_relu_op = { "leaky_relu", leaky_relu_backward };

lathe_tensor *lathe_leaky_relu(lathe_tensor *x, double slope)
{
    lathe_tape *tape = lathe_tape_of("lathe_leaky_relu", &x, 1);
    if (!tape) return NULL;
    if (!isfinite(slope))
        return lathe_tape_fail(tape, LATHE_EARG, "lathe_leaky_relu: slope %g is not finite", slope);
    lathe_tensor *y = lathe_tape_tensor(tape, x->layout, x->shape);
    lathe_real *saved = lathe_tape_alloc(tape, 1, sizeof *saved);
    if (!y || !saved) return NULL;
    *saved = (lathe_real)(slope == 0 ? 0.01 : slope);
    leaky_job job = { .slope = *saved, .x = x->data, .out = y->data };
    lathe_parallel_ranges(y->stored, leaky_relu_range, &job);
    return lathe_tape_record(tape, &lathe_leaky_relu_op, y, &x, 1, saved);
}
