#include "activation.h"

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

/* y = kernel(x) on all threads. */
static void map(lathe_node *node, lathe_map_kernel *kernel)
{
    map_job job = { kernel, node->in[0]->data, node->out->data };
    lathe_parallel_ranges(node->context, node->out->stored, map_range, &job);
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

/* Its backward, by a kernel that wants `from`: the operation's x or y. */
static void map_backward(lathe_node *node, const lathe_tensor *from, lathe_map_backward_kernel *kernel)
{
    map_backward_job job = { .kernel = kernel, .from = from->data, .gy = node->out->grad };
    if ((job.gx = lathe_grad_in_place(node, &job.add)))
        lathe_parallel_ranges(node->context, node->out->stored, map_backward_range, &job);
}

static void relu_forward(lathe_node *node) { map(node, node->kernels->element->relu); }

static void relu_backward(lathe_node *node)
{
    map_backward(node, node->out, node->kernels->element->relu_backward);
}

const lathe_op lathe_relu_op = {
    .name = "relu",
    .in = { { .name = "x" } },
    .layout = lathe_layout_kept,
    .forward = relu_forward,
    .backward = relu_backward,
};

lathe_tensor *lathe_relu(lathe_tensor *x) { return lathe_apply(&lathe_relu_op, &x, 1, NULL); }

static void gelu_forward(lathe_node *node) { map(node, node->kernels->element->gelu); }

static void gelu_backward(lathe_node *node)
{
    map_backward(node, node->in[0], node->kernels->element->gelu_backward);
}

const lathe_op lathe_gelu_op = {
    .name = "gelu",
    .in = { { .name = "x" } },
    .layout = lathe_layout_kept,
    .forward = gelu_forward,
    .backward = gelu_backward,
};

lathe_tensor *lathe_gelu(lathe_tensor *x) { return lathe_apply(&lathe_gelu_op, &x, 1, NULL); }

static void silu_forward(lathe_node *node) { map(node, node->kernels->element->silu); }

static void silu_backward(lathe_node *node)
{
    map_backward(node, node->in[0], node->kernels->element->silu_backward);
}

const lathe_op lathe_silu_op = {
    .name = "silu",
    .in = { { .name = "x" } },
    .layout = lathe_layout_kept,
    .forward = silu_forward,
    .backward = silu_backward,
};

lathe_tensor *lathe_silu(lathe_tensor *x) { return lathe_apply(&lathe_silu_op, &x, 1, NULL); }

static void sigmoid_forward(lathe_node *node) { map(node, node->kernels->element->sigmoid); }

static void sigmoid_backward(lathe_node *node)
{
    map_backward(node, node->out, node->kernels->element->sigmoid_backward);
}

const lathe_op lathe_sigmoid_op = {
    .name = "sigmoid",
    .in = { { .name = "x" } },
    .layout = lathe_layout_kept,
    .forward = sigmoid_forward,
    .backward = sigmoid_backward,
};

lathe_tensor *lathe_sigmoid(lathe_tensor *x) { return lathe_apply(&lathe_sigmoid_op, &x, 1, NULL); }

static void tanh_forward(lathe_node *node) { map(node, node->kernels->element->tanh); }

static void tanh_backward(lathe_node *node)
{
    map_backward(node, node->out, node->kernels->element->tanh_backward);
}

const lathe_op lathe_tanh_op = {
    .name = "tanh",
    .in = { { .name = "x" } },
    .layout = lathe_layout_kept,
    .forward = tanh_forward,
    .backward = tanh_backward,
};

lathe_tensor *lathe_tanh(lathe_tensor *x) { return lathe_apply(&lathe_tanh_op, &x, 1, NULL); }

typedef struct leaky_attributes {
    double slope;
} leaky_attributes;

static const lathe_field leaky_fields[] = {
    { .name = "slope",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(leaky_attributes, slope),
        .preset = { 0.01 } },
    { 0 },
};

typedef struct leaky_job {
    const lathe_element_kernels *element;
    lathe_real slope;
    const lathe_real *x, *gy;
    lathe_real *out; /* y, or gx */
    bool add;
} leaky_job;

static void leaky_relu_range(void *context, size_t begin, size_t end)
{
    const leaky_job *job = context;
    job->element->leaky_relu(end - begin, job->slope, job->x + begin, job->out + begin);
}

static void leaky_relu_backward_range(void *context, size_t begin, size_t end)
{
    const leaky_job *job = context;
    job->element->leaky_relu_backward(end - begin, job->slope, job->x + begin, job->gy + begin,
        job->out + begin, job->add);
}

static leaky_job leaky_job_of(const lathe_node *node)
{
    return (leaky_job){ .element = node->kernels->element,
        .slope = (lathe_real)((const leaky_attributes *)node->attributes)->slope,
        .x = node->in[0]->data };
}

static void leaky_relu_forward(lathe_node *node)
{
    leaky_job job = leaky_job_of(node);
    job.out = node->out->data;
    lathe_parallel_ranges(node->context, node->out->stored, leaky_relu_range, &job);
}

static void leaky_relu_backward(lathe_node *node)
{
    leaky_job job = leaky_job_of(node);
    job.gy = node->out->grad;
    if ((job.out = lathe_grad_in_place(node, &job.add)))
        lathe_parallel_ranges(node->context, node->out->stored, leaky_relu_backward_range, &job);
}

const lathe_op lathe_leaky_relu_op = {
    .name = "leaky_relu",
    .in = { { .name = "x" } },
    .fields = leaky_fields,
    .attributes_size = sizeof(leaky_attributes),
    .layout = lathe_layout_kept,
    .forward = leaky_relu_forward,
    .backward = leaky_relu_backward,
};

lathe_tensor *lathe_leaky_relu(lathe_tensor *x, double slope)
{
    return lathe_apply(&lathe_leaky_relu_op, &x, 1, &(leaky_attributes){ slope });
}
