/*
 * What processes tell each other: the first one's bytes, flags, whether all succeeded. All processes of an
 * exchange (shard.h) call these functions, in the same order. NULL is an exchange of one process, which has
 * nothing to tell.
 */
#ifndef LATHE_CORE_EXCHANGE_H
#define LATHE_CORE_EXCHANGE_H

#include <stdint.h>

#include "shard.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Returns true for rank 0, and without an exchange: this process writes files and speaks. */
bool lathe_exchange_is_first(const lathe_exchange *exchange);

/** Give rank 0's bytes to all: `data` becomes a copy of them. Errors: LATHE_EIO, LATHE_ENOMEM. */
lathe_status lathe_exchange_tell(const lathe_exchange *exchange, void *data, size_t bytes);

/**
 * Give `bytes` bytes to all: `all` becomes each process's, in order of rank.
 * Errors   LATHE_EIO, LATHE_ENOMEM
 */
lathe_status lathe_exchange_each(const lathe_exchange *exchange, const void *mine, void *all, size_t bytes);

/** *flags becomes the bitwise or of all processes' flags. Errors: LATHE_EIO, LATHE_ENOMEM. */
lathe_status lathe_exchange_agree(const lathe_exchange *exchange, uint64_t *flags);

/**
 * All processes succeed, or all fail. `mine` is what this process has; not LATHE_OK: its failure is the
 * thread's last one. The failure of the lowest rank becomes that of all: "rank 2 of 4 on HOST: MESSAGE". Rank
 * 0 names itself to the others only.
 * Errors   that one; LATHE_EIO, LATHE_ENOMEM
 */
lathe_status lathe_exchange_settle(const lathe_exchange *exchange, lathe_status mine);

/**
 * Check that all processes have the same text. Errors: LATHE_ESTATE with both texts, naming the first rank
 * whose text is not rank 0's: "rank 2 of 4 on HOST: WHAT: TEXT; rank 0 on HOST has TEXT". LATHE_EIO,
 * LATHE_ENOMEM.
 */
lathe_status lathe_exchange_same(const lathe_exchange *exchange, const char *what, const char *text);

/**
 * Check that all processes compute the same bits: version, instruction set, type of numbers, and the kernels
 * of BLAS, which is "none" before lathe_blas_start. Errors: LATHE_ESTATE, as lathe_exchange_same's.
 */
lathe_status lathe_exchange_alike(const lathe_exchange *exchange);

/**
 * The threads that suit this process: the processors that it may use, divided by the processes of its host
 * that may use them too. Without an exchange 0: all processors. Errors: LATHE_EIO, LATHE_ENOMEM.
 */
lathe_status lathe_exchange_threads(const lathe_exchange *exchange, int *threads);

#ifdef __cplusplus
}
#endif
#endif
