/* Processes that share batches, as threads of a test. */
#ifndef LATHE_TESTS_RANKS_H
#define LATHE_TESTS_RANKS_H

#include "support.h"

typedef void ranks_body(int rank, lathe_context *context, void *job);

/**
 * Run `body` on `size` threads (1 to 16), each with a context of one thread that shares its batches with the
 * others'. Bodies must not use cmocka's checks, which end the thread; they write what is checked into the
 * job.
 */
void ranks_run(int size, ranks_body *body, void *job);

/** The part of a batch of `whole` pictures that `rank` of `size` has: `batch` with its images and labels. */
lathe_batch ranks_batch(const lathe_batch *whole, int rank, int size);

#endif
