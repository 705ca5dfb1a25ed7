/* Sixteen bytes in a register, which vectors of the size of `lanes` are too wide for. */
#ifndef LATHE_CORE_KERNELS_PLANES_BYTES_H
#define LATHE_CORE_KERNELS_PLANES_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t bytes16 __attribute__((vector_size(16)));

/** `count` bytes, at most 16; zeros behind them. */
static inline bytes16 load_bytes(const uint8_t *at, size_t count)
{
    bytes16 bytes = { 0 };
    if (count == 16) memcpy(&bytes, at, 16);
    else memcpy(&bytes, at, count);
    return bytes;
}

static inline void store_bytes(uint8_t *at, bytes16 bytes, size_t count)
{
    if (count == 16) memcpy(at, &bytes, 16);
    else memcpy(at, &bytes, count);
}

/** Row i, byte j to row j, byte i: four perfect shuffles of the sixteen rows. */
static inline void transpose_bytes(bytes16 row[16])
{
    for (int stage = 0; stage < 4; stage++) {
        bytes16 mixed[16];
        for (int i = 0; i < 8; i++) {
            mixed[2 * i] = __builtin_shufflevector(row[i], row[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                21, 6, 22, 7, 23);
            mixed[2 * i + 1] = __builtin_shufflevector(row[i], row[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12,
                28, 13, 29, 14, 30, 15, 31);
        }
        memcpy(row, mixed, sizeof mixed);
    }
}

#endif
