/*
 * A batch that several processes share. Its pictures are cut into micro-batches of sixteen; each process has
 * a run of them. What is a sum over the batch (a loss, the statistics of a norm, the gradient of a parameter)
 * is added up in one tree over the micro-batches, which depends on the batch alone: the same bits for any
 * number of processes, one included.
 */
#ifndef LATHE_CORE_SHARD_H
#define LATHE_CORE_SHARD_H

#include <stdbool.h>
#include <stddef.h>

#include "batch.h"
#include "context.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Pictures of a micro-batch. */
#define LATHE_MICRO_BATCH 16

/** A process's pictures of a batch. */
typedef struct lathe_shard {
    int whole; /* pictures of the batch in all processes; 0: it is not shared */
    int first; /* index of the process's first picture in the batch, a multiple of LATHE_MICRO_BATCH */
    int count; /* its pictures, at least 1 */
    /**
     * The batch has too few micro-batches for all processes, and this one computes pictures that are another
     * one's, to stay in step; they count there.
     */
    bool silent;
} lathe_shard;

/** The pictures that process `rank` of `size` has of a batch of `whole`. */
lathe_shard lathe_shard_of(int whole, int rank, int size);

/** Pictures of the batch in all processes; batch->size if it is not shared. */
int lathe_batch_whole(const lathe_batch *batch);

/**
 * lathe_tape_leaf for numbers of a batch's pictures, such as features that are known already:
 * shape.dim[0] is batch->size.
 * Errors   those of lathe_tape_leaf and lathe_input
 */
lathe_tensor *lathe_batch_leaf(lathe_tape *tape, const lathe_batch *batch, lathe_layout layout,
    lathe_shape shape, const lathe_real *values);

/**
 * How processes tell each other what they have: all of them call the same functions in the same order. A
 * failure is LATHE_EIO whose message names the process that is missing. lathe_dist_init (dist/dist.h) makes
 * one over MPI.
 */
typedef struct lathe_exchange {
    void *self; /* the functions' first argument */
    int rank, size;
    /** Give bytes[rank] bytes to all; `all` becomes every process's, in order of rank. */
    lathe_status (*gather)(void *self, const void *mine, void *all, const size_t *bytes);
    /**
     * Give sent[r] bytes to process r and get received[r] from it, both in order of rank. `mine` has what is
     * sent, for rank 0 first; `got` becomes what is received.
     */
    lathe_status (
        *scatter)(void *self, const void *mine, const size_t *sent, void *got, const size_t *received);
} lathe_exchange;

/**
 * Set how the context (NULL: the default one) shares batches; NULL: it has whole ones. The exchange must live
 * until it is replaced. Not to be called between a forward and its backward.
 */
void lathe_context_set_exchange(lathe_context *context, const lathe_exchange *exchange);
const lathe_exchange *lathe_context_exchange(const lathe_context *context);

/** The context that the tape was made for, by which it shares batches. Errors: LATHE_EARG: NULL. */
lathe_context *lathe_tape_context(const lathe_tape *tape);

/**
 * The sum over a batch of a number of each micro-batch: `mine` has those of this process's, and *sum becomes
 * that of all. It is added up in the order that depends on the batch alone. A shard whose `whole` is 0 has
 * all. All processes that share the batch must call it.
 * Errors   LATHE_EARG, LATHE_EIO, LATHE_ENOMEM
 */
lathe_status lathe_shard_sum(lathe_context *context, const lathe_shard *shard, const double *mine,
    double *sum);

/**
 * Give all processes what each has of its pictures of a shared batch of `whole`: `bytes` bytes for each run
 * of `pictures` pictures, a divisor of LATHE_MICRO_BATCH. `all` becomes those of all pictures, in their
 * order. All processes must call it.
 * Errors   LATHE_EARG, LATHE_EIO, LATHE_ENOMEM; LATHE_ESTATE if the context does not share batches
 */
lathe_status lathe_shard_gather(lathe_context *context, int whole, int pictures, const void *mine,
    size_t bytes, void *all);

/**
 * Finish the gradients of parameters after lathe_backward of a shared batch: add up all processes' parts.
 * All processes must call it. Nothing is left to do for a batch that is not shared.
 * Errors   LATHE_EIO, LATHE_ENOMEM
 */
lathe_status lathe_context_reduce(lathe_context *context);

#ifdef __cplusplus
}
#endif
#endif
