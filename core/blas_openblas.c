#include "blas.h"

void lathe_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const lathe_real *a, int lda,
    const lathe_real *b, int ldb, lathe_real beta, lathe_real *c, int ldc)
{
    for (int i = 0; i < m; i++) {
        lathe_real *row = c + (size_t)i * (size_t)ldc;
        for (int j = 0; j < n; j++) row[j] = beta == 0 ? 0 : beta * row[j];
        for (int l = 0; l < k; l++) {
            lathe_real factor = transpose_a ? a[(size_t)l * (size_t)lda + (size_t)i] : a[(size_t)i * (size_t)lda + (size_t)l];
            for (int j = 0; j < n; j++)
                row[j] += factor * (transpose_b ? b[(size_t)j * (size_t)ldb + (size_t)l] : b[(size_t)l * (size_t)ldb + (size_t)j]);
        }
    }
}

lathe_status lathe_blas_start(void)
{
    return LATHE_OK;
}

const char *lathe_blas_core(void)
{
    return "plain";
}
