/* Four by four numbers transposed, in registers: how weights are packed and gradients are unpacked. */
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

#endif
