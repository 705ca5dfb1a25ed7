#include "channel_pieces_impl.h"

#include <string.h>

#include "../alloc.h"

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Vectors of a piece of a plane of sixteen channels: a few chunks of the kernels. */
enum { PIECE = 2048 };

lathe_pieces lathe_pieces_of(const lathe_tensor *x, int wide)
{
    lathe_pieces p = { .x = x, .channels = x->shape.dim[1], .wide = wide, .cuts = 1 };
    p.groups = (p.channels - 1) / wide + 1;
    p.planes = (int)lathe_tensor_planes(x);
    p.size = p.length = lathe_tensor_per_image(x) / (size_t)p.channels;
    if (wide > 1) p.cuts = (int)((p.size - 1) / PIECE + 1), p.length = least(p.size, PIECE);
    size_t numbers = p.length * LATHE_LANES;
    p.a_task = (int)((LATHE_GRAIN + numbers - 1) / numbers);
    p.blocks = wide == 1 ? lathe_tensor_blocks(x) : 1;
    p.tasks = (p.planes / p.blocks * p.cuts - 1) / p.a_task + 1;
    p.record = 1 + (size_t)p.groups * 2 * (size_t)wide;
    return p;
}

static lathe_piece piece_at(const lathe_pieces *p, int index)
{
    int plane = index / p->cuts, channel = plane % p->groups * p->wide;
    size_t first = (size_t)(index % p->cuts) * p->length;
    double *own = p->wide > 1 ? p->partial : p->records;
    if (own && p->wide > 1) own += (size_t)index * 2 * (size_t)p->wide;
    else if (own) own += (size_t)(plane / p->groups) * p->record + 1 + 2 * (size_t)channel;
    return (lathe_piece){ .at = ((size_t)plane * p->size + first) * LATHE_LANES,
        .size = least(p->size - first, p->length),
        .channel = channel,
        .used = p->wide == 1 ? lathe_lanes_in_block(p->x, plane / p->groups) :
                               (int)least((size_t)(p->channels - channel), LATHE_LANES),
        .partial = own };
}

typedef struct piece_run {
    lathe_pieces pieces;
    lathe_piece_fn *run;
    const void *job;
} piece_run;

static void run_pieces(void *context, int task)
{
    const piece_run *r = context;
    const lathe_pieces *p = &r->pieces;
    int all = p->planes / p->blocks * p->cuts, before = task / p->tasks * all;
    int first = task % p->tasks * p->a_task, end = first + p->a_task;
    for (int n = first; n < end && n < all; n++) {
        lathe_piece piece = piece_at(p, before + n);
        r->run(r->job, &piece);
    }
}

void lathe_for_each_piece(const lathe_node *node, const lathe_pieces *pieces, lathe_piece_fn *run, void *job,
    size_t size)
{
    void *copy = lathe_chain_keep(node, job, size);
    if (!copy) return;
    piece_run r = { *pieces, run, copy };
    lathe_parallel_blocks(node, pieces->blocks, pieces->tasks, run_pieces, &r, sizeof r);
}

/* ---- over the batch ------------------------------------------------------------------------------------ */

/* How records are joined. */
typedef struct record_job {
    const lathe_pieces *pieces;
    lathe_pieces_join_fn *join;
} record_job;

static void join_records(const void *context, void *to, const void *from)
{
    const record_job *r = context;
    double *sum = to;
    const double *other = from;
    r->join(r->pieces->groups, r->pieces->wide, sum + 1, sum[0], other + 1, other[0]);
    sum[0] += other[0];
}

static int images_of_leaf(const lathe_pieces *p, int leaf)
{
    return lathe_lanes_in_block(p->x, leaf); /* in both layouts, a micro-batch has as many as a block */
}

/* The record of a micro-batch whose pieces are of sixteen channels: image by image, piece by piece. */
static void gather_leaf(const lathe_pieces *p, int leaf, lathe_pieces_join_fn *join)
{
    double *record = p->records + (size_t)leaf * p->record;
    int wide = p->wide, first = leaf * LATHE_MICRO_BATCH, end = first + images_of_leaf(p, leaf);
    memset(record, 0, p->record * sizeof *record);
    for (int g = 0; g < p->groups; g++) {
        double count = 0;
        for (int image = first; image < end; image++)
            for (int cut = 0; cut < p->cuts; cut++) {
                lathe_piece piece = piece_at(p, (image * p->groups + g) * p->cuts + cut);
                double n = (double)piece.size;
                join(1, wide, record + 1 + (size_t)g * 2 * (size_t)wide, count, piece.partial, n);
                count += n;
            }
    }
}

bool lathe_pieces_gather(lathe_node *node, lathe_pieces *p, lathe_piece_fn *run, void *job, size_t size,
    lathe_pieces_join_fn *join)
{
    int leaves = lathe_tensor_blocks(p->x);
    p->records = lathe_tape_work(node->tape, lathe_times((size_t)leaves, p->record), sizeof(double));
    if (!p->records) return false;
    if (p->wide > 1) {
        size_t parts = lathe_times((size_t)p->planes, (size_t)p->cuts * 2 * (size_t)p->wide);
        if (!(p->partial = lathe_tape_work(node->tape, parts, sizeof *p->partial))) return false;
    }
    lathe_for_each_piece(node, p, run, job, size);
    lathe_chain_run(node->tape);
    if (lathe_tape_status(node->tape)) return false;
    for (int leaf = 0; leaf < leaves; leaf++) {
        if (p->wide > 1) gather_leaf(p, leaf, join);
        p->records[(size_t)leaf * p->record] = (double)p->size * images_of_leaf(p, leaf);
    }
    record_job records = { p, join };
    return lathe_batch_join(node, p->records, p->record * sizeof(double), join_records, &records);
}

double lathe_pieces_gathered(const lathe_pieces *p, int which, int channel)
{
    return p->records[1 + (channel / p->wide * 2 + which) * p->wide + channel % p->wide];
}
