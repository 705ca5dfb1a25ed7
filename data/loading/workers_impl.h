/* Private: threads that make a loader's batches ahead of time, in order, in a ring of slots. */
#ifndef LATHE_DATA_LOADING_WORKERS_IMPL_H
#define LATHE_DATA_LOADING_WORKERS_IMPL_H

#include "assemble_impl.h"

typedef struct lathe_workers lathe_workers;

/** Fill in the sample indices of batch `index` of the epoch. Called by one thread at a time. */
typedef void lathe_plan_fn(void *context, lathe_slot *slot, uint64_t epoch, uint64_t index);

/** Start `count` threads with batch 0 of epoch 0. Errors: LATHE_ENOMEM: returns NULL. */
lathe_workers *lathe_workers_start(int count, const lathe_recipe *recipe, int batch_size, uint64_t batches,
    lathe_plan_fn *plan, void *context);

/** Stop the threads, also in the middle of a batch. NULL is fine. */
void lathe_workers_free(lathe_workers *workers);

/** Wait for the next batch. It stays the next batch until lathe_workers_release. Failed blocks are marked. */
lathe_slot *lathe_workers_wait(lathe_workers *workers);

/** Give the slot of the next batch back to the threads. */
void lathe_workers_release(lathe_workers *workers);

/** Drop the batches made so far and continue with batch `index` of the epoch. */
void lathe_workers_seek(lathe_workers *workers, uint64_t epoch, uint64_t index);

/** Block calls of the plan function until lathe_workers_unlock. */
void lathe_workers_lock(lathe_workers *workers);
void lathe_workers_unlock(lathe_workers *workers);

#endif
