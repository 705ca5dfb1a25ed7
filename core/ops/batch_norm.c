#include "batch_norm.h"

#include <math.h>
#include <string.h>

#include "../alloc.h"
#include "batch_norm_impl.h"
#include "channel_pieces_impl.h"

/* Inputs of the node. */
enum { X, WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR, INPUTS, BASE = INPUTS };

/* What backward needs of each channel: what was done to its numbers, and 1 / sqrt(var + eps). */
typedef struct batch_norm_saved {
    lathe_norm_affine affine;  /* of channel 0; the others' behind it */
    double *inverse_deviation; /* [C] */
    bool of_batch;             /* mean and deviation are the batch's, which depend on x */
} batch_norm_saved;

/* One direction. */
typedef struct norm_job {
    lathe_pieces pieces;
    const lathe_norm_kernels *kernels;
    const lathe_tensor *x;
    int channels;
    lathe_norm_affine affine; /* of channel 0 */
    lathe_norm_gradient gradient;
    const lathe_real *base;   /* is added; NULL: nothing is */
    const lathe_real *y, *gy; /* y: only where backward reads it */
    lathe_real *masked;       /* gy where y is above 0, which may be gy's memory */
    lathe_real *out;
    bool add;
} norm_job;

static norm_job job_for(const lathe_node *node)
{
    const lathe_tensor *x = node->in[X];
    norm_job job = { .x = x, .channels = x->shape.dim[1] };
    job.kernels = x->layout == LATHE_CHANNELS ? node->kernels->channel_norm : node->kernels->norm;
    job.pieces = lathe_pieces_of(x, job.kernels->channels);
    return job;
}

/* What is done to the channels from this one on. */
static lathe_norm_affine affine_at(const norm_job *job, int channel)
{
    const lathe_norm_affine *a = &job->affine;
    return (lathe_norm_affine){ a->mean + channel, a->scale + channel, a->shift + channel, a->then };
}

static void piece_moments(const void *context, const lathe_piece *p)
{
    const norm_job *job = context;
    job->kernels->moments(p->size, p->used, job->x->data + p->at, p->partial);
}

static void piece_normalise(const void *context, const lathe_piece *p)
{
    const norm_job *job = context;
    lathe_norm_affine affine = affine_at(job, p->channel);
    const lathe_real *x = job->x->data + p->at;
    if (job->base)
        job->kernels->normalise_add(p->size, p->used, &affine, x, job->base + p->at, job->out + p->at);
    else job->kernels->normalise(p->size, p->used, &affine, x, job->out + p->at);
}

static void piece_gradient_sums(const void *context, const lathe_piece *p)
{
    const norm_job *job = context;
    lathe_norm_affine affine = affine_at(job, p->channel);
    job->kernels->gradient_sums(p->size, &affine, job->x->data + p->at, job->gy + p->at, p->partial);
}

static void piece_masked_sums(const void *context, const lathe_piece *p)
{
    const norm_job *job = context;
    lathe_norm_affine affine = affine_at(job, p->channel);
    job->kernels->masked_sums(p->size, &affine, job->x->data + p->at, job->y + p->at, job->gy + p->at,
        job->masked + p->at, p->partial);
}

static void piece_gradient(const void *context, const lathe_piece *p)
{
    const norm_job *job = context;
    lathe_norm_affine affine = affine_at(job, p->channel);
    const lathe_norm_gradient *g = &job->gradient;
    lathe_norm_gradient gradient = { g->by_gy + p->channel, g->by_x + p->channel, g->constant + p->channel };
    job->kernels->gradient(p->size, p->used, &affine, &gradient, job->x->data + p->at, job->gy + p->at,
        job->out + p->at, job->add);
}

/* Means and sums of squares about them (Chan, Golub, LeVeque 1983). */
static void join_moments(int planes, int wide, double *to, double count, const double *from, double n)
{
    double share = n / (count + n), both = count * share;
    for (int i = 0; i < planes; i++, to += 2 * wide, from += 2 * wide)
        for (int c = 0; c < wide; c++) {
            double delta = from[c] - to[c];
            to[wide + c] += from[wide + c] + delta * delta * both;
            to[c] += delta * share;
        }
}

static void join_sums(int planes, int wide, double *to, double count, const double *from, double n)
{
    (void)count, (void)n;
    for (int i = 0; i < planes * 2 * wide; i++) to[i] += from[i];
}

/* Let `run` find two numbers of each piece, and join them to the batch's. False after a failure. */
static bool gather(lathe_node *node, norm_job *job, lathe_piece_fn *run, lathe_pieces_join_fn *join)
{
    return lathe_pieces_gather(node, &job->pieces, run, job, sizeof *job, join);
}

static double gathered(const norm_job *job, int which, int channel)
{
    return lathe_pieces_gathered(&job->pieces, which, channel);
}

static double scale_of(const lathe_tensor *weight, int channel)
{
    return weight ? (double)weight->data[channel] : 1;
}

/* A channel's numbers in the whole batch. */
static double count_of(const norm_job *job) { return (double)job->pieces.size * lathe_whole_batch(job->x); }

/* gw = sum of g * (x - mean) / deviation, gb = sum of g */
static void parameter_gradients(lathe_node *node, const norm_job *job, const batch_norm_saved *saved)
{
    bool add;
    lathe_real *gw = lathe_grad_target(node->tape, node->in[WEIGHT], &add);
    for (int c = 0; gw && c < job->channels; c++)
        gw[c] = (lathe_real)((add ? (double)gw[c] : 0) + gathered(job, 1, c) * saved->inverse_deviation[c]);
    lathe_real *gb = lathe_grad_target(node->tape, node->in[BIAS], &add);
    for (int c = 0; gb && c < job->channels; c++)
        gb[c] = (lathe_real)((add ? (double)gb[c] : 0) + gathered(job, 0, c));
}

/* Numbers of a row of one number a channel: whole vectors. */
static size_t row_of(const norm_job *job)
{
    return ((size_t)job->channels - 1) / LATHE_LANES * LATHE_LANES + LATHE_LANES;
}

/* gx = weight / deviation * (g - mean of g - xhat * mean of (g * xhat)),  xhat = (x - mean) / deviation.
 * With running statistics gx = weight / deviation * g. */
static void input_gradient(lathe_node *node, norm_job *job, const batch_norm_saved *saved)
{
    if (!job->out) return;
    size_t row = row_of(job);
    lathe_real *by_gy = lathe_tape_work(node->tape, lathe_times(3, row), sizeof *by_gy);
    if (!by_gy) return;
    lathe_real *by_x = by_gy + row, *constant = by_x + row;
    double n = count_of(job);
    memset(by_gy, 0, 3 * row * sizeof *by_gy);
    for (int c = 0; c < job->channels; c++) {
        double inverse = saved->inverse_deviation[c], factor = scale_of(node->in[WEIGHT], c) * inverse;
        by_gy[c] = (lathe_real)factor;
        if (!saved->of_batch) continue;
        by_x[c] = (lathe_real)(factor * inverse * inverse * gathered(job, 1, c) / n);
        constant[c] = (lathe_real)(factor * gathered(job, 0, c) / n);
    }
    job->gradient = (lathe_norm_gradient){ by_gy, by_x, constant };
    lathe_for_each_piece(node, &job->pieces, piece_gradient, job, sizeof *job);
}

static void batch_norm_backward(lathe_node *node)
{
    const batch_norm_saved *saved = node->saved;
    norm_job job = job_for(node);
    job.gy = node->out->grad;
    job.affine = saved->affine;
    if (!gather(node, &job, piece_gradient_sums, join_sums)) return;
    parameter_gradients(node, &job, saved);
    job.out = lathe_grad_in_place(node, &job.add);
    input_gradient(node, &job, saved);
}

/* The sum's gradient is masked by the relu while its sums are gathered. It is the base's gradient, too, which
 * takes over its memory if it can. */
static void batch_norm_add_backward(lathe_node *node)
{
    const batch_norm_saved *saved = node->saved;
    lathe_tensor *y = node->out, *base = node->in[BASE];
    norm_job job = job_for(node);
    job.affine = saved->affine;
    job.y = y->data;
    job.gy = job.masked = y->grad;
    bool masks = job.affine.then == LATHE_THEN_RELU, add;
    if (masks && y->keep_grad) job.masked = lathe_tape_work(node->tape, y->stored, sizeof *job.masked);
    if (!job.masked || !gather(node, &job, masks ? piece_masked_sums : piece_gradient_sums, join_sums))
        return;
    job.affine.then = LATHE_THEN_NOTHING;
    job.gy = job.masked;
    parameter_gradients(node, &job, saved);
    if (job.gy == y->grad) lathe_grad_pass(node, BASE);
    else {
        lathe_real *to = lathe_grad_target(node->tape, base, &add);
        if (to) lathe_copy(node, y, job.gy, to, add);
    }
    job.out =
        y->grad ? lathe_grad_in_place(node, &job.add) : lathe_grad_target(node->tape, node->in[X], &job.add);
    input_gradient(node, &job, saved);
}

static bool takes_batch(const lathe_node *node)
{
    const lathe_batch_norm_opts *o = node->attributes;
    return lathe_tape_mode(node->tape) == LATHE_TRAIN && !o->frozen;
}

static bool batch_norm_shape(lathe_node *node, lathe_result *result)
{
    (void)result;
    const lathe_shape *x = &node->in[X]->shape;
    char text[LATHE_SHAPE_TEXT];
    for (int i = WEIGHT; i < INPUTS; i++)
        if (node->in[i] && node->in[i]->shape.dim[0] != x->dim[1])
            return lathe_op_fail(node, LATHE_ESHAPE, "x has %d channels, %s is %s", x->dim[1],
                node->op->in[i].name, lathe_shape_text(&node->in[i]->shape, text));
    if (takes_batch(node) && lathe_whole_batch(node->in[X]) == 1 && lathe_shape_count(x) == (size_t)x->dim[1])
        return lathe_op_fail(node, LATHE_ESHAPE, "x is %s: one number a channel has no variance to train on",
            lathe_shape_text(x, text));
    return true;
}

static void blend(lathe_real *running, double momentum, double now)
{
    *running = (lathe_real)((1 - momentum) * (double)*running + momentum * now);
}

/* What is done to each channel, by the batch's mean and deviation in training, which the running ones follow,
 * or by the running ones. rows: means, scales and shifts. */
static bool statistics(lathe_node *node, norm_job *job, batch_norm_saved *saved, lathe_real *const rows[3])
{
    lathe_real *running_mean = node->in[RUNNING_MEAN]->data, *running_var = node->in[RUNNING_VAR]->data;
    const lathe_batch_norm_opts *o = node->attributes;
    double tapes = lathe_tape_statistics_weight(node->tape), momentum = tapes > 0 ? tapes : o->momentum;
    bool train = saved->of_batch = takes_batch(node);
    if (train && !gather(node, job, piece_moments, join_moments)) return false;
    double n = count_of(job);
    for (int c = 0; c < job->channels; c++) {
        double mean = train ? gathered(job, 0, c) : (double)running_mean[c];
        double var = train ? gathered(job, 1, c) / n : (double)running_var[c];
        double inverse = saved->inverse_deviation[c] = 1 / sqrt(var + o->eps);
        rows[0][c] = (lathe_real)mean;
        rows[1][c] = (lathe_real)(scale_of(node->in[WEIGHT], c) * inverse);
        rows[2][c] = node->in[BIAS] ? node->in[BIAS]->data[c] : 0;
        if (!train) continue;
        blend(&running_mean[c], momentum, mean);
        blend(&running_var[c], momentum, gathered(job, 1, c) / (n - 1));
    }
    return true;
}

static void normalise(lathe_node *node, lathe_norm_then then)
{
    norm_job job = job_for(node);
    batch_norm_saved *saved = node->saved;
    size_t row = row_of(&job);
    lathe_real *rows = lathe_tape_alloc(node->tape, lathe_times(3, row), sizeof *rows);
    saved->inverse_deviation =
        lathe_tape_alloc(node->tape, (size_t)job.channels, sizeof *saved->inverse_deviation);
    if (!rows || !saved->inverse_deviation) return;
    memset(rows, 0, 3 * row * sizeof *rows);
    saved->affine = (lathe_norm_affine){ rows, rows + row, rows + 2 * row, then };
    if (!statistics(node, &job, saved, (lathe_real *[]){ rows, rows + row, rows + 2 * row })) return;
    if (node->out->data == node->in[X]->data) {
        node->out->norm = &saved->affine;
        return;
    }
    job.affine = saved->affine;
    job.base = node->inputs > BASE ? node->in[BASE]->data : NULL;
    job.out = node->out->data;
    lathe_for_each_piece(node, &job.pieces, piece_normalise, &job, sizeof job);
}

bool lathe_batch_norm_settle(const lathe_node *node)
{
    lathe_tensor *y = node->out;
    norm_job job = job_for(node);
    job.affine = *y->norm;
    if (!(job.out = lathe_tape_alloc(node->tape, y->stored, sizeof *job.out))) return false;
    lathe_for_each_piece(node, &job.pieces, piece_normalise, &job, sizeof job);
    if (lathe_tape_status(node->tape)) return false;
    y->data = job.out;
    y->norm = NULL;
    return true;
}

static const lathe_field fields[] = {
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_batch_norm_opts, eps),
        .preset = { 1e-5 },
        .max = HUGE_VAL,
        .above_min = true },
    { .name = "momentum",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_batch_norm_opts, momentum),
        .preset = { 0.1 },
        .max = 1,
        .above_min = true },
    { .name = "frozen", .kind = LATHE_FIELD_BOOL, .offset = offsetof(lathe_batch_norm_opts, frozen) },
    { 0 },
};

static void batch_norm_forward(lathe_node *node) { normalise(node, LATHE_THEN_NOTHING); }

const lathe_op lathe_batch_norm_op = {
    .name = "batch_norm",
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "running_mean", .form = LATHE_FORM_VECTOR, .constant = true },
        { .name = "running_var", .form = LATHE_FORM_VECTOR, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_batch_norm_opts),
    .saved_size = sizeof(batch_norm_saved),
    .layout = lathe_layout_kept,
    .shape = batch_norm_shape,
    .forward = batch_norm_forward,
    .backward = batch_norm_backward,
};

lathe_tensor *lathe_batch_norm(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias,
    lathe_tensor *running_mean, lathe_tensor *running_var, const lathe_batch_norm_opts *opts)
{
    lathe_tensor *in[INPUTS] = { x, weight, bias, running_mean, running_var };
    return lathe_apply(&lathe_batch_norm_op, in, INPUTS, opts);
}

static void batch_norm_relu_forward(lathe_node *node) { normalise(node, LATHE_THEN_RELU); }

const lathe_op lathe_batch_norm_relu_op = {
    .name = "batch_norm_relu",
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "running_mean", .form = LATHE_FORM_VECTOR, .constant = true },
        { .name = "running_var", .form = LATHE_FORM_VECTOR, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_batch_norm_opts),
    .saved_size = sizeof(batch_norm_saved),
    .layout = lathe_layout_kept,
    .shape = batch_norm_shape,
    .forward = batch_norm_relu_forward,
    .backward = batch_norm_backward,
};

lathe_tensor *lathe_batch_norm_relu(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias,
    lathe_tensor *running_mean, lathe_tensor *running_var, const lathe_batch_norm_opts *opts)
{
    lathe_tensor *in[INPUTS] = { x, weight, bias, running_mean, running_var };
    return lathe_apply(&lathe_batch_norm_relu_op, in, INPUTS, opts);
}

static void batch_norm_relu6_forward(lathe_node *node) { normalise(node, LATHE_THEN_RELU6); }

const lathe_op lathe_batch_norm_relu6_op = {
    .name = "batch_norm_relu6",
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "running_mean", .form = LATHE_FORM_VECTOR, .constant = true },
        { .name = "running_var", .form = LATHE_FORM_VECTOR, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_batch_norm_opts),
    .saved_size = sizeof(batch_norm_saved),
    .layout = lathe_layout_kept,
    .shape = batch_norm_shape,
    .forward = batch_norm_relu6_forward,
    .backward = batch_norm_backward,
};

static void batch_norm_hardswish_forward(lathe_node *node) { normalise(node, LATHE_THEN_HARDSWISH); }

const lathe_op lathe_batch_norm_hardswish_op = {
    .name = "batch_norm_hardswish",
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "running_mean", .form = LATHE_FORM_VECTOR, .constant = true },
        { .name = "running_var", .form = LATHE_FORM_VECTOR, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_batch_norm_opts),
    .saved_size = sizeof(batch_norm_saved),
    .layout = lathe_layout_kept,
    .shape = batch_norm_shape,
    .forward = batch_norm_hardswish_forward,
    .backward = batch_norm_backward,
};

static void batch_norm_silu_forward(lathe_node *node) { normalise(node, LATHE_THEN_SILU); }

const lathe_op lathe_batch_norm_silu_op = {
    .name = "batch_norm_silu",
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "running_mean", .form = LATHE_FORM_VECTOR, .constant = true },
        { .name = "running_var", .form = LATHE_FORM_VECTOR, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_batch_norm_opts),
    .saved_size = sizeof(batch_norm_saved),
    .layout = lathe_layout_kept,
    .shape = batch_norm_shape,
    .forward = batch_norm_silu_forward,
    .backward = batch_norm_backward,
};

const lathe_op lathe_batch_norm_add_op = {
    .name = "batch_norm_add",
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "running_mean", .form = LATHE_FORM_VECTOR, .constant = true },
        { .name = "running_var", .form = LATHE_FORM_VECTOR, .constant = true },
        { .name = "base", .form = LATHE_FORM_LIKE } },
    .fields = fields,
    .attributes_size = sizeof(lathe_batch_norm_opts),
    .saved_size = sizeof(batch_norm_saved),
    .layout = lathe_layout_kept,
    .shape = batch_norm_shape,
    .forward = batch_norm_forward,
    .backward = batch_norm_add_backward,
};

const lathe_op lathe_batch_norm_add_relu_op = {
    .name = "batch_norm_add_relu",
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "running_mean", .form = LATHE_FORM_VECTOR, .constant = true },
        { .name = "running_var", .form = LATHE_FORM_VECTOR, .constant = true },
        { .name = "base", .form = LATHE_FORM_LIKE } },
    .fields = fields,
    .attributes_size = sizeof(lathe_batch_norm_opts),
    .saved_size = sizeof(batch_norm_saved),
    .layout = lathe_layout_kept,
    .shape = batch_norm_shape,
    .forward = batch_norm_relu_forward,
    .backward = batch_norm_add_backward,
};
