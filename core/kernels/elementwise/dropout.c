#include "dropout.h"

#include "../lanes.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* A register of 64-bit numbers, of which the lower halves count, and the same register as 32-bit numbers. */
typedef uint64_t wide __attribute__((vector_size(REGISTER_BYTES)));
typedef uint32_t narrow __attribute__((vector_size(REGISTER_BYTES)));
typedef int32_t decisions __attribute__((vector_size(REGISTER_BYTES)));

enum { WIDE = REGISTER_BYTES / sizeof(uint64_t), COUNTERS = LATHE_DROPOUT_GROUP / 4 };

/* The 64-bit products of lower halves: one instruction, which gcc does not find in the portable expression.
 */
static inline wide products(wide a, wide b)
{
#if defined(__AVX512F__)
    return (wide)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (wide)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (wide)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & UINT32_MAX) * (b & UINT32_MAX);
#endif
}

/* Philox4x32-10 (core/rng.c) of the counters whose first words are `first` and the WIDE - 1 after it. */
static inline void philox(const lathe_dropout_plan *plan, uint32_t first, wide word[4])
{
    const wide none = { 0 }, factor0 = none + 0xD2511F53u, factor1 = none + 0xCD9E8D57u;
    wide w0 = none + first, w1 = none + plan->counter[0], w2 = none + plan->counter[1],
         w3 = none + plan->counter[2];
    uint32_t key0 = plan->key[0], key1 = plan->key[1];
    for (unsigned i = 0; i < WIDE; i++) w0[i] = first + i;
    for (int round = 0; round < 10; round++) {
        wide p0 = products(w0, factor0), p1 = products(w2, factor1);
        w0 = (p1 >> 32) ^ w1 ^ key0;
        w2 = (p0 >> 32) ^ w3 ^ key1;
        w1 = p1;
        w3 = p0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    word[0] = w0, word[1] = w1, word[2] = w2, word[3] = w3;
}

/* 1 where a word is at least the threshold, 0 elsewhere, for the lower halves of a and b in turn: 2 * WIDE of
 * them. */
static inline void decide(wide a, wide b, uint32_t threshold, int32_t *keep)
{
    narrow words = (narrow)((a & UINT32_MAX) | (b << 32));
    *(decisions *)keep = (words >= threshold) & 1;
}

static void dropout(const lathe_dropout_plan *plan, size_t first, size_t count, const real *x, real *y,
    int add)
{
    _Alignas(REGISTER_BYTES) int32_t keep[LATHE_DROPOUT_GROUP];
    _Alignas(REGISTER_BYTES) real factor[LATHE_DROPOUT_GROUP];
    uint32_t group = (uint32_t)(first / LATHE_DROPOUT_GROUP);
    size_t skip = first % LATHE_DROPOUT_GROUP; /* numbers of the first group that are before it */
    for (size_t begin = 0; begin < count; begin += LATHE_DROPOUT_GROUP - skip, group++, skip = 0) {
        for (uint32_t i = 0; i < COUNTERS; i += WIDE) {
            wide word[4];
            philox(plan, group * COUNTERS + i, word);
            decide(word[0], word[1], plan->threshold, keep + 2 * i);
            decide(word[2], word[3], plan->threshold, keep + 2 * COUNTERS + 2 * i);
        }
        for (int i = 0; i < LATHE_DROPOUT_GROUP; i++) factor[i] = (real)keep[i] * plan->scale;
        size_t left = count - begin;
        for (size_t i = 0; i < LATHE_DROPOUT_GROUP - skip && i < left; i += PART)
            store_some(y + begin + i, left - i,
                load_some(x + begin + i, left - i) * load_part(factor + skip + i), add);
    }
}

extern const lathe_dropout_kernels KERNEL(lathe_dropout_kernels);
const lathe_dropout_kernels KERNEL(lathe_dropout_kernels) = {
    .dropout = dropout,
};
