#include "group_norm.h"

#include <math.h>
#include <string.h>

#include "../alloc.h"
#include "batch_sum_impl.h"

/* Inputs of the node. */
enum { X, WEIGHT, BIAS, INPUTS };

/* What backward needs. */
typedef struct group_norm_saved {
    lathe_real *rows;          /* [3][planes][16]: mean, scale and shift of each plane's lanes */
    double *inverse_deviation; /* [images][groups] */
} group_norm_saved;

/*
 * A plane is one channel of sixteen images, or sixteen channels of one image: in both, each lane is one
 * channel of one image, and the kernels for planes of sixteen channels do both. Planes are cut into pieces,
 * and these are split into tasks by the shape alone.
 */
typedef struct norm_job {
    const lathe_norm_kernels *kernels;
    const lathe_tensor *x;
    int images, channels, groups;
    bool abreast; /* channels, not images */
    int planes, cuts, pieces_a_task;
    size_t size, length; /* vectors of a plane, of a piece */
    double *partial;     /* [planes][cuts][2][16] */
    const lathe_real *rows, *gy;
    lathe_real *by; /* [3][planes][16]: by_gy, by_x, constant */
    lathe_real *out;
    bool add;
} norm_job;

typedef struct norm_piece {
    size_t at, size; /* numbers before it; vectors */
    int plane, used; /* used: lanes that are no tail */
    double *partial;
} norm_piece;

enum { PIECE = 2048 }; /* vectors of a piece */

static int sixteens(int count) { return (count - 1) / LATHE_LANES + 1; }

static norm_job job_for(const lathe_node *node)
{
    const lathe_group_norm_opts *o = node->attributes;
    const lathe_tensor *x = node->in[X];
    norm_job job = { .kernels = node->kernels->channel_norm,
        .x = x,
        .images = x->shape.dim[0],
        .channels = x->shape.dim[1],
        .groups = o->groups,
        .abreast = x->layout == LATHE_CHANNELS,
        .planes = (int)lathe_tensor_planes(x) };
    job.size = lathe_tensor_per_image(x) / (size_t)job.channels;
    job.cuts = (int)((job.size - 1) / PIECE + 1);
    job.length = job.size < PIECE ? job.size : PIECE;
    job.pieces_a_task = (int)((LATHE_GRAIN - 1) / (job.length * LATHE_LANES) + 1);
    return job;
}

static norm_piece piece_of(const norm_job *job, int index)
{
    int plane = index / job->cuts;
    size_t first = (size_t)(index % job->cuts) * job->length, left = job->size - first;
    norm_piece piece = { .at = ((size_t)plane * job->size + first) * LATHE_LANES,
        .size = left < job->length ? left : job->length,
        .plane = plane,
        .partial = job->partial + (size_t)index * 2 * LATHE_LANES };
    if (job->abreast) {
        int channels = job->channels - plane % sixteens(job->channels) * LATHE_LANES;
        piece.used = channels < LATHE_LANES ? channels : LATHE_LANES;
    } else piece.used = lathe_lanes_in_block(job->x, plane / job->channels);
    return piece;
}

typedef void piece_fn(const norm_job *job, const norm_piece *piece);

typedef struct piece_run {
    const norm_job *job;
    piece_fn *run;
} piece_run;

static void run_pieces(void *context, int task)
{
    const piece_run *r = context;
    const norm_job *job = r->job;
    int first = task * job->pieces_a_task, end = first + job->pieces_a_task, pieces = job->planes * job->cuts;
    for (int n = first; n < end && n < pieces; n++) {
        norm_piece piece = piece_of(job, n);
        r->run(job, &piece);
    }
}

static void for_each_piece(const lathe_node *node, const norm_job *job, piece_fn *run)
{
    piece_run r = { job, run };
    lathe_parallel(node->context, (job->planes * job->cuts - 1) / job->pieces_a_task + 1, run_pieces, &r);
}

/* One of three numbers of a plane's lanes. */
static const lathe_real *row_of(const norm_job *job, const lathe_real *rows, int which, int plane)
{
    return rows + ((size_t)which * (size_t)job->planes + (size_t)plane) * LATHE_LANES;
}

static lathe_norm_affine affine_of(const norm_job *job, int plane)
{
    return (lathe_norm_affine){ row_of(job, job->rows, 0, plane), row_of(job, job->rows, 1, plane),
        row_of(job, job->rows, 2, plane), 0 };
}

static void piece_moments(const norm_job *job, const norm_piece *p)
{
    job->kernels->moments(p->size, p->used, job->x->data + p->at, p->partial);
}

static void piece_normalise(const norm_job *job, const norm_piece *p)
{
    lathe_norm_affine affine = affine_of(job, p->plane);
    job->kernels->normalise(p->size, p->used, &affine, job->x->data + p->at, job->out + p->at);
}

static void piece_gradient_sums(const norm_job *job, const norm_piece *p)
{
    lathe_norm_affine affine = affine_of(job, p->plane);
    job->kernels->gradient_sums(p->size, &affine, job->x->data + p->at, job->gy + p->at, p->partial);
}

static void piece_gradient(const norm_job *job, const norm_piece *p)
{
    lathe_norm_affine affine = affine_of(job, p->plane);
    lathe_norm_gradient gradient = { row_of(job, job->by, 0, p->plane), row_of(job, job->by, 1, p->plane),
        row_of(job, job->by, 2, p->plane) };
    job->kernels->gradient(p->size, p->used, &affine, &gradient, job->x->data + p->at, job->gy + p->at,
        job->out + p->at, job->add);
}

/* Where a channel of an image lies: plane and lane. */
static void find(const norm_job *job, int image, int channel, int *plane, int *lane)
{
    if (job->abreast) {
        *plane = image * sixteens(job->channels) + channel / LATHE_LANES;
        *lane = channel % LATHE_LANES;
    } else {
        *plane = image / LATHE_LANES * job->channels + channel;
        *lane = image % LATHE_LANES;
    }
}

static void put(const norm_job *job, lathe_real *rows, int image, int channel, const double values[3])
{
    int plane, lane;
    find(job, image, channel, &plane, &lane);
    for (int i = 0; i < 3; i++)
        rows[((size_t)i * (size_t)job->planes + (size_t)plane) * LATHE_LANES + (size_t)lane] =
            (lathe_real)values[i];
}

static double scale_of(const lathe_tensor *weight, int channel)
{
    return weight ? (double)weight->data[channel] : 1;
}

static double group_size(const norm_job *job) { return (double)job->size * job->channels / job->groups; }

/* Mean and variance of a group of an image, piece by piece in order (Chan, Golub, LeVeque 1983). */
static void group_moments(const norm_job *job, int image, int group, double *mean, double *variance)
{
    double count = 0, squares = 0;
    int each = job->channels / job->groups, plane, lane;
    *mean = 0;
    for (int c = group * each; c < (group + 1) * each; c++) {
        find(job, image, c, &plane, &lane);
        for (int i = 0; i < job->cuts; i++) {
            norm_piece piece = piece_of(job, plane * job->cuts + i);
            double n = (double)piece.size, delta = piece.partial[lane] - *mean;
            squares += piece.partial[LATHE_LANES + lane] + delta * delta * (count * n / (count + n));
            *mean += delta * (n / (count + n));
            count += n;
        }
    }
    *variance = squares / count;
}

/* Room for what the pieces give; false after a failure. */
static bool work_for(norm_job *job, lathe_tape *tape)
{
    size_t count = lathe_times((size_t)job->planes, (size_t)job->cuts * 2 * LATHE_LANES);
    return (job->partial = lathe_tape_work(tape, count, sizeof *job->partial)) != NULL;
}

static size_t rows_size(const norm_job *job) { return lathe_times((size_t)job->planes, 3 * LATHE_LANES); }

static void group_norm_forward(lathe_node *node)
{
    const lathe_group_norm_opts *o = node->attributes;
    group_norm_saved *saved = node->saved;
    norm_job job = job_for(node);
    saved->rows = lathe_tape_alloc(node->tape, rows_size(&job), sizeof *saved->rows);
    saved->inverse_deviation = lathe_tape_alloc(node->tape,
        lathe_times((size_t)job.images, (size_t)job.groups), sizeof *saved->inverse_deviation);
    if (!saved->rows || !saved->inverse_deviation || !work_for(&job, node->tape)) return;
    for_each_piece(node, &job, piece_moments);
    memset(saved->rows, 0, rows_size(&job) * sizeof *saved->rows);
    int each = job.channels / job.groups;
    for (int n = 0; n < job.images * job.groups; n++) {
        int image = n / job.groups, first = n % job.groups * each;
        double mean, variance;
        group_moments(&job, image, n % job.groups, &mean, &variance);
        double inverse = saved->inverse_deviation[n] = 1 / sqrt(variance + o->eps);
        for (int c = first; c < first + each; c++) {
            double shift = node->in[BIAS] ? (double)node->in[BIAS]->data[c] : 0;
            put(&job, saved->rows, image, c,
                (double[]){ mean, scale_of(node->in[WEIGHT], c) * inverse, shift });
        }
    }
    job.rows = saved->rows;
    job.out = node->out->data;
    for_each_piece(node, &job, piece_normalise);
}

/* sums[0] = the sum of gy over one channel of an image, sums[1] = that of gy * xhat. */
static void channel_sums(const norm_job *job, int image, int channel, double inverse, double sums[2])
{
    int plane, lane;
    find(job, image, channel, &plane, &lane);
    sums[0] = sums[1] = 0;
    for (int i = 0; i < job->cuts; i++) {
        const double *partial = piece_of(job, plane * job->cuts + i).partial;
        sums[0] += partial[lane];
        sums[1] += partial[LATHE_LANES + lane] * inverse;
    }
}

/* A parameter's gradient. */
typedef struct parameter_job {
    const norm_job *job;
    const double *inverse;
    int which; /* 0: bias, 1: weight */
} parameter_job;

/* gw = sum of gy * xhat, gb = sum of gy, over the images of a micro-batch. */
static void parameter_leaf(const void *context, int leaf, int part, lathe_real *sum, bool add)
{
    (void)part;
    const parameter_job *p = context;
    const norm_job *job = p->job;
    int each = job->channels / job->groups, first = leaf * LATHE_MICRO_BATCH, plane, lane,
        end = first + lathe_lanes_in_block(job->x, leaf);
    const size_t plane_size = (size_t)job->cuts * 2 * LATHE_LANES,
                 step = job->abreast ? (size_t)sixteens(job->channels) * plane_size : 1;
    for (int c = 0; c < job->channels; c++) {
        find(job, first, c, &plane, &lane);
        const double *partial =
            job->partial + (size_t)plane * plane_size + (p->which ? LATHE_LANES : 0) + lane;
        double total = 0;
        for (int image = first; image < end; image++, partial += step) {
            double one = 0;
            for (int i = 0; i < job->cuts; i++) one += partial[(size_t)i * 2 * LATHE_LANES];
            total += p->which ? one * p->inverse[image * job->groups + c / each] : one;
        }
        sum[c] = (lathe_real)total + (add ? sum[c] : 0);
    }
}

static void parameter_gradient(lathe_node *node, const norm_job *job, const double *inverse, int input)
{
    parameter_job p = { job, inverse, input == WEIGHT };
    lathe_batch_gradient(node,
        &(lathe_batch_sum){ .input = input,
            .parts = 1,
            .part_size = (size_t)job->channels,
            .leaf = parameter_leaf,
            .job = &p,
            .work = (double)job->channels * job->cuts * LATHE_MICRO_BATCH });
}

/* gx = (h - mean of h - xhat * mean of (h * xhat)) / deviation,  h = gy * weight */
static void input_gradient(lathe_node *node, norm_job *job, const double *inverses)
{
    if (!(job->out = lathe_grad_in_place(node, &job->add))) return;
    if (!(job->by = lathe_tape_work(node->tape, rows_size(job), sizeof *job->by))) return;
    memset(job->by, 0, rows_size(job) * sizeof *job->by);
    int each = job->channels / job->groups;
    for (int n = 0; n < job->images * job->groups; n++) {
        int image = n / job->groups, first = n % job->groups * each;
        double inverse = inverses[n], h = 0, product = 0, sums[2];
        for (int c = first; c < first + each; c++) {
            channel_sums(job, image, c, inverse, sums);
            h += sums[0] * scale_of(node->in[WEIGHT], c) / group_size(job);
            product += sums[1] * scale_of(node->in[WEIGHT], c) / group_size(job);
        }
        for (int c = first; c < first + each; c++)
            put(job, job->by, image, c,
                (double[]){ scale_of(node->in[WEIGHT], c) * inverse, inverse * inverse * product,
                    inverse * h });
    }
    for_each_piece(node, job, piece_gradient);
}

static void group_norm_backward(lathe_node *node)
{
    const group_norm_saved *saved = node->saved;
    norm_job job = job_for(node);
    job.gy = node->out->grad;
    job.rows = saved->rows;
    if (!work_for(&job, node->tape)) return;
    for_each_piece(node, &job, piece_gradient_sums);
    parameter_gradient(node, &job, saved->inverse_deviation, WEIGHT);
    parameter_gradient(node, &job, saved->inverse_deviation, BIAS);
    input_gradient(node, &job, saved->inverse_deviation);
}

static bool parameters_fit(const lathe_node *node)
{
    const lathe_shape *x = &node->in[X]->shape;
    char text[LATHE_SHAPE_TEXT];
    for (int i = WEIGHT; i < INPUTS; i++)
        if (node->in[i] && node->in[i]->shape.dim[0] != x->dim[1])
            return lathe_op_fail(node, LATHE_ESHAPE, "x has %d channels, %s is %s", x->dim[1],
                node->op->in[i].name, lathe_shape_text(&node->in[i]->shape, text));
    return true;
}

static bool group_norm_shape(lathe_node *node, lathe_result *result)
{
    const lathe_group_norm_opts *o = node->attributes;
    if (!parameters_fit(node)) return false;
    return result->shape.dim[1] % o->groups == 0 ||
        lathe_op_fail(node, LATHE_ESHAPE, "%d channels cannot be cut into %d groups", result->shape.dim[1],
            o->groups);
}

static bool instance_norm_shape(lathe_node *node, lathe_result *result)
{
    ((lathe_group_norm_opts *)node->attributes)->groups = result->shape.dim[1];
    return parameters_fit(node);
}

static const lathe_field fields[] = {
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_group_norm_opts, eps),
        .preset = { 1e-5 },
        .max = HUGE_VAL,
        .above_min = true },
    { .name = "groups",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_group_norm_opts, groups),
        .min = 1,
        .max = HUGE_VAL,
        .required = true },
    { 0 },
};

const lathe_op lathe_group_norm_op = {
    .name = "group_norm",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true } },
    .in_place = 1 + X,
    .fields = fields,
    .attributes_size = sizeof(lathe_group_norm_opts),
    .saved_size = sizeof(group_norm_saved),
    .layout = lathe_layout_kept,
    .shape = group_norm_shape,
    .forward = group_norm_forward,
    .backward = group_norm_backward,
};

lathe_tensor *lathe_group_norm(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias,
    const lathe_group_norm_opts *opts)
{
    return lathe_apply(&lathe_group_norm_op, (lathe_tensor *[]){ x, weight, bias }, INPUTS, opts);
}

const lathe_op lathe_instance_norm_op = {
    .name = "instance_norm",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true } },
    .in_place = 1 + X,
    .fields = fields,
    .attributes_size = sizeof(lathe_group_norm_opts),
    .saved_size = sizeof(group_norm_saved),
    .layout = lathe_layout_kept,
    .shape = instance_norm_shape,
    .forward = group_norm_forward,
    .backward = group_norm_backward,
};

/* The shape rule knows how many groups there are. */
lathe_tensor *lathe_instance_norm(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias, double eps)
{
    return lathe_apply(&lathe_instance_norm_op, (lathe_tensor *[]){ x, weight, bias }, INPUTS,
        &(lathe_group_norm_opts){ .groups = 1, .eps = eps });
}
