/* Matrix products. All calls of BLAS are here: OpenBLAS, or a plain product in C in builds for checkers. */
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
 * C = A' B' + beta C, row-major, on one thread.
 *
 *     A' is A [m, k], or with transpose_a the transpose of A [k, m]
 *     B' is B [k, n], or with transpose_b the transpose of B [n, k]
 *
 * lda, ldb, ldc    numbers from one row to the next. With beta 0, C is not read.
 * Arguments are not checked: negative sizes, or rows longer than their stride, are undefined. To get the same
 * bits for any number of threads, call it on blocks whose shape does not depend on that number. The first
 * product calls lathe_blas_start; if that fails, C is not changed.
 */
void lathe_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const lathe_real *a, int lda,
    const lathe_real *b, int ldb, lathe_real beta, lathe_real *c, int ldc);

/**
 * Open and prepare BLAS. Optimizers that multiply matrices call this when they are made; later calls cost
 * nothing. A program without products does not open BLAS, and BLAS starts no thread. OpenBLAS 0.3.21 takes
 * SSE3 kernels for processors that it does not know (OpenBLAS #4267). If cpuid reports a better processor,
 * the core type is corrected here.
 * Errors   LATHE_ESTATE if OpenBLAS cannot be opened, or is the serial build, which gives wrong results with
 *          several threads. LATHE_ENOMEM if the limit of the address space leaves no room for its buffer.
 */
lathe_status lathe_blas_start(void);

/**
 * The BLAS kernels: "SkylakeX", "Zen", ..., or "plain"; "none" before lathe_blas_start. Run headers show
 * them: other kernels give other bits.
 */
const char *lathe_blas_core(void);

#ifdef __cplusplus
}
#endif
#endif
