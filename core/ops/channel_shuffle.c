#include "channel_shuffle.h"

#include <math.h>
#include <string.h>

#include "op_impl.h"

typedef struct shuffle_attributes {
    int groups;
} shuffle_attributes;

static const lathe_field fields[] = {
    { .name = "groups",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(shuffle_attributes, groups),
        .min = 1,
        .max = HUGE_VAL,
        .required = true },
    { 0 },
};

static bool shuffle_shape(lathe_node *node, lathe_result *result)
{
    int groups = ((const shuffle_attributes *)node->attributes)->groups, channels = result->shape.dim[1];
    return channels % groups == 0 ||
        lathe_op_fail(node, LATHE_ESHAPE, "%d groups do not divide %d channels", groups, channels);
}

/* Channel j * groups + i of `to` is channel i * C / groups + j of `from`. */
typedef struct shuffle_job {
    const lathe_element_kernels *element;
    bool lanes; /* channels lie abreast */
    size_t channels, groups, plane;
    const lathe_real *from;
    lathe_real *to;
    bool add;
} shuffle_job;

static size_t source_of(const shuffle_job *job, size_t channel)
{
    return channel % job->groups * (job->channels / job->groups) + channel / job->groups;
}

/* Sixteen channels of one image. */
static void shuffle_lanes(const shuffle_job *job, size_t n)
{
    size_t blocks = (job->channels - 1) / LATHE_LANES + 1, image = n / blocks;
    lathe_real *to = job->to + n * job->plane;
    if (!job->add) memset(to, 0, job->plane * sizeof *to);
    for (size_t lane = 0; lane < LATHE_LANES; lane++) {
        size_t channel = n % blocks * LATHE_LANES + lane, source = source_of(job, channel);
        if (channel >= job->channels) return;
        const lathe_real *from =
            job->from + (image * blocks + source / LATHE_LANES) * job->plane + source % LATHE_LANES;
        for (size_t i = 0; i < job->plane; i += LATHE_LANES) to[i + lane] += from[i];
    }
}

static void shuffle_planes(void *context, size_t begin, size_t end)
{
    const shuffle_job *job = context;
    for (size_t n = begin; n < end; n++) {
        size_t channel = n % job->channels, first = n - channel;
        if (job->lanes) shuffle_lanes(job, n);
        else
            job->element->copy(job->plane, job->from + (first + source_of(job, channel)) * job->plane,
                job->to + n * job->plane, job->add);
    }
}

static void shuffle(lathe_node *node, int groups, const lathe_real *from, lathe_real *to, bool add)
{
    const lathe_tensor *x = node->in[0];
    size_t planes = lathe_tensor_planes(x);
    shuffle_job job = { .element = node->kernels->element,
        .lanes = x->layout == LATHE_CHANNELS,
        .channels = (size_t)x->shape.dim[1],
        .groups = (size_t)groups,
        .plane = x->stored / planes,
        .from = from,
        .to = to,
        .add = add };
    lathe_parallel_pieces(node->context, planes, job.plane, shuffle_planes, &job);
}

static int groups_of(const lathe_node *node)
{
    return ((const shuffle_attributes *)node->attributes)->groups;
}

static void shuffle_forward(lathe_node *node)
{
    shuffle(node, groups_of(node), node->in[0]->data, node->out->data, false);
}

/* The way back is the shuffle of C / groups groups. */
static void shuffle_backward(lathe_node *node)
{
    bool add;
    lathe_real *gx = lathe_grad_target(node->tape, node->in[0], &add);
    if (gx) shuffle(node, node->in[0]->shape.dim[1] / groups_of(node), node->out->grad, gx, add);
}

const lathe_op lathe_channel_shuffle_op = {
    .name = "channel_shuffle",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS } },
    .fields = fields,
    .attributes_size = sizeof(shuffle_attributes),
    .layout = lathe_layout_kept,
    .shape = shuffle_shape,
    .forward = shuffle_forward,
    .backward = shuffle_backward,
};

lathe_tensor *lathe_channel_shuffle(lathe_tensor *x, int groups)
{
    return lathe_apply(&lathe_channel_shuffle_op, &x, 1, &(shuffle_attributes){ groups });
}
