/*
 * Several machines: the processes that a launcher (mpirun, srun) has started share each batch. Sums over the
 * batch have one order (core/shard.h), so any number of processes computes the same bits.
 *
 *     lathe_dist_init(&argc, &argv);            alone: rank 0 of 1
 *     ... a loader of this process's pictures, forward, lathe_backward ...
 *     lathe_dist_reduce(lathe_nn_params(net));  the gradients are the whole batch's
 *     lathe_optim_step(optimizer);
 *     ...
 *     lathe_dist_finalize();
 *
 * All processes call the same functions in the same order, each from one thread. core/exchange.h has what
 * they tell each other beside the batches, with lathe_dist_exchange().
 *
 * No process waits for another without end. A thread tells the others every few seconds that its process
 * lives. If one has not been heard of for 20 s (LATHE_DIST_TIMEOUT in the environment of rank 0: 1 to 3600
 * seconds), every process fails with LATHE_EIO and "rank 3 of 4 on HOST has not been heard of for 20 s".
 * After a failure each call fails alike.
 */
#ifndef LATHE_DIST_DIST_H
#define LATHE_DIST_DIST_H

#include "../core/params.h"
#include "../core/shard.h"
#include "../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Join the processes that the launcher started, and share the batches of the default context with them. A
 * process that no launcher started is rank 0 of 1. A second call does nothing.
 *
 * A program that has begun MPI itself must have asked for MPI_THREAD_MULTIPLE. lathe_dist_finalize then
 * leaves MPI_Finalize to it.
 *
 * argc, argv   main's, or NULL
 * Errors   LATHE_ESTATE if a launcher started several processes and this build has no MPI, or another MPI
 *          than the launcher's, or MPI has no threads; LATHE_EARG for LATHE_DIST_TIMEOUT;
 *          LATHE_EIO, LATHE_ENOMEM
 */
lathe_status lathe_dist_init(int *argc, char ***argv);

/** This process's number, 0 to size - 1, and the number of processes. 0 and 1 before lathe_dist_init. */
int lathe_dist_rank(void);
int lathe_dist_size(void);

/** The same among the processes of this host. */
int lathe_dist_local_rank(void);
int lathe_dist_local_size(void);

/**
 * The threads that suit this process: the processors that it may use, shared with the processes of its host
 * that may use them too. 0 alone: all processors. lathe_dist_init gives the default context that many.
 */
int lathe_dist_threads(void);

/** "rank 2 of 4 on HOST"; alone "rank 0 of 1". */
const char *lathe_dist_name(void);

/** The MPI library of this build, such as "Open MPI v4.1.4"; "none" without one. Needs no lathe_dist_init. */
const char *lathe_dist_library(void);

/** How this process exchanges data with the others; NULL if it is alone. */
const lathe_exchange *lathe_dist_exchange(void);

/**
 * After lathe_backward: make the gradients of the parameters the whole batch's, the same bits in each
 * process. They must be all the parameters that the batch has gradients for. Alone there is nothing to do.
 * Errors   LATHE_EARG, LATHE_EIO, LATHE_ENOMEM
 * Same as  what torch.nn.parallel.DistributedDataParallel does within backward
 */
lathe_status lathe_dist_reduce(const lathe_params *params);

/**
 * Tell the others that this process ends, and why; may be called by one process alone. In the others each
 * call now fails with "rank 2 of 4 on HOST has failed: MESSAGE". If the process ends because of another's
 * failure, the others hear of that one.
 */
void lathe_dist_fail(const char *message);

/**
 * Leave: wait until all processes leave, or after a failure for a moment only, and end MPI. Rank, size and
 * name stay what they were; lathe_dist_exchange is NULL. After a failure the process should end with an exit
 * code that is not 0, which makes the launcher end what is left.
 * Errors   LATHE_EIO if another process has failed; not again if this process knows that, or has failed
 */
lathe_status lathe_dist_finalize(void);

#ifdef __cplusplus
}
#endif
#endif
