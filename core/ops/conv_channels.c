/* Convolutions where sixteen channels lie abreast; conv.c has those where sixteen images do. */
#include "conv_impl.h"

#include "../alloc.h"
#include "batch_sum_impl.h"

/* Tasks wanted where there is enough of work, and the multiply-adds that are worth a task. */
enum { TASKS = 16, TASK_WORK = 1 << 18 };

static int sixteens(int count) { return (count - 1) / LATHE_LANES + 1; }

static size_t plane(int height, int width) { return (size_t)height * (size_t)width * LATHE_LANES; }

/* One channel and one filter a group: for the kernels, one group whose filters see one channel each. */
static bool is_depthwise(const lathe_conv_geometry *g)
{
    return g->groups > 1 && g->channels == 1 && g->filters == 1;
}

static const lathe_channels_kernels *kernels_of(const lathe_node *node, const lathe_conv_geometry *g)
{
    return is_depthwise(g) ? node->kernels->depthwise : node->kernels->channels;
}

/* Groups, and what is in one, as the kernels see it. */
static lathe_conv_geometry geometry_of(const lathe_node *node)
{
    lathe_conv_geometry g = *(const lathe_conv_geometry *)node->saved;
    if (is_depthwise(&g)) g.channels = g.filters = g.groups, g.groups = 1;
    return g;
}

static lathe_correlation correlation_of(const lathe_node *node, const lathe_correlation *c)
{
    const lathe_conv_geometry *g = node->saved;
    lathe_correlation seen = *c;
    if (is_depthwise(g)) seen.channels = seen.filters = g->groups;
    return seen;
}

/* Numbers of one group's part of an image, in the input and in the result. */
static size_t in_group(const lathe_conv_geometry *g)
{
    return (size_t)sixteens(g->channels) * plane(g->rows.size, g->columns.size);
}

static size_t out_group(const lathe_conv_geometry *g)
{
    return (size_t)sixteens(g->filters) * plane(g->rows.results, g->columns.results);
}

/* A group's channels begin where a sixteen does. */
static bool whole_sixteens(const lathe_conv_geometry *g)
{
    return g->groups == 1 || is_depthwise(g) ||
        (g->channels % LATHE_LANES == 0 && g->filters % LATHE_LANES == 0);
}

lathe_layout lathe_conv_layout(const lathe_node *node, const lathe_conv_geometry *of)
{
    const int *w = node->in[1]->shape.dim;
    const lathe_conv_geometry g = { .groups = of->groups, .channels = w[1], .filters = w[0] / of->groups };
    if (lathe_tape_layout_of(node->tape) == LATHE_BATCHED || !whole_sixteens(&g)) return LATHE_BATCHED;
    const lathe_window *down = &of->rows, *across = &of->columns;
    lathe_conv_axis rows = { .results = 1, .taps = w[2], .step = down->stride, .tap_step = down->dilation };
    lathe_conv_axis columns = { .results = 1,
        .taps = w[3],
        .step = across->stride,
        .tap_step = across->dilation };
    lathe_correlation forward = { 1, 1, rows, columns, NULL };
    rows.step = columns.step = 1; /* the gradient's phases read no more than this */
    lathe_correlation back = { 1, 1, rows, columns, NULL };
    const lathe_channels_kernels *kernels = kernels_of(node, &g);
    return kernels->fits(&forward) && kernels->fits(&back) ? LATHE_CHANNELS : LATHE_BATCHED;
}

bool lathe_conv_on_channels(const lathe_node *node) { return node->out->layout == LATHE_CHANNELS; }

/* Images at x: the input's numbers lie as it does, all others with channels abreast. */
static lathe_channels_image images_at(const lathe_node *node, const lathe_real *x, int channels, int height,
    int width)
{
    ptrdiff_t places = (ptrdiff_t)height * width, block = places * LATHE_LANES;
    if (x == node->in[0]->data && node->in[0]->layout == LATHE_PLAIN)
        return (lathe_channels_image){ x, channels * places, 0, places, 1 };
    return (lathe_channels_image){ x, sixteens(channels) * block, block, 1, LATHE_LANES };
}

/* One image of them, from the first channel of a group on. */
static lathe_channels_image image_at(const lathe_channels_image *x, int image, int group, int channels)
{
    lathe_channels_image at = *x;
    at.at += image * x->image;
    at.at += x->pixel == 1 ? group * channels * x->channel : group * (ptrdiff_t)sixteens(channels) * x->block;
    return at;
}

/* ---- packing ------------------------------------------------------------------------------------------- */

static const lathe_channels_kernels *correlation_kernels(const lathe_node *node, const lathe_correlation *c)
{
    const lathe_conv_geometry *g = node->saved;
    return is_depthwise(g) ? kernels_of(node, g) : lathe_channels_kernels_for(node, c);
}

size_t lathe_channels_packed_size(const lathe_node *node, const lathe_conv_phase *phase)
{
    lathe_correlation c = correlation_of(node, &phase->c);
    return correlation_kernels(node, &c)->packed(&c) * (size_t)geometry_of(node).groups;
}

typedef struct pack_job {
    const lathe_channels_kernels *kernels;
    lathe_correlation c;
    lathe_conv_weights weights;  /* of the first group */
    size_t from_group, to_group; /* numbers of one */
    int pieces;
    lathe_real *packed;
} pack_job;

static void pack_task(void *context, int task)
{
    const pack_job *job = context;
    size_t group = (size_t)(task / job->pieces);
    lathe_conv_weights w = job->weights;
    w.at += group * job->from_group;
    job->kernels->pack(&job->c, &w, task % job->pieces, job->packed + group * job->to_group);
}

void lathe_channels_pack_phase(const lathe_node *node, const lathe_conv_phase *phase, lathe_real **packed)
{
    lathe_conv_geometry g = geometry_of(node);
    lathe_correlation c = correlation_of(node, &phase->c);
    pack_job job = { .kernels = correlation_kernels(node, &c),
        .c = c,
        .weights = phase->weights,
        .from_group = lathe_conv_group_weights(&g),
        .packed = *packed };
    job.to_group = job.kernels->packed(&job.c);
    job.pieces = job.kernels->groups(&job.c);
    lathe_parallel(node->context, g.groups * job.pieces, pack_task, &job);
    *packed += job.to_group * (size_t)g.groups;
}

/* ---- correlations -------------------------------------------------------------------------------------- */

enum { MOST_PHASES = 16 }; /* together; a stride above 4 takes several goes */

/* One correlation of a job: its parts are tasks first ... first + parts - 1 of a group. */
typedef struct run {
    const lathe_channels_kernels *kernels;
    lathe_correlation c;
    const lathe_real *packed;
    size_t packed_group;
    int first, parts;
} run;

typedef struct correlate_job {
    run runs[MOST_PHASES];
    int count, groups, tasks_a_group;
    lathe_channels_image x;
    size_t y_group;
    const lathe_real *bias;
    lathe_real *y;
    lathe_conv_store how;
} correlate_job;

static void correlate_task(void *context, int task)
{
    const correlate_job *job = context;
    int within = task % job->tasks_a_group, at = task / job->tasks_a_group, group = at % job->groups,
        image = at / job->groups;
    const run *r = job->runs;
    while (within >= r->first + r->parts) r++;
    lathe_channels_image x = image_at(&job->x, image, group, r->c.channels);
    r->kernels->correlate(&r->c, &x, r->packed + (size_t)group * r->packed_group,
        job->bias ? job->bias + group * r->c.filters : NULL, job->y + (size_t)at * job->y_group,
        within - r->first, job->how);
}

/* One more phase, whose weights are at *packed, which moves behind them. */
static void add_phase(const lathe_node *node, correlate_job *job, const lathe_conv_phase *phase,
    const lathe_real **packed)
{
    run r = { .c = correlation_of(node, &phase->c), .packed = *packed, .first = job->tasks_a_group };
    r.kernels = correlation_kernels(node, &r.c);
    r.packed_group = r.kernels->packed(&r.c);
    r.parts = r.kernels->parts(&r.c);
    job->runs[job->count++] = r;
    job->tasks_a_group += r.parts;
    *packed += r.packed_group * (size_t)job->groups;
}

/* Do the phases added, and forget them. */
static void run_phases(lathe_node *node, correlate_job *job)
{
    int images = node->out->shape.dim[0];
    lathe_parallel(node->context, images * job->groups * job->tasks_a_group, correlate_task, job);
    job->count = job->tasks_a_group = 0;
}

void lathe_channels_forward(lathe_node *node, const lathe_real *x, const lathe_real *bias,
    const lathe_real *packed, lathe_real *y, lathe_conv_store how)
{
    lathe_conv_geometry g = geometry_of(node);
    correlate_job job = { .groups = g.groups,
        .x = images_at(node, x, g.channels * g.groups, g.rows.size, g.columns.size),
        .y_group = out_group(&g),
        .bias = bias,
        .y = y,
        .how = how };
    lathe_conv_phase forward = lathe_conv_forward_phase(node);
    add_phase(node, &job, &forward, &packed);
    run_phases(node, &job);
}

void lathe_channels_to_data(lathe_node *node, const lathe_real *gy, const lathe_real *bias,
    const lathe_real *packed, lathe_real *gx, lathe_conv_store how)
{
    lathe_conv_geometry g = geometry_of(node);
    correlate_job job = { .groups = g.groups,
        .x = images_at(node, gy, g.filters * g.groups, g.rows.results, g.columns.results),
        .y_group = in_group(&g),
        .bias = bias,
        .y = gx,
        .how = how };
    int count = lathe_conv_data_phases(&g);
    for (int i = 0; i < count; i++) {
        lathe_conv_phase phase = lathe_conv_data_phase(node, i);
        if (job.count == MOST_PHASES) run_phases(node, &job);
        add_phase(node, &job, &phase, &packed);
    }
    run_phases(node, &job);
}

/* ---- the weights' gradient ----------------------------------------------------------------------------- */

/*
 * Each micro-batch is summed by itself, in chunks where there are fewer micro-batches than tasks wanted. Its
 * chunks are added up in order, and then the micro-batches along the batch's tree.
 */
typedef struct weights_job {
    const lathe_channels_kernels *kernels;
    const lathe_element_kernels *element;
    lathe_conv_geometry g;
    lathe_correlation c;
    lathe_channels_image x;
    const lathe_real *gy;
    lathe_leaves leaves, node[LATHE_MOST_NODES];
    int nodes, images, parts, chunks;
    long units;              /* of an image */
    size_t packed, count;    /* numbers of one group's sums, and of all */
    lathe_real *sums, *more; /* [nodes][count] and those of the other chunks */
} weights_job;

/* Sums of a chunk. Those of a node's first one become the node's. */
static lathe_real *sums_at(const weights_job *job, int leaf, int chunk)
{
    int n = 0;
    while (leaf >= job->node[n].end) n++;
    if (leaf == job->node[n].begin && chunk == 0) return job->sums + (size_t)n * job->count;
    int before = (leaf - job->leaves.begin) * job->chunks + chunk - n - 1;
    return job->more + (size_t)before * job->count;
}

/* Units of this process's images before the leaf. */
static long units_before(const weights_job *job, int leaf)
{
    long images = (long)(leaf - job->leaves.begin) * LATHE_MICRO_BATCH;
    return (images < job->images ? images : job->images) * job->units;
}

static int chunks_of_leaf(const weights_job *job, int leaf)
{
    long units = units_before(job, leaf + 1) - units_before(job, leaf);
    return units < job->chunks ? (int)units : job->chunks;
}

static void to_weights_task(void *context, int task)
{
    const weights_job *job = context;
    const lathe_conv_geometry *g = &job->g;
    int part = task % job->parts, at = task / job->parts, group = at % g->groups,
        leaf = job->leaves.begin + at / g->groups / job->chunks, chunk = at / g->groups % job->chunks,
        chunks = chunks_of_leaf(job, leaf);
    if (chunk >= chunks) return;
    long first = units_before(job, leaf), units = units_before(job, leaf + 1) - first;
    lathe_channels_image x = image_at(&job->x, 0, group, g->channels);
    job->kernels->to_weights(&job->c, &x, job->gy + (size_t)group * out_group(g),
        out_group(g) * (size_t)g->groups, first + units * chunk / chunks,
        first + units * (chunk + 1) / chunks, part, sums_at(job, leaf, chunk) + (size_t)group * job->packed);
}

/* A range of the sums, and where those that wait are. */
typedef struct weights_range {
    const weights_job *job;
    size_t begin, count;
    lathe_real *slot[LATHE_MOST_SLOTS];
} weights_range;

static void add_range(const weights_range *r, const lathe_real *from, lathe_real *to)
{
    r->job->element->copy(r->count, from, to, true);
}

static void weights_leaf(void *context, int leaf, int slot, bool add)
{
    weights_range *r = context;
    lathe_real *sum = sums_at(r->job, leaf, 0) + r->begin;
    for (int chunk = 1; chunk < chunks_of_leaf(r->job, leaf); chunk++)
        add_range(r, sums_at(r->job, leaf, chunk) + r->begin, sum);
    if (add) add_range(r, sum, r->slot[slot]);
    else r->slot[slot] = sum;
}

static void weights_join(void *context, int to, int from)
{
    const weights_range *r = context;
    add_range(r, r->slot[from], r->slot[to]);
}

static void weights_ranges(void *context, size_t begin, size_t end)
{
    weights_range range = { .job = context, .begin = begin, .count = end - begin };
    const lathe_tree tree = { weights_leaf, weights_join, &range };
    for (int n = 0; n < range.job->nodes; n++)
        lathe_tree_sum(&tree, range.job->node[n].begin, range.job->node[n].end, 0);
}

/* Sums that become a gradient. */
typedef struct unpack_job {
    lathe_context *context;
    const lathe_channels_kernels *kernels;
    lathe_correlation c;
    int groups, pieces;
    size_t packed, weights; /* numbers of a group */
    const lathe_real *sums;
    lathe_real *gw;
    bool add;
} unpack_job;

static void unpack_task(void *context, int task)
{
    const unpack_job *job = context;
    size_t group = (size_t)(task / job->pieces);
    job->kernels->unpack(&job->c, job->sums + group * job->packed, task % job->pieces, job->add,
        job->gw + group * job->weights);
}

static void unpack_weights(const void *context, const lathe_real *sums, lathe_real *gw, bool add)
{
    unpack_job job = *(const unpack_job *)context;
    job.sums = sums;
    job.gw = gw;
    job.add = add;
    lathe_parallel(job.context, job.groups * job.pieces, unpack_task, &job);
}

/* Chunks of a micro-batch: as many as make TASKS tasks worth the while of a whole batch of so many images. */
static int chunks_for(const weights_job *job, int images)
{
    const lathe_conv_geometry *g = &job->g;
    int tasks = job->parts * g->groups, wanted = (TASKS - 1) / tasks + 1;
    double work =
        (double)images * g->rows.results * g->columns.results * (double)job->count / tasks / TASK_WORK;
    if (wanted > work) wanted = work < 1 ? 1 : (int)work;
    return (wanted - 1) / ((images - 1) / LATHE_MICRO_BATCH + 1) + 1;
}

static weights_job weights_job_of(const lathe_node *node, const lathe_real *x, const lathe_real *gy)
{
    weights_job job = { .element = node->kernels->element,
        .g = geometry_of(node),
        .gy = gy,
        .leaves = lathe_leaves_of(node->in[0]),
        .images = node->in[0]->shape.dim[0] };
    const lathe_conv_geometry *g = &job.g;
    job.nodes = lathe_nodes_of(node->in[0], job.node);
    lathe_conv_phase forward = lathe_conv_forward_phase(node);
    job.c = correlation_of(node, &forward.c);
    job.x = images_at(node, x, g->channels * g->groups, g->rows.size, g->columns.size);
    job.kernels = correlation_kernels(node, &job.c);
    job.packed = job.kernels->weight_sums(&job.c);
    job.count = job.packed * (size_t)g->groups;
    job.parts = job.kernels->weight_parts(&job.c);
    job.units = job.kernels->units(&job.c);
    job.chunks = chunks_for(&job, lathe_whole_batch(node->in[0]));
    return job;
}

void lathe_channels_to_weights(lathe_node *node, const lathe_real *x, const lathe_real *gy)
{
    if (!lathe_needs_gradient(node, 1)) return;
    weights_job job = weights_job_of(node, x, gy);
    int leaves = job.leaves.end - job.leaves.begin, sums = leaves * job.chunks, more = sums - job.nodes;
    size_t bytes = sizeof *job.sums;
    if (job.nodes) {
        job.sums = lathe_is_sharded(node) ?
            lathe_tape_alloc(node->tape, lathe_times((size_t)job.nodes, job.count), bytes) :
            lathe_tape_work(node->tape, job.count, bytes);
        job.more = more ? lathe_tape_work(node->tape, lathe_times((size_t)more, job.count), bytes) : NULL;
        if (!job.sums || (more && !job.more)) return;
        lathe_parallel(node->context, sums * job.g.groups * job.parts, to_weights_task, &job);
        if (more) lathe_parallel_ranges(node->context, job.count, weights_ranges, &job);
    }
    unpack_job unpack = { .context = node->context,
        .kernels = job.kernels,
        .c = job.c,
        .groups = job.g.groups,
        .pieces = job.kernels->groups(&job.c),
        .packed = job.packed,
        .weights = lathe_conv_group_weights(&job.g) };
    lathe_batch_deliver(node, 1, job.sums, job.count, unpack_weights, &unpack, sizeof unpack);
}

/* ---- the bias' gradient -------------------------------------------------------------------------------- */

typedef struct bias_job {
    const lathe_channels_kernels *kernels;
    int images, filters;
    size_t places;
    const lathe_real *gy;
} bias_job;

/* Sixteen filters: the images in order. */
static void bias_leaf(const void *context, int leaf, int block, lathe_real *sum, bool add)
{
    const bias_job *job = context;
    int first = leaf * LATHE_MICRO_BATCH, end = first + LATHE_MICRO_BATCH;
    size_t blocks = (size_t)sixteens(job->filters);
    lathe_real total[LATHE_LANES] = { 0 };
    for (int image = first; image < end && image < job->images; image++) {
        _Alignas(64) lathe_real one[LATHE_LANES];
        size_t place = ((size_t)image * blocks + (size_t)block) * job->places;
        job->kernels->sum(job->places, job->gy + place * LATHE_LANES, one);
        for (int i = 0; i < LATHE_LANES; i++) total[i] += one[i];
    }
    for (int i = 0; i < LATHE_LANES; i++) sum[i] = add ? sum[i] + total[i] : total[i];
}

static void finish_bias(const void *context, const lathe_real *sum, lathe_real *gb, bool add)
{
    const bias_job *job = context;
    for (int f = 0; f < job->filters; f++) gb[f] = add ? gb[f] + sum[f] : sum[f];
}

void lathe_channels_to_bias(lathe_node *node, const lathe_real *gy)
{
    const int *dim = node->out->shape.dim;
    bias_job job = { node->kernels->channels, dim[0], dim[1], (size_t)dim[2] * (size_t)dim[3], gy };
    lathe_batch_gradient(node,
        &(lathe_batch_sum){ .input = 2,
            .parts = sixteens(dim[1]),
            .part_size = LATHE_LANES,
            .leaf = bias_leaf,
            .finish = finish_bias,
            .job = &job,
            .job_size = sizeof job,
            .work = (double)LATHE_MICRO_BATCH * LATHE_LANES * (double)job.places });
}
