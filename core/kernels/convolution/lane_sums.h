/*
 * Sums of the lanes of several vectors at once, for the sums of a micro-batch. Two registers become one,
 * whose numbers are each the sum of two of theirs: eight apart, four apart, two apart, neighbours.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_LANE_SUMS_H
#define LATHE_CORE_KERNELS_CONVOLUTION_LANE_SUMS_H

#include "transpose.h"

/** Numbers of `count` sums, one behind the other, that are added up in whole vectors. */
static inline int whole_lanes(int count) { return (count + LANES - 1) / LANES * LANES; }

/* Four sums of four vectors. */
static inline quarter sum_four(const real *at)
{
    quarter q[4];
    UNROLL for (int n = 0; n < 4; n++, at += LANES)
    {
        const quarter *of = (const quarter *)at;
        q[n] = (of[0] + of[2]) + (of[1] + of[3]);
    }
    transpose(q);
    return (q[0] + q[2]) + (q[1] + q[3]);
}

/* A register of floats has the sums of as many vectors. */
#if REGISTER_BYTES > 16
typedef float floats __attribute__((vector_size(REGISTER_BYTES)));

/* clang-format off */
#if REGISTER_BYTES == 64
static inline floats add_halves(floats a, floats b)
{
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
        __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

static inline floats add_quarters(floats a, floats b)
{
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
        __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

static inline floats add_pairs(floats a, floats b)
{
    return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
        __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}

static inline floats add_neighbours(floats a, floats b)
{
    return __builtin_shufflevector(a, b, 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30) +
        __builtin_shufflevector(a, b, 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31);
}
#else
static inline floats add_quarters(floats a, floats b)
{
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
        __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}

static inline floats add_pairs(floats a, floats b)
{
    return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
        __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
}

static inline floats add_neighbours(floats a, floats b)
{
    return __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
        __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
}
#endif
/* clang-format on */

static inline floats sum_floats(const real *at)
{
    enum { FLOATS = REGISTER_BYTES / sizeof(float), VECTOR = 16 };
    const float *from = (const float *)(const void *)at;
    floats fours[4];
    UNROLL for (int i = 0; i < 4; i++)
    {
#if REGISTER_BYTES == 64
        floats v[4];
        UNROLL for (int n = 0; n < 4; n++) v[n] = *(const floats *)(from + (4 * n + i) * VECTOR);
        fours[i] = add_quarters(add_halves(v[0], v[1]), add_halves(v[2], v[3]));
#else
        floats v[2];
        UNROLL for (int n = 0; n < 2; n++)
        {
            const float *vector = from + (4 * n + i) * VECTOR;
            v[n] = *(const floats *)vector + *(const floats *)(vector + FLOATS);
        }
        fours[i] = add_quarters(v[0], v[1]);
#endif
    }
    return add_neighbours(add_pairs(fours[0], fours[1]), add_pairs(fours[2], fours[3]));
}
#endif

/**
 * to[i] = the sum of the sixteen numbers at from[i * 16], in the order of sum_lanes_at, or += it; `count` is
 * a multiple of 16.
 */
static inline void sum_lanes_of(int count, const real *from, real *to, bool add)
{
    int i = 0;
#if REGISTER_BYTES > 16
    if (sizeof(real) == sizeof(float))
        for (; i < count; i += PART) {
            part sum = (part)sum_floats(from + (ptrdiff_t)i * LANES);
            store_part(to + i, add ? load_part(to + i) + sum : sum);
        }
#endif
    for (; i < count; i += 4) {
        quarter sum = sum_four(from + (ptrdiff_t)i * LANES), *at = (quarter *)(to + i);
        *at = add ? *at + sum : sum;
    }
}

#endif
