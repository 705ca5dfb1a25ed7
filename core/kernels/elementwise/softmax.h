/*
 * Softmax and cross-entropy of sixteen images: number k of them lies at k * stride. Pointers are aligned to a
 * vector. `add` says whether the gradient is added to what is there or written over it.
 */
#ifndef LATHE_CORE_KERNELS_ELEMENTWISE_SOFTMAX_H
#define LATHE_CORE_KERNELS_ELEMENTWISE_SOFTMAX_H

#include <stddef.h>

#include "../../real.h"

typedef struct lathe_softmax_kernels {
    /** y_k = exp(x_k - m) / sum_j exp(x_j - m), m the largest x */
    void (*softmax)(int classes, size_t stride, const lathe_real *x, lathe_real *y);
    /** gx_k (+)= y_k * (gy_k - sum_j gy_j y_j) */
    void (*softmax_backward)(int classes, size_t stride, const lathe_real *y, const lathe_real *gy,
        lathe_real *gx, int add);
    /** y_k = x_k - m - log sum_j exp(x_j - m) */
    void (*log_softmax)(int classes, size_t stride, const lathe_real *x, lathe_real *y);
    /** gx_k (+)= gy_k - exp(y_k) * sum_j gy_j */
    void (*log_softmax_backward)(int classes, size_t stride, const lathe_real *y, const lathe_real *gy,
        lathe_real *gx, int add);
    /**
     * loss = - sum_k target_k * log softmax(x)_k, where a target of 0 counts as nothing, even for x_k =
     * -infinity. largest and log_sum receive m and log sum_j exp(x_j - m), for the gradient.
     */
    void (*cross_entropy)(int classes, size_t stride, const lathe_real *x, const lathe_real *targets,
        lathe_real *loss, lathe_real *largest, lathe_real *log_sum);
    /** gx_k (+)= gloss * (softmax(x)_k * sum_j target_j - target_k) */
    void (*cross_entropy_backward)(int classes, size_t stride, const lathe_real *x, const lathe_real *targets,
        const lathe_real *largest, const lathe_real *log_sum, const lathe_real *gloss, lathe_real *gx,
        int add);
} lathe_softmax_kernels;

#endif
