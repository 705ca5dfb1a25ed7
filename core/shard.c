#include "shard_impl.h"

#include <string.h>

#include "alloc.h"
#include "tape_impl.h"

/* ---- who has what -------------------------------------------------------------------------------------- */

static int leaves_in(int pictures) { return (pictures - 1) / LATHE_MICRO_BATCH + 1; }

static int least(int a, int b) { return a < b ? a : b; }

lathe_shard lathe_shard_of(int whole, int rank, int size)
{
    if (whole < 1 || size < 1 || rank < 0 || rank >= size) {
        lathe_fail(LATHE_EARG, "lathe_shard_of: process %d of %d, a batch of %d", rank, size, whole);
        return (lathe_shard){ 0 };
    }
    int leaves = leaves_in(whole), begin = (int)((int64_t)leaves * rank / size),
        end = (int)((int64_t)leaves * (rank + 1) / size);
    bool silent = begin == end;
    if (silent) begin = least(begin, leaves - 1), end = begin + 1;
    int first = begin * LATHE_MICRO_BATCH;
    return (lathe_shard){ whole, first, least(whole, end * LATHE_MICRO_BATCH) - first, silent };
}

int lathe_batch_whole(const lathe_batch *batch)
{
    if (!batch) return lathe_fail_null("lathe_batch_whole", "batch"), 0;
    return batch->whole ? batch->whole : batch->size;
}

bool lathe_is_sharded(const lathe_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && node->in[i]->sharded) return true;
    return false;
}

int lathe_whole_batch(const lathe_tensor *x) { return x->sharded ? x->tape->shard.whole : x->shape.dim[0]; }

lathe_leaves lathe_leaves_of(const lathe_tensor *x)
{
    int begin = x->sharded ? x->tape->shard.first / LATHE_MICRO_BATCH : 0;
    return (lathe_leaves){ begin, begin + leaves_in(x->shape.dim[0]) };
}

/* The largest node that begins at `begin` and ends at `end` or before, of a tree of `leaves`. */
static lathe_leaves largest_node(int begin, int end, int leaves)
{
    int size = 1;
    while (begin % (2 * size) == 0 && begin + size < end) size *= 2;
    bool to_the_end = end == leaves && begin + size >= end;
    while (begin + size > end && !to_the_end) size /= 2;
    return (lathe_leaves){ begin, least(begin + size, end) };
}

static int nodes_in(int begin, int end, int leaves, lathe_leaves node[LATHE_MOST_NODES])
{
    int count = 0;
    for (; begin < end; begin = node[count++].end) node[count] = largest_node(begin, end, leaves);
    return count;
}

int lathe_nodes_of_rank(int whole, int rank, int size, lathe_leaves node[LATHE_MOST_NODES])
{
    lathe_shard shard = lathe_shard_of(whole, rank, size);
    int begin = shard.first / LATHE_MICRO_BATCH;
    return shard.silent ? 0 : nodes_in(begin, begin + leaves_in(shard.count), leaves_in(whole), node);
}

int lathe_nodes_of(const lathe_tensor *x, lathe_leaves node[LATHE_MOST_NODES])
{
    lathe_leaves own = lathe_leaves_of(x);
    if (!x->sharded) return node[0] = own, 1;
    if (x->tape->shard.silent) return 0;
    return nodes_in(own.begin, own.end, leaves_in(x->tape->shard.whole), node);
}

void lathe_join_nodes(lathe_leaves *node, int count, void (*join)(void *job, int to, int from), void *job)
{
    int open[LATHE_MOST_NODES], depth = 0; /* nodes that wait for their other part */
    for (int i = 0; i < count; i++) {
        open[depth++] = i;
        while (depth > 1) {
            lathe_leaves *to = &node[open[depth - 2]], *from = &node[open[depth - 1]];
            int size = to->end - to->begin;
            bool parts_of_one = from->end - from->begin == size && to->begin % (2 * size) == 0;
            if (!parts_of_one && i < count - 1) break;
            join(job, open[depth - 2], open[depth - 1]);
            to->end = from->end;
            depth--;
        }
    }
}

lathe_status lathe_shard_gather(lathe_context *context, int whole, int pictures, const void *mine,
    size_t bytes, void *all)
{
    if (!mine || !all) return lathe_fail_null("lathe_shard_gather", mine ? "all" : "mine");
    const lathe_exchange *exchange = lathe_context_exchange(context);
    if (!exchange) return lathe_fail(LATHE_ESTATE, "lathe_shard_gather: the context shares no batches");
    if (whole < 1 || pictures < 1 || LATHE_MICRO_BATCH % pictures)
        return lathe_fail(LATHE_EARG, "lathe_shard_gather: runs of %d pictures of a batch of %d", pictures,
            whole);
    size_t *given = lathe_alloc((size_t)exchange->size, sizeof *given);
    if (!given) return lathe_error();
    for (int rank = 0; rank < exchange->size; rank++) {
        const lathe_shard shard = lathe_shard_of(whole, rank, exchange->size);
        given[rank] = shard.silent ? 0 : (size_t)((shard.count - 1) / pictures + 1) * bytes;
    }
    lathe_status status = exchange->gather(exchange->self, mine, all, given);
    lathe_free(given);
    return status;
}

static void join_doubles(void *job, int to, int from) { ((double *)job)[to] += ((double *)job)[from]; }

lathe_status lathe_shard_sum(lathe_context *context, const lathe_shard *shard, const double *mine,
    double *sum)
{
    if (!shard || !mine || !sum)
        return lathe_fail_null("lathe_shard_sum", !shard ? "shard" : !mine ? "mine" : "sum");
    const int pictures = shard->whole ? shard->whole : shard->count;
    if (pictures < 1) return lathe_fail(LATHE_EARG, "lathe_shard_sum: a batch of %d pictures", pictures);
    const int leaves = leaves_in(pictures);
    double *all = lathe_alloc((size_t)leaves, sizeof *all);
    lathe_leaves *node = lathe_alloc((size_t)leaves, sizeof *node);
    lathe_status status = all && node ? LATHE_OK : LATHE_ENOMEM;
    if (!status && shard->whole)
        status = lathe_shard_gather(context, pictures, LATHE_MICRO_BATCH, mine, sizeof *all, all);
    else if (!status) memcpy(all, mine, (size_t)leaves * sizeof *all);
    for (int i = 0; i < leaves && !status; i++) node[i] = (lathe_leaves){ i, i + 1 };
    if (!status) lathe_join_nodes(node, leaves, join_doubles, all), *sum = *all;
    lathe_free(all);
    lathe_free(node);
    return status;
}

/* ---- gradients of parameters --------------------------------------------------------------------------- */

bool lathe_pendings_drop(lathe_pendings *pendings, const lathe_tape *tape)
{
    bool any = false;
    lathe_pending *entry = pendings->first;
    pendings->first = pendings->last = NULL;
    for (lathe_pending *next; entry; entry = next) {
        next = entry->next;
        if (entry->node->tape == tape) {
            any = true;
            continue;
        }
        entry->next = NULL;
        if (pendings->last) pendings->last->next = entry;
        else pendings->first = entry;
        pendings->last = entry;
    }
    return any;
}

/* What goes where: each process adds up a slice of all sums, and gives the result to all. */
typedef struct plan {
    const lathe_exchange *exchange;
    const lathe_pending *first;
    int own;             /* nodes of this process */
    size_t total, slice; /* numbers of all sums, and of this process's slice */
    lathe_leaves *node;  /* [nodes], of all processes */
    int nodes;
    size_t *mine, *other; /* [size]: bytes for, or of, each process */
    lathe_real *sent;     /* [processes][own nodes][their slice] */
    lathe_real *got;      /* [nodes][slice] */
    lathe_real *sums;     /* [total] */
} plan;

static size_t slice_at(const plan *p, int rank)
{
    return (size_t)((double)p->total * rank / p->exchange->size);
}

static size_t slice_of(const plan *p, int rank) { return slice_at(p, rank + 1) - slice_at(p, rank); }

/* Numbers that an entry takes: the next one begins at a whole vector, as kernels want it. */
static size_t room_of(const lathe_pending *entry)
{
    return lathe_plus(entry->count, LATHE_LANES - 1) / LATHE_LANES * LATHE_LANES;
}

/* Numbers of an entry and a gap behind it, so that the next one begins at a whole vector. */
static size_t padded(const lathe_pending *entry)
{
    return (entry->count + LATHE_LANES - 1) / LATHE_LANES * LATHE_LANES;
}

/* Numbers [begin, end) of one node's sums, one entry behind the other, with zeros between them. */
static void copy_numbers(const lathe_pending *entry, int node, size_t begin, size_t end, lathe_real *to)
{
    memset(to, 0, (end - begin) * sizeof *to);
    for (size_t at = 0; entry && at < end; at += padded(entry), entry = entry->next) {
        size_t from = begin > at ? begin - at : 0, until = end - at < entry->count ? end - at : entry->count;
        if (from >= until) continue;
        memcpy(to + (at + from - begin), entry->sums + (size_t)node * entry->count + from,
            (until - from) * sizeof *to);
    }
}

static void join_slices(void *job, int to, int from)
{
    const plan *p = job;
    lathe_real *sum = p->got + (size_t)to * p->slice;
    const lathe_real *more = p->got + (size_t)from * p->slice;
    for (size_t i = 0; i < p->slice; i++) sum[i] += more[i];
}

/* Bytes of the slices' nodes, for each process and of each. */
static void count_bytes(plan *p, int whole)
{
    const lathe_exchange *exchange = p->exchange;
    p->nodes = 0;
    for (int rank = 0; rank < exchange->size; rank++) {
        lathe_leaves node[LATHE_MOST_NODES];
        int count = lathe_nodes_of_rank(whole, rank, exchange->size, node);
        memcpy(p->node + p->nodes, node, (size_t)count * sizeof *node);
        p->nodes += count;
        p->mine[rank] = (size_t)p->own * slice_of(p, rank) * sizeof(lathe_real);
        p->other[rank] = (size_t)count * p->slice * sizeof(lathe_real);
    }
}

static lathe_status exchange_slices(plan *p)
{
    const lathe_exchange *exchange = p->exchange;
    lathe_real *to = p->sent;
    for (int rank = 0; rank < exchange->size; rank++)
        for (int node = 0; node < p->own; node++, to += slice_of(p, rank))
            if (slice_of(p, rank)) copy_numbers(p->first, node, slice_at(p, rank), slice_at(p, rank + 1), to);
    lathe_status status = exchange->scatter(exchange->self, p->sent, p->mine, p->got, p->other);
    if (status) return status;
    lathe_join_nodes(p->node, p->nodes, join_slices, p);
    for (int rank = 0; rank < exchange->size; rank++) p->mine[rank] = slice_of(p, rank) * sizeof *to;
    return exchange->gather(exchange->self, p->got, p->sums, p->mine);
}

/* Room for `bytes`, which is kept for the next time. */
static char *room_for(lathe_pendings *pendings, size_t bytes)
{
    if (bytes > pendings->bytes) {
        lathe_free(pendings->room);
        pendings->bytes = 0;
        if (!(pendings->room = lathe_alloc_raw(bytes, 1))) return NULL;
        pendings->bytes = bytes;
    }
    return pendings->room;
}

static size_t aligned(size_t bytes) { return lathe_plus(bytes, LATHE_ALIGN - 1) / LATHE_ALIGN * LATHE_ALIGN; }

lathe_status lathe_pendings_reduce(lathe_context *context, const lathe_pending *first)
{
    const lathe_exchange *exchange = lathe_context_exchange(context);
    if (!first || !exchange) return LATHE_OK;
    lathe_leaves own[LATHE_MOST_NODES];
    int whole = first->node->tape->shard.whole;
    plan p = { .exchange = exchange, .first = first };
    p.own = lathe_nodes_of_rank(whole, exchange->rank, exchange->size, own);
    for (const lathe_pending *entry = first; entry; entry = entry->next) p.total += room_of(entry);
    p.slice = slice_of(&p, exchange->rank);
    size_t processes = (size_t)exchange->size, leaves = (size_t)leaves_in(whole), real = sizeof(lathe_real);
    size_t parts[] = { aligned(leaves * sizeof *p.node), aligned(2 * processes * sizeof *p.mine),
        aligned(lathe_times(p.total * real, (size_t)p.own)), aligned(lathe_times(p.slice * real, leaves)),
        aligned(p.total * real) };
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) bytes = lathe_plus(bytes, parts[i]);
    char *room = room_for(lathe_context_pendings(context), bytes);
    if (!room) return LATHE_ENOMEM;
    p.node = (lathe_leaves *)room;
    p.mine = (size_t *)(room += parts[0]);
    p.other = p.mine + processes;
    p.sent = (lathe_real *)(room += parts[1]);
    p.got = (lathe_real *)(room += parts[2]);
    p.sums = (lathe_real *)(room += parts[3]);
    count_bytes(&p, whole);
    lathe_status status = exchange_slices(&p);
    for (const lathe_pending *entry = first; entry && !status; entry = entry->next) {
        status = lathe_pending_finish(entry, p.sums);
        p.sums += room_of(entry);
    }
    return status;
}

lathe_status lathe_context_reduce(lathe_context *context)
{
    lathe_pendings *pendings = lathe_context_pendings(context);
    const lathe_pending *first = pendings->first;
    for (const lathe_pending *entry = first; entry; entry = entry->next) entry->node->tape->owes = false;
    pendings->first = pendings->last = NULL;
    return lathe_pendings_reduce(context, first);
}
