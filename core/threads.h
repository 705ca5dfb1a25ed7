/* Threads: one small pool for the whole process. The split of work never depends on how many threads there
 * are. */
#ifndef LATHE_CORE_THREADS_H
#define LATHE_CORE_THREADS_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The work: do number `task` of the job. Tasks run in any order, on any thread, and must not touch each
 * other's results. */
typedef void lathe_task_fn(void *context, int task);

/**
 * Do tasks 0 ... tasks-1 on the pool and the calling thread; returns when all are done.
 * Called from inside a task, or while another thread uses the pool, it does them one after the other.
 * Waiting threads spin for some tens of microseconds, then sleep.
 */
void lathe_parallel(int tasks, lathe_task_fn *run, void *context);

/** How many threads work at once, the calling one included. At first: one a processor that this process may
 * use. */
int lathe_threads(void);

/** Set it: 1 ... 256; 0 is the initial number. Not to be called from inside a task. A build without threads
 * (LATHE_THREADS=none) always has 1. Errors: LATHE_EARG, LATHE_ESTATE. */
lathe_status lathe_threads_set(int threads);

#ifdef __cplusplus
}
#endif
#endif
