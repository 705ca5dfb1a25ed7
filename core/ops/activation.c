#include "activation.h"

#include <math.h>

#include "batch_sum_impl.h"
#include "broadcast_impl.h"

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
    lathe_parallel_numbers(node, node->out, map_range, &job, sizeof job);
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
        lathe_parallel_numbers(node, node->out, map_backward_range, &job, sizeof job);
}

static void relu_forward(lathe_node *node) { map(node, node->kernels->element->relu); }

static void relu_backward(lathe_node *node)
{
    map_backward(node, node->out, node->kernels->element->relu_backward);
}

const lathe_op lathe_relu_op = {
    .name = "relu",
    .by_blocks = true,
    .in = { { .name = "x" } },
    .in_place = 1,
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
    .by_blocks = true,
    .in = { { .name = "x" } },
    .in_place = 1,
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
    .by_blocks = true,
    .in = { { .name = "x" } },
    .in_place = 1,
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
    .by_blocks = true,
    .in = { { .name = "x" } },
    .in_place = 1,
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
    .by_blocks = true,
    .in = { { .name = "x" } },
    .in_place = 1,
    .layout = lathe_layout_kept,
    .forward = tanh_forward,
    .backward = tanh_backward,
};

lathe_tensor *lathe_tanh(lathe_tensor *x) { return lathe_apply(&lathe_tanh_op, &x, 1, NULL); }

static void relu6_forward(lathe_node *node) { map(node, node->kernels->element->relu6); }

static void relu6_backward(lathe_node *node)
{
    map_backward(node, node->out, node->kernels->element->relu6_backward);
}

const lathe_op lathe_relu6_op = {
    .name = "relu6",
    .by_blocks = true,
    .in = { { .name = "x" } },
    .in_place = 1,
    .layout = lathe_layout_kept,
    .forward = relu6_forward,
    .backward = relu6_backward,
};

lathe_tensor *lathe_relu6(lathe_tensor *x) { return lathe_apply(&lathe_relu6_op, &x, 1, NULL); }

static void hardswish_forward(lathe_node *node) { map(node, node->kernels->element->hardswish); }

static void hardswish_backward(lathe_node *node)
{
    map_backward(node, node->in[0], node->kernels->element->hardswish_backward);
}

const lathe_op lathe_hardswish_op = {
    .name = "hardswish",
    .by_blocks = true,
    .in = { { .name = "x" } },
    .in_place = 1,
    .layout = lathe_layout_kept,
    .forward = hardswish_forward,
    .backward = hardswish_backward,
};

lathe_tensor *lathe_hardswish(lathe_tensor *x) { return lathe_apply(&lathe_hardswish_op, &x, 1, NULL); }

static void hardsigmoid_forward(lathe_node *node) { map(node, node->kernels->element->hardsigmoid); }

static void hardsigmoid_backward(lathe_node *node)
{
    map_backward(node, node->out, node->kernels->element->hardsigmoid_backward);
}

const lathe_op lathe_hardsigmoid_op = {
    .name = "hardsigmoid",
    .by_blocks = true,
    .in = { { .name = "x" } },
    .in_place = 1,
    .layout = lathe_layout_kept,
    .forward = hardsigmoid_forward,
    .backward = hardsigmoid_backward,
};

lathe_tensor *lathe_hardsigmoid(lathe_tensor *x) { return lathe_apply(&lathe_hardsigmoid_op, &x, 1, NULL); }

/* ---- functions with settings --------------------------------------------------------------------------- */

/* One or two numbers, in the order in which kernels take them. */
typedef struct settings {
    double first, second;
} settings;

typedef struct set_job {
    lathe_set_map_kernel *kernel;
    lathe_set_map_backward_kernel *backward;
    lathe_real set[2];
    const lathe_real *x, *gy;
    lathe_real *out; /* y, or gx */
    bool add;
} set_job;

static void set_range(void *context, size_t begin, size_t end)
{
    const set_job *job = context;
    job->kernel(end - begin, job->set, job->x + begin, job->out + begin);
}

static void set_backward_range(void *context, size_t begin, size_t end)
{
    const set_job *job = context;
    job->backward(end - begin, job->set, job->x + begin, job->gy + begin, job->out + begin, job->add);
}

static set_job set_job_of(const lathe_node *node)
{
    const settings *s = node->attributes;
    return (set_job){ .set = { (lathe_real)s->first, (lathe_real)s->second }, .x = node->in[0]->data };
}

static void set_map(lathe_node *node, lathe_set_map_kernel *kernel)
{
    set_job job = set_job_of(node);
    job.kernel = kernel;
    job.out = node->out->data;
    lathe_parallel_ranges(node->context, node->out->stored, set_range, &job);
}

static void set_map_backward(lathe_node *node, lathe_set_map_backward_kernel *kernel)
{
    set_job job = set_job_of(node);
    job.backward = kernel;
    job.gy = node->out->grad;
    if ((job.out = lathe_grad_in_place(node, &job.add)))
        lathe_parallel_ranges(node->context, node->out->stored, set_backward_range, &job);
}

static void leaky_relu_forward(lathe_node *node) { set_map(node, node->kernels->element->leaky_relu); }

static void leaky_relu_backward(lathe_node *node)
{
    set_map_backward(node, node->kernels->element->leaky_relu_backward);
}

static const lathe_field leaky_fields[] = {
    { "slope", LATHE_FIELD_DOUBLE, offsetof(settings, first), .preset = { 0.01 } },
    { 0 },
};

const lathe_op lathe_leaky_relu_op = {
    .name = "leaky_relu",
    .in = { { .name = "x" } },
    .in_place = 1,
    .fields = leaky_fields,
    .attributes_size = sizeof(settings),
    .layout = lathe_layout_kept,
    .forward = leaky_relu_forward,
    .backward = leaky_relu_backward,
};

lathe_tensor *lathe_leaky_relu(lathe_tensor *x, double slope)
{
    return lathe_apply(&lathe_leaky_relu_op, &x, 1, &(settings){ slope, 0 });
}

static bool clip_shape(lathe_node *node, lathe_result *result)
{
    const settings *s = node->attributes;
    (void)result;
    return s->first <= s->second ||
        lathe_op_fail(node, LATHE_EARG, "min = %g is above max = %g", s->first, s->second);
}

static void clip_forward(lathe_node *node) { set_map(node, node->kernels->element->clip); }

static void clip_backward(lathe_node *node) { set_map_backward(node, node->kernels->element->clip_backward); }

static const lathe_field clip_fields[] = {
    { .name = "min", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(settings, first) },
    { .name = "max", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(settings, second) },
    { 0 },
};

const lathe_op lathe_clip_op = {
    .name = "clip",
    .in = { { .name = "x" } },
    .in_place = 1,
    .fields = clip_fields,
    .attributes_size = sizeof(settings),
    .layout = lathe_layout_kept,
    .shape = clip_shape,
    .forward = clip_forward,
    .backward = clip_backward,
};

lathe_tensor *lathe_clip(lathe_tensor *x, double min, double max)
{
    return lathe_apply(&lathe_clip_op, &x, 1, &(settings){ min, max });
}

static void elu_forward(lathe_node *node) { set_map(node, node->kernels->element->elu); }

static void elu_backward(lathe_node *node) { set_map_backward(node, node->kernels->element->elu_backward); }

static const lathe_field elu_fields[] = {
    { "alpha", LATHE_FIELD_DOUBLE, offsetof(settings, first), .preset = { 1 } },
    { 0 },
};

const lathe_op lathe_elu_op = {
    .name = "elu",
    .in = { { .name = "x" } },
    .in_place = 1,
    .fields = elu_fields,
    .attributes_size = sizeof(settings),
    .layout = lathe_layout_kept,
    .forward = elu_forward,
    .backward = elu_backward,
};

lathe_tensor *lathe_elu(lathe_tensor *x, double alpha)
{
    return lathe_apply(&lathe_elu_op, &x, 1, &(settings){ alpha, 0 });
}

static void softplus_forward(lathe_node *node) { set_map(node, node->kernels->element->softplus); }

static void softplus_backward(lathe_node *node)
{
    set_map_backward(node, node->kernels->element->softplus_backward);
}

static const lathe_field softplus_fields[] = {
    { "beta", LATHE_FIELD_DOUBLE, offsetof(settings, first), .preset = { 1 } },
    { "threshold", LATHE_FIELD_DOUBLE, offsetof(settings, second), .preset = { 20 } },
    { 0 },
};

const lathe_op lathe_softplus_op = {
    .name = "softplus",
    .in = { { .name = "x" } },
    .in_place = 1,
    .fields = softplus_fields,
    .attributes_size = sizeof(settings),
    .layout = lathe_layout_kept,
    .forward = softplus_forward,
    .backward = softplus_backward,
};

lathe_tensor *lathe_softplus(lathe_tensor *x, double beta, double threshold)
{
    return lathe_apply(&lathe_softplus_op, &x, 1, &(settings){ beta, threshold });
}

/* ---- prelu --------------------------------------------------------------------------------------------- */

typedef struct prelu_job {
    const lathe_element_kernels *element;
    const lathe_real *slope, *x, *gy;
    lathe_real *out; /* y, or gx */
    bool add;
} prelu_job;

static bool prelu_shape(lathe_node *node, lathe_result *result)
{
    int slopes = node->in[1]->shape.dim[0], channels = result->shape.dim[1];
    return slopes == 1 || slopes == channels ||
        lathe_op_fail(node, LATHE_ESHAPE, "%d slopes for %d channels; 1 or as many as channels are possible",
            slopes, channels);
}

static lathe_broadcast prelu_broadcast(const lathe_node *node)
{
    lathe_shape aligned;
    lathe_broadcasts(node->in[0], node->in[1], &aligned);
    return lathe_broadcast_of(node->in[0], node->in[1], aligned);
}

static void prelu_run(void *context, const lathe_run *run)
{
    const prelu_job *job = context;
    const lathe_real *slope = job->slope + run->form, *x = job->x + run->large;
    lathe_real *out = job->out + run->large;
    if (!job->gy) job->element->prelu(run->count, run->one, slope, x, out);
    else job->element->prelu_backward(run->count, run->one, slope, x, job->gy + run->large, out, job->add);
}

static void prelu(lathe_node *node, prelu_job *job)
{
    lathe_broadcast b = prelu_broadcast(node);
    job->element = node->kernels->element;
    job->x = node->in[0]->data;
    if ((job->slope = lathe_broadcast_form(&b, node, node->in[1]->data)))
        lathe_broadcast_runs(&b, node, prelu_run, job);
}

static void prelu_forward(lathe_node *node)
{
    prelu_job job = { .out = node->out->data };
    prelu(node, &job);
}

/* The slope's gradient is the sum of gy * min(x, 0). */
static void prelu_backward(lathe_node *node)
{
    const lathe_tensor *x = node->in[0];
    if (lathe_needs_gradient(node, 1)) {
        set_job below = { .kernel = node->kernels->element->clip,
            .set = { -(lathe_real)INFINITY, 0 },
            .x = x->data,
            .out = lathe_tape_work(node->tape, x->stored, sizeof *below.out) };
        if (!below.out) return;
        lathe_broadcast b = prelu_broadcast(node);
        lathe_parallel_ranges(node->context, x->stored, set_range, &below);
        lathe_broadcast_gradient(&b, node, 1, node->out->grad, below.out);
    }
    prelu_job job = { .gy = node->out->grad };
    if ((job.out = lathe_grad_in_place(node, &job.add))) prelu(node, &job);
}

const lathe_op lathe_prelu_op = {
    .name = "prelu",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS }, { .name = "weight", .form = LATHE_FORM_VECTOR } },
    .in_place = 1,
    .layout = lathe_layout_kept,
    .shape = prelu_shape,
    .forward = prelu_forward,
    .backward = prelu_backward,
};

lathe_tensor *lathe_prelu(lathe_tensor *x, lathe_tensor *weight)
{
    return lathe_apply(&lathe_prelu_op, (lathe_tensor *[]){ x, weight }, 2, NULL);
}
