#include "batch_norm.h"

#include <math.h>

#include "../alloc.h"
#include "op_impl.h"

/* Inputs of the node. */
enum { X, WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR, INPUTS };

/* What backward needs of each channel: what was done to its numbers, and 1 / sqrt(var + eps). */
typedef struct batch_norm_saved {
    lathe_norm_affine *affine; /* [C] */
    double *inverse_deviation; /* [C] */
    bool of_batch;             /* mean and deviation are the batch's, which depend on x */
} batch_norm_saved;

/* Work on all planes (one channel of one block of images each), split into runs of planes by the shape alone.
 */
typedef struct norm_job {
    const lathe_norm_kernels *kernels;
    const lathe_tensor *x;
    int channels, blocks, planes_a_task;
    size_t size;                         /* vectors in a plane */
    double (*partial)[2];                /* [blocks * channels]: what one plane gives to its channel */
    double (*total)[2];                  /* [channels] */
    const lathe_norm_affine *affine;     /* [channels] */
    const lathe_norm_gradient *gradient; /* [channels] */
    const lathe_real *gy;
    lathe_real *out;
    bool add;
} norm_job;

typedef void plane_fn(const norm_job *job, int plane, int channel, int used, size_t at);

typedef struct plane_run {
    const norm_job *job;
    plane_fn *run;
} plane_run;

static void run_planes(void *context, int task)
{
    const plane_run *r = context;
    const norm_job *job = r->job;
    int first = task * job->planes_a_task, end = first + job->planes_a_task,
        planes = job->blocks * job->channels;
    for (int n = first; n < end && n < planes; n++)
        r->run(job, n, n % job->channels, lathe_lanes_in_block(job->x, n / job->channels),
            (size_t)n * job->size * LATHE_LANES);
}

static void for_each_plane(const lathe_node *node, const norm_job *job, plane_fn *run)
{
    plane_run r = { job, run };
    int planes = job->blocks * job->channels;
    lathe_parallel(node->context, (planes + job->planes_a_task - 1) / job->planes_a_task, run_planes, &r);
}

static norm_job job_for(const lathe_node *node)
{
    const lathe_tensor *x = node->in[X];
    norm_job job = { .kernels = node->kernels->norm,
        .x = x,
        .channels = x->shape.dim[1],
        .blocks = lathe_tensor_blocks(x) };
    job.size = lathe_tensor_per_image(x) / (size_t)job.channels;
    size_t numbers = job.size * LATHE_LANES;
    job.planes_a_task = (int)((LATHE_GRAIN + numbers - 1) / numbers);
    return job;
}

static void plane_moments(const norm_job *job, int plane, int channel, int used, size_t at)
{
    (void)channel;
    job->kernels->moments(job->size, used, job->x->data + at, job->partial[plane]);
}

static void plane_normalise(const norm_job *job, int plane, int channel, int used, size_t at)
{
    (void)plane;
    job->kernels->normalise(job->size, used, &job->affine[channel], job->x->data + at, job->out + at);
}

static void plane_gradient_sums(const norm_job *job, int plane, int channel, int used, size_t at)
{
    (void)used;
    job->kernels->gradient_sums(job->size, &job->affine[channel], job->x->data + at, job->gy + at,
        job->partial[plane]);
}

static void plane_gradient(const norm_job *job, int plane, int channel, int used, size_t at)
{
    (void)plane;
    job->kernels->gradient(job->size, used, &job->affine[channel], &job->gradient[channel], job->x->data + at,
        job->gy + at, job->out + at, job->add);
}

/* Mean and sum of squares of each channel, block by block in order (Chan, Golub, LeVeque 1983). */
static void join_moments(const norm_job *job)
{
    for (int c = 0; c < job->channels; c++) {
        double count = 0, mean = 0, squares = 0;
        for (int b = 0; b < job->blocks; b++) {
            const double *part = job->partial[b * job->channels + c];
            double n = (double)job->size * lathe_lanes_in_block(job->x, b), delta = part[0] - mean;
            squares += part[1] + delta * delta * (count * n / (count + n));
            mean += delta * (n / (count + n));
            count += n;
        }
        job->total[c][0] = mean;
        job->total[c][1] = squares;
    }
}

static void join_sums(const norm_job *job)
{
    for (int c = 0; c < job->channels; c++) {
        double sums[2] = { 0, 0 };
        for (int b = 0; b < job->blocks; b++)
            for (int k = 0; k < 2; k++) sums[k] += job->partial[b * job->channels + c][k];
        for (int k = 0; k < 2; k++) job->total[c][k] = sums[k];
    }
}

/* Room for what the planes give; false after a failure. */
static bool work_for(norm_job *job, lathe_tape *tape)
{
    job->partial =
        lathe_tape_work(tape, lathe_times((size_t)job->blocks, (size_t)job->channels), sizeof *job->partial);
    job->total = lathe_tape_work(tape, (size_t)job->channels, sizeof *job->total);
    return job->partial && job->total;
}

static double scale_of(const lathe_tensor *weight, int channel)
{
    return weight ? (double)weight->data[channel] : 1;
}

static double images_of(const norm_job *job) { return (double)job->size * job->x->shape.dim[0]; }

/* gw = sum of g * (x - mean) / deviation, gb = sum of g */
static void parameter_gradients(lathe_node *node, const norm_job *job, const batch_norm_saved *saved)
{
    bool add;
    lathe_real *gw = lathe_grad_target(node->tape, node->in[WEIGHT], &add);
    for (int c = 0; gw && c < job->channels; c++)
        gw[c] = (lathe_real)((add ? (double)gw[c] : 0) + job->total[c][1] * saved->inverse_deviation[c]);
    lathe_real *gb = lathe_grad_target(node->tape, node->in[BIAS], &add);
    for (int c = 0; gb && c < job->channels; c++)
        gb[c] = (lathe_real)((add ? (double)gb[c] : 0) + job->total[c][0]);
}

/* gx = weight / deviation * (g - mean of g - xhat * mean of (g * xhat)),  xhat = (x - mean) / deviation.
 * With running statistics gx = weight / deviation * g. */
static void input_gradient(lathe_node *node, norm_job *job, const batch_norm_saved *saved)
{
    if (!(job->out = lathe_grad_in_place(node, &job->add))) return;
    lathe_norm_gradient *gradient = lathe_tape_work(node->tape, (size_t)job->channels, sizeof *gradient);
    if (!gradient) return;
    double n = images_of(job);
    for (int c = 0; c < job->channels; c++) {
        double inverse = saved->inverse_deviation[c], by_gy = scale_of(node->in[WEIGHT], c) * inverse;
        gradient[c] = (lathe_norm_gradient){ .by_gy = (lathe_real)by_gy };
        if (!saved->of_batch) continue;
        gradient[c] = (lathe_norm_gradient){ .by_gy = (lathe_real)by_gy,
            .by_x = (lathe_real)(by_gy * inverse * inverse * job->total[c][1] / n),
            .constant = (lathe_real)(by_gy * job->total[c][0] / n) };
    }
    job->gradient = gradient;
    for_each_plane(node, job, plane_gradient);
}

static void batch_norm_backward(lathe_node *node)
{
    const batch_norm_saved *saved = node->saved;
    norm_job job = job_for(node);
    job.gy = node->out->grad;
    job.affine = saved->affine;
    if (!work_for(&job, node->tape)) return;
    for_each_plane(node, &job, plane_gradient_sums);
    join_sums(&job);
    parameter_gradients(node, &job, saved);
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
    if (takes_batch(node) && lathe_shape_count(x) == (size_t)x->dim[1])
        return lathe_op_fail(node, LATHE_ESHAPE, "x is %s: one number a channel has no variance to train on",
            lathe_shape_text(x, text));
    return true;
}

static void blend(lathe_real *running, double momentum, double now)
{
    *running = (lathe_real)((1 - momentum) * (double)*running + momentum * now);
}

/* What is done to each channel, by the batch's mean and deviation in training, which the running ones follow,
 * or by the running ones. */
static bool statistics(lathe_node *node, bool relu, norm_job *job, batch_norm_saved *saved)
{
    lathe_real *running_mean = node->in[RUNNING_MEAN]->data, *running_var = node->in[RUNNING_VAR]->data;
    const lathe_batch_norm_opts *o = node->attributes;
    double tapes = lathe_tape_statistics_weight(node->tape), momentum = tapes > 0 ? tapes : o->momentum;
    bool train = saved->of_batch = takes_batch(node);
    if (train && !work_for(job, node->tape)) return false;
    if (train) {
        for_each_plane(node, job, plane_moments);
        join_moments(job);
    }
    double n = images_of(job);
    for (int c = 0; c < job->channels; c++) {
        double mean = train ? job->total[c][0] : (double)running_mean[c];
        double var = train ? job->total[c][1] / n : (double)running_var[c];
        double inverse = saved->inverse_deviation[c] = 1 / sqrt(var + o->eps);
        saved->affine[c] =
            (lathe_norm_affine){ (lathe_real)mean, (lathe_real)(scale_of(node->in[WEIGHT], c) * inverse),
                node->in[BIAS] ? node->in[BIAS]->data[c] : 0, relu };
        if (!train) continue;
        blend(&running_mean[c], momentum, mean);
        blend(&running_var[c], momentum, job->total[c][1] / (n - 1));
    }
    return true;
}

static void normalise(lathe_node *node, bool relu)
{
    norm_job job = job_for(node);
    batch_norm_saved *saved = node->saved;
    size_t channels = (size_t)job.channels;
    saved->affine = lathe_tape_alloc(node->tape, channels, sizeof *saved->affine);
    saved->inverse_deviation = lathe_tape_alloc(node->tape, channels, sizeof *saved->inverse_deviation);
    if (!saved->affine || !saved->inverse_deviation || !statistics(node, relu, &job, saved)) return;
    job.affine = saved->affine;
    job.out = node->out->data;
    for_each_plane(node, &job, plane_normalise);
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

static void batch_norm_forward(lathe_node *node) { normalise(node, false); }

const lathe_op lathe_batch_norm_op = {
    .name = "batch_norm",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "running_mean", .form = LATHE_FORM_VECTOR, .constant = true },
        { .name = "running_var", .form = LATHE_FORM_VECTOR, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_batch_norm_opts),
    .saved_size = sizeof(batch_norm_saved),
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

static void batch_norm_relu_forward(lathe_node *node) { normalise(node, true); }

const lathe_op lathe_batch_norm_relu_op = {
    .name = "batch_norm_relu",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "running_mean", .form = LATHE_FORM_VECTOR, .constant = true },
        { .name = "running_var", .form = LATHE_FORM_VECTOR, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_batch_norm_opts),
    .saved_size = sizeof(batch_norm_saved),
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
