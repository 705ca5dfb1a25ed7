/*
 * The worker: a thread that takes whatever waits, prepares the pictures on all of lathe's threads, and
 * answers them together. A request that finds it idle waits for nothing.
 */
#ifndef LATHE_CLI_SERVE_WORKER_H
#define LATHE_CLI_SERVE_WORKER_H

#include "job.h"

typedef struct cli_worker cli_worker;

/** The most pictures that wait; further requests are refused. */
enum { CLI_QUEUE_MOST = 4096 };

/**
 * Run the net once for each size of batch, so that the first request finds it prepared, and start the thread.
 *
 * max_pixels  of a picture
 * told        called by the thread with each job that is answered, before its `done`; may be NULL
 * Returns NULL after a failure of the library.
 */
cli_worker *cli_worker_new(const lathe_trained *trained, size_t max_pixels,
    void (*told)(void *context, const cli_job *job), void *context);

/** Queue a job. Returns false if too many pictures wait; the job is then the caller's. */
bool cli_worker_push(cli_worker *worker, cli_job *job);

/** Pictures that wait, and are being answered. */
int cli_worker_waiting(cli_worker *worker);

/** "1, 16, 64": the sizes of batches. */
const char *cli_worker_batches(const cli_worker *worker);

/** Answer what waits, and end the thread. Later jobs are refused. */
void cli_worker_end(cli_worker *worker);

/** The end, and free it. NULL is fine. */
void cli_worker_free(cli_worker *worker);

#endif
