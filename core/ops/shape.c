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
    .by_blocks = true,
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
    bool may_mix = x->layout == LATHE_PLAIN && !x->sharded;
    return may_mix || (wanted->rank >= 1 && result->shape.dim[0] == x->shape.dim[0]) ||
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

/*
 * A tensor's share of a wider one: some channels of each block of sixteen images, or of each image where
 * channels lie abreast.
 */
typedef struct share_job {
    const lathe_element_kernels *element;
    size_t own, all, before; /* numbers of a block: the tensor's, the wider one's, those before the share */
    bool widen;              /* copy the tensor to its share, or the share to the tensor */
    const lathe_real *from;
    lathe_real *to;
    bool add;
} share_job;

/* Numbers [begin, end) of the tensor. */
static void copy_share(void *context, size_t begin, size_t end)
{
    const share_job *job = context;
    for (size_t count; begin < end; begin += count) {
        size_t at = begin % job->own, wider = begin / job->own * job->all + job->before + at;
        count = job->own - at < end - begin ? job->own - at : end - begin;
        job->element->copy(count, job->from + (job->widen ? begin : wider),
            job->to + (job->widen ? wider : begin), job->add);
    }
}

/* Numbers of one block. */
static size_t block_of(const lathe_tensor *x)
{
    return x->stored / (size_t)(x->layout == LATHE_CHANNELS ? x->shape.dim[0] : lathe_tensor_blocks(x));
}

static share_job share_of(const lathe_node *node, const lathe_tensor *wider, const lathe_tensor *x,
    size_t before)
{
    return (share_job){ .element = node->kernels->element,
        .own = block_of(x),
        .all = block_of(wider),
        .before = before };
}

/* Channels abreast are joined block by block: all inputs but the last must end with a whole one. */
static lathe_layout concat_layout(const lathe_node *node)
{
    lathe_layout layout = lathe_layout_kept(node);
    for (int i = 0; i + 1 < node->inputs; i++)
        if (node->in[i]->shape.dim[1] % LATHE_LANES) layout = LATHE_BATCHED;
    return layout;
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
    size_t before = 0;
    for (int i = 0; i < node->inputs; i++) {
        const lathe_tensor *x = node->in[i];
        share_job job = share_of(node, node->out, x, before);
        before += job.own;
        job.widen = true;
        job.from = x->data;
        job.to = node->out->data;
        lathe_parallel_ranges(node->context, x->stored, copy_share, &job);
    }
}

static void concat_backward(lathe_node *node)
{
    size_t before = 0;
    for (int i = 0; i < node->inputs; i++) {
        lathe_tensor *x = node->in[i];
        share_job job = share_of(node, node->out, x, before);
        before += job.own;
        job.from = node->out->grad;
        if ((job.to = lathe_grad_target(node->tape, x, &job.add)))
            lathe_parallel_ranges(node->context, x->stored, copy_share, &job);
    }
}

const lathe_op lathe_concat_op = {
    .name = "concat",
    .in = { { .name = "xs", .form = LATHE_FORM_CHANNELS } },
    .most = 64,
    .layout = concat_layout,
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

/* Channels abreast are sliced block by block. */
static lathe_layout slice_layout(const lathe_node *node)
{
    int first = ((const slice_attributes *)node->attributes)->first;
    return first % LATHE_LANES ? LATHE_BATCHED : lathe_layout_kept(node);
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

static share_job slice_of(const lathe_node *node)
{
    const lathe_tensor *x = node->in[0];
    size_t first = (size_t)((const slice_attributes *)node->attributes)->first,
           area = lathe_tensor_per_image(x) / (size_t)x->shape.dim[1];
    return share_of(node, x, node->out, first * area * (x->layout == LATHE_CHANNELS ? 1 : LATHE_LANES));
}

static void slice_forward(lathe_node *node)
{
    share_job job = slice_of(node);
    job.from = node->in[0]->data;
    job.to = node->out->data;
    lathe_parallel_ranges(node->context, node->out->stored, copy_share, &job);
}

static void slice_backward(lathe_node *node)
{
    share_job job = slice_of(node);
    job.widen = true;
    job.from = node->out->grad;
    if (!(job.to = lathe_grad_target(node->tape, node->in[0], &job.add))) return;
    if (!job.add) memset(job.to, 0, node->in[0]->stored * sizeof *job.to);
    lathe_parallel_ranges(node->context, node->out->stored, copy_share, &job);
}

const lathe_op lathe_slice_op = {
    .name = "slice",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS } },
    .fields = slice_fields,
    .attributes_size = sizeof(slice_attributes),
    .layout = slice_layout,
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

/* Planes are one channel of sixteen images, or sixteen channels of one image. */
typedef struct subsample_job {
    const lathe_element_kernels *element;
    int stride, channels, padded, before; /* x's channels, y's, and the zero ones before x's */
    int abreast;                          /* channels of a plane: 1 or 16 */
    int height, width, out_height, out_width;
    const lathe_real *from;
    lathe_real *to;
    bool add;
} subsample_job;

/* Channels of x that lie in one plane of x and in one of y: where, and how many lanes they are. */
typedef struct lane_run {
    int channels, x_plane, x_lane, y_plane, y_lane, lanes;
} lane_run;

/* The longest run from this channel of x on, up to channel `end`. */
static lane_run run_from(const subsample_job *job, int channel, int end)
{
    int padded = channel + job->before, abreast = job->abreast;
    lane_run run = { .channels = 1, .x_plane = channel, .y_plane = padded, .lanes = LATHE_LANES };
    if (abreast == 1) return run;
    run.x_plane = channel / abreast, run.x_lane = channel % abreast;
    run.y_plane = padded / abreast, run.y_lane = padded % abreast;
    int room = abreast - (run.x_lane > run.y_lane ? run.x_lane : run.y_lane);
    run.lanes = run.channels = end - channel < room ? end - channel : room;
    return run;
}

static size_t places_of(const subsample_job *job, bool out)
{
    return out ? (size_t)job->out_height * (size_t)job->out_width : (size_t)job->height * (size_t)job->width;
}

static void take_run(const subsample_job *job, const lane_run *run, const lathe_real *x, lathe_real *y)
{
    size_t width = (size_t)job->out_width, stride = (size_t)job->stride;
    for (int i = 0; i < job->out_height; i++) {
        const lathe_real *from = x + (size_t)i * stride * (size_t)job->width * LATHE_LANES + run->x_lane;
        lathe_real *to = y + (size_t)i * width * LATHE_LANES + run->y_lane;
        if (run->lanes == LATHE_LANES) job->element->take_every(width, stride, from, to);
        for (size_t j = 0; run->lanes < LATHE_LANES && j < width; j++)
            for (int lane = 0; lane < run->lanes; lane++)
                to[j * LATHE_LANES + (size_t)lane] = from[j * stride * LATHE_LANES + (size_t)lane];
    }
}

static void give_run(const subsample_job *job, const lane_run *run, const lathe_real *gy, lathe_real *gx)
{
    size_t width = (size_t)job->out_width, stride = (size_t)job->stride;
    for (int i = 0; i < job->out_height; i++) {
        const lathe_real *from = gy + (size_t)i * width * LATHE_LANES + run->y_lane;
        lathe_real *to = gx + (size_t)i * stride * (size_t)job->width * LATHE_LANES + run->x_lane;
        if (run->lanes == LATHE_LANES) job->element->add_every(width, stride, from, to);
        for (size_t j = 0; run->lanes < LATHE_LANES && j < width; j++)
            for (int lane = 0; lane < run->lanes; lane++)
                to[j * stride * LATHE_LANES + (size_t)lane] += from[j * LATHE_LANES + (size_t)lane];
    }
}

static int planes_of(const subsample_job *job, int channels) { return (channels - 1) / job->abreast + 1; }

static int least(int a, int b) { return a < b ? a : b; }

/* Planes of y. */
static void subsample_planes(void *context, size_t begin, size_t end)
{
    const subsample_job *job = context;
    size_t plane = places_of(job, false) * LATHE_LANES, out_plane = places_of(job, true) * LATHE_LANES,
           own = (size_t)planes_of(job, job->channels), all = (size_t)planes_of(job, job->padded);
    for (size_t n = begin; n < end; n++) {
        int channel = (int)(n % all) * job->abreast - job->before,
            last = least(channel + job->abreast, job->channels);
        bool whole = channel >= 0 && channel + job->abreast <= job->channels;
        if (!whole) memset(job->to + n * out_plane, 0, out_plane * sizeof *job->to);
        lane_run run;
        for (int c = channel < 0 ? 0 : channel; c < last; c += run.channels) {
            run = run_from(job, c, last);
            take_run(job, &run, job->from + (n / all * own + (size_t)run.x_plane) * plane,
                job->to + n * out_plane);
        }
    }
}

/* Planes of x. */
static void subsample_backward_planes(void *context, size_t begin, size_t end)
{
    const subsample_job *job = context;
    size_t plane = places_of(job, false) * LATHE_LANES, out_plane = places_of(job, true) * LATHE_LANES,
           own = (size_t)planes_of(job, job->channels), all = (size_t)planes_of(job, job->padded);
    for (size_t n = begin; n < end; n++) {
        int channel = (int)(n % own) * job->abreast, last = least(channel + job->abreast, job->channels);
        if (!job->add) memset(job->to + n * plane, 0, plane * sizeof *job->to);
        lane_run run;
        for (int c = channel; c < last; c += run.channels) {
            run = run_from(job, c, last);
            give_run(job, &run, job->from + (n / own * all + (size_t)run.y_plane) * out_plane,
                job->to + n * plane);
        }
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
        .abreast = x->layout == LATHE_CHANNELS ? LATHE_LANES : 1,
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
    lathe_parallel_pieces(node->context, lathe_tensor_planes(node->out), places_of(&job, true) * LATHE_LANES,
        subsample_planes, &job);
}

static void subsample_backward(lathe_node *node)
{
    subsample_job job = subsample_of(node);
    job.from = node->out->grad;
    if ((job.to = lathe_grad_target(node->tape, node->in[0], &job.add)))
        lathe_parallel_pieces(node->context, lathe_tensor_planes(node->in[0]),
            places_of(&job, false) * LATHE_LANES, subsample_backward_planes, &job);
}

const lathe_op lathe_subsample_op = {
    .name = "subsample",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES } },
    .fields = subsample_fields,
    .attributes_size = sizeof(subsample_attributes),
    .layout = lathe_layout_kept,
    .shape = subsample_shape,
    .forward = subsample_forward,
    .backward = subsample_backward,
};

lathe_tensor *lathe_subsample(lathe_tensor *x, int stride, int channels)
{
    return lathe_apply(&lathe_subsample_op, &x, 1, &(subsample_attributes){ stride, channels });
}
