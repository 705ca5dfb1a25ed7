/*
 * Four by four and sixteen by sixteen numbers transposed, in registers: how weights are packed, gradients are
 * unpacked, and channels are laid abreast.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_TRANSPOSE_H
#define LATHE_CORE_KERNELS_CONVOLUTION_TRANSPOSE_H

#include "../lanes.h"

typedef real unaligned_quarter __attribute__((vector_size(LANES / 4 * sizeof(real)), aligned(sizeof(real))));

static inline void transpose(quarter q[4])
{
    quarter ab = __builtin_shufflevector(q[0], q[1], 0, 4, 1, 5),
            cd = __builtin_shufflevector(q[2], q[3], 0, 4, 1, 5),
            ef = __builtin_shufflevector(q[0], q[1], 2, 6, 3, 7),
            gh = __builtin_shufflevector(q[2], q[3], 2, 6, 3, 7);
    q[0] = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    q[1] = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    q[2] = __builtin_shufflevector(ef, gh, 0, 1, 4, 5);
    q[3] = __builtin_shufflevector(ef, gh, 2, 3, 6, 7);
}

#if REGISTER_BYTES == 64
typedef float floats_512 __attribute__((vector_size(64)));

/* clang-format off */
/* From each quarter of two registers: the first two numbers the last two; first pairs; last pairs. */
static inline floats_512 mix_low(floats_512 a, floats_512 b)
{
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}

static inline floats_512 mix_high(floats_512 a, floats_512 b)
{
    return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}

static inline floats_512 low_pairs(floats_512 a, floats_512 b)
{
    return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}

static inline floats_512 high_pairs(floats_512 a, floats_512 b)
{
    return __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}

/* Quarters 0 and 2 of two registers, and quarters 1 and 3. */
static inline floats_512 even_quarters(floats_512 a, floats_512 b)
{
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}

static inline floats_512 odd_quarters(floats_512 a, floats_512 b)
{
    return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}
/* clang-format on */

/* Four by four numbers in each quarter of four registers. */
static inline void transpose_quarters(floats_512 q[4])
{
    floats_512 ab = mix_low(q[0], q[1]), cd = mix_low(q[2], q[3]), ef = mix_high(q[0], q[1]),
               gh = mix_high(q[2], q[3]);
    q[0] = low_pairs(ab, cd);
    q[1] = high_pairs(ab, cd);
    q[2] = low_pairs(ef, gh);
    q[3] = high_pairs(ef, gh);
}

/* The quarters of four registers, as if each were a number. */
static inline void transpose_of_quarters(floats_512 q[4])
{
    floats_512 ab = even_quarters(q[0], q[1]), cd = even_quarters(q[2], q[3]), ef = odd_quarters(q[0], q[1]),
               gh = odd_quarters(q[2], q[3]);
    q[0] = even_quarters(ab, cd);
    q[1] = even_quarters(ef, gh);
    q[2] = odd_quarters(ab, cd);
    q[3] = odd_quarters(ef, gh);
}

/* As turn_sixteen, of sixteen channels of floats. */
static inline void turn_floats(const float *x, ptrdiff_t channel, float *to, ptrdiff_t row)
{
    floats_512 v[4][4];
    UNROLL for (int i = 0; i < 4; i++)
    {
        UNROLL for (int n = 0; n < 4; n++) v[i][n] = *(const floats_512 *)(x + (4 * i + n) * channel);
        transpose_quarters(v[i]);
    }
    UNROLL for (int n = 0; n < 4; n++)
    {
        floats_512 q[4] = { v[0][n], v[1][n], v[2][n], v[3][n] };
        transpose_of_quarters(q);
        UNROLL for (int i = 0; i < 4; i++) * (floats_512 *)(to + (4 * i + n) * row) = q[i];
    }
}
#endif

/**
 * One place of sixteen images of up to sixteen channels, the channels abreast: to[image * row + c] =
 * x[c * channel + image], or 0 for no channel.
 */
static inline void turn_sixteen(const real *x, ptrdiff_t channel, int channels, real *to, ptrdiff_t row)
{
#if REGISTER_BYTES == 64
    if (sizeof(real) == sizeof(float) && channels == LANES) {
        turn_floats((const float *)(const void *)x, channel, (float *)(void *)to, row);
        return;
    }
#endif
    for (int c = 0; c < LANES; c += 4)
        for (int n = 0; n < LANES; n += 4) {
            quarter q[4];
            for (int i = 0; i < 4; i++)
                q[i] = c + i < channels ? *(const quarter *)(x + (c + i) * channel + n) : (quarter){ 0 };
            transpose(q);
            for (int i = 0; i < 4; i++) *(quarter *)(to + (n + i) * row + c) = q[i];
        }
}

#endif
