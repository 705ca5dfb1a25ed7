/* Products of a matrix with single vectors, for few images: few.c, for the table in product.c. */
#ifndef LATHE_CORE_KERNELS_PRODUCT_FEW_H
#define LATHE_CORE_KERNELS_PRODUCT_FEW_H

#include "../lanes.h"

/** As lathe_product_kernels' dots and weighted_rows. */
void KERNEL(lathe_product_dots)(int rows, int count, const real *a, ptrdiff_t row, const real *x, real *y);
void KERNEL(
    lathe_product_weighted_rows)(int rows, int count, const real *a, ptrdiff_t row, const real *c, real *y);

#endif
