#include "pool.h"

#include <math.h>
#include <stdio.h>

#include "op_impl.h"
#include "window_impl.h"

/* A pooling on all planes of a tensor, split into runs of whole planes, of one block where pictures lie
 * abreast. Their length depends on the shape alone. */
typedef struct pool_job {
    const lathe_pool_kernels *kernels;
    lathe_pool_windows windows;
    int planes, planes_a_task, tasks; /* of a block */
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
    int within = task % job->tasks * job->planes_a_task, left = job->planes - within,
        first = task / job->tasks * job->planes + within;
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
    int blocks = x->layout == LATHE_BATCHED ? lathe_tensor_blocks(x) : 1;
    job->planes = (int)lathe_tensor_planes(x) / blocks;
    job->planes_a_task = (int)((LATHE_GRAIN + plane - 1) / plane);
    job->tasks = (job->planes - 1) / job->planes_a_task + 1;
    lathe_parallel_blocks(node, blocks, job->tasks, task, job, sizeof *job);
}

/* ---- windows ------------------------------------------------------------------------------------------- */

/*
 * How many windows fit along one axis; 0 if none does. In ceil mode the last one must begin before the
 * padding behind the picture.
 */
static int windows_along(const lathe_window *w, bool ceil_mode)
{
    long long room = (long long)w->size + w->before + w->after - (long long)w->dilation * (w->taps - 1) - 1;
    if (room < 0 && (!ceil_mode || room <= -w->stride)) return 0;
    long long last = ceil_mode ? (room + w->stride - 1) / w->stride : room / w->stride;
    if (ceil_mode && last * w->stride >= (long long)w->size + w->before) last--;
    return (int)last + 1;
}

/* The window at this place; false if it lies in the padding alone. */
static bool fill_span(lathe_pool_span *span, const lathe_window *w, int place, bool exclude_padding)
{
    long long first = (long long)place * w->stride - w->before, step = w->dilation,
              end = first + step * (w->taps - 1) + 1;
    if (end > (long long)w->size + w->after) end = (long long)w->size + w->after;
    int with_padding = (int)(end - first);
    if (end > w->size) end = w->size;
    if (first < 0) first += (step - 1 - first) / step * step;
    if (first >= end) return false;
    span->begin = (int)first;
    span->count = (int)((end - 1 - first) / step + 1);
    span->end = (int)(first + (span->count - 1) * step + 1);
    span->divisor = exclude_padding ? span->count : with_padding;
    return true;
}

static bool fill_spans(lathe_pool_span *spans, const lathe_window *w, bool exclude_padding)
{
    for (int i = 0; i < w->results; i++)
        if (!fill_span(&spans[i], w, i, exclude_padding)) return false;
    return true;
}

static void fill_adaptive_spans(lathe_pool_span *spans, int count, int size)
{
    for (int i = 0; i < count; i++) {
        spans[i].begin = (int)((long long)i * size / count);
        spans[i].end = (int)(((long long)(i + 1) * size + count - 1) / count);
        spans[i].count = spans[i].divisor = spans[i].end - spans[i].begin;
    }
}

static bool is_partition(const lathe_pool_span *spans, int count, int size)
{
    int reached = 0;
    for (int i = 0; i < count; i++) {
        if (spans[i].begin != reached || spans[i].count != spans[i].end - spans[i].begin) return false;
        reached = spans[i].end;
    }
    return reached == size;
}

/* Room for the windows of out_height x out_width results in node->saved; NULL after a failure. */
static lathe_pool_windows *make_windows(lathe_node *node, lathe_result *result, int out_height, int out_width,
    lathe_pool_span **rows, lathe_pool_span **columns)
{
    *rows = lathe_tape_alloc(node->tape, (size_t)out_height, sizeof **rows);
    *columns = lathe_tape_alloc(node->tape, (size_t)out_width, sizeof **columns);
    if (!*rows || !*columns) return NULL;
    lathe_pool_windows *windows = node->saved;
    *windows = (lathe_pool_windows){ result->shape.dim[2], result->shape.dim[3], out_height, out_width, *rows,
        *columns, .row_step = 1, .column_step = 1 };
    result->shape.dim[2] = out_height;
    result->shape.dim[3] = out_width;
    return windows;
}

static void find_partition(lathe_pool_windows *w)
{
    w->partition =
        is_partition(w->rows, w->out_height, w->height) && is_partition(w->columns, w->out_width, w->width);
}

/* The settings of both axes, without what depends on the picture's size. */
static void axes_of(const lathe_pool_opts *o, lathe_window *rows, lathe_window *columns)
{
    const lathe_sides *sides = &o->padding_sides;
    *rows = (lathe_window){ .taps = o->kernel,
        .stride = o->stride ? o->stride : o->kernel,
        .dilation = o->dilation,
        .before = o->padding + sides->top,
        .after = o->padding + sides->bottom };
    *columns = (lathe_window){ .taps = o->kernel_width ? o->kernel_width : o->kernel,
        .dilation = o->dilation_width ? o->dilation_width : o->dilation,
        .before = o->padding + sides->left,
        .after = o->padding + sides->right };
    columns->stride = o->stride_width ? o->stride_width : o->stride ? o->stride : columns->taps;
}

/* Padding that is legal, and what `same` asks for. */
static bool pad(const lathe_node *node, lathe_window *rows, lathe_window *columns)
{
    const lathe_pool_opts *o = node->attributes;
    int least = rows->taps < columns->taps ? rows->taps : columns->taps;
    if (o->padding > least / 2)
        return lathe_op_fail(node, LATHE_EARG, "padding = %d, must be 0 to kernel / 2 = %d", o->padding,
            least / 2);
    if (!o->same) return true;
    if (rows->before || rows->after || columns->before || columns->after || o->ceil_mode)
        return lathe_op_fail(node, LATHE_EARG, "same chooses the padding, but %s is given, too",
            o->ceil_mode ? "ceil_mode" : "padding");
    return (lathe_window_same(rows) && lathe_window_same(columns)) ||
        lathe_op_fail(node, LATHE_EARG, "same would pad a %d x %d image by more than %d", rows->size,
            columns->size, LATHE_WINDOW_LARGEST);
}

/* Fail: no window fits into x. */
static bool refuse_kernel(const lathe_node *node, const lathe_window *rows, const lathe_window *columns)
{
    const lathe_pool_opts *o = node->attributes;
    char text[LATHE_SHAPE_TEXT], kernel[32];
    if (rows->taps == columns->taps) snprintf(kernel, sizeof kernel, "%d", rows->taps);
    else snprintf(kernel, sizeof kernel, "%d x %d", rows->taps, columns->taps);
    return lathe_op_fail(node, LATHE_ESHAPE, "kernel %s with padding %d does not fit into x %s", kernel,
        o->padding, lathe_shape_text(&node->in[0]->shape, text));
}

static bool pool_shape(lathe_node *node, lathe_result *result)
{
    const lathe_pool_opts *o = node->attributes;
    lathe_window rows, columns;
    axes_of(o, &rows, &columns);
    rows.size = result->shape.dim[2];
    columns.size = result->shape.dim[3];
    if (!pad(node, &rows, &columns)) return false;
    rows.results = windows_along(&rows, o->ceil_mode);
    columns.results = windows_along(&columns, o->ceil_mode);
    if (rows.results < 1 || columns.results < 1) return refuse_kernel(node, &rows, &columns);
    lathe_pool_span *down, *across;
    lathe_pool_windows *windows = make_windows(node, result, rows.results, columns.results, &down, &across);
    if (!windows) return false;
    if (!fill_spans(down, &rows, o->exclude_padding) || !fill_spans(across, &columns, o->exclude_padding))
        return lathe_op_fail(node, LATHE_ESHAPE, "a window would lie in the padding alone");
    windows->row_step = rows.dilation;
    windows->column_step = columns.dilation;
    find_partition(windows);
    return true;
}

static bool average_shape(lathe_node *node, lathe_result *result)
{
    const lathe_pool_opts *o = node->attributes;
    if (o->dilation > 1 || o->dilation_width > 1)
        return lathe_op_fail(node, LATHE_EARG, "%s is %d; means have none",
            o->dilation > 1 ? "dilation" : "dilation_width",
            o->dilation > 1 ? o->dilation : o->dilation_width);
    return pool_shape(node, result);
}

#define OPTION(name) offsetof(lathe_pool_opts, name)

static const lathe_field fields[] = {
    { "kernel", LATHE_FIELD_INT, OPTION(kernel), .min = 1, .max = HUGE_VAL, .required = true },
    { "stride", LATHE_FIELD_INT, OPTION(stride), .max = HUGE_VAL },
    { "padding", LATHE_FIELD_INT, OPTION(padding), .max = HUGE_VAL },
    { "ceil_mode", LATHE_FIELD_BOOL, OPTION(ceil_mode), .help = "round the output size up" },
    { "exclude_padding", LATHE_FIELD_BOOL, OPTION(exclude_padding),
        .help = "divide by the pixels inside the picture" },
    { "kernel_width", LATHE_FIELD_INT, OPTION(kernel_width), .max = LATHE_WINDOW_LARGEST },
    { "stride_width", LATHE_FIELD_INT, OPTION(stride_width), .max = LATHE_WINDOW_LARGEST },
    { "dilation", LATHE_FIELD_INT, OPTION(dilation), .preset = { 1 }, .min = 1, .max = LATHE_WINDOW_LARGEST },
    { "dilation_width", LATHE_FIELD_INT, OPTION(dilation_width), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.top", LATHE_FIELD_INT, OPTION(padding_sides.top), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.bottom", LATHE_FIELD_INT, OPTION(padding_sides.bottom), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.left", LATHE_FIELD_INT, OPTION(padding_sides.left), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.right", LATHE_FIELD_INT, OPTION(padding_sides.right), .max = LATHE_WINDOW_LARGEST },
    { "same", LATHE_FIELD_BOOL, OPTION(same), .help = "pad as TensorFlow's \"same\" does" },
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
    .by_blocks = true,
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
    .by_blocks = true,
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
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES } },
    .fields = fields,
    .attributes_size = sizeof(lathe_pool_opts),
    .saved_size = sizeof(lathe_pool_windows),
    .layout = lathe_layout_kept,
    .shape = average_shape,
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
    int height = result->shape.dim[2], width = result->shape.dim[3];
    lathe_pool_span *rows, *columns;
    lathe_pool_windows *windows = make_windows(node, result, size->height, size->width, &rows, &columns);
    if (!windows) return false;
    fill_adaptive_spans(rows, size->height, height);
    fill_adaptive_spans(columns, size->width, width);
    find_partition(windows);
    return true;
}

const lathe_op lathe_adaptive_avg_pool2d_op = {
    .name = "adaptive_avg_pool2d",
    .by_blocks = true,
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
