#include "batch_sum_impl.h"

#include <string.h>

#include "../alloc.h"
#include "../shard_impl.h"
#include "../tape_impl.h"

/* ---- the tree ------------------------------------------------------------------------------------------ */

/* Leaves of the first part of a node of `size` leaves: the largest power of two that leaves a second. */
static int first_part(int size)
{
    int part = 1;
    while (2 * part < size) part *= 2;
    return part;
}

int lathe_tree_slots(int leaves)
{
    int slots = 1;
    for (int first; leaves > 2; leaves = first, slots++) first = first_part(leaves);
    return slots;
}

void lathe_tree_sum(const lathe_tree *tree, int begin, int end, int slot)
{
    if (end - begin == 1) {
        tree->leaf(tree->job, begin, slot, false);
        return;
    }
    int middle = begin + first_part(end - begin);
    lathe_tree_sum(tree, begin, middle, slot);
    if (end - middle == 1) {
        tree->leaf(tree->job, middle, slot, true);
        return;
    }
    lathe_tree_sum(tree, middle, end, slot + 1);
    tree->join(tree->job, slot, slot + 1);
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

static bool is_aligned(const lathe_real *x) { return (size_t)x % LATHE_ALIGN == 0; }

/* to (+)= from */
static void take(const lathe_node *node, const lathe_real *from, lathe_real *to, size_t count, bool add)
{
    if (is_aligned(from) && is_aligned(to)) node->kernels->element->copy(count, from, to, add);
    else if (!add) memcpy(to, from, count * sizeof *to);
    else
        for (size_t i = 0; i < count; i++) to[i] += from[i];
}

typedef struct take_job {
    const lathe_node *node;
    const lathe_real *from;
    lathe_real *to;
    bool add;
} take_job;

static void take_range(void *context, size_t begin, size_t end)
{
    const take_job *job = context;
    take(job->node, job->from + begin, job->to + begin, end - begin, job->add);
}

/* ---- delivery ------------------------------------------------------------------------------------------ */

lathe_status lathe_pending_finish(const lathe_pending *p, const lathe_real *sum)
{
    bool add;
    lathe_real *grad = lathe_grad_target(p->node->tape, p->node->in[p->input], &add);
    if (!grad) return lathe_tape_status(p->node->tape);
    if (p->finish) p->finish(p->job, sum, grad, add);
    else
        lathe_parallel_ranges(p->node->context, p->count, take_range, &(take_job){ p->node, sum, grad, add });
    return LATHE_OK;
}

static void reduce_at_once(lathe_node *node, const lathe_pending *entry)
{
    bool held = lathe_error_hold(true); /* the handler is called once, by the tape */
    lathe_status status = lathe_pendings_reduce(node->context, entry);
    lathe_error_hold(held);
    if (status) lathe_op_fail(node, status, "%s", lathe_error_message());
}

void lathe_batch_deliver(lathe_node *node, int input, const lathe_real *sums, size_t count,
    lathe_finish_fn *finish, const void *job, size_t job_size)
{
    lathe_pending given = { .node = node,
        .input = input,
        .sums = sums,
        .count = count,
        .finish = finish,
        .job = job };
    if (!lathe_is_sharded(node)) lathe_pending_finish(&given, sums);
    else if (node->in[input]->tape) reduce_at_once(node, &given);
    else {
        lathe_pending *entry = lathe_tape_alloc(node->tape, 1, sizeof *entry);
        char *copy = lathe_tape_alloc(node->tape, 1, job_size + 1);
        if (!entry || !copy) return;
        if (job) memcpy(copy, job, job_size);
        *entry = given;
        entry->job = copy;
        lathe_pendings *pendings = lathe_context_pendings(node->context);
        if (pendings->last) pendings->last->next = entry;
        else pendings->first = entry;
        pendings->last = entry;
        node->tape->owes = true;
    }
}

/* ---- the gradient of what all pictures share ----------------------------------------------------------- */

/*
 * Tasks wanted, and the multiply-adds that are worth one; numbers that a run of leaves reads, about a
 * second-level cache of 1 MiB; numbers that a task has room for on its stack.
 */
enum { TASKS = 16, TASK_WORK = 1 << 19, RUN = 1 << 18, ROOM = 1 << 13 };

/* One node: runs of leaves, a power of two each, are summed by tasks, and then joined. */
typedef struct sum_job {
    lathe_node *node;
    const lathe_batch_sum *sum;
    lathe_leaves leaves; /* of the node */
    int first;           /* leaf of the batch where this process's begin */
    int chunk, slots;    /* leaves of a run; sums that a task needs */
    size_t count;        /* numbers of the sum */
    lathe_real *total; /* [count]: the sum of the first run, and then of all; NULL: tasks finish their part */
    lathe_real *others;  /* [runs - 1][count] */
    int partial_slots;   /* of a task: slots that are not in `total` or `others` */
    lathe_real *partial; /* [runs * parts][partial_slots][stride]; NULL: they are on the task's stack */
    size_t stride;
    lathe_real *grad; /* where tasks finish their parts */
    bool add;
} sum_job;

static lathe_real *run_at(const sum_job *job, int run)
{
    return run ? job->others + (size_t)(run - 1) * job->count : job->total;
}

typedef struct part_job {
    const sum_job *of;
    int part;
    lathe_real *slot[LATHE_MOST_SLOTS];
} part_job;

static void part_leaf(void *context, int leaf, int slot, bool add)
{
    const part_job *job = context;
    const lathe_batch_sum *sum = job->of->sum;
    sum->leaf(sum->job, leaf - job->of->first, job->part, job->slot[slot], add);
}

static void part_join(void *context, int to, int from)
{
    const part_job *job = context;
    take(job->of->node, job->slot[from], job->slot[to], job->of->sum->part_size, true);
}

static int least(int a, int b) { return a < b ? a : b; }

static void sum_part(void *context, int task)
{
    const sum_job *job = context;
    const lathe_batch_sum *sum = job->sum;
    int part = task % sum->parts, run = task / sum->parts, begin = job->leaves.begin + run * job->chunk;
    part_job p = { .of = job, .part = part };
    _Alignas(LATHE_ALIGN) lathe_real room[ROOM];
    lathe_real *partial = room;
    if (job->partial) partial = job->partial + (size_t)task * (size_t)job->partial_slots * job->stride;
    if (job->total) p.slot[0] = run_at(job, run) + (size_t)part * sum->part_size;
    for (int i = job->slots - job->partial_slots; i < job->slots; i++, partial += job->stride)
        p.slot[i] = partial;
    lathe_tree_sum(&(lathe_tree){ part_leaf, part_join, &p }, begin,
        least(begin + job->chunk, job->leaves.end), 0);
    if (!job->total) sum->finish_part(sum->job, part, p.slot[0], job->grad, job->add);
}

/* Numbers [from, from + count) of runs begin ... end - 1, joined in those of the first. */
static void join_runs(const sum_job *job, int begin, int end, size_t from, size_t count)
{
    if (end - begin == 1) return;
    int middle = begin + first_part(end - begin);
    join_runs(job, begin, middle, from, count);
    join_runs(job, middle, end, from, count);
    take(job->node, run_at(job, middle) + from, run_at(job, begin) + from, count, true);
}

static void join_range(void *context, size_t begin, size_t end)
{
    const sum_job *job = context;
    int leaves = job->leaves.end - job->leaves.begin;
    join_runs(job, 0, (leaves - 1) / job->chunk + 1, begin, end - begin);
}

/*
 * Leaves of a run: enough to be worth a task, and few enough for TASKS tasks, and for the cache, from which
 * all parts read them, unless the sums are more than that. The sum does not depend on it.
 */
static int chunk_of(const lathe_batch_sum *sum, int leaves)
{
    int chunk = 1;
    double sums = 2. * sum->parts * (double)sum->part_size, most = sums > RUN ? sums : RUN;
    while (chunk < leaves &&
        (sum->work * chunk < TASK_WORK ||
            ((double)sum->parts * leaves / chunk > TASKS && (double)sum->read * chunk <= most)))
        chunk *= 2;
    return chunk;
}

/* The sum of one node's leaves to job->total, or part by part to job->grad. False after a failure. */
static bool run_sum(sum_job *job)
{
    lathe_node *node = job->node;
    const lathe_batch_sum *sum = job->sum;
    int count = job->leaves.end - job->leaves.begin;
    job->chunk = chunk_of(sum, count);
    job->slots = lathe_tree_slots(least(job->chunk, count));
    job->partial_slots = job->total ? job->slots - 1 : job->slots;
    job->count = (size_t)sum->parts * sum->part_size;
    job->stride = lathe_plus(sum->part_size, LATHE_LANES - 1) / LATHE_LANES * LATHE_LANES;
    int runs = (count - 1) / job->chunk + 1, tasks = runs * sum->parts;
    size_t partial = lathe_times((size_t)job->partial_slots, job->stride),
           others = lathe_times((size_t)(runs - 1), job->count);
    if (others && !(job->others = lathe_tape_work(node->tape, others, sizeof *job->others))) return false;
    if (partial > ROOM &&
        !(job->partial =
                lathe_tape_work(node->tape, lathe_times((size_t)tasks, partial), sizeof *job->partial)))
        return false;
    lathe_parallel(node->context, tasks, sum_part, job);
    if (runs > 1) lathe_parallel_ranges(node->context, job->count, join_range, job);
    return true;
}

/* Where this process has the whole sum, and needs no place for it. */
static bool is_direct(const lathe_node *node, const lathe_batch_sum *sum, const lathe_leaves *leaves)
{
    int count = leaves->end - leaves->begin;
    return !lathe_is_sharded(node) &&
        (sum->finish_part ? chunk_of(sum, count) >= count : !sum->finish && !node->in[sum->input]->has_grad);
}

bool lathe_needs_gradient(const lathe_node *node, int input)
{
    const lathe_tensor *x = node->in[input];
    return x && x->needs_grad && (x->tape || lathe_tape_mode(node->tape) == LATHE_TRAIN);
}

/* ---- by blocks, while the chain takes jobs ------------------------------------------------------------- */

/* The most numbers of all leaves' sums together, each of which is kept until all blocks are done. */
enum { MOST_WAITING = 1 << 18 };

/* Each leaf's sum, joined when the chain is done. */
typedef struct chained_sum {
    sum_job of;
    lathe_batch_sum sum; /* with its own copy of the job */
} chained_sum;

static void chained_leaf(void *context, int task)
{
    const chained_sum *chained = context;
    const lathe_batch_sum *sum = &chained->sum;
    int leaf = task / sum->parts, part = task % sum->parts;
    sum->leaf(sum->job, leaf, part, run_at(&chained->of, leaf) + (size_t)part * sum->part_size, false);
}

static void join_chained(void *context)
{
    chained_sum *chained = context;
    sum_job *of = &chained->of;
    const lathe_batch_sum *sum = &chained->sum;
    if (of->others) lathe_parallel_ranges(of->node->context, of->count, join_range, of);
    lathe_batch_deliver(of->node, sum->input, of->total, of->count, sum->finish, sum->job, sum->job_size);
}

/* Whether the leaves' sums are small enough to wait; false, too, if the batch's sum is not this process's. */
static bool may_wait(const lathe_node *node, const lathe_batch_sum *sum)
{
    if (!node->tape->chain.takes || lathe_is_sharded(node) || node->in[0]->layout != LATHE_BATCHED)
        return false;
    int leaves = lathe_tensor_blocks(node->in[0]);
    return (double)leaves * sum->parts * (double)sum->part_size <= MOST_WAITING;
}

static void chain_gradient(lathe_node *node, const lathe_batch_sum *sum)
{
    int leaves = lathe_tensor_blocks(node->in[0]);
    chained_sum chained = {
        { .node = node, .leaves = { 0, leaves }, .chunk = 1, .count = (size_t)sum->parts * sum->part_size },
        *sum
    };
    sum_job *of = &chained.of;
    char *job = lathe_tape_work(node->tape, 1, sum->job_size);
    of->total = lathe_tape_work(node->tape, lathe_times((size_t)leaves, of->count), sizeof *of->total);
    if (!job || !of->total) return;
    of->others = leaves > 1 ? of->total + of->count : NULL;
    memcpy(job, sum->job, sum->job_size);
    chained.sum.job = job;
    lathe_parallel_blocks(node, leaves, sum->parts, chained_leaf, &chained, sizeof chained);
    lathe_behind_blocks(node, join_chained, &chained, sizeof chained);
}

void lathe_batch_gradient(lathe_node *node, const lathe_batch_sum *sum)
{
    if (!lathe_needs_gradient(node, sum->input)) return;
    if (may_wait(node, sum)) {
        chain_gradient(node, sum);
        return;
    }
    lathe_chain_run(node->tape);

    lathe_tensor *to = node->in[sum->input];
    const lathe_tensor *x = node->in[0];
    lathe_leaves leaves[LATHE_MOST_NODES];
    int nodes = lathe_nodes_of(x, leaves), first = lathe_leaves_of(x).begin;
    size_t count = lathe_times((size_t)sum->parts, sum->part_size);
    sum_job job = { .node = node, .sum = sum, .leaves = leaves[0], .first = first };
    if (is_direct(node, sum, leaves)) {
        if (!(job.grad = lathe_grad_target(node->tape, to, &job.add))) return;
        if (!sum->finish_part) job.total = job.grad;
        run_sum(&job);
        return;
    }
    size_t numbers = lathe_times((size_t)nodes, count);
    lathe_real *sums = lathe_is_sharded(node) ? lathe_tape_alloc(node->tape, numbers, sizeof *sums) :
                                                lathe_tape_work(node->tape, numbers, sizeof *sums);
    for (int i = 0; i < nodes && sums; i++) {
        job.leaves = leaves[i];
        job.total = sums + (size_t)i * count;
        if (!run_sum(&job)) return;
    }
    if (sums || !numbers)
        lathe_batch_deliver(node, sum->input, sums, count, sum->finish, sum->job, sum->job_size);
}

/* ---- statistics ---------------------------------------------------------------------------------------- */

typedef struct join_job {
    char *records;
    size_t bytes;
    lathe_join_fn *join;
    const void *job;
} join_job;

static void join_records(void *context, int to, int from)
{
    const join_job *job = context;
    job->join(job->job, job->records + (size_t)to * job->bytes, job->records + (size_t)from * job->bytes);
}

/* Records [begin, end), of one node, joined in the first. */
static void join_node(join_job *job, int begin, int end)
{
    if (end - begin == 1) return;
    int middle = begin + first_part(end - begin);
    join_node(job, begin, middle);
    join_node(job, middle, end);
    join_records(job, begin, middle);
}

/* The records of this process's nodes, one behind the other, and those of all processes. */
static bool gather_nodes(lathe_node *node, join_job *job)
{
    const lathe_exchange *exchange = lathe_context_exchange(node->context);
    int whole = node->tape->shard.whole, count = 0, leaves = (whole - 1) / LATHE_MICRO_BATCH + 1;
    size_t *bytes = lathe_tape_work(node->tape, (size_t)exchange->size, sizeof *bytes);
    lathe_leaves *all = lathe_tape_work(node->tape, (size_t)leaves, sizeof *all);
    char *records = lathe_tape_work(node->tape, (size_t)leaves, job->bytes);
    if (!bytes || !all || !records) return false;
    for (int rank = 0; rank < exchange->size; rank++) {
        lathe_leaves of[LATHE_MOST_NODES];
        int more = lathe_nodes_of_rank(whole, rank, exchange->size, of);
        memcpy(all + count, of, (size_t)more * sizeof *of);
        bytes[rank] = (size_t)more * job->bytes;
        count += more;
    }
    bool held = lathe_error_hold(true);
    lathe_status status = exchange->gather(exchange->self, job->records, records, bytes);
    lathe_error_hold(held);
    if (status) return lathe_op_fail(node, status, "%s", lathe_error_message());
    char *first = job->records;
    job->records = records;
    lathe_join_nodes(all, count, join_records, job);
    memcpy(first, records, job->bytes);
    return true;
}

bool lathe_batch_join(lathe_node *node, void *records, size_t bytes, lathe_join_fn *join, const void *job)
{
    lathe_leaves leaves[LATHE_MOST_NODES];
    const lathe_tensor *x = node->in[0];
    int nodes = lathe_nodes_of(x, leaves), first = lathe_leaves_of(x).begin;
    join_job all = { records, bytes, join, job };
    for (int i = 0; i < nodes; i++) {
        int begin = leaves[i].begin - first;
        join_node(&all, begin, leaves[i].end - first);
        if (begin > i) memcpy(all.records + (size_t)i * bytes, all.records + (size_t)begin * bytes, bytes);
    }
    return !lathe_is_sharded(node) || gather_nodes(node, &all);
}

void lathe_join_doubles(const void *job, void *to, const void *from)
{
    double *sum = to;
    const double *more = from;
    for (size_t i = 0; i < *(const size_t *)job; i++) sum[i] += more[i];
}
