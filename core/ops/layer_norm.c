#include "layer_norm.h"

#include <math.h>
#include <string.h>

#include "../alloc.h"
#include "batch_sum_impl.h"

/* Inputs of the node. */
enum { X, WEIGHT, BIAS, INPUTS };

/* What backward needs of each row: its mean and 1 / deviation. */
typedef struct layer_norm_saved {
    lathe_real *moments;
} layer_norm_saved;

/*
 * Rows lie in lines: places beside each other, each with a row whose vectors are `step` numbers apart. Each
 * line has tiles of a few places. The tiles of a micro-batch are cut into pieces, each of which has its own
 * sums for the parameters: by the shape of a picture alone.
 */
typedef struct norm_job {
    const lathe_layer_norm_kernels *kernels;
    const lathe_tensor *x;
    lathe_layer_norm_rows rows;
    int lines, lines_a_block, lines_a_leaf, places, wide; /* wide: numbers of one moment */
    int tiles;                                            /* of a line */
    int pieces_a_leaf, tiles_a_piece, pieces, pieces_a_task;
    size_t row_length; /* numbers of weights, with those of tail lanes */
    const lathe_real *gy;
    lathe_real *moments, *out, *sums; /* sums [pieces][2][row_length] */
    bool add;
} norm_job;

enum { TILE = 32 }; /* places */

/* Numbers of a piece: enough that the sums of its parameters are little beside it. */
enum { PIECE = 2 * LATHE_GRAIN };

static int pieces(int whole, int most) { return (whole - 1) / most + 1; }

/* Pieces of a micro-batch, and tasks of a few small pieces. */
static void cut(norm_job *job)
{
    size_t line = (size_t)job->rows.vectors * (size_t)job->places * LATHE_LANES,
           tile = (line - 1) / (size_t)job->tiles + 1;
    int tiles = job->tiles * job->lines_a_leaf;
    job->tiles_a_piece = tile < PIECE ? (int)(PIECE / tile) : 1;
    if (job->tiles_a_piece > tiles) job->tiles_a_piece = tiles;
    job->pieces_a_leaf = pieces(tiles, job->tiles_a_piece);
    job->pieces = pieces(job->lines, job->lines_a_leaf) * job->pieces_a_leaf;
    size_t piece = tile * (size_t)job->tiles_a_piece;
    job->pieces_a_task = piece < LATHE_GRAIN ? (int)(LATHE_GRAIN / piece) : 1;
}

/* Over channels at each place if `dims` is 0. */
static norm_job job_for(const lathe_node *node)
{
    const lathe_layer_norm_opts *o = node->attributes;
    const lathe_tensor *x = node->in[X];
    bool abreast = x->layout == LATHE_CHANNELS;
    const int channels = x->shape.dim[1], *dim = x->shape.dim;
    norm_job job = { .kernels = node->kernels->layer_norm, .x = x, .wide = abreast ? 1 : LATHE_LANES };
    int places = (int)(lathe_tensor_per_image(x) / (size_t)channels), numbers = channels, lines = 1;
    if (o->dims) {
        places = numbers = 1;
        for (int i = 1; i < x->shape.rank; i++)
            if (i < x->shape.rank - o->dims) lines *= dim[i];
            else numbers *= dim[i];
    }
    job.places = places;
    job.lines_a_block = lines;
    job.lines = lines * (abreast ? dim[0] : lathe_tensor_blocks(x));
    job.lines_a_leaf = lines * (abreast ? LATHE_MICRO_BATCH : 1);
    job.rows = (lathe_layer_norm_rows){ .vectors = abreast ? pieces(numbers, LATHE_LANES) : numbers,
        .step = (ptrdiff_t)places * LATHE_LANES,
        .abreast = abreast,
        .eps = o->eps,
        .used = numbers - (pieces(numbers, LATHE_LANES) - 1) * LATHE_LANES };
    job.row_length = (size_t)job.rows.vectors * (abreast ? LATHE_LANES : 1);
    job.tiles = pieces(places, TILE);
    cut(&job);
    return job;
}

/* One tile: where it is. */
typedef struct norm_tile {
    lathe_layer_norm_rows rows;
    int places;
    size_t at, moments;
} norm_tile;

static norm_tile tile_of(const norm_job *job, long number)
{
    int line = (int)(number / job->tiles), first = (int)(number % job->tiles) * TILE,
        left = job->places - first;
    norm_tile tile = { .rows = job->rows,
        .places = left < TILE ? left : TILE,
        .at = ((size_t)line * (size_t)job->rows.vectors * (size_t)job->places + (size_t)first) * LATHE_LANES,
        .moments = ((size_t)line * (size_t)job->places + (size_t)first) * 2 * (size_t)job->wide };
    if (!job->rows.abreast) tile.rows.used = lathe_lanes_in_block(job->x, line / job->lines_a_block);
    return tile;
}

/* The tiles of a piece; the last micro-batch may have pieces without tiles. */
static long tile_begin(const norm_job *job, int piece)
{
    long first = (long)(piece % job->pieces_a_leaf) * job->tiles_a_piece,
         leaf = (long)job->tiles * job->lines_a_leaf, all = (long)job->tiles * job->lines,
         begin = piece / job->pieces_a_leaf * leaf + (first < leaf ? first : leaf);
    return begin < all ? begin : all;
}

static void normalise_piece(const norm_job *job, int piece)
{
    for (long n = tile_begin(job, piece); n < tile_begin(job, piece + 1); n++) {
        norm_tile t = tile_of(job, n);
        job->kernels->normalise(&t.rows, t.places, job->x->data + t.at, job->out + t.at,
            job->moments ? job->moments + t.moments : NULL);
    }
}

static void gradient_piece(const norm_job *job, int piece)
{
    lathe_real *sums = job->sums + (size_t)piece * 2 * job->row_length;
    memset(sums, 0, 2 * job->row_length * sizeof *sums);
    for (long n = tile_begin(job, piece); n < tile_begin(job, piece + 1); n++) {
        norm_tile t = tile_of(job, n);
        job->kernels->gradient(&t.rows, t.places, job->x->data + t.at, job->gy + t.at,
            job->moments + t.moments, job->out ? job->out + t.at : NULL, job->add, sums);
    }
}

typedef struct piece_run {
    const norm_job *job;
    void (*run)(const norm_job *job, int piece);
} piece_run;

static void run_pieces(void *context, int task)
{
    const piece_run *r = context;
    int first = task * r->job->pieces_a_task, end = first + r->job->pieces_a_task;
    for (int n = first; n < end && n < r->job->pieces; n++) r->run(r->job, n);
}

static void for_each_piece(const lathe_node *node, const norm_job *job,
    void (*run)(const norm_job *job, int piece))
{
    piece_run r = { job, run };
    lathe_parallel(node->context, pieces(job->pieces, job->pieces_a_task), run_pieces, &r);
}

/* A copy of a parameter with zeros behind it; a constant where there is none. NULL after a failure. */
static const lathe_real *row_of(lathe_node *node, const norm_job *job, int input, lathe_real otherwise)
{
    lathe_real *row = lathe_tape_work(node->tape, job->row_length, sizeof *row);
    const lathe_tensor *of = node->in[input];
    size_t count = of ? lathe_shape_count(&of->shape) : 0;
    for (size_t i = 0; row && i < job->row_length; i++)
        row[i] = !of ? otherwise : i < count ? of->data[i] : 0;
    return row;
}

static bool take_parameters(lathe_node *node, norm_job *job)
{
    job->rows.weight = row_of(node, job, WEIGHT, 1);
    job->rows.bias = row_of(node, job, BIAS, 0);
    return job->rows.weight && job->rows.bias;
}

static void normalise(lathe_node *node)
{
    norm_job job = job_for(node);
    layer_norm_saved *saved = node->saved;
    if (!take_parameters(node, &job)) return;
    if (node->records) {
        size_t moments = lathe_times((size_t)job.lines * (size_t)job.places, 2 * (size_t)job.wide);
        if (!(saved->moments = lathe_tape_alloc(node->tape, moments, sizeof *saved->moments))) return;
    }
    job.moments = saved->moments;
    job.out = node->out->data;
    for_each_piece(node, &job, normalise_piece);
}

/* A parameter's gradient. */
typedef struct parameter_job {
    const norm_job *job;
    size_t count; /* its numbers */
    int which;    /* of the sums */
} parameter_job;

/* What the pieces of a micro-batch summed, in order. */
static void parameter_leaf(const void *context, int leaf, int part, lathe_real *sum, bool add)
{
    (void)part;
    const parameter_job *p = context;
    const norm_job *job = p->job;
    size_t row = job->row_length;
    const lathe_real *sums =
        job->sums + ((size_t)leaf * (size_t)job->pieces_a_leaf * 2 + (size_t)p->which) * row;
    for (size_t i = 0; i < p->count; i++) {
        double total = 0;
        for (int n = 0; n < job->pieces_a_leaf; n++) total += (double)sums[(size_t)n * 2 * row + i];
        sum[i] = (lathe_real)total + (add ? sum[i] : 0);
    }
}

static void parameter_gradient(lathe_node *node, const norm_job *job, int input)
{
    if (!node->in[input]) return;
    parameter_job p = { job, lathe_shape_count(&node->in[input]->shape), input == BIAS };
    lathe_batch_gradient(node,
        &(lathe_batch_sum){ .input = input,
            .parts = 1,
            .part_size = p.count,
            .leaf = parameter_leaf,
            .job = &p,
            .work = (double)p.count * job->pieces_a_leaf });
}

static void backward(lathe_node *node)
{
    norm_job job = job_for(node);
    const layer_norm_saved *saved = node->saved;
    job.moments = saved->moments;
    job.gy = node->out->grad;
    if (!take_parameters(node, &job)) return;
    size_t sums = lathe_times((size_t)job.pieces * 2, job.row_length);
    if (!(job.sums = lathe_tape_work(node->tape, sums, sizeof *job.sums))) return;
    job.out = lathe_grad_in_place(node, &job.add);
    for_each_piece(node, &job, gradient_piece);
    parameter_gradient(node, &job, WEIGHT);
    parameter_gradient(node, &job, BIAS);
}

/* ---- over the last dimensions -------------------------------------------------------------------------- */

static bool layer_norm_shape(lathe_node *node, lathe_result *result)
{
    lathe_layer_norm_opts *o = node->attributes;
    const lathe_shape *x = &result->shape;
    if (!o->dims) o->dims = x->rank - 1;
    if (o->dims > x->rank - 1)
        return lathe_op_fail(node, LATHE_EARG, "dims is %d, x has %d dimensions beside the batch", o->dims,
            x->rank - 1);
    lathe_shape wanted = { .rank = o->dims };
    for (int i = 0; i < o->dims; i++) wanted.dim[i] = x->dim[x->rank - o->dims + i];
    for (int i = WEIGHT; i < INPUTS; i++) {
        const lathe_tensor *of = node->in[i];
        char is[LATHE_SHAPE_TEXT], text[LATHE_SHAPE_TEXT];
        if (of && (of->layout != LATHE_PLAIN || !lathe_shape_equal(&of->shape, &wanted)))
            return lathe_op_fail(node, LATHE_ESHAPE, "%s is %s %s, expected plain %s", node->op->in[i].name,
                lathe_layout_name(of->layout), lathe_shape_text(&of->shape, is),
                lathe_shape_text(&wanted, text));
    }
    return true;
}

static const lathe_field fields[] = {
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_layer_norm_opts, eps),
        .preset = { 1e-5 },
        .max = HUGE_VAL,
        .above_min = true },
    { .name = "dims",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_layer_norm_opts, dims),
        .max = LATHE_MAX_RANK - 1 },
    { 0 },
};

const lathe_op lathe_layer_norm_op = {
    .name = "layer_norm",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_ANY, .optional = true },
        { .name = "bias", .form = LATHE_FORM_ANY, .optional = true } },
    .in_place = 1 + X,
    .fields = fields,
    .attributes_size = sizeof(lathe_layer_norm_opts),
    .saved_size = sizeof(layer_norm_saved),
    .shape = layer_norm_shape,
    .forward = normalise,
    .backward = backward,
};

lathe_tensor *lathe_layer_norm(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias,
    const lathe_layer_norm_opts *opts)
{
    return lathe_apply(&lathe_layer_norm_op, (lathe_tensor *[]){ x, weight, bias }, INPUTS, opts);
}

/* ---- over channels ------------------------------------------------------------------------------------- */

static bool layer_norm2d_shape(lathe_node *node, lathe_result *result)
{
    const lathe_shape *x = &result->shape;
    char text[LATHE_SHAPE_TEXT];
    for (int i = WEIGHT; i < INPUTS; i++)
        if (node->in[i] && node->in[i]->shape.dim[0] != x->dim[1])
            return lathe_op_fail(node, LATHE_ESHAPE, "x has %d channels, %s is %s", x->dim[1],
                node->op->in[i].name, lathe_shape_text(&node->in[i]->shape, text));
    return true;
}

const lathe_op lathe_layer_norm2d_op = {
    .name = "layer_norm2d",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "weight", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true } },
    .in_place = 1 + X,
    .fields = fields,
    .attributes_size = sizeof(lathe_layer_norm_opts),
    .saved_size = sizeof(layer_norm_saved),
    .layout = lathe_layout_kept,
    .shape = layer_norm2d_shape,
    .forward = normalise,
    .backward = backward,
};

lathe_tensor *lathe_layer_norm2d(lathe_tensor *x, lathe_tensor *weight, lathe_tensor *bias, double eps)
{
    return lathe_apply(&lathe_layer_norm2d_op, (lathe_tensor *[]){ x, weight, bias }, INPUTS,
        &(lathe_layer_norm_opts){ .eps = eps });
}
