/* Parallel work. The division of the work never depends on the number of threads. */
#ifndef LATHE_CORE_THREADS_H
#define LATHE_CORE_THREADS_H

#include "context.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Do task number `task` of the job. Tasks run in any order on any thread and must not touch other results.
 */
typedef void lathe_task_fn(void *job, int task);

/**
 * Do tasks 0 ... tasks-1 on the context's threads (NULL: the default context's) and the calling thread.
 * Returns when all tasks are done.
 *
 * Called from inside a task, or while another thread uses these threads, it does the tasks one after the
 * other. Waiting threads spin for some tens of microseconds, then sleep.
 */
void lathe_parallel(lathe_context *context, int tasks, lathe_task_fn *run, void *job);

/** The number of the context's threads (NULL: the default context's), with the calling thread. */
int lathe_threads(lathe_context *context);

/**
 * Set the number of the context's threads: 1 to 256; 0: one for each processor that this process may use, at
 * most the processors whose time its control group allows, rounded up. Not to be called from inside a task.
 * A build without threads (LATHE_THREADS=none) always has 1.
 * Errors   LATHE_EARG, LATHE_ESTATE
 */
lathe_status lathe_threads_set(lathe_context *context, int threads);

#ifdef __cplusplus
}
#endif
#endif
