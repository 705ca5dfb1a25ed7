#include "conv_impl.h"

#include "batch_norm_impl.h"
#include "batch_sum_impl.h"

/* Multiply-adds, sixteen abreast, that are worth a task, and packed weights that are worth one. */
enum { TASK_WORK = 32768, PACK_WORK = 65536 };

static size_t product(int a, int b, int c) { return (size_t)a * (size_t)b * (size_t)c; }

/* Numbers of one group's part of a block, in the input and in the result. */
static size_t in_group(const lathe_conv_geometry *g)
{
    return product(g->channels, g->rows.size, g->columns.size) * LATHE_LANES;
}

static size_t out_group(const lathe_conv_geometry *g)
{
    return product(g->filters, g->rows.results, g->columns.results) * LATHE_LANES;
}

/* A channel of a block of x, whose norm is yet to be applied. */
static const lathe_real *raw_plane(const lathe_node *node, int block, int channel)
{
    const int *dim = node->in[0]->shape.dim;
    return node->in[0]->data + (size_t)(block * dim[1] + channel) * product(dim[2], dim[3], LATHE_LANES);
}

/* The next one, to be fetched meanwhile. */
static const lathe_real *plane_behind(const lathe_node *node, int block, int channel)
{
    return raw_plane(node, block, channel + 1);
}

/* Some rows of a channel after the norm, as a plane, whose other rows are not set. It is read while it is in
 * the cache. */
static void normed_rows(const lathe_node *node, int block, int channel, int first, int end, lathe_real *plane)
{
    const lathe_tensor *x = node->in[0];
    const lathe_norm_affine *n = x->norm;
    const lathe_norm_affine affine = { n->mean + channel, n->scale + channel, n->shift + channel, n->then };
    size_t width = (size_t)x->shape.dim[3], at = (size_t)first * width * LATHE_LANES;
    node->kernels->norm->normalise((size_t)(end - first) * width, lathe_lanes_in_block(x, block), &affine,
        raw_plane(node, block, channel) + at, plane + at);
}

/* ---- running them -------------------------------------------------------------------------------------- */

/* One correlation of a job, with its packed weights, group after group. */
typedef struct run {
    lathe_correlation c;
    const lathe_conv_kernels *kernels;
    size_t w_group; /* numbers of one group */
    const lathe_real *packed;
} run;

enum { MOST_PHASES = 16 }; /* together; a stride above 4 takes several goes */

typedef struct correlate_job {
    run phases[MOST_PHASES];
    int count;
    int groups, groups_a_task, rows, rows_a_task, row_tasks, tasks_a_block;
    size_t x_group, y_group; /* numbers of one group */
    const lathe_real *x, *bias;
    lathe_real *y;
    lathe_conv_store how;
    bool normed; /* x's norm is yet to be applied */
    const lathe_node *node;
} correlate_job;

static int at_most(int n, int most) { return n < most ? n : most; }

/* All phases of rows [first, last) of a group. */
static void correlate_group(const correlate_job *job, size_t block, int group, const lathe_real *x,
    const lathe_real *ahead, int first, int last)
{
    lathe_real *y = job->y + (block * (size_t)job->groups + (size_t)group) * job->y_group;
    for (int i = 0; i < job->count; i++) {
        const run *p = &job->phases[i];
        lathe_correlation c = p->c;
        c.ahead = ahead;
        p->kernels->correlate(&c, x, p->packed + (size_t)group * p->w_group,
            job->bias ? job->bias + group * p->c.filters : NULL, y, first, at_most(last, p->c.rows.results),
            job->how);
    }
}

/* The same of a group of one channel, whose norm is yet to be applied. Not inlined: its plane is large. */
static __attribute__((noinline)) void correlate_normed(const correlate_job *job, size_t block, int group,
    int first, int last)
{
    _Alignas(64) lathe_real plane[LATHE_NORM_PLANE];
    const lathe_conv_axis *rows = &job->phases[0].c.rows;
    int begin = rows->first + first * rows->step, most = at_most(last, rows->results);
    int end = rows->first + (most - 1) * rows->step + (rows->taps - 1) * rows->tap_step + 1;
    if (begin < 0) begin = 0;
    if (end > rows->size) end = rows->size;
    if (begin < end) normed_rows(job->node, (int)block, group, begin, end, plane); /* else all is padding */
    correlate_group(job, block, group, plane, plane_behind(job->node, (int)block, group), first, last);
}

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
    for (; group < end; group++)
        if (job->normed) correlate_normed(job, block, group, first, last);
        else
            correlate_group(job, block, group,
                job->x + (block * (size_t)job->groups + (size_t)group) * job->x_group, NULL, first, last);
}

/* One more phase. Its packed weights are at *packed, which moves behind them. */
static void add_phase(correlate_job *job, const lathe_correlation *c, const lathe_real **packed)
{
    const lathe_conv_kernels *kernels = lathe_conv_kernels_for(job->node, c, false);
    size_t w_group = kernels->packed(c);
    job->phases[job->count++] = (run){ *c, kernels, w_group, *packed };
    *packed += w_group * (size_t)job->groups;
}

/* Weights of one phase, and the groups of filters of each group of channels that are a task. */
typedef struct pack_job {
    const lathe_conv_kernels *kernels;
    const lathe_conv_phase *phase;
    size_t w_group, packed_group;
    int pieces, tasks_a_group;
    lathe_real *packed;
} pack_job;

static void pack_task(void *context, int task)
{
    const pack_job *job = context;
    size_t group = (size_t)(task / job->tasks_a_group);
    int part = task % job->tasks_a_group, end = (part + 1) * job->pieces / job->tasks_a_group;
    lathe_conv_weights w = job->phase->weights;
    w.at += group * job->w_group;
    for (int i = part * job->pieces / job->tasks_a_group; i < end; i++)
        job->kernels->pack(&job->phase->c, &w, i, job->packed + group * job->packed_group);
}

/* Pack the weights of one phase, group after group, at *packed, which moves behind them. */
static void pack_phase(const lathe_node *node, const lathe_conv_phase *phase, lathe_real **packed)
{
    const lathe_conv_geometry *g = node->saved;
    const lathe_conv_kernels *kernels = lathe_conv_kernels_for(node, &phase->c, false);
    pack_job job = { kernels, phase, lathe_conv_group_weights(g), kernels->packed(&phase->c),
        kernels->groups(&phase->c), 1, *packed };
    job.tasks_a_group = at_most((int)(job.packed_group / PACK_WORK) + 1, job.pieces);
    int tasks = g->groups * job.tasks_a_group;
    if (job.tasks_a_group > 1) lathe_parallel(node->context, tasks, pack_task, &job);
    else
        for (int i = 0; i < tasks; i++) pack_task(&job, i);
    *packed += job.packed_group * (size_t)g->groups;
}

/* Whole planes of a few groups are a task, so that memory is read in its order; where a plane is much work, a
 * few rows of one group. */
static void cut_into_tasks(correlate_job *job)
{
    size_t row_work = 1;
    int step = 1;
    job->rows = 1;
    for (int i = 0; i < job->count; i++) {
        const run *p = &job->phases[i];
        row_work += p->w_group * (size_t)p->c.columns.results;
        if (p->kernels->row_step > step) step = p->kernels->row_step;
        if (p->c.rows.results > job->rows) job->rows = p->c.rows.results;
    }
    size_t plane_work = row_work * (size_t)job->rows;
    job->groups_a_task = plane_work > TASK_WORK ? 1 : (int)(TASK_WORK / plane_work);
    job->rows_a_task = row_work > TASK_WORK ? 1 : (int)(TASK_WORK / row_work);
    job->rows_a_task += (step - job->rows_a_task % step) % step;
    job->row_tasks = (job->rows + job->rows_a_task - 1) / job->rows_a_task;
    job->tasks_a_block = (job->groups + job->groups_a_task - 1) / job->groups_a_task * job->row_tasks;
}

/* Correlate all blocks by the phases added, and forget these. */
static void run_phases(correlate_job *job, int blocks)
{
    cut_into_tasks(job);
    lathe_parallel_blocks(job->node, blocks, job->tasks_a_block, correlate_task, job, sizeof *job);
    job->count = 0;
}

/* Whether another file does the work, which does not wait. */
static bool goes_by_channels(const lathe_node *node)
{
    if (!lathe_conv_on_channels(node)) return false;
    lathe_chain_run(node->tape);
    return true;
}

/* Numbers of one phase's packed weights. */
static size_t phase_size(const lathe_node *node, const lathe_conv_phase *phase)
{
    if (lathe_conv_on_channels(node)) return lathe_channels_packed_size(node, phase);
    const lathe_conv_geometry *g = node->saved;
    return lathe_conv_kernels_for(node, &phase->c, false)->packed(&phase->c) * (size_t)g->groups;
}

size_t lathe_conv_packed_size(const lathe_node *node)
{
    lathe_conv_phase phase = lathe_conv_forward_phase(node);
    size_t forward = phase_size(node, &phase), to_data = 0;
    int count = lathe_conv_data_phases(node->saved);
    for (int i = 0; i < count; i++) {
        phase = lathe_conv_data_phase(node, i);
        to_data += phase_size(node, &phase);
    }
    return forward > to_data ? forward : to_data;
}

void lathe_conv_pack(const lathe_node *node, lathe_real *packed)
{
    lathe_conv_phase forward = lathe_conv_forward_phase(node);
    if (lathe_conv_on_channels(node)) lathe_channels_pack_phase(node, &forward, &packed);
    else pack_phase(node, &forward, &packed);
}

void lathe_conv_pack_to_data(const lathe_node *node, lathe_real *packed)
{
    int count = lathe_conv_data_phases(node->saved);
    for (int i = 0; i < count; i++) {
        lathe_conv_phase phase = lathe_conv_data_phase(node, i);
        if (lathe_conv_on_channels(node)) lathe_channels_pack_phase(node, &phase, &packed);
        else pack_phase(node, &phase, &packed);
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
    if (!(packed = packed_by(node, packed, lathe_conv_pack))) return;
    if (goes_by_channels(node)) {
        lathe_channels_forward(node, x, bias, packed, y, how);
        return;
    }
    correlate_job job = { .groups = g->groups,
        .x_group = in_group(g),
        .y_group = out_group(g),
        .x = x,
        .bias = bias,
        .y = y,
        .how = how,
        .normed = node->in[0]->norm,
        .node = node };
    lathe_conv_phase forward = lathe_conv_forward_phase(node);
    add_phase(&job, &forward.c, &packed);
    run_phases(&job, lathe_tensor_blocks(node->in[0]));
}

void lathe_conv_to_data(lathe_node *node, const lathe_real *gy, const lathe_real *bias,
    const lathe_real *packed, lathe_real *gx, lathe_conv_store how)
{
    const lathe_conv_geometry *g = node->saved;
    if (!(packed = packed_by(node, packed, lathe_conv_pack_to_data))) return;
    if (goes_by_channels(node)) {
        lathe_channels_to_data(node, gy, bias, packed, gx, how);
        return;
    }
    correlate_job job = { .groups = g->groups,
        .x_group = out_group(g),
        .y_group = in_group(g),
        .x = gy,
        .bias = bias,
        .y = gx,
        .how = how,
        .node = node };
    int blocks = lathe_tensor_blocks(node->in[0]);
    int count = lathe_conv_data_phases(g);
    for (int i = 0; i < count; i++) {
        lathe_conv_phase phase = lathe_conv_data_phase(node, i);
        if (job.count == MOST_PHASES) run_phases(&job, blocks);
        add_phase(&job, &phase.c, &packed);
    }
    run_phases(&job, blocks);
}

/* ---- gradients of the weights and of the bias ---------------------------------------------------------- */

typedef struct weights_job {
    const lathe_node *node;
    const lathe_conv_kernels *kernels;
    lathe_correlation c;
    int groups, parts; /* parts of a group */
    size_t group_weights, sums, x_group, gy_group;
    const lathe_real *x, *gy;
} weights_job;

static void weights_of(const weights_job *job, int leaf, int part, const lathe_real *x,
    const lathe_real *ahead, lathe_real *sum, bool add)
{
    lathe_correlation c = job->c;
    c.ahead = ahead;
    size_t group = (size_t)leaf * (size_t)job->groups + (size_t)(part / job->parts);
    job->kernels->to_weights(&c, x, job->gy + group * job->gy_group, part % job->parts, sum, add);
}

static __attribute__((noinline)) void weights_of_normed(const weights_job *job, int leaf, int part,
    lathe_real *sum, bool add)
{
    _Alignas(64) lathe_real plane[LATHE_NORM_PLANE];
    normed_rows(job->node, leaf, part / job->parts, 0, job->c.rows.size, plane);
    weights_of(job, leaf, part, plane, plane_behind(job->node, leaf, part / job->parts), sum, add);
}

static void weights_leaf(const void *context, int leaf, int part, lathe_real *sum, bool add)
{
    const weights_job *job = context;
    size_t group = (size_t)leaf * (size_t)job->groups + (size_t)(part / job->parts);
    if (job->node->in[0]->norm) weights_of_normed(job, leaf, part, sum, add);
    else weights_of(job, leaf, part, job->x + group * job->x_group, NULL, sum, add);
}

static void finish_part(const void *context, int part, const lathe_real *sum, lathe_real *gw, bool add)
{
    const weights_job *job = context;
    job->kernels->unpack(&job->c, sum, part % job->parts,
        gw + (size_t)(part / job->parts) * job->group_weights, add);
}

typedef struct unpack_job {
    const weights_job *of;
    const lathe_real *sum;
    lathe_real *gw;
    bool add;
} unpack_job;

static void unpack_task(void *context, int part)
{
    const unpack_job *job = context;
    finish_part(job->of, part, job->sum + (size_t)part * job->of->sums, job->gw, job->add);
}

static void finish_weights(const void *context, const lathe_real *sum, lathe_real *gw, bool add)
{
    const weights_job *of = context;
    unpack_job job = { of, sum, gw, add };
    int parts = of->groups * of->parts;
    if ((size_t)parts * of->sums > PACK_WORK) lathe_parallel(of->node->context, parts, unpack_task, &job);
    else
        for (int i = 0; i < parts; i++) unpack_task(&job, i);
}

void lathe_conv_to_weights(lathe_node *node, const lathe_real *x, const lathe_real *gy)
{
    if (goes_by_channels(node)) {
        lathe_channels_to_weights(node, x, gy);
        return;
    }
    const lathe_conv_geometry *g = node->saved;
    weights_job job = { .node = node,
        .c = lathe_conv_forward_phase(node).c,
        .groups = g->groups,
        .group_weights = lathe_conv_group_weights(g),
        .x_group = in_group(g),
        .gy_group = out_group(g),
        .x = x,
        .gy = gy };
    job.kernels = lathe_conv_kernels_for(node, &job.c, true);
    job.parts = job.kernels->weight_parts(&job.c);
    job.sums = job.kernels->weight_sums(&job.c);
    lathe_batch_gradient(node,
        &(lathe_batch_sum){ .input = 1,
            .parts = g->groups * job.parts,
            .part_size = job.sums,
            .leaf = weights_leaf,
            .finish = finish_weights,
            .finish_part = finish_part,
            .job = &job,
            .job_size = sizeof job,
            .work = (double)out_group(g) * (double)job.group_weights / g->filters / job.parts,
            .read = in_group(g) + out_group(g) });
}

typedef struct bias_job {
    const lathe_conv_kernels *kernels;
    int channels;
    size_t plane;
    const lathe_real *gy;
} bias_job;

/* Sixteen channels are a part. */
static void bias_leaf(const void *context, int leaf, int part, lathe_real *sum, bool add)
{
    const bias_job *job = context;
    int first = part * LATHE_LANES;
    job->kernels->to_bias(job->plane, at_most(LATHE_LANES, job->channels - first),
        job->gy + product(leaf, job->channels, 1) * job->plane + (size_t)first * job->plane, sum, add);
}

static void finish_bias(const void *context, const lathe_real *sum, lathe_real *gb, bool add)
{
    const bias_job *job = context;
    for (int i = 0; i < job->channels; i++) gb[i] = add ? gb[i] + sum[i] : sum[i];
}

void lathe_conv_to_bias(lathe_node *node, const lathe_real *gy)
{
    if (goes_by_channels(node)) {
        lathe_channels_to_bias(node, gy);
        return;
    }
    const int *dim = node->out->shape.dim;
    bias_job job = { node->kernels->conv, dim[1], product(dim[2], dim[3], LATHE_LANES), gy };
    lathe_batch_gradient(node,
        &(lathe_batch_sum){ .input = 2,
            .parts = (dim[1] - 1) / LATHE_LANES + 1,
            .part_size = LATHE_LANES,
            .leaf = bias_leaf,
            .finish = finish_bias,
            .job = &job,
            .job_size = sizeof job,
            .work = (double)job.plane * LATHE_LANES });
}
