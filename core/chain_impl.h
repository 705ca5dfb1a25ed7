/*
 * Private: a chain of jobs on blocks of pictures. Most operations keep pictures apart. What they do to a
 * block of sixteen can wait until more operations have said what they do. Then each block goes through all of
 * them on one thread: its numbers stay in this thread's cache, and threads wait for each other once a chain.
 * Blocks that are left over, fewer than the threads, go through one job after the other together. Order and
 * size of the sums are the same, so no bit changes.
 */
#ifndef LATHE_CORE_CHAIN_IMPL_H
#define LATHE_CORE_CHAIN_IMPL_H

#include "op.h"
#include "threads.h"

/** A job that waits, in the tape's work space. */
typedef struct lathe_link lathe_link;

/** A tape's chain. */
typedef struct lathe_chain {
    bool open;  /* jobs may wait */
    bool takes; /* those of the operation that runs do wait */
    int depth;  /* operations that run; an operation of a program may call others */
    int blocks;
    lathe_link *first, *last;
    lathe_link *first_behind, *last_behind; /* what is to be done behind the chain */
} lathe_chain;

/** Let jobs wait from now on. False, and nothing is done, if the chain is open, or a hook reads numbers. */
bool lathe_chain_open(lathe_tape *tape);

/** Do what waits; from now on nothing waits. False, and nothing is done, if the chain is not open. */
bool lathe_chain_close(lathe_tape *tape);

/** Do what waits, on the context's threads. */
void lathe_chain_run(lathe_tape *tape);

/** Whether numbers that are computed on this tape may still be missing. */
bool lathe_chain_waits(const lathe_tape *tape);

/**
 * An operation begins. Its jobs may wait if it is `by_blocks` and computes from pictures and parameters
 * alone. If not, what waits is done now.
 */
void lathe_chain_enter(const lathe_node *node);

/**
 * An operation has ended. Its work space is given back, unless jobs that wait need it. If they keep too much,
 * what waits is done now.
 */
void lathe_chain_leave(lathe_tape *tape);

/** The job, or a copy in work space if the operation's jobs wait. NULL after a failure. */
void *lathe_chain_keep(const lathe_node *node, void *job, size_t size);

/**
 * Do tasks [block * tasks, (block + 1) * tasks) of each block, now or when the chain is run. A task reads and
 * writes numbers of its own block alone. `job` [size] is copied; what it points to must last until the next
 * lathe_tape_begin, or be of lathe_tape_work.
 */
void lathe_parallel_blocks(const lathe_node *node, int blocks, int tasks, lathe_task_fn *run, void *job,
    size_t size);

/** Call `run` on the calling thread, behind the jobs that wait, or now. `job` [size] is copied. */
void lathe_behind_blocks(const lathe_node *node, void (*run)(void *job), void *job, size_t size);

#endif
