/*
 * Private: sums over the pictures of a batch, in one order that depends on the batch alone.
 *
 * The leaves are micro-batches of sixteen pictures. [begin, end) is a node of the tree if it is all leaves,
 * or one of the two parts of a node: the first part is the largest power of two that leaves a second. So
 * eleven leaves are 8 + (2 + 1), and every node but the last of its size begins at a multiple of its size and
 * has as many leaves. A process that has some of the leaves has some whole nodes.
 */
#ifndef LATHE_CORE_OPS_BATCH_SUM_IMPL_H
#define LATHE_CORE_OPS_BATCH_SUM_IMPL_H

#include "../shard.h"
#include "op_impl.h"

/** Leaves [begin, end) of the batch. */
typedef struct lathe_leaves {
    int begin, end;
} lathe_leaves;

/** The most nodes that a process's leaves are. */
enum { LATHE_MOST_NODES = 64 };

/** Whether processes share the batch that the node's inputs are of. */
bool lathe_is_sharded(const lathe_node *node);

/** Pictures of the whole batch of which tensor x [B, ...] has some, or all: B unless it is sharded. */
int lathe_whole_batch(const lathe_tensor *x);

/** The leaves of this process's pictures in x [B, ...], by their place in the whole batch. */
lathe_leaves lathe_leaves_of(const lathe_tensor *x);

/**
 * The nodes that this process adds to the whole batch's sum: one if the batch is not shared; none if the
 * process is silent. Returns their count.
 */
int lathe_nodes_of(const lathe_tensor *x, lathe_leaves node[LATHE_MOST_NODES]);

/** How one node is added up. Partial sums are in numbered slots, which are the job's. */
typedef struct lathe_tree {
    /** Slot = leaf number `leaf` of the batch, or += it. */
    void (*leaf)(void *job, int leaf, int slot, bool add);
    /** Slot `to` += slot `from`. */
    void (*join)(void *job, int to, int from);
    void *job;
} lathe_tree;

/** Add up a node into `slot`; slots from there to slot + lathe_tree_slots(end - begin) - 1 are used. */
void lathe_tree_sum(const lathe_tree *tree, int begin, int end, int slot);
int lathe_tree_slots(int leaves);

/** The most slots of any tree. */
enum { LATHE_MOST_SLOTS = 32 };

/** Whether backward is to compute the gradient of an input, which may be NULL. */
bool lathe_needs_gradient(const lathe_node *node, int input);

/** What becomes of a sum: grad (+)= it, in the order of the parameter's numbers. */
typedef void lathe_finish_fn(const void *job, const lathe_real *sum, lathe_real *grad, bool add);

/**
 * Take the sums of this process's nodes, [nodes][count] in the order of lathe_nodes_of, to the gradient of
 * input number `input`. Parameters of a shared batch are finished by lathe_context_reduce; all else at once.
 * `finish` NULL: the numbers lie as the gradient's. `job` [job_size] is copied. Sums of a shared batch must
 * be of lathe_tape_alloc.
 */
void lathe_batch_deliver(lathe_node *node, int input, const lathe_real *sums, size_t count,
    lathe_finish_fn *finish, const void *job, size_t job_size);

/** The gradient of an input that all pictures share, as a sum over leaves. */
typedef struct lathe_batch_sum {
    int input;
    int parts;        /* pieces of work of a leaf */
    size_t part_size; /* numbers of each; the sum has parts * part_size numbers */
    /** sum [part_size] = part number `part` of leaf number `leaf` of this process's pictures, or += it. */
    void (*leaf)(const void *job, int leaf, int part, lathe_real *sum, bool add);
    lathe_finish_fn *finish; /* NULL: the sum's numbers lie as the gradient's */
    /** Or NULL: what `finish` does, for one part alone, which may still be in the cache. */
    void (*finish_part)(const void *job, int part, const lathe_real *sum, lathe_real *grad, bool add);
    const void *job;
    size_t job_size;
    double work; /* multiply-adds of one part of a leaf, for the number of tasks */
    size_t read; /* numbers of a leaf that many parts read, for runs of leaves that stay in the cache; or 0 */
} lathe_batch_sum;

/** Add up and deliver; nothing is done if the input needs no gradient. */
void lathe_batch_gradient(lathe_node *node, const lathe_batch_sum *sum);

/** `to` = `to` joined with `from`, which is behind it in the batch. */
typedef void lathe_join_fn(const void *job, void *to, const void *from);

/**
 * Statistics that are needed at once: records [leaves of this process][bytes] are joined along the tree, with
 * those of other processes. Record 0 becomes the whole batch's; the others are overwritten. The bytes are a
 * multiple of 8. Returns false after a failure, which is the tape's.
 */
bool lathe_batch_join(lathe_node *node, void *records, size_t bytes, lathe_join_fn *join, const void *job);

/** A lathe_join_fn for records of doubles, whose number `job` points to (size_t). */
void lathe_join_doubles(const void *job, void *to, const void *from);

#endif
