#include "blas.h"

/* B' is taken a square tile at a time, copied so that its rows are contiguous whichever way B lies. */
enum { TILE = 64 };

static const lathe_real *element(bool transpose, const lathe_real *matrix, int stride, int row, int column)
{
    return matrix +
        (transpose ? (size_t)column * (size_t)stride + (size_t)row :
                     (size_t)row * (size_t)stride + (size_t)column);
}

static void copy_tile(bool transpose, const lathe_real *b, int ldb, int row, int column, int rows,
    int columns, lathe_real tile[TILE][TILE])
{
    for (int l = 0; l < rows; l++)
        for (int j = 0; j < columns; j++) tile[l][j] = *element(transpose, b, ldb, row + l, column + j);
}

void lathe_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const lathe_real *a, int lda,
    const lathe_real *b, int ldb, lathe_real beta, lathe_real *c, int ldc)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            lathe_real *at = c + (size_t)i * (size_t)ldc + j;
            *at = beta == 0 ? 0 : beta * *at;
        }
    for (int l0 = 0; l0 < k; l0 += TILE)
        for (int j0 = 0; j0 < n; j0 += TILE) {
            lathe_real tile[TILE][TILE];
            int rows = k - l0 < TILE ? k - l0 : TILE, columns = n - j0 < TILE ? n - j0 : TILE;
            copy_tile(transpose_b, b, ldb, l0, j0, rows, columns, tile);
            for (int i = 0; i < m; i++) {
                lathe_real *row = c + (size_t)i * (size_t)ldc + j0;
                for (int l = 0; l < rows; l++) {
                    lathe_real factor = *element(transpose_a, a, lda, i, l0 + l);
                    for (int j = 0; j < columns; j++) row[j] += factor * tile[l][j];
                }
            }
        }
}

lathe_status lathe_blas_start(void) { return LATHE_OK; }

const char *lathe_blas_core(void) { return "plain"; }
