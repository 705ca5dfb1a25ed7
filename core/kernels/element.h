/* Number by number: `count` is a multiple of 16, all pointers are aligned to a vector. */
#ifndef LATHE_CORE_KERNELS_ELEMENT_H
#define LATHE_CORE_KERNELS_ELEMENT_H

#include <stddef.h>

#include "../real.h"

typedef struct lathe_element_kernels {
    /** y = max(x, 0) */
    void (*relu)(size_t count, const lathe_real *x, lathe_real *y);
    /** gx (+)= gy where y > 0; add says whether to add or to write */
    void (*relu_backward)(size_t count, const lathe_real *y, const lathe_real *gy, lathe_real *gx, int add);
} lathe_element_kernels;

#endif
