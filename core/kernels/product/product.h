/*
 * Matrix products on batch lanes, with sixteen columns of a matrix side by side, for fully connected layers.
 */
#ifndef LATHE_CORE_KERNELS_PRODUCT_PRODUCT_H
#define LATHE_CORE_KERNELS_PRODUCT_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

#include "../../real.h"

/** The most blocks that a product adds up. */
#define LATHE_PRODUCT_OUTER 16

/**
 *     c[r, s] = bias[r] + sum over k, l of a[r, k, l] * b[s, k, l]
 *
 * b and c hold sixteen columns at each place: column 16 s + i is number i there. a holds single numbers. The
 * sum's index is in two parts, so that it can run over the images of a batch: k blocks of l = 16 lanes. The
 * sums over l are added up along a tree whose first part is the largest power of two that leaves a second.
 * Distances are in numbers; `last` columns of the last sixteen of c are written.
 */
typedef struct lathe_product {
    int rows, sixteens, last;
    int outer;                      /* how many k, at most LATHE_PRODUCT_OUTER */
    int inner, last_inner;          /* how many l, and of the last k */
    const lathe_real *a, *b, *bias; /* bias may be NULL */
    lathe_real *c;
    ptrdiff_t a_row, a_outer, a_inner;
    ptrdiff_t b_sixteen, b_outer, b_inner;
    ptrdiff_t c_row, c_sixteen;
    bool add, relu; /* add to what is in c; write no less than 0 */
    bool fetch;     /* c is not in the cache: fetch a tile's places before its sums */
} lathe_product;

typedef struct lathe_product_kernels {
    void (*run)(const lathe_product *product);
    /** to[i][f] = from[f][i] for f < `rows`, else 0: features of sixteen images become rows of images. */
    void (*transpose)(int rows, const lathe_real *from, lathe_real *to);
    /*
     * For few images, one after the other: a is [rows] with `row` numbers from one row to the next, of which
     * `count` are taken.
     */
    /** y[r] = sum over k of a[r, k] * x[k] */
    void (*dots)(int rows, int count, const lathe_real *a, ptrdiff_t row, const lathe_real *x, lathe_real *y);
    /** y[k] = sum over r of c[r] * a[r, k] */
    void (*weighted_rows)(int rows, int count, const lathe_real *a, ptrdiff_t row, const lathe_real *c,
        lathe_real *y);
} lathe_product_kernels;

#endif
