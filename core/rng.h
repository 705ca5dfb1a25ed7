/* Random numbers by key, not by history: (seed, stream, index) always gives the same number. */
#ifndef LATHE_CORE_RNG_H
#define LATHE_CORE_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A short sequence of random numbers for one (seed, stream, index). It is a value and may be copied.
 * Source   Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011
 */
typedef struct lathe_rng {
    uint32_t key[2];
    uint32_t counter[4]; /* block number (64 bits), index (64 bits) */
    uint32_t output[4];
    int left; /* unused numbers of `output` */
} lathe_rng;

/**
 * The sequence of (seed, stream, index). `stream` is the purpose (lathe_rng_stream of a name). `index` is the
 * number of a sample, a step or an epoch.
 */
lathe_rng lathe_rng_at(uint64_t seed, uint64_t stream, uint64_t index);

/** A stream's number from its name, such as a parameter's path: 64-bit FNV-1a. */
uint64_t lathe_rng_stream(const char *name);

/* The functions below do not check their arguments: `rng` must not be NULL. */

/** Uniform on 0 ... 2^32 - 1. */
uint32_t lathe_rng_u32(lathe_rng *rng);

/** Uniform on [0, 1), 53 bits. */
double lathe_rng_uniform(lathe_rng *rng);

/** Standard normal (Box and Muller 1958). */
double lathe_rng_normal(lathe_rng *rng);

/** Uniform on 0 ... bound - 1, without bias; 0 for bound 0. */
uint64_t lathe_rng_below(lathe_rng *rng, uint64_t bound);

/** Shuffle `count` numbers in place (Fisher and Yates). */
void lathe_rng_shuffle(lathe_rng *rng, size_t *numbers, size_t count);

/** The raw function: ten rounds of Philox4x32 of `counter` under `key`. */
void lathe_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t output[4]);

#ifdef __cplusplus
}
#endif
#endif
