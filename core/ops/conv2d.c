#include "conv2d.h"

#include <string.h>

#include "../alloc.h"
#include "conv_impl.h"

/*
 * Tasks of work wanted where there is enough of it; the multiply-adds, sixteen abreast, that are worth a
 * task; numbers that the blocks of a chunk read, about a second-level cache of 1 MiB.
 */
enum { TASKS = 16, TASK_WORK = 32768, CHUNK = 262144 };

static size_t product(int a, int b, int c) { return (size_t)a * (size_t)b * (size_t)c; }

/* Numbers in the weights of one group. */
static size_t group_weights(const lathe_conv_geometry *g)
{
    return product(g->filters, g->channels, g->kernel_height) * (size_t)g->kernel_width;
}

/* Numbers of one group's part of a block, in the input and in the result. */
static size_t in_group(const lathe_conv_geometry *g)
{
    return product(g->channels, g->height, g->width) * LATHE_LANES;
}

static size_t out_group(const lathe_conv_geometry *g)
{
    return product(g->filters, g->out_height, g->out_width) * LATHE_LANES;
}

/* ---- as correlations ----------------------------------------------------------------------------------- */

static lathe_conv_axis forward_axis(const lathe_conv_geometry *g, int size, int taps, int results)
{
    return (lathe_conv_axis){ .size = size,
        .results = results,
        .taps = taps,
        .first = -g->padding,
        .step = g->stride,
        .tap_step = g->dilation,
        .out_size = results,
        .out_step = 1 };
}

static lathe_correlation forward_correlation(const lathe_conv_geometry *g)
{
    return (lathe_correlation){ g->channels, g->filters,
        forward_axis(g, g->height, g->kernel_height, g->out_height),
        forward_axis(g, g->width, g->kernel_width, g->out_width) };
}

static lathe_conv_weights forward_weights(const lathe_conv_geometry *g, const lathe_real *w)
{
    ptrdiff_t taps = (ptrdiff_t)g->kernel_height * g->kernel_width;
    return (lathe_conv_weights){ w, g->channels * taps, taps, g->kernel_width, 1 };
}

/* The taps that reach one phase of the input: last, last - step, ..., `count` of them. */
typedef struct phase_taps {
    int last, step, count;
} phase_taps;

static int common_divisor(int a, int b) { return b ? common_divisor(b, a % b) : a; }

/* Place h of the input meets tap t of result i where h + padding = i * stride + t * dilation. */
static phase_taps taps_of_phase(const lathe_conv_geometry *g, int phase, int taps)
{
    phase_taps found = { 0, g->stride / common_divisor(g->stride, g->dilation), 0 };
    for (int t = 0; t < taps; t++)
        if ((phase + g->padding - (long)t * g->dilation) % g->stride == 0) found.last = t, found.count++;
    return found;
}

/* For the input's places phase, phase + stride, ...: the results are the image read, and the taps run
 * backwards. */
static lathe_conv_axis phase_axis(const lathe_conv_geometry *g, int phase, phase_taps taps, int size,
    int results)
{
    return (lathe_conv_axis){ .size = results,
        .results = (size - phase + g->stride - 1) / g->stride,
        .taps = taps.count,
        .first = (phase + g->padding - taps.last * g->dilation) / g->stride,
        .step = 1,
        .tap_step = g->dilation / common_divisor(g->stride, g->dilation),
        .out_size = size,
        .out_first = phase,
        .out_step = g->stride };
}

static lathe_correlation phase_correlation(const lathe_conv_geometry *g, int row_phase, int column_phase,
    const lathe_real *w, lathe_conv_weights *weights)
{
    phase_taps rows = taps_of_phase(g, row_phase, g->kernel_height),
               columns = taps_of_phase(g, column_phase, g->kernel_width);
    ptrdiff_t taps = (ptrdiff_t)g->kernel_height * g->kernel_width;
    *weights = (lathe_conv_weights){ w + rows.last * g->kernel_width + columns.last, taps, g->channels * taps,
        -rows.step * g->kernel_width, -columns.step };
    return (lathe_correlation){ g->filters, g->channels,
        phase_axis(g, row_phase, rows, g->height, g->out_height),
        phase_axis(g, column_phase, columns, g->width, g->out_width) };
}

/* ---- running them -------------------------------------------------------------------------------------- */

/* One correlation of a job, with its packed weights, group after group. */
typedef struct phase {
    lathe_correlation c;
    size_t w_group; /* numbers of one group */
    const lathe_real *packed;
} phase;

enum { MOST_PHASES = 16 }; /* together; a stride above 4 takes several goes */

typedef struct correlate_job {
    phase phases[MOST_PHASES];
    int count;
    int groups, groups_a_task, rows, rows_a_task, row_tasks, tasks_a_block;
    size_t x_group, y_group; /* numbers of one group */
    const lathe_real *x, *bias;
    lathe_real *y;
    lathe_conv_store how;
    lathe_context *context;
    const lathe_conv_kernels *kernels;
} correlate_job;

static int at_most(int n, int most) { return n < most ? n : most; }

/* All phases of some rows of some groups: the rows that they read, and write into between each other, stay in
 * the cache. */
static void correlate_task(void *context, int task)
{
    const correlate_job *job = context;
    size_t block = (size_t)(task / job->tasks_a_block);
    int within = task % job->tasks_a_block, first = within % job->row_tasks * job->rows_a_task,
        last = first + job->rows_a_task;
    int group = within / job->row_tasks * job->groups_a_task,
        end = at_most(group + job->groups_a_task, job->groups);
    for (; group < end; group++) {
        size_t at = block * (size_t)job->groups + (size_t)group;
        for (int i = 0; i < job->count; i++) {
            const phase *p = &job->phases[i];
            job->kernels->correlate(&p->c, job->x + at * job->x_group, p->packed + (size_t)group * p->w_group,
                job->bias ? job->bias + group * p->c.filters : NULL, job->y + at * job->y_group, first,
                at_most(last, p->c.rows.results), job->how);
        }
    }
}

/* One more phase. Its weights are packed into *packed, which moves behind them; weights_group numbers lie
 * from group to group of them. */
static void add_phase(correlate_job *job, const lathe_correlation *c, const lathe_conv_weights *weights,
    size_t weights_group, lathe_real **packed)
{
    phase *p = &job->phases[job->count++];
    *p = (phase){ *c, product(c->filters, c->channels, c->rows.taps) * (size_t)c->columns.taps, *packed };
    for (int group = 0; group < job->groups; group++, *packed += p->w_group) {
        lathe_conv_weights w = *weights;
        w.at += (size_t)group * weights_group;
        job->kernels->pack(c, &w, *packed);
    }
}

/* Whole planes of a few groups are a task, so that memory is read in its order; where a plane is much work, a
 * few rows of one group. */
static void cut_into_tasks(correlate_job *job)
{
    size_t row_work = 1;
    job->rows = 1;
    for (int i = 0; i < job->count; i++) {
        const phase *p = &job->phases[i];
        row_work += p->w_group * (size_t)p->c.columns.results;
        if (p->c.rows.results > job->rows) job->rows = p->c.rows.results;
    }
    size_t plane_work = row_work * (size_t)job->rows;
    job->groups_a_task = plane_work > TASK_WORK ? 1 : (int)(TASK_WORK / plane_work);
    job->rows_a_task = row_work > TASK_WORK ? 1 : (int)(TASK_WORK / row_work);
    job->row_tasks = (job->rows + job->rows_a_task - 1) / job->rows_a_task;
    job->tasks_a_block = (job->groups + job->groups_a_task - 1) / job->groups_a_task * job->row_tasks;
}

/* Correlate all blocks by the phases added, and forget these. */
static void run_phases(correlate_job *job, int blocks)
{
    cut_into_tasks(job);
    lathe_parallel(job->context, blocks * job->tasks_a_block, correlate_task, job);
    job->count = 0;
}

/* Room for all packed weights; NULL after a failure. */
static lathe_real *room_for_packed(lathe_node *node)
{
    const lathe_conv_geometry *g = node->saved;
    return lathe_tape_work(node->tape, lathe_times(group_weights(g), (size_t)g->groups), sizeof(lathe_real));
}

void lathe_conv_forward(lathe_node *node, const lathe_real *x, const lathe_real *bias, lathe_real *y,
    lathe_conv_store how)
{
    const lathe_conv_geometry *g = node->saved;
    correlate_job job = { .groups = g->groups,
        .x_group = in_group(g),
        .y_group = out_group(g),
        .x = x,
        .bias = bias,
        .y = y,
        .how = how,
        .context = node->context,
        .kernels = node->kernels->conv };
    lathe_real *packed = room_for_packed(node);
    if (!packed) return;
    lathe_correlation c = forward_correlation(g);
    lathe_conv_weights weights = forward_weights(g, node->in[1]->data);
    add_phase(&job, &c, &weights, group_weights(g), &packed);
    run_phases(&job, lathe_tensor_blocks(node->in[0]));
}

void lathe_conv_to_data(lathe_node *node, const lathe_real *gy, const lathe_real *bias, lathe_real *gx,
    lathe_conv_store how)
{
    const lathe_conv_geometry *g = node->saved;
    correlate_job job = { .groups = g->groups,
        .x_group = out_group(g),
        .y_group = in_group(g),
        .x = gy,
        .bias = bias,
        .y = gx,
        .how = how,
        .context = node->context,
        .kernels = node->kernels->conv };
    lathe_real *packed = room_for_packed(node);
    if (!packed) return;
    int rows = at_most(g->stride, g->height), columns = at_most(g->stride, g->width);
    int blocks = lathe_tensor_blocks(node->in[0]);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            lathe_conv_weights weights;
            lathe_correlation c = phase_correlation(g, i, j, node->in[1]->data, &weights);
            if (job.count == MOST_PHASES) run_phases(&job, blocks);
            add_phase(&job, &c, &weights, group_weights(g), &packed);
        }
    run_phases(&job, blocks);
}

typedef struct weights_job {
    const lathe_conv_kernels *kernels;
    const lathe_conv_geometry *g;
    lathe_correlation c;
    int parts, blocks, blocks_a_chunk;
    const lathe_real *x, *gy;
    lathe_real *sums; /* [chunks][w] */
} weights_job;

static void to_weights_task(void *context, int task)
{
    const weights_job *job = context;
    const lathe_conv_geometry *g = job->g;
    int part = task % job->parts, group = task / job->parts % g->groups,
        chunk = task / job->parts / g->groups;
    int first = chunk * job->blocks_a_chunk, left = job->blocks - first;
    size_t x_block = in_group(g) * (size_t)g->groups, y_block = out_group(g) * (size_t)g->groups;
    int count = left < job->blocks_a_chunk ? left : job->blocks_a_chunk;
    lathe_conv_blocks x = { job->x + (size_t)first * x_block + (size_t)group * in_group(g), x_block, count };
    lathe_conv_blocks gy = { job->gy + (size_t)first * y_block + (size_t)group * out_group(g), y_block,
        count };
    lathe_real *sums = job->sums + ((size_t)chunk * (size_t)g->groups + (size_t)group) * group_weights(g);
    job->kernels->to_weights(&job->c, &x, &gy, part, sums);
}

/*
 * Blocks that are summed before they are added to the others': few enough for TASKS tasks, and for a
 * second-level cache, from which all parts read them; enough that adding up the weights' sums is little
 * beside. It depends on the shapes alone.
 */
static int blocks_in_chunk(const weights_job *job)
{
    const lathe_conv_geometry *g = job->g;
    size_t weights = group_weights(g), read = in_group(g) + out_group(g);
    int tasks_a_chunk = job->parts * g->groups, wanted = (TASKS + tasks_a_chunk - 1) / tasks_a_chunk;
    int most = (job->blocks + wanted - 1) / wanted, least = (int)(CHUNK / read) + 1,
        worth = (int)(2 * weights / read) + 1;
    return at_most(least > worth ? least : worth, most);
}

/* Blocks are summed in chunks and then the chunks in order. */
void lathe_conv_to_weights(lathe_node *node, const lathe_real *x, const lathe_real *gy)
{
    bool add;
    lathe_real *gw = lathe_grad_target(node->tape, node->in[1], &add);
    if (!gw) return;
    const lathe_conv_geometry *g = node->saved;
    weights_job job = { .kernels = node->kernels->conv,
        .g = g,
        .c = forward_correlation(g),
        .blocks = lathe_tensor_blocks(node->in[0]),
        .x = x,
        .gy = gy };
    job.parts = job.kernels->weight_parts(&job.c);
    job.blocks_a_chunk = blocks_in_chunk(&job);
    int tasks_a_chunk = job.parts * g->groups;
    int chunks = (job.blocks + job.blocks_a_chunk - 1) / job.blocks_a_chunk;
    size_t count = group_weights(g) * (size_t)g->groups;
    bool direct = chunks == 1 && !add;
    if (!(job.sums =
                direct ? gw : lathe_tape_work(node->tape, lathe_times((size_t)chunks, count), sizeof *gw)))
        return;
    lathe_parallel(node->context, chunks * tasks_a_chunk, to_weights_task, &job);
    if (direct) return;
    if (!add) memset(gw, 0, count * sizeof *gw);
    for (int chunk = 0; chunk < chunks; chunk++)
        for (size_t i = 0; i < count; i++) gw[i] += job.sums[(size_t)chunk * count + i];
}

typedef struct bias_job {
    const lathe_conv_kernels *kernels;
    const lathe_tensor *y;
    const lathe_real *gy;
    lathe_real *gb;
    bool add;
} bias_job;

static void to_bias_task(void *context, int channel)
{
    const bias_job *job = context;
    const lathe_tensor *y = job->y;
    size_t plane = product(y->shape.dim[2], y->shape.dim[3], LATHE_LANES);
    lathe_real sum = 0;
    for (int block = 0; block < lathe_tensor_blocks(y); block++)
        sum += job->kernels->sum(plane,
            job->gy + product(block, y->shape.dim[1], 1) * plane + (size_t)channel * plane);
    job->gb[channel] = job->add ? job->gb[channel] + sum : sum;
}

void lathe_conv_to_bias(lathe_node *node, const lathe_real *gy)
{
    bias_job job = { .kernels = node->kernels->conv, .y = node->out, .gy = gy };
    if ((job.gb = lathe_grad_target(node->tape, node->in[2], &job.add)))
        lathe_parallel(node->context, node->out->shape.dim[1], to_bias_task, &job);
}

/* ---- the operation ------------------------------------------------------------------------------------- */

/* The result's places along one axis; below 1 if the kernel does not fit. */
static long results(const lathe_conv2d_opts *o, int size, int taps)
{
    long room = (long)size + 2L * o->padding - (long)o->dilation * (taps - 1) - 1;
    return room < 0 ? 0 : room / o->stride + 1;
}

static bool check_channels(const lathe_node *node)
{
    const lathe_conv2d_opts *o = node->attributes;
    const int *x = node->in[0]->shape.dim, *w = node->in[1]->shape.dim;
    if (node->in[2] && node->in[2]->shape.dim[0] != w[0])
        return lathe_op_fail(node, LATHE_ESHAPE, "bias is [%d], weight has %d filters",
            node->in[2]->shape.dim[0], w[0]);
    if (x[1] % o->groups || w[0] % o->groups)
        return lathe_op_fail(node, LATHE_ESHAPE, "%d channels and %d filters cannot be cut into %d groups",
            x[1], w[0], o->groups);
    return x[1] / o->groups == w[1] ||
        lathe_op_fail(node, LATHE_ESHAPE, "x has %d channels in %d group%s, weight expects %d a group", x[1],
            o->groups, o->groups == 1 ? "" : "s", w[1]);
}

static bool conv2d_shape(lathe_node *node, lathe_result *result)
{
    const lathe_conv2d_opts *o = node->attributes;
    const int *x = node->in[0]->shape.dim, *w = node->in[1]->shape.dim;
    if (!check_channels(node)) return false;
    long height = results(o, x[2], w[2]), width = results(o, x[3], w[3]);
    if (height < 1 || width < 1)
        return lathe_op_fail(node, LATHE_ESHAPE,
            "a %d x %d kernel with dilation %d does not fit a %d x %d image with padding %d", w[2], w[3],
            o->dilation, x[2], x[3], o->padding);
    result->shape = (lathe_shape){ 4, { x[0], w[0], (int)height, (int)width } };
    *(lathe_conv_geometry *)node->saved = (lathe_conv_geometry){ .stride = o->stride,
        .padding = o->padding,
        .dilation = o->dilation,
        .groups = o->groups,
        .channels = w[1],
        .filters = w[0] / o->groups,
        .height = x[2],
        .width = x[3],
        .kernel_height = w[2],
        .kernel_width = w[3],
        .out_height = (int)height,
        .out_width = (int)width };
    return true;
}

static const lathe_real *bias_of(const lathe_node *node) { return node->in[2] ? node->in[2]->data : NULL; }

static void conv2d_forward(lathe_node *node)
{
    lathe_conv_forward(node, node->in[0]->data, bias_of(node), node->out->data, LATHE_CONV_WRITE);
}

static void backward(lathe_node *node, const lathe_real *gy)
{
    bool add;
    lathe_real *gx = lathe_grad_target(node->tape, node->in[0], &add);
    if (gx) lathe_conv_to_data(node, gy, NULL, gx, add ? LATHE_CONV_ADD : LATHE_CONV_WRITE);
    lathe_conv_to_weights(node, node->in[0]->data, gy);
    lathe_conv_to_bias(node, gy);
}

static void conv2d_backward(lathe_node *node) { backward(node, node->out->grad); }

static void conv2d_relu_forward(lathe_node *node)
{
    lathe_conv_forward(node, node->in[0]->data, bias_of(node), node->out->data, LATHE_CONV_RELU);
}

static void conv2d_relu_backward(lathe_node *node)
{
    const lathe_real *gy = lathe_grad_before_relu(node);
    if (gy) backward(node, gy);
}

static double flops(const lathe_shape *x, const lathe_shape *w, const lathe_shape *out)
{
    (void)x;
    return 2.0 * out->dim[1] * out->dim[2] * out->dim[3] * w->dim[1] * w->dim[2] * w->dim[3];
}

#define OPTION(name) offsetof(lathe_conv2d_opts, name)

static const lathe_field fields[] = {
    { "stride", LATHE_FIELD_INT, OPTION(stride), .preset = { 1 }, .min = 1, .max = LATHE_CONV_LARGEST },
    { "padding", LATHE_FIELD_INT, OPTION(padding), .max = LATHE_CONV_LARGEST },
    { "dilation", LATHE_FIELD_INT, OPTION(dilation), .preset = { 1 }, .min = 1, .max = LATHE_CONV_LARGEST },
    { "groups", LATHE_FIELD_INT, OPTION(groups), .preset = { 1 }, .min = 1, .max = LATHE_CONV_LARGEST },
    { 0 },
};

const lathe_op lathe_conv2d_op = {
    .name = "conv2d",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES }, { .name = "weight", .form = LATHE_FORM_FILTERS },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_conv2d_opts),
    .saved_size = sizeof(lathe_conv_geometry),
    .shape = conv2d_shape,
    .forward = conv2d_forward,
    .backward = conv2d_backward,
    .flops = flops,
};

lathe_tensor *lathe_conv2d(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias,
    const lathe_conv2d_opts *opts)
{
    return lathe_apply(&lathe_conv2d_op, (lathe_tensor *[]){ x, w, bias }, 3, opts);
}

const lathe_op lathe_conv2d_relu_op = {
    .name = "conv2d_relu",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES }, { .name = "weight", .form = LATHE_FORM_FILTERS },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_conv2d_opts),
    .saved_size = sizeof(lathe_conv_geometry),
    .shape = conv2d_shape,
    .forward = conv2d_relu_forward,
    .backward = conv2d_relu_backward,
    .flops = flops,
};

lathe_tensor *lathe_conv2d_relu(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias,
    const lathe_conv2d_opts *opts)
{
    return lathe_apply(&lathe_conv2d_relu_op, (lathe_tensor *[]){ x, w, bias }, 3, opts);
}
