/* Private: how the parts of a sum that processes have become the whole batch's. */
#ifndef LATHE_CORE_SHARD_IMPL_H
#define LATHE_CORE_SHARD_IMPL_H

#include "ops/batch_sum_impl.h"
#include "shard.h"

/** The gradient of a parameter whose parts in other processes are not known yet. */
typedef struct lathe_pending lathe_pending;
struct lathe_pending {
    lathe_pending *next;
    lathe_node *node;
    int input;
    const lathe_real *sums; /* [nodes][count] */
    size_t count;
    lathe_finish_fn *finish; /* NULL: the numbers lie as the gradient's */
    const void *job;
};

/** What a context owes, in the order in which it became known, and the room in which it is exchanged. */
typedef struct lathe_pendings {
    lathe_pending *first, *last;
    char *room;
    size_t bytes; /* that the room has */
} lathe_pendings;

lathe_pendings *lathe_context_pendings(lathe_context *context);

/** Forget what is owed on this tape. Returns whether there was any. */
bool lathe_pendings_drop(lathe_pendings *pendings, const lathe_tape *tape);

/** The gradient of the input becomes, or is added, `sum` [count]. */
lathe_status lathe_pending_finish(const lathe_pending *pending, const lathe_real *sum);

/** Exchange and finish the entries from `first` on. */
lathe_status lathe_pendings_reduce(lathe_context *context, const lathe_pending *first);

/** The nodes that process `rank` of `size` has of a batch of `whole` pictures. Returns their count. */
int lathe_nodes_of_rank(int whole, int rank, int size, lathe_leaves node[LATHE_MOST_NODES]);

/** Join neighbouring nodes, which are all of a batch, in their order; the result is number 0. */
void lathe_join_nodes(lathe_leaves *node, int count, void (*join)(void *job, int to, int from), void *job);

#endif
