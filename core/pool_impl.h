/* Private: the pool of threads of a context (threads.c). */
#ifndef LATHE_CORE_POOL_IMPL_H
#define LATHE_CORE_POOL_IMPL_H

#include "threads.h"

typedef struct lathe_pool lathe_pool;

/** A pool with one thread for each processor. Threads start with the first job. Errors: LATHE_ENOMEM. */
lathe_pool *lathe_pool_new(void);

/** Stop the threads and free the pool. NULL is fine. */
void lathe_pool_free(lathe_pool *pool);

/** The pool of the default context. It needs no memory and is never freed. */
lathe_pool *lathe_pool_default(void);

/** See lathe_threads, lathe_threads_set and lathe_parallel. */
int lathe_pool_threads(lathe_pool *pool);
lathe_status lathe_pool_set_threads(lathe_pool *pool, int threads);
void lathe_pool_run(lathe_pool *pool, int tasks, lathe_task_fn *run, void *job);

#endif
