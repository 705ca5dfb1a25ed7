#include "pool.h"

#include "op_impl.h"

/* A pooling on all planes of a tensor, split into runs of whole planes whose length depends on the shape
 * alone. */
typedef struct pool_job {
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
    lathe_context_kernels(NULL)->pool->max(&job->windows, s.planes, job->x + s.in, job->out + s.out);
}

static void max_backward_task(void *context, int task)
{
    const pool_job *job = context;
    pool_share s = share_of(job, task);
    lathe_context_kernels(NULL)->pool->max_backward(&job->windows, s.planes, job->x + s.in, job->y + s.out,
        job->gy + s.out, job->out + s.in, job->add);
}

static void average_task(void *context, int task)
{
    const pool_job *job = context;
    pool_share s = share_of(job, task);
    lathe_context_kernels(NULL)->pool->average(&job->windows, s.planes, job->x + s.in, job->out + s.out);
}

static void average_backward_task(void *context, int task)
{
    const pool_job *job = context;
    pool_share s = share_of(job, task);
    lathe_context_kernels(NULL)->pool->average_backward(&job->windows, s.planes, job->gy + s.out,
        job->out + s.in, job->add);
}

static void run(pool_job *job, const lathe_tensor *x, lathe_task_fn *task)
{
    size_t plane = (size_t)job->windows.height * (size_t)job->windows.width * LATHE_LANES;
    job->planes = lathe_tensor_blocks(x) * x->shape.dim[1];
    job->planes_a_task = (int)((LATHE_GRAIN + plane - 1) / plane);
    lathe_parallel(NULL, (job->planes + job->planes_a_task - 1) / job->planes_a_task, task, job);
}

static lathe_status max_pool2d_backward(lathe_node *node)
{
    lathe_tensor *x = node->in[0];
    pool_job job = { .windows = *(const lathe_pool_windows *)node->saved,
        .x = x->data,
        .y = node->out->data,
        .gy = node->out->grad };
    if ((job.out = lathe_grad_target(node->out->tape, x, &job.add))) run(&job, x, max_backward_task);
    return LATHE_OK;
}

static lathe_status average_backward(lathe_node *node)
{
    lathe_tensor *x = node->in[0];
    pool_job job = { .windows = *(const lathe_pool_windows *)node->saved, .gy = node->out->grad };
    if ((job.out = lathe_grad_target(node->out->tape, x, &job.add))) run(&job, x, average_backward_task);
    return LATHE_OK;
}

const lathe_op lathe_max_pool2d_op = { "max_pool2d", max_pool2d_backward };
const lathe_op lathe_avg_pool2d_op = { "avg_pool2d", average_backward };
const lathe_op lathe_adaptive_avg_pool2d_op = { "adaptive_avg_pool2d", average_backward };

static bool holds_images(const char *who, lathe_tape *tape, const lathe_tensor *x)
{
    char text[LATHE_SHAPE_TEXT];
    if (x->layout == LATHE_BATCHED && x->shape.rank == 4) return true;
    return lathe_tape_fail(tape, LATHE_ESHAPE, "%s: x is %s %s, expected batched [B, C, H, W]", who,
        x->layout == LATHE_BATCHED ? "batched" : "plain", lathe_shape_text(&x->shape, text));
}

/* The options with their default; false after recording what is wrong with them. */
static bool resolve(const char *who, lathe_tape *tape, const lathe_pool_opts *opts, lathe_pool_opts *o)
{
    if (!opts) return lathe_tape_fail(tape, LATHE_EARG, "%s: opts is NULL, but kernel must be given", who);
    *o = *opts;
    if (o->stride == 0) o->stride = o->kernel;
    if (o->kernel < 1)
        return lathe_tape_fail(tape, LATHE_EARG, "%s: kernel = %d, must be at least 1", who, o->kernel);
    if (o->stride < 1)
        return lathe_tape_fail(tape, LATHE_EARG, "%s: stride = %d, must be at least 1", who, o->stride);
    if (o->padding < 0 || o->padding > o->kernel / 2)
        return lathe_tape_fail(tape, LATHE_EARG, "%s: padding = %d, must be 0 to kernel / 2 = %d", who,
            o->padding, o->kernel / 2);
    return true;
}

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

/* Windows for out_height x out_width results, kept on the tape for backward; o NULL: adaptive. NULL after a
 * failure. */
static lathe_pool_windows *make_windows(lathe_tape *tape, const lathe_tensor *x, int out_height,
    int out_width, const lathe_pool_opts *o)
{
    int height = x->shape.dim[2], width = x->shape.dim[3];
    lathe_pool_windows *w = lathe_tape_alloc(tape, 1, sizeof *w);
    lathe_pool_span *rows = lathe_tape_alloc(tape, (size_t)out_height, sizeof *rows);
    lathe_pool_span *columns = lathe_tape_alloc(tape, (size_t)out_width, sizeof *columns);
    if (!w || !rows || !columns) return NULL;
    if (o) {
        fill_spans(rows, out_height, height, o);
        fill_spans(columns, out_width, width, o);
    } else {
        fill_adaptive_spans(rows, out_height, height);
        fill_adaptive_spans(columns, out_width, width);
    }
    *w = (lathe_pool_windows){ height, width, out_height, out_width, rows, columns,
        .partition = is_partition(rows, out_height, height) && is_partition(columns, out_width, width) };
    return w;
}

/* The forward of all three. */
static lathe_tensor *pool(lathe_tape *tape, const lathe_op *op, lathe_tensor *x, lathe_pool_windows *windows,
    lathe_task_fn *task)
{
    if (!windows) return NULL;
    lathe_shape shape = { 4, { x->shape.dim[0], x->shape.dim[1], windows->out_height, windows->out_width } };
    lathe_tensor *y = lathe_tape_tensor(tape, LATHE_BATCHED, shape);
    if (!y) return NULL;
    pool_job job = { .windows = *windows, .x = x->data, .out = y->data };
    run(&job, x, task);
    return lathe_tape_record(tape, op, y, &x, 1, windows);
}

static lathe_tensor *pool_by_kernel(const char *who, const lathe_op *op, lathe_tensor *x,
    const lathe_pool_opts *opts, lathe_task_fn *task, bool relu)
{
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    lathe_pool_opts o = { 0 };
    if (!tape || !holds_images(who, tape, x) || !resolve(who, tape, opts, &o)) return NULL;
    int out_height = output_size(x->shape.dim[2], &o), out_width = output_size(x->shape.dim[3], &o);
    char text[LATHE_SHAPE_TEXT];
    if (out_height < 1 || out_width < 1)
        return lathe_tape_fail(tape, LATHE_ESHAPE, "%s: kernel %d with padding %d does not fit into x %s",
            who, o.kernel, o.padding, lathe_shape_text(&x->shape, text));
    lathe_pool_windows *windows = make_windows(tape, x, out_height, out_width, &o);
    if (windows) windows->relu = relu;
    return pool(tape, op, x, windows, task);
}

lathe_tensor *lathe_max_pool2d(lathe_tensor *x, const lathe_pool_opts *opts)
{
    return pool_by_kernel("lathe_max_pool2d", &lathe_max_pool2d_op, x, opts, max_task, false);
}

lathe_tensor *lathe_relu_max_pool2d(lathe_tensor *x, const lathe_pool_opts *opts)
{
    return pool_by_kernel("lathe_relu_max_pool2d", &lathe_max_pool2d_op, x, opts, max_task, true);
}

lathe_tensor *lathe_avg_pool2d(lathe_tensor *x, const lathe_pool_opts *opts)
{
    return pool_by_kernel("lathe_avg_pool2d", &lathe_avg_pool2d_op, x, opts, average_task, false);
}

lathe_tensor *lathe_adaptive_avg_pool2d(lathe_tensor *x, int height, int width)
{
    static const char *const who = "lathe_adaptive_avg_pool2d";
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    if (!tape || !holds_images(who, tape, x)) return NULL;
    if (height < 1 || width < 1)
        return lathe_tape_fail(tape, LATHE_EARG, "%s: height %d and width %d must be at least 1", who, height,
            width);
    return pool(tape, &lathe_adaptive_avg_pool2d_op, x, make_windows(tape, x, height, width, NULL),
        average_task);
}
