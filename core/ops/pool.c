#include "pool.h"

#include <math.h>

#include "op_impl.h"

/* A pooling on all planes of a tensor, split into runs of whole planes whose length depends on the shape
 * alone. */
typedef struct pool_job {
    const lathe_pool_kernels *kernels;
    lathe_pool_windows windows;
    int planes, planes_a_task;
    const lathe_real *x, *y, *gy;
    lathe_real *out; /* y in forward, gx in backward */
    bool add;
} pool_job;

/* The planes of one task, and where they begin. */
typedef struct pool_share {
    int planes;
    size_t in, out;
} pool_share;

static pool_share share_of(const pool_job *job, int task)
{
    const lathe_pool_windows *w = &job->windows;
    int first = task * job->planes_a_task, left = job->planes - first;
    return (pool_share){ left < job->planes_a_task ? left : job->planes_a_task,
        (size_t)first * (size_t)w->height * (size_t)w->width * LATHE_LANES,
        (size_t)first * (size_t)w->out_height * (size_t)w->out_width * LATHE_LANES };
}

static void max_task(void *context, int task)
{
    const pool_job *job = context;
    pool_share s = share_of(job, task);
    job->kernels->max(&job->windows, s.planes, job->x + s.in, job->out + s.out);
}

static void max_backward_task(void *context, int task)
{
    const pool_job *job = context;
    pool_share s = share_of(job, task);
    job->kernels->max_backward(&job->windows, s.planes, job->x + s.in, job->y + s.out, job->gy + s.out,
        job->out + s.in, job->add);
}

static void average_task(void *context, int task)
{
    const pool_job *job = context;
    pool_share s = share_of(job, task);
    job->kernels->average(&job->windows, s.planes, job->x + s.in, job->out + s.out);
}

static void average_backward_task(void *context, int task)
{
    const pool_job *job = context;
    pool_share s = share_of(job, task);
    job->kernels->average_backward(&job->windows, s.planes, job->gy + s.out, job->out + s.in, job->add);
}

static void run(lathe_node *node, pool_job *job, lathe_task_fn *task)
{
    const lathe_tensor *x = node->in[0];
    job->kernels = node->kernels->pool;
    job->windows = *(const lathe_pool_windows *)node->saved;
    size_t plane = (size_t)job->windows.height * (size_t)job->windows.width * LATHE_LANES;
    job->planes = (int)lathe_tensor_planes(x);
    job->planes_a_task = (int)((LATHE_GRAIN + plane - 1) / plane);
    lathe_parallel(node->context, (job->planes + job->planes_a_task - 1) / job->planes_a_task, task, job);
}

/* ---- windows ------------------------------------------------------------------------------------------- */

/*
 * How many windows fit along one side; 0 if none does. In ceil mode the last one must begin before the right
 * padding.
 */
static int output_size(int size, const lathe_pool_opts *o)
{
    long long room = (long long)size + 2LL * o->padding - o->kernel;
    if (room < 0 && (!o->ceil_mode || room <= -o->stride)) return 0;
    long long last = o->ceil_mode ? (room + o->stride - 1) / o->stride : room / o->stride;
    if (o->ceil_mode && last * o->stride >= (long long)size + o->padding) last--;
    return (int)last + 1;
}

static void fill_spans(lathe_pool_span *spans, int count, int size, const lathe_pool_opts *o)
{
    for (int i = 0; i < count; i++) {
        long long begin = (long long)i * o->stride - o->padding, end = begin + o->kernel;
        if (end > (long long)size + o->padding) end = (long long)size + o->padding;
        int with_padding = (int)(end - begin);
        spans[i].begin = begin < 0 ? 0 : (int)begin;
        spans[i].end = end > size ? size : (int)end;
        spans[i].divisor = o->exclude_padding ? spans[i].end - spans[i].begin : with_padding;
    }
}

static void fill_adaptive_spans(lathe_pool_span *spans, int count, int size)
{
    for (int i = 0; i < count; i++) {
        spans[i].begin = (int)((long long)i * size / count);
        spans[i].end = (int)(((long long)(i + 1) * size + count - 1) / count);
        spans[i].divisor = spans[i].end - spans[i].begin;
    }
}

static bool is_partition(const lathe_pool_span *spans, int count, int size)
{
    int reached = 0;
    for (int i = 0; i < count; i++) {
        if (spans[i].begin != reached) return false;
        reached = spans[i].end;
    }
    return reached == size;
}

/*
 * Fills node->saved with windows for out_height x out_width results; o NULL: adaptive. False after a failure.
 */
static bool make_windows(lathe_node *node, lathe_result *result, int out_height, int out_width,
    const lathe_pool_opts *o)
{
    int height = result->shape.dim[2], width = result->shape.dim[3];
    lathe_pool_span *rows = lathe_tape_alloc(node->tape, (size_t)out_height, sizeof *rows);
    lathe_pool_span *columns = lathe_tape_alloc(node->tape, (size_t)out_width, sizeof *columns);
    if (!rows || !columns) return false;
    if (o) {
        fill_spans(rows, out_height, height, o);
        fill_spans(columns, out_width, width, o);
    } else {
        fill_adaptive_spans(rows, out_height, height);
        fill_adaptive_spans(columns, out_width, width);
    }
    *(lathe_pool_windows *)node->saved =
        (lathe_pool_windows){ height, width, out_height, out_width, rows, columns,
            .partition = is_partition(rows, out_height, height) && is_partition(columns, out_width, width) };
    result->shape.dim[2] = out_height;
    result->shape.dim[3] = out_width;
    return true;
}

static bool pool_shape(lathe_node *node, lathe_result *result)
{
    lathe_pool_opts *o = node->attributes;
    char text[LATHE_SHAPE_TEXT];
    if (!o->stride) o->stride = o->kernel;
    if (o->padding > o->kernel / 2)
        return lathe_op_fail(node, LATHE_EARG, "padding = %d, must be 0 to kernel / 2 = %d", o->padding,
            o->kernel / 2);
    int out_height = output_size(result->shape.dim[2], o), out_width = output_size(result->shape.dim[3], o);
    if (out_height < 1 || out_width < 1)
        return lathe_op_fail(node, LATHE_ESHAPE, "kernel %d with padding %d does not fit into x %s",
            o->kernel, o->padding, lathe_shape_text(&result->shape, text));
    return make_windows(node, result, out_height, out_width, o);
}

#define OPTION(name) offsetof(lathe_pool_opts, name)

static const lathe_field fields[] = {
    { "kernel", LATHE_FIELD_INT, OPTION(kernel), .min = 1, .max = HUGE_VAL, .required = true },
    { "stride", LATHE_FIELD_INT, OPTION(stride), .max = HUGE_VAL },
    { "padding", LATHE_FIELD_INT, OPTION(padding), .max = HUGE_VAL },
    { "ceil_mode", LATHE_FIELD_BOOL, OPTION(ceil_mode), .help = "round the output size up" },
    { "exclude_padding", LATHE_FIELD_BOOL, OPTION(exclude_padding),
        .help = "divide by the pixels inside the picture" },
    { 0 },
};

/* ---- maxima -------------------------------------------------------------------------------------------- */

static void max_forward(lathe_node *node)
{
    pool_job job = { .x = node->in[0]->data, .out = node->out->data };
    run(node, &job, max_task);
}

static void max_backward(lathe_node *node)
{
    pool_job job = { .x = node->in[0]->data, .y = node->out->data, .gy = node->out->grad };
    if ((job.out = lathe_grad_target(node->tape, node->in[0], &job.add))) run(node, &job, max_backward_task);
}

const lathe_op lathe_max_pool2d_op = {
    .name = "max_pool2d",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES } },
    .fields = fields,
    .attributes_size = sizeof(lathe_pool_opts),
    .saved_size = sizeof(lathe_pool_windows),
    .layout = lathe_layout_kept,
    .shape = pool_shape,
    .forward = max_forward,
    .backward = max_backward,
};

lathe_tensor *lathe_max_pool2d(lathe_tensor *x, const lathe_pool_opts *opts)
{
    return lathe_apply(&lathe_max_pool2d_op, &x, 1, opts);
}

static void relu_max_forward(lathe_node *node)
{
    ((lathe_pool_windows *)node->saved)->relu = true;
    max_forward(node);
}

const lathe_op lathe_relu_max_pool2d_op = {
    .name = "relu_max_pool2d",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES } },
    .fields = fields,
    .attributes_size = sizeof(lathe_pool_opts),
    .saved_size = sizeof(lathe_pool_windows),
    .layout = lathe_layout_kept,
    .shape = pool_shape,
    .forward = relu_max_forward,
    .backward = max_backward,
};

lathe_tensor *lathe_relu_max_pool2d(lathe_tensor *x, const lathe_pool_opts *opts)
{
    return lathe_apply(&lathe_relu_max_pool2d_op, &x, 1, opts);
}

/* ---- means --------------------------------------------------------------------------------------------- */

static void average_forward(lathe_node *node)
{
    pool_job job = { .x = node->in[0]->data, .out = node->out->data };
    run(node, &job, average_task);
}

static void average_backward(lathe_node *node)
{
    pool_job job = { .gy = node->out->grad };
    if ((job.out = lathe_grad_target(node->tape, node->in[0], &job.add)))
        run(node, &job, average_backward_task);
}

const lathe_op lathe_avg_pool2d_op = {
    .name = "avg_pool2d",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES } },
    .fields = fields,
    .attributes_size = sizeof(lathe_pool_opts),
    .saved_size = sizeof(lathe_pool_windows),
    .layout = lathe_layout_kept,
    .shape = pool_shape,
    .forward = average_forward,
    .backward = average_backward,
};

lathe_tensor *lathe_avg_pool2d(lathe_tensor *x, const lathe_pool_opts *opts)
{
    return lathe_apply(&lathe_avg_pool2d_op, &x, 1, opts);
}

typedef struct adaptive_attributes {
    int height, width;
} adaptive_attributes;

static const lathe_field adaptive_fields[] = {
    { "height", LATHE_FIELD_INT, offsetof(adaptive_attributes, height), .min = 1, .max = HUGE_VAL,
        .required = true },
    { "width", LATHE_FIELD_INT, offsetof(adaptive_attributes, width), .min = 1, .max = HUGE_VAL,
        .required = true },
    { 0 },
};

static bool adaptive_shape(lathe_node *node, lathe_result *result)
{
    const adaptive_attributes *size = node->attributes;
    return make_windows(node, result, size->height, size->width, NULL);
}

const lathe_op lathe_adaptive_avg_pool2d_op = {
    .name = "adaptive_avg_pool2d",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES } },
    .fields = adaptive_fields,
    .attributes_size = sizeof(adaptive_attributes),
    .saved_size = sizeof(lathe_pool_windows),
    .layout = lathe_layout_kept,
    .shape = adaptive_shape,
    .forward = average_forward,
    .backward = average_backward,
};

lathe_tensor *lathe_adaptive_avg_pool2d(lathe_tensor *x, int height, int width)
{
    return lathe_apply(&lathe_adaptive_avg_pool2d_op, &x, 1, &(adaptive_attributes){ height, width });
}
