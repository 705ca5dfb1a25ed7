/* Dropout, and its backward, which is the same linear map. */
#ifndef LATHE_CORE_KERNELS_ELEMENTWISE_DROPOUT_H
#define LATHE_CORE_KERNELS_ELEMENTWISE_DROPOUT_H

#include <stddef.h>
#include <stdint.h>

#include "../../real.h"

/** Numbers that are decided together: 16 counters of Philox, 4 words each. */
#define LATHE_DROPOUT_GROUP 64

/** What decides which numbers fall. */
typedef struct lathe_dropout_plan {
    uint32_t key[2];
    uint32_t counter[3]; /* words 1 to 3 of Philox's counter */
    uint32_t threshold;  /* a number falls if its random word is below: p * 2^32 */
    lathe_real scale;    /* of what stays: 1 / (1 - p) */
} lathe_dropout_plan;

typedef struct lathe_dropout_kernels {
    /**
     * y (+)= x times scale where the number's random word is at least the threshold, times 0 elsewhere. The
     * words of a group of 64 are Philox4x32-10 of the counters group * 16 to group * 16 + 15: words 0 and 1
     * of each, then words 2 and 3 of each. `first` is the first number's, a multiple of 16.
     */
    void (*dropout)(const lathe_dropout_plan *plan, size_t first, size_t count, const lathe_real *x,
        lathe_real *y, int add);
} lathe_dropout_kernels;

#endif
