#include "few.h"

/* Rows whose sums are kept at once, and parts of each; parts of a row that weighted_rows sums at once. */
enum { ROWS = 4, ACROSS = 2, WIDTH = 8 };

static inline part load_anywhere(const real *at) { return *(const part_anywhere *)at; }

/* The sum of a part in a fixed order: halves, quarters, ... */
static inline real sum_part(part v)
{
    for (int half = PART / 2; half; half /= 2)
        for (int i = 0; i < half; i++) v[i] += v[i + half];
    return v[0];
}

/* ROWS sums over k < count of a[r][k] * x[k]; rows beyond the last are the last once more. */
static void dots_of(const real *const a[ROWS], int count, const real *x, real sums[ROWS])
{
    part sum[ROWS][ACROSS];
    UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int n = 0; n < ACROSS; n++) sum[r][n] = (part){ 0 };
    int k = 0;
    for (; k + ACROSS * PART <= count; k += ACROSS * PART) UNROLL for (int n = 0; n < ACROSS; n++)
        {
            part at = load_anywhere(x + k + n * PART);
            UNROLL for (int r = 0; r < ROWS; r++) sum[r][n] += at * load_anywhere(a[r] + k + n * PART);
        }
    for (int r = 0; r < ROWS; r++) sums[r] = sum_part(sum[r][0] + sum[r][1]);
    for (; k < count; k++)
        for (int r = 0; r < ROWS; r++) sums[r] += a[r][k] * x[k];
}

void KERNEL(lathe_product_dots)(int rows, int count, const real *a, ptrdiff_t row, const real *x, real *y)
{
    for (int first = 0; first < rows; first += ROWS) {
        const real *at[ROWS];
        real sums[ROWS];
        for (int r = 0; r < ROWS; r++) at[r] = a + (first + r < rows ? first + r : rows - 1) * row;
        dots_of(at, count, x, sums);
        for (int r = 0; r < ROWS && first + r < rows; r++) y[first + r] = sums[r];
    }
}

void KERNEL(
    lathe_product_weighted_rows)(int rows, int count, const real *a, ptrdiff_t row, const real *c, real *y)
{
    int k = 0;
    for (; k + WIDTH * PART <= count; k += WIDTH * PART) {
        part sum[WIDTH];
        UNROLL for (int n = 0; n < WIDTH; n++) sum[n] = (part){ 0 };
        for (int r = 0; r < rows; r++) {
            const real *at = a + r * row + k;
            UNROLL for (int n = 0; n < WIDTH; n++) sum[n] += c[r] * load_anywhere(at + n * PART);
        }
        UNROLL for (int n = 0; n < WIDTH; n++) * (part_anywhere *)(y + k + n * PART) = sum[n];
    }
    for (int i = k; i < count; i++) y[i] = 0;
    for (int r = 0; r < rows; r++)
        for (int i = k; i < count; i++) y[i] += c[r] * a[r * row + i];
}
