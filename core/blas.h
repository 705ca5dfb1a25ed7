/* Matrix products. The only door to BLAS: OpenBLAS, or a plain C product in builds for memory and thread
 * checkers. */
#ifndef LATHE_CORE_BLAS_H
#define LATHE_CORE_BLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "real.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * C = A' B' + beta C, row-major, one thread. A' is A [m, k] or, if transpose_a, the transpose of A [k, m]; B'
 * alike [k, n]. lda, ldb, ldc: numbers from one row to the next. With beta 0, C is not read.
 * Nothing is checked: sizes below 0 or rows shorter than their stride are undefined.
 * Call it on blocks whose shape does not depend on the number of threads: then bits do not either.
 */
void lathe_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const lathe_real *a, int lda,
    const lathe_real *b, int ldb, lathe_real beta, lathe_real *c, int ldc);

/**
 * Make BLAS ready; called by the library before the first product, and again at no cost. OpenBLAS 0.3.21 does
 * not know newer processors and takes SSE3 kernels for them (OpenBLAS #4267): when cpuid says better, the
 * core type is mended here.
 * Errors   LATHE_ESTATE if this OpenBLAS is the serial build, which gives wrong results from two threads at
 *          once.
 */
lathe_status lathe_blas_start(void);

/** "SkylakeX", "Zen", ..., or "plain": for run headers, since other kernels give other bits. */
const char *lathe_blas_core(void);

#ifdef __cplusplus
}
#endif
#endif
