#include "conv_impl.h"

#include <string.h>

#include "../alloc.h"

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

/* One more phase. Its packed weights are at *packed, which moves behind them. */
static void add_phase(correlate_job *job, const lathe_correlation *c, const lathe_real **packed)
{
    size_t w_group = product(c->filters, c->channels, c->rows.taps) * (size_t)c->columns.taps;
    job->phases[job->count++] = (phase){ *c, w_group, *packed };
    *packed += w_group * (size_t)job->groups;
}

/* Pack the weights of one phase, group after group, at *packed, which moves behind them. */
static void pack_phase(const lathe_node *node, const lathe_correlation *c, const lathe_conv_weights *weights,
    lathe_real **packed)
{
    const lathe_conv_geometry *g = node->saved;
    size_t w_group = product(c->filters, c->channels, c->rows.taps) * (size_t)c->columns.taps;
    lathe_conv_weights w = *weights;
    for (int group = 0; group < g->groups; group++, *packed += w_group, w.at += group_weights(g))
        node->kernels->conv->pack(c, &w, *packed);
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

size_t lathe_conv_packed_size(const lathe_node *node)
{
    const lathe_conv_geometry *g = node->saved;
    return group_weights(g) * (size_t)g->groups;
}

void lathe_conv_pack(const lathe_node *node, lathe_real *packed)
{
    const lathe_conv_geometry *g = node->saved;
    lathe_correlation c = forward_correlation(g);
    lathe_conv_weights weights = forward_weights(g, node->in[1]->data);
    pack_phase(node, &c, &weights, &packed);
}

/* The phases of the gradient to the data, by rows. */
static int row_phases(const lathe_conv_geometry *g) { return at_most(g->stride, g->height); }
static int column_phases(const lathe_conv_geometry *g) { return at_most(g->stride, g->width); }

void lathe_conv_pack_to_data(const lathe_node *node, lathe_real *packed)
{
    const lathe_conv_geometry *g = node->saved;
    for (int i = 0; i < row_phases(g); i++)
        for (int j = 0; j < column_phases(g); j++) {
            lathe_conv_weights weights;
            lathe_correlation c = phase_correlation(g, i, j, node->in[1]->data, &weights);
            pack_phase(node, &c, &weights, &packed);
        }
}

/* `packed`, or the weights packed now by `pack`; NULL after a failure. */
static const lathe_real *packed_by(lathe_node *node, const lathe_real *packed,
    void (*pack)(const lathe_node *node, lathe_real *packed))
{
    if (packed) return packed;
    lathe_real *now = lathe_tape_work(node->tape, lathe_conv_packed_size(node), sizeof *now);
    if (now) pack(node, now);
    return now;
}

void lathe_conv_forward(lathe_node *node, const lathe_real *x, const lathe_real *bias,
    const lathe_real *packed, lathe_real *y, lathe_conv_store how)
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
    if (!(packed = packed_by(node, packed, lathe_conv_pack))) return;
    lathe_correlation c = forward_correlation(g);
    add_phase(&job, &c, &packed);
    run_phases(&job, lathe_tensor_blocks(node->in[0]));
}

void lathe_conv_to_data(lathe_node *node, const lathe_real *gy, const lathe_real *bias,
    const lathe_real *packed, lathe_real *gx, lathe_conv_store how)
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
    if (!(packed = packed_by(node, packed, lathe_conv_pack_to_data))) return;
    int blocks = lathe_tensor_blocks(node->in[0]);
    for (int i = 0; i < row_phases(g); i++)
        for (int j = 0; j < column_phases(g); j++) {
            lathe_conv_weights weights;
            lathe_correlation c = phase_correlation(g, i, j, node->in[1]->data, &weights);
            if (job.count == MOST_PHASES) run_phases(&job, blocks);
            add_phase(&job, &c, &packed);
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
