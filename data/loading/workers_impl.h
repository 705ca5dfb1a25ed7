/* Private: threads that make a loader's batches ahead of time, in order, into a ring of slots. */
#ifndef LATHE_DATA_LOADING_WORKERS_IMPL_H
#define LATHE_DATA_LOADING_WORKERS_IMPL_H

#include "assemble_impl.h"

typedef struct lathe_workers lathe_workers;

/** Fill in what batch `index` of the epoch is made of. Called by one thread at a time. */
typedef void lathe_plan_fn(void *context, lathe_slot *slot, uint64_t epoch, uint64_t index);

/** Start `count` threads; they begin with batch 0 of epoch 0. Errors: LATHE_ENOMEM: NULL. */
lathe_workers *lathe_workers_start(int count, const lathe_recipe *recipe, int batch_size, uint64_t batches,
    lathe_plan_fn *plan, void *context);

/** Stop them, in the middle of their batches if need be. NULL is fine. */
void lathe_workers_free(lathe_workers *workers);

/** Wait for the next batch. It stays the next one until lathe_workers_release. Its failed blocks are marked.
 */
lathe_slot *lathe_workers_wait(lathe_workers *workers);

/** Give the slot of the next batch back, to be filled anew. */
void lathe_workers_release(lathe_workers *workers);

/** Forget what is made and go on with batch `index` of the epoch. */
void lathe_workers_seek(lathe_workers *workers, uint64_t epoch, uint64_t index);

/** Keep the plan function from being called, for a while. */
void lathe_workers_lock(lathe_workers *workers);
void lathe_workers_unlock(lathe_workers *workers);

#endif
