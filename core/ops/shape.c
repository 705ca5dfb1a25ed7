#include "shape.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "../alloc.h"
#include "op_impl.h"

/* ---- views --------------------------------------------------------------------------------------------- */

static void view_backward(lathe_node *node) { lathe_grad_pass(node, 0); }

static bool flatten_shape(lathe_node *node, lathe_result *result)
{
    const lathe_tensor *x = node->in[0];
    if (x->shape.rank < 1)
        return lathe_op_fail(node, LATHE_ESHAPE, "x is a single number, without a batch to keep");
    size_t per_image = lathe_tensor_per_image(x);
    if (per_image > INT_MAX)
        return lathe_op_fail(node, LATHE_ESHAPE, "%zu numbers an image do not fit one dimension", per_image);
    result->shape = (lathe_shape){ 2, { x->shape.dim[0], (int)per_image } };
    return true;
}

const lathe_op lathe_flatten_op = {
    .name = "flatten",
    .in = { { .name = "x" } },
    .view = true,
    .shape = flatten_shape,
    .backward = view_backward,
};

lathe_tensor *lathe_flatten(lathe_tensor *x) { return lathe_apply(&lathe_flatten_op, &x, 1, NULL); }

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

static bool reshape_shape(lathe_node *node, lathe_result *result)
{
    const lathe_tensor *x = node->in[0];
    const lathe_shape *wanted = node->attributes;
    char from[LATHE_SHAPE_TEXT], to[LATHE_SHAPE_TEXT];
    size_t count = lathe_shape_count(&x->shape);
    result->shape = *wanted;
    if (!fill_in(&result->shape, count))
        return lathe_op_fail(node, LATHE_ESHAPE, "%s does not hold the %zu numbers of x, %s",
            lathe_shape_text(wanted, to), count, lathe_shape_text(&x->shape, from));
    return x->layout == LATHE_PLAIN || (wanted->rank >= 1 && result->shape.dim[0] == x->shape.dim[0]) ||
        lathe_op_fail(node, LATHE_ESHAPE, "%s does not keep the batch of x, %s", lathe_shape_text(wanted, to),
            lathe_shape_text(&x->shape, from));
}

const lathe_op lathe_reshape_op = {
    .name = "reshape",
    .in = { { .name = "x" } },
    .view = true,
    .attributes_size = sizeof(lathe_shape),
    .shape = reshape_shape,
    .backward = view_backward,
};

lathe_tensor *lathe_reshape(lathe_tensor *x, lathe_shape shape)
{
    return lathe_apply(&lathe_reshape_op, &x, 1, &shape);
}

/* ---- concat -------------------------------------------------------------------------------------------- */

/* One input's share of each block of the result. */
typedef struct concat_job {
    const lathe_element_kernels *element;
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
        job->element->copy(job->own, job->from + block * job->all + job->before, job->to + block * job->own,
            job->add);
}

static concat_job share_of(const lathe_node *node, const lathe_tensor *y, const lathe_tensor *x,
    size_t before)
{
    return (concat_job){ .element = node->kernels->element,
        .own = lathe_tensor_per_image(x) * LATHE_LANES,
        .all = lathe_tensor_per_image(y) * LATHE_LANES,
        .before = before };
}

/* Whether x can be joined to the first input: of the same dimensions but for dimension 1. */
static bool joins(const lathe_tensor *first, const lathe_tensor *x)
{
    lathe_shape shape = x->shape;
    shape.dim[1] = first->shape.dim[1];
    return lathe_shape_equal(&shape, &first->shape);
}

static bool concat_shape(lathe_node *node, lathe_result *result)
{
    char first[LATHE_SHAPE_TEXT], other[LATHE_SHAPE_TEXT];
    int64_t channels = 0;
    for (int i = 0; i < node->inputs; i++) {
        if (!joins(node->in[0], node->in[i]))
            return lathe_op_fail(node, LATHE_ESHAPE, "input 0 is %s, input %d is %s",
                lathe_shape_text(&node->in[0]->shape, first), i,
                lathe_shape_text(&node->in[i]->shape, other));
        channels += node->in[i]->shape.dim[1];
    }
    if (channels > INT_MAX)
        return lathe_op_fail(node, LATHE_ESHAPE, "%lld channels do not fit one dimension",
            (long long)channels);
    result->shape.dim[1] = (int)channels;
    return true;
}

static void concat_forward(lathe_node *node)
{
    const lathe_tensor *y = node->out;
    size_t before = 0;
    for (int i = 0; i < node->inputs; i++) {
        concat_job job = share_of(node, y, node->in[i], before);
        before += job.own;
        job.from = node->in[i]->data;
        job.to = y->data;
        lathe_parallel_pieces(node->context, (size_t)lathe_tensor_blocks(y), job.own, concat_blocks, &job);
    }
}

static void concat_backward(lathe_node *node)
{
    const lathe_tensor *y = node->out;
    size_t before = 0;
    for (int i = 0; i < node->inputs; i++) {
        concat_job job = share_of(node, y, node->in[i], before);
        before += job.own;
        job.from = y->grad;
        if ((job.to = lathe_grad_target(node->tape, node->in[i], &job.add)))
            lathe_parallel_pieces(node->context, (size_t)lathe_tensor_blocks(y), job.own,
                concat_backward_blocks, &job);
    }
}

const lathe_op lathe_concat_op = {
    .name = "concat",
    .in = { { .name = "xs", .form = LATHE_FORM_CHANNELS } },
    .most = 64,
    .shape = concat_shape,
    .forward = concat_forward,
    .backward = concat_backward,
};

lathe_tensor *lathe_concat(lathe_tensor *const *xs, int count)
{
    return lathe_apply(&lathe_concat_op, xs, count, NULL);
}

/* ---- slice --------------------------------------------------------------------------------------------- */

typedef struct slice_attributes {
    int first, count;
} slice_attributes;

static const lathe_field slice_fields[] = {
    { "first", LATHE_FIELD_INT, offsetof(slice_attributes, first), .max = HUGE_VAL },
    { "count", LATHE_FIELD_INT, offsetof(slice_attributes, count), .min = 1, .max = HUGE_VAL,
        .required = true },
    { 0 },
};

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
        job->element->copy(job->own, job->from + block * job->own, to + job->before, job->add);
    }
}

static bool slice_shape(lathe_node *node, lathe_result *result)
{
    const slice_attributes *a = node->attributes;
    char text[LATHE_SHAPE_TEXT];
    if (a->first > result->shape.dim[1] - a->count)
        return lathe_op_fail(node, LATHE_EARG, "%d channels from %d of %s", a->count, a->first,
            lathe_shape_text(&result->shape, text));
    result->shape.dim[1] = a->count;
    return true;
}

static concat_job slice_of(const lathe_node *node)
{
    const lathe_tensor *x = node->in[0];
    int first = ((const slice_attributes *)node->attributes)->first;
    size_t channel = lathe_tensor_per_image(x) / (size_t)x->shape.dim[1] * LATHE_LANES;
    return share_of(node, x, node->out, channel * (size_t)first);
}

static void slice_forward(lathe_node *node)
{
    concat_job job = slice_of(node);
    job.from = node->in[0]->data;
    job.to = node->out->data;
    lathe_parallel_pieces(node->context, (size_t)lathe_tensor_blocks(node->out), job.own, slice_blocks, &job);
}

static void slice_backward(lathe_node *node)
{
    concat_job job = slice_of(node);
    job.from = node->out->grad;
    if ((job.to = lathe_grad_target(node->tape, node->in[0], &job.add)))
        lathe_parallel_pieces(node->context, (size_t)lathe_tensor_blocks(node->out), job.all,
            slice_backward_blocks, &job);
}

const lathe_op lathe_slice_op = {
    .name = "slice",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS } },
    .fields = slice_fields,
    .attributes_size = sizeof(slice_attributes),
    .shape = slice_shape,
    .forward = slice_forward,
    .backward = slice_backward,
};

lathe_tensor *lathe_slice(lathe_tensor *x, int first, int count)
{
    return lathe_apply(&lathe_slice_op, &x, 1, &(slice_attributes){ first, count });
}

/* ---- subsample ----------------------------------------------------------------------------------------- */

typedef struct subsample_attributes {
    int stride, channels;
} subsample_attributes;

static const lathe_field subsample_fields[] = {
    { "stride", LATHE_FIELD_INT, offsetof(subsample_attributes, stride), .min = 1, .max = HUGE_VAL,
        .required = true },
    { "channels", LATHE_FIELD_INT, offsetof(subsample_attributes, channels), .help = "of the result" },
    { 0 },
};

/* Planes are one channel of sixteen images. */
typedef struct subsample_job {
    const lathe_element_kernels *element;
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
            job->element->take_every((size_t)job->out_width, (size_t)job->stride,
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
            job->element->add_every((size_t)job->out_width, (size_t)job->stride, gy + (size_t)i * out_row,
                gx + (size_t)i * (size_t)job->stride * row);
    }
}

static subsample_job subsample_of(const lathe_node *node)
{
    const lathe_tensor *x = node->in[0], *y = node->out;
    int channels = x->shape.dim[1], padded = y->shape.dim[1];
    return (subsample_job){ .element = node->kernels->element,
        .stride = ((const subsample_attributes *)node->attributes)->stride,
        .channels = channels,
        .padded = padded,
        .before = (padded - channels) / 2,
        .height = x->shape.dim[2],
        .width = x->shape.dim[3],
        .out_height = y->shape.dim[2],
        .out_width = y->shape.dim[3] };
}

static bool subsample_shape(lathe_node *node, lathe_result *result)
{
    const subsample_attributes *a = node->attributes;
    int *dim = result->shape.dim;
    if (a->channels < dim[1])
        return lathe_op_fail(node, LATHE_ESHAPE, "x has %d channels, more than the %d wanted", dim[1],
            a->channels);
    dim[1] = a->channels;
    dim[2] = (dim[2] - 1) / a->stride + 1;
    dim[3] = (dim[3] - 1) / a->stride + 1;
    return true;
}

static void subsample_forward(lathe_node *node)
{
    subsample_job job = subsample_of(node);
    job.from = node->in[0]->data;
    job.to = node->out->data;
    lathe_parallel_pieces(node->context, (size_t)lathe_tensor_blocks(node->out) * (size_t)job.padded,
        (size_t)job.out_height * (size_t)job.out_width * LATHE_LANES, subsample_planes, &job);
}

static void subsample_backward(lathe_node *node)
{
    subsample_job job = subsample_of(node);
    job.from = node->out->grad;
    if ((job.to = lathe_grad_target(node->tape, node->in[0], &job.add)))
        lathe_parallel_pieces(node->context, (size_t)lathe_tensor_blocks(node->out) * (size_t)job.channels,
            (size_t)job.height * (size_t)job.width * LATHE_LANES, subsample_backward_planes, &job);
}

const lathe_op lathe_subsample_op = {
    .name = "subsample",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES } },
    .fields = subsample_fields,
    .attributes_size = sizeof(subsample_attributes),
    .shape = subsample_shape,
    .forward = subsample_forward,
    .backward = subsample_backward,
};

lathe_tensor *lathe_subsample(lathe_tensor *x, int stride, int channels)
{
    return lathe_apply(&lathe_subsample_op, &x, 1, &(subsample_attributes){ stride, channels });
}
