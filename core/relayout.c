#include "relayout.h"

#include <string.h>

#include "threads.h"

typedef struct relayout_attributes {
    int layout;
} relayout_attributes;

/* Numbers of `from` go to `to`, a tensor of the same shape in another layout. */
typedef struct relayout_job {
    const lathe_tensor *from, *to;
    const lathe_real *numbers;
    lathe_real *result;
    size_t plane; /* places */
    size_t planes, planes_a_task;
    bool add;
} relayout_job;

/*
 * Places that are copied lane by lane before the next ones: their lines stay in the first-level cache.
 * Numbers that are worth a task.
 */
enum { PLACES = 64, TASK = 16384 };

static size_t step_of(const lathe_tensor *x) { return x->layout == LATHE_PLAIN ? 1 : LATHE_LANES; }

/* A channel of an image. */
typedef struct source {
    size_t image, channel;
} source;

static size_t blocks_of(const lathe_tensor *x) { return ((size_t)x->shape.dim[1] - 1) / LATHE_LANES + 1; }

/* Where that channel of `plane` places begins in x. */
static size_t begin_of(const lathe_tensor *x, source s, size_t plane)
{
    size_t channels = (size_t)x->shape.dim[1];
    if (x->layout == LATHE_PLAIN) return (s.image * channels + s.channel) * plane;
    if (x->layout == LATHE_CHANNELS)
        return (s.image * blocks_of(x) + s.channel / LATHE_LANES) * plane * LATHE_LANES +
            s.channel % LATHE_LANES;
    return (s.image / LATHE_LANES * channels + s.channel) * plane * LATHE_LANES + s.image % LATHE_LANES;
}

/* What lies in the first lane of plane n of x; *used: how many of its lanes are no tail lanes. */
static source plane_of(const lathe_tensor *x, size_t n, size_t *used)
{
    size_t images = (size_t)x->shape.dim[0], channels = (size_t)x->shape.dim[1], left;
    *used = 1;
    if (x->layout == LATHE_PLAIN) return (source){ n / channels, n % channels };
    source s = { n / channels * LATHE_LANES, n % channels };
    if (x->layout == LATHE_CHANNELS) s = (source){ n / blocks_of(x), n % blocks_of(x) * LATHE_LANES };
    left = x->layout == LATHE_CHANNELS ? channels - s.channel : images - s.image;
    *used = left < LATHE_LANES ? left : LATHE_LANES;
    return s;
}

static void copy_lane(const relayout_job *job, size_t count, const lathe_real *from, lathe_real *to)
{
    size_t in = step_of(job->from), out = step_of(job->to);
    if (job->add)
        for (size_t i = 0; i < count; i++) to[i * out] += from[i * in];
    else
        for (size_t i = 0; i < count; i++) to[i * out] = from[i * in];
}

/* Planes of the result, of as many lanes as its layout has abreast. */
static void relayout_task(void *context, int task)
{
    const relayout_job *job = context;
    size_t begin = (size_t)task * job->planes_a_task, end = begin + job->planes_a_task;
    if (end > job->planes) end = job->planes;
    size_t lanes = step_of(job->to), plane = job->plane * lanes, used;
    for (size_t n = begin; n < end; n++) {
        lathe_real *to = job->result + n * plane;
        const source at = plane_of(job->to, n, &used);
        if (!job->add && used < lanes) memset(to, 0, plane * sizeof *to);
        for (size_t first = 0; first < job->plane; first += PLACES) {
            size_t count = job->plane - first < PLACES ? job->plane - first : PLACES;
            for (size_t lane = 0; lane < used; lane++) {
                source s = at;
                if (job->to->layout == LATHE_CHANNELS) s.channel += lane;
                else s.image += lane;
                copy_lane(job, count,
                    job->numbers + begin_of(job->from, s, job->plane) + first * step_of(job->from),
                    to + first * lanes + lane);
            }
        }
    }
}

static void run(lathe_node *node, relayout_job *job)
{
    const int *dim = job->to->shape.dim;
    job->plane = (size_t)dim[2] * (size_t)dim[3];
    job->planes =
        job->to->layout == LATHE_PLAIN ? (size_t)dim[0] * (size_t)dim[1] : lathe_tensor_planes(job->to);
    job->planes_a_task = (TASK - 1) / (job->plane * step_of(job->to)) + 1;
    lathe_parallel(node->context, (int)((job->planes - 1) / job->planes_a_task + 1), relayout_task, job);
}

static bool relayout_shape(lathe_node *node, lathe_result *result)
{
    const lathe_tensor *x = node->in[0];
    char text[LATHE_SHAPE_TEXT];
    if (x->shape.rank != 4)
        return lathe_op_fail(node, LATHE_ESHAPE, "x is %s %s, expected images [B, C, H, W]",
            lathe_layout_name(x->layout), lathe_shape_text(&x->shape, text));
    result->layout = (lathe_layout)((const relayout_attributes *)node->attributes)->layout;
    result->same = result->layout == x->layout;
    return true;
}

static void relayout_forward(lathe_node *node)
{
    relayout_job job = { .from = node->in[0],
        .to = node->out,
        .numbers = node->in[0]->data,
        .result = node->out->data };
    run(node, &job);
}

static void relayout_backward(lathe_node *node)
{
    relayout_job job = { .from = node->out, .to = node->in[0], .numbers = node->out->grad };
    if ((job.result = lathe_grad_target(node->tape, node->in[0], &job.add))) run(node, &job);
}

static const lathe_field fields[] = {
    { "layout", LATHE_FIELD_INT, offsetof(relayout_attributes, layout), .max = LATHE_CHANNELS },
    { 0 },
};

const lathe_op lathe_relayout_op = {
    .name = "relayout",
    .in = { { .name = "x" } },
    .fields = fields,
    .attributes_size = sizeof(relayout_attributes),
    .shape = relayout_shape,
    .forward = relayout_forward,
    .backward = relayout_backward,
};

lathe_tensor *lathe_relayout(lathe_tensor *x, lathe_layout layout)
{
    return lathe_apply(&lathe_relayout_op, &x, 1, &(relayout_attributes){ (int)layout });
}
