#include "linear.h"

#include <string.h>

#include "../blas.h"
#include "op_impl.h"

/*
 * Matrix products want the images of several blocks side by side: x [F, n], y [O, n], n = 16 * blocks. Then
 *     y = w x        gx = w' gy        gw = gy x'
 * Each product is cut into runs of result rows, a task each; a batch larger than CHUNK blocks is done chunk by chunk.
 */
enum { CHUNK = 8, RUN = 64 };

/* Some blocks of a tensor. A single block is side by side with itself, and is not copied. */
typedef struct side_by_side {
    lathe_real *blocks; /* [count][rows][16] */
    lathe_real *rows_at; /* [rows][count][16] */
    int count, rows;
} side_by_side;

static void copy_block(void *context, int block)
{
    const side_by_side *s = context;
    size_t row = (size_t)s->count * LATHE_LANES;
    const lathe_real *from = s->blocks + (size_t)block * (size_t)s->rows * LATHE_LANES;
    lathe_real *to = s->rows_at + (size_t)block * LATHE_LANES;
    for (int r = 0; r < s->rows; r++)
        memcpy(to + (size_t)r * row, from + (size_t)r * LATHE_LANES, LATHE_LANES * sizeof *to);
}

/* Blocks first ... first + CHUNK - 1 of `data`; `work` has room for them. */
static side_by_side chunk_of(lathe_real *data, int rows, int first, int blocks, lathe_real *work)
{
    side_by_side s = { .blocks = data + (size_t)first * (size_t)rows * LATHE_LANES, .count = blocks - first, .rows = rows };
    if (s.count > CHUNK) s.count = CHUNK;
    s.rows_at = s.count == 1 ? s.blocks : work;
    return s;
}

static void gather(side_by_side *s)
{
    if (s->count > 1) lathe_parallel(s->count, copy_block, s);
}

/* Bring `rows` rows from `first` on back to their blocks. */
static void scatter(const side_by_side *s, int first, int rows, bool add)
{
    if (s->count == 1) return;
    for (int block = 0; block < s->count; block++)
        for (int r = first; r < first + rows; r++) {
            const lathe_real *from = s->rows_at + ((size_t)r * (size_t)s->count + (size_t)block) * LATHE_LANES;
            lathe_real *to = s->blocks + ((size_t)block * (size_t)s->rows + (size_t)r) * LATHE_LANES;
            for (int i = 0; i < LATHE_LANES; i++) to[i] = add ? to[i] + from[i] : from[i];
        }
}

typedef struct linear_job {
    int features, outputs;
    const lathe_real *w, *bias;
    lathe_real *gw;
    side_by_side x, y; /* values in the forward, gradients in `to_data`; x's values and y's gradients in `to_weights` */
    bool add, relu;
} linear_job;

static int rows_of_run(int run, int rows)
{
    return rows - run * RUN < RUN ? rows - run * RUN : RUN;
}

static int runs(int rows)
{
    return (rows + RUN - 1) / RUN;
}

static void forward_run(void *context, int run)
{
    const linear_job *job = context;
    int first = run * RUN, rows = rows_of_run(run, job->outputs), n = job->x.count * LATHE_LANES;
    lathe_real *y = job->y.rows_at + (size_t)first * (size_t)n;
    for (int r = 0; job->bias && r < rows; r++)
        for (int i = 0; i < n; i++) y[(size_t)r * (size_t)n + (size_t)i] = job->bias[first + r];
    lathe_gemm(false, false, rows, n, job->features, job->w + (size_t)first * (size_t)job->features, job->features,
        job->x.rows_at, n, job->bias ? 1 : 0, y, n);
    if (job->relu) lathe_kernels_in_use()->element->relu((size_t)rows * (size_t)n, y, y);
    scatter(&job->y, first, rows, false);
}

static void to_data_run(void *context, int run)
{
    const linear_job *job = context;
    int first = run * RUN, rows = rows_of_run(run, job->features), n = job->y.count * LATHE_LANES;
    bool direct = job->x.count == 1;
    lathe_gemm(true, false, rows, n, job->outputs, job->w + first, job->features, job->y.rows_at, n, direct && job->add ? 1 : 0,
        job->x.rows_at + (size_t)first * (size_t)n, n);
    scatter(&job->x, first, rows, job->add);
}

static void to_weights_run(void *context, int run)
{
    const linear_job *job = context;
    int first = run * RUN, n = job->y.count * LATHE_LANES;
    lathe_gemm(false, true, rows_of_run(run, job->outputs), job->features, n, job->y.rows_at + (size_t)first * (size_t)n, n,
        job->x.rows_at, n, job->add ? 1 : 0, job->gw + (size_t)first * (size_t)job->features, job->features);
}

/* Room for a chunk of x and of y side by side. */
static bool find_work(lathe_tape *tape, const linear_job *job, int blocks, lathe_real *work[2])
{
    size_t n = (size_t)(blocks < CHUNK ? blocks : CHUNK) * LATHE_LANES;
    work[0] = lathe_tape_work(tape, (size_t)job->features * n, sizeof *work[0]);
    work[1] = lathe_tape_work(tape, (size_t)job->outputs * n, sizeof *work[1]);
    return work[0] && work[1];
}

static void to_bias(const lathe_tensor *y, const lathe_real *gy, lathe_real *gb, bool add)
{
    int outputs = y->shape.dim[1];
    for (int o = 0; o < outputs; o++) {
        lathe_real sum = 0;
        for (int block = 0; block < lathe_tensor_blocks(y); block++)
            sum += lathe_kernels_in_use()->conv->sum(LATHE_LANES, gy + (size_t)(block * outputs + o) * LATHE_LANES);
        gb[o] = add ? gb[o] + sum : sum;
    }
}

static lathe_status backward(lathe_node *node, lathe_real *gy)
{
    lathe_tensor *x = node->in[0], *w = node->in[1], *bias = node->in[2], *y = node->out;
    linear_job job = { .features = x->shape.dim[1], .outputs = w->shape.dim[0], .w = w->data };
    int blocks = lathe_tensor_blocks(x);
    lathe_real *work[2];
    if (!find_work(y->tape, &job, blocks, work)) return lathe_tape_status(y->tape);
    bool add_x = false, add_w = false, add_bias = false;
    lathe_real *gx = lathe_grad_target(y->tape, x, &add_x), *gb = lathe_grad_target(y->tape, bias, &add_bias);
    job.gw = lathe_grad_target(y->tape, w, &add_w);
    for (int first = 0; first < blocks; first += CHUNK) {
        job.y = chunk_of(gy, job.outputs, first, blocks, work[1]);
        gather(&job.y);
        if (job.gw) {
            job.x = chunk_of(x->data, job.features, first, blocks, work[0]);
            job.add = add_w || first;
            gather(&job.x);
            lathe_parallel(runs(job.outputs), to_weights_run, &job);
        }
        if (gx) {
            job.x = chunk_of(gx, job.features, first, blocks, work[0]);
            job.add = add_x;
            lathe_parallel(runs(job.features), to_data_run, &job);
        }
    }
    if (gb) to_bias(y, gy, gb, add_bias);
    return lathe_tape_status(y->tape);
}

static lathe_status linear_backward(lathe_node *node)
{
    return backward(node, node->out->grad);
}

static lathe_status linear_relu_backward(lathe_node *node)
{
    lathe_real *gy = lathe_grad_before_relu(node->out);
    return gy ? backward(node, gy) : lathe_tape_status(node->out->tape);
}

const lathe_op lathe_linear_op = { "linear", linear_backward };
const lathe_op lathe_linear_relu_op = { "linear_relu", linear_relu_backward };

static bool check_linear(lathe_tape *tape, const lathe_tensor *x, const lathe_tensor *w, const lathe_tensor *bias)
{
    char text[LATHE_SHAPE_TEXT];
    if (x->layout != LATHE_BATCHED || x->shape.rank != 2)
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_linear: x is %s %s, it must be batched [B, F]: flatten it first",
            x->layout == LATHE_BATCHED ? "batched" : "plain", lathe_shape_text(&x->shape, text));
    else if (w->layout != LATHE_PLAIN || w->shape.rank != 2)
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_linear: weight is %s, it must be plain [O, F]", lathe_shape_text(&w->shape, text));
    else if (x->shape.dim[1] != w->shape.dim[1])
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_linear: x has %d features, weight expects %d", x->shape.dim[1], w->shape.dim[1]);
    else if (bias && (bias->layout != LATHE_PLAIN || bias->shape.rank != 1 || bias->shape.dim[0] != w->shape.dim[0]))
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_linear: bias is %s, weight has %d outputs", lathe_shape_text(&bias->shape, text),
            w->shape.dim[0]);
    else return true;
    return false;
}

static lathe_tensor *linear(const lathe_op *op, lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias)
{
    lathe_tensor *in[3] = { x, w, bias };
    lathe_tape *tape = lathe_tape_of("lathe_linear", in, bias ? 3 : 2);
    if (!tape || !check_linear(tape, x, w, bias)) return NULL;
    if (lathe_blas_start()) return lathe_tape_fail(tape, LATHE_ESTATE, "%s", lathe_error_message());
    lathe_tensor *y = lathe_tape_tensor(tape, LATHE_BATCHED, (lathe_shape){ 2, { x->shape.dim[0], w->shape.dim[0] } });
    if (!y) return NULL;
    linear_job job = { .features = x->shape.dim[1], .outputs = w->shape.dim[0], .w = w->data, .bias = bias ? bias->data : NULL,
        .relu = op == &lathe_linear_relu_op };
    int blocks = lathe_tensor_blocks(x);
    lathe_real *work[2];
    if (!find_work(tape, &job, blocks, work)) return NULL;
    for (int first = 0; first < blocks; first += CHUNK) {
        job.x = chunk_of(x->data, job.features, first, blocks, work[0]);
        job.y = chunk_of(y->data, job.outputs, first, blocks, work[1]);
        gather(&job.x);
        lathe_parallel(runs(job.outputs), forward_run, &job);
    }
    return lathe_tape_record(tape, op, y, in, 3, NULL);
}

lathe_tensor *lathe_linear(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias)
{
    return linear(&lathe_linear_op, x, w, bias);
}

lathe_tensor *lathe_linear_relu(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias)
{
    return linear(&lathe_linear_relu_op, x, w, bias);
}
