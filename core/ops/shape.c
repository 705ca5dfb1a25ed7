#include "shape.h"

#include <limits.h>
#include <string.h>

#include "../alloc.h"
#include "op_impl.h"

static lathe_status reshape_backward(lathe_node *node)
{
    lathe_grad_pass(node->out, node->in[0]);
    return LATHE_OK;
}

const lathe_op lathe_reshape_op = { "reshape", reshape_backward };

static lathe_tensor *view(lathe_tape *tape, lathe_tensor *x, lathe_shape shape)
{
    lathe_tensor *y = lathe_tape_view(tape, x, shape);
    return y ? lathe_tape_record(tape, &lathe_reshape_op, y, &x, 1, NULL) : NULL;
}

lathe_tensor *lathe_flatten(lathe_tensor *x)
{
    lathe_tape *tape = lathe_tape_of("lathe_flatten", &x, 1);
    if (!tape) return NULL;
    if (x->shape.rank < 1)
        return lathe_tape_fail(tape, LATHE_ESHAPE,
            "lathe_flatten: x is a single number, without a batch to keep");
    size_t per_image = lathe_tensor_per_image(x);
    if (per_image > INT_MAX)
        return lathe_tape_fail(tape, LATHE_ESHAPE,
            "lathe_flatten: %zu numbers an image do not fit one dimension", per_image);
    return view(tape, x, (lathe_shape){ 2, { x->shape.dim[0], (int)per_image } });
}

/* Replace a dimension of -1 by what is left. False if the shape is none, or does not hold `count` numbers. */
static bool fill_in(lathe_shape *shape, size_t count)
{
    int *open = NULL;
    size_t known = 1;
    if (shape->rank < 0 || shape->rank > LATHE_MAX_RANK) return false;
    for (int i = 0; i < shape->rank; i++) {
        int *dim = &shape->dim[i];
        if (*dim == -1 && !open) open = dim;
        else if (*dim < 1 || !lathe_size_mul(known, (size_t)*dim, &known)) return false;
    }
    if (!open) return known == count;
    if (count % known || count / known < 1 || count / known > INT_MAX) return false;
    *open = (int)(count / known);
    return true;
}

lathe_tensor *lathe_reshape(lathe_tensor *x, lathe_shape shape)
{
    lathe_tape *tape = lathe_tape_of("lathe_reshape", &x, 1);
    if (!tape) return NULL;
    char from[LATHE_SHAPE_TEXT], to[LATHE_SHAPE_TEXT];
    size_t count = lathe_shape_count(&x->shape);
    lathe_shape filled = shape;
    if (!fill_in(&filled, count))
        return lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_reshape: %s does not hold the %zu numbers of x, %s",
            lathe_shape_text(&shape, to), count, lathe_shape_text(&x->shape, from));
    if (x->layout == LATHE_BATCHED && (filled.rank < 1 || filled.dim[0] != x->shape.dim[0]))
        return lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_reshape: %s does not keep the batch of x, %s",
            lathe_shape_text(&shape, to), lathe_shape_text(&x->shape, from));
    return view(tape, x, filled);
}

/* One input's share of each block of the result. */
typedef struct concat_job {
    size_t own, all,
        before; /* numbers of a block: this input's, the result's, those of the inputs before this one */
    const lathe_real *from;
    lathe_real *to;
    bool add;
} concat_job;

static void concat_blocks(void *context, size_t begin, size_t end)
{
    const concat_job *job = context;
    for (size_t block = begin; block < end; block++)
        memcpy(job->to + block * job->all + job->before, job->from + block * job->own,
            job->own * sizeof *job->to);
}

static void concat_backward_blocks(void *context, size_t begin, size_t end)
{
    const concat_job *job = context;
    for (size_t block = begin; block < end; block++)
        lathe_context_kernels(NULL)->element->copy(job->own, job->from + block * job->all + job->before,
            job->to + block * job->own, job->add);
}

static concat_job share_of(const lathe_tensor *y, const lathe_tensor *x, size_t before)
{
    return (concat_job){ .own = lathe_tensor_per_image(x) * LATHE_LANES,
        .all = lathe_tensor_per_image(y) * LATHE_LANES,
        .before = before };
}

static lathe_status concat_backward(lathe_node *node)
{
    const lathe_tensor *y = node->out;
    size_t before = 0;
    for (int i = 0; i < node->inputs; i++) {
        concat_job job = share_of(y, node->in[i], before);
        before += job.own;
        job.from = y->grad;
        if ((job.to = lathe_grad_target(y->tape, node->in[i], &job.add)))
            lathe_parallel_pieces((size_t)lathe_tensor_blocks(y), job.own, concat_backward_blocks, &job);
    }
    return LATHE_OK;
}

const lathe_op lathe_concat_op = { "concat", concat_backward };

/* Whether x can be joined to the first input: batched, and of the same dimensions but for dimension 1. */
static bool joins(const lathe_tensor *first, const lathe_tensor *x)
{
    lathe_shape shape = x->shape;
    if (x->layout != LATHE_BATCHED || shape.rank < 2) return false;
    shape.dim[1] = first->shape.dim[1];
    return lathe_shape_equal(&shape, &first->shape);
}

lathe_tensor *lathe_concat(lathe_tensor *const *xs, int count)
{
    enum { MOST = 64 };
    if (!xs || count < 1 || count > MOST) {
        lathe_fail(LATHE_EARG, "lathe_concat: %d inputs, expected 1 to %d", xs ? count : 0, MOST);
        return NULL;
    }
    lathe_tape *tape = lathe_tape_of("lathe_concat", xs, count);
    if (!tape) return NULL;
    char first[LATHE_SHAPE_TEXT], other[LATHE_SHAPE_TEXT];
    lathe_shape shape = xs[0]->shape;
    int64_t channels = 0;
    for (int i = 0; i < count; i++) {
        if (!joins(xs[0], xs[i]))
            return lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_concat: input 0 is %s, input %d is %s%s",
                lathe_shape_text(&shape, first), i, lathe_shape_text(&xs[i]->shape, other),
                xs[i]->layout == LATHE_BATCHED ? "" : " and not batched");
        channels += xs[i]->shape.dim[1];
    }
    if (channels > INT_MAX)
        return lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_concat: %lld channels do not fit one dimension",
            (long long)channels);
    shape.dim[1] = (int)channels;
    lathe_tensor *y = lathe_tape_tensor(tape, LATHE_BATCHED, shape);
    if (!y) return NULL;
    size_t before = 0;
    for (int i = 0; i < count; i++) {
        concat_job job = share_of(y, xs[i], before);
        before += job.own;
        job.from = xs[i]->data;
        job.to = y->data;
        lathe_parallel_pieces((size_t)lathe_tensor_blocks(y), job.own, concat_blocks, &job);
    }
    return lathe_tape_record(tape, &lathe_concat_op, y, xs, count, NULL);
}

static void slice_blocks(void *context, size_t begin, size_t end)
{
    const concat_job *job = context;
    for (size_t block = begin; block < end; block++)
        memcpy(job->to + block * job->own, job->from + block * job->all + job->before,
            job->own * sizeof *job->to);
}

static void slice_backward_blocks(void *context, size_t begin, size_t end)
{
    const concat_job *job = context;
    for (size_t block = begin; block < end; block++) {
        lathe_real *to = job->to + block * job->all;
        if (!job->add) memset(to, 0, job->all * sizeof *to);
        lathe_context_kernels(NULL)->element->copy(job->own, job->from + block * job->own, to + job->before,
            job->add);
    }
}

static lathe_status slice_backward(lathe_node *node)
{
    const lathe_tensor *y = node->out;
    concat_job job = share_of(node->in[0], y, *(const size_t *)node->saved);
    job.from = y->grad;
    if ((job.to = lathe_grad_target(y->tape, node->in[0], &job.add)))
        lathe_parallel_pieces((size_t)lathe_tensor_blocks(y), job.all, slice_backward_blocks, &job);
    return LATHE_OK;
}

const lathe_op lathe_slice_op = { "slice", slice_backward };

lathe_tensor *lathe_slice(lathe_tensor *x, int first, int count)
{
    lathe_tape *tape = lathe_tape_of("lathe_slice", &x, 1);
    if (!tape) return NULL;
    char text[LATHE_SHAPE_TEXT];
    if (x->layout != LATHE_BATCHED || x->shape.rank < 2)
        return lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_slice: x is %s%s, expected batched [B, C, ...]",
            lathe_shape_text(&x->shape, text), x->layout == LATHE_BATCHED ? "" : " and not batched");
    if (first < 0 || count < 1 || first > x->shape.dim[1] - count)
        return lathe_tape_fail(tape, LATHE_EARG, "lathe_slice: %d channels from %d of %s", count, first,
            lathe_shape_text(&x->shape, text));
    lathe_shape shape = x->shape;
    shape.dim[1] = count;
    lathe_tensor *y = lathe_tape_tensor(tape, LATHE_BATCHED, shape);
    size_t *before = lathe_tape_alloc(tape, 1, sizeof *before);
    if (!y || !before) return NULL;
    *before = lathe_tensor_per_image(x) / (size_t)x->shape.dim[1] * (size_t)first * LATHE_LANES;
    concat_job job = share_of(x, y, *before);
    job.from = x->data;
    job.to = y->data;
    lathe_parallel_pieces((size_t)lathe_tensor_blocks(x), job.own, slice_blocks, &job);
    return lathe_tape_record(tape, &lathe_slice_op, y, &x, 1, before);
}

/* Planes are one channel of sixteen images. */
typedef struct subsample_job {
    int stride, channels, padded, before; /* x's channels, y's, and the zero ones before x's */
    int height, width, out_height, out_width;
    const lathe_real *from;
    lathe_real *to;
    bool add;
} subsample_job;

/* Planes of y. */
static void subsample_planes(void *context, size_t begin, size_t end)
{
    const subsample_job *job = context;
    size_t plane = (size_t)job->height * (size_t)job->width * LATHE_LANES,
           row = (size_t)job->width * LATHE_LANES;
    size_t out_row = (size_t)job->out_width * LATHE_LANES, out_plane = (size_t)job->out_height * out_row;
    for (size_t n = begin; n < end; n++) {
        size_t block = n / (size_t)job->padded;
        int channel = (int)(n % (size_t)job->padded) - job->before;
        lathe_real *y = job->to + n * out_plane;
        if (channel < 0 || channel >= job->channels) {
            memset(y, 0, out_plane * sizeof *y);
            continue;
        }
        const lathe_real *x = job->from + (block * (size_t)job->channels + (size_t)channel) * plane;
        for (int i = 0; i < job->out_height; i++)
            lathe_context_kernels(NULL)->element->take_every((size_t)job->out_width, (size_t)job->stride,
                x + (size_t)i * (size_t)job->stride * row, y + (size_t)i * out_row);
    }
}

/* Planes of x. */
static void subsample_backward_planes(void *context, size_t begin, size_t end)
{
    const subsample_job *job = context;
    size_t plane = (size_t)job->height * (size_t)job->width * LATHE_LANES,
           row = (size_t)job->width * LATHE_LANES;
    size_t out_row = (size_t)job->out_width * LATHE_LANES, out_plane = (size_t)job->out_height * out_row;
    for (size_t n = begin; n < end; n++) {
        size_t block = n / (size_t)job->channels, channel = n % (size_t)job->channels + (size_t)job->before;
        const lathe_real *gy = job->from + (block * (size_t)job->padded + channel) * out_plane;
        lathe_real *gx = job->to + n * plane;
        if (!job->add) memset(gx, 0, plane * sizeof *gx);
        for (int i = 0; i < job->out_height; i++)
            lathe_context_kernels(NULL)->element->add_every((size_t)job->out_width, (size_t)job->stride,
                gy + (size_t)i * out_row, gx + (size_t)i * (size_t)job->stride * row);
    }
}

static subsample_job subsample_of(const lathe_tensor *x, const lathe_tensor *y, int stride)
{
    int channels = x->shape.dim[1], padded = y->shape.dim[1];
    return (subsample_job){ .stride = stride,
        .channels = channels,
        .padded = padded,
        .before = (padded - channels) / 2,
        .height = x->shape.dim[2],
        .width = x->shape.dim[3],
        .out_height = y->shape.dim[2],
        .out_width = y->shape.dim[3] };
}

static lathe_status subsample_backward(lathe_node *node)
{
    lathe_tensor *x = node->in[0], *y = node->out;
    subsample_job job = subsample_of(x, y, *(const int *)node->saved);
    job.from = y->grad;
    if ((job.to = lathe_grad_target(y->tape, x, &job.add)))
        lathe_parallel_pieces((size_t)lathe_tensor_blocks(x) * (size_t)job.channels,
            (size_t)job.height * (size_t)job.width * LATHE_LANES, subsample_backward_planes, &job);
    return LATHE_OK;
}

const lathe_op lathe_subsample_op = { "subsample", subsample_backward };

lathe_tensor *lathe_subsample(lathe_tensor *x, int stride, int channels)
{
    lathe_tape *tape = lathe_tape_of("lathe_subsample", &x, 1);
    if (!tape) return NULL;
    char text[LATHE_SHAPE_TEXT];
    if (x->layout != LATHE_BATCHED || x->shape.rank != 4)
        return lathe_tape_fail(tape, LATHE_ESHAPE,
            "lathe_subsample: x is %s%s, expected batched [B, C, H, W]", lathe_shape_text(&x->shape, text),
            x->layout == LATHE_BATCHED ? "" : " and not batched");
    if (stride < 1) return lathe_tape_fail(tape, LATHE_EARG, "lathe_subsample: stride %d is below 1", stride);
    const int *dim = x->shape.dim;
    if (channels < dim[1])
        return lathe_tape_fail(tape, LATHE_ESHAPE,
            "lathe_subsample: x has %d channels, more than the %d wanted", dim[1], channels);
    lathe_shape shape = { 4, { dim[0], channels, (dim[2] - 1) / stride + 1, (dim[3] - 1) / stride + 1 } };
    lathe_tensor *y = lathe_tape_tensor(tape, LATHE_BATCHED, shape);
    int *saved = lathe_tape_alloc(tape, 1, sizeof *saved);
    if (!y || !saved) return NULL;
    *saved = stride;
    subsample_job job = subsample_of(x, y, stride);
    job.from = x->data;
    job.to = y->data;
    lathe_parallel_pieces((size_t)lathe_tensor_blocks(y) * (size_t)channels,
        (size_t)job.out_height * (size_t)job.out_width * LATHE_LANES, subsample_planes, &job);
    return lathe_tape_record(tape, &lathe_subsample_op, y, &x, 1, saved);
}
