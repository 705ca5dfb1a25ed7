/* The most arithmetic that an instruction set can do: a yardstick, not a part of any operation. */
#ifndef LATHE_CORE_KERNELS_PEAK_H
#define LATHE_CORE_KERNELS_PEAK_H

#include <stddef.h>

#include "../real.h"

typedef struct lathe_peak_kernels {
    double flops_a_round; /* a multiply-add is 2 */
    /**
     * Independent chains x = x * factor + 1, `rounds` long, enough to hide the latency; returns their sum.
     */
    lathe_real (*multiply_add)(size_t rounds, lathe_real factor);
} lathe_peak_kernels;

#endif
