/*
 * What the tests of lathe_conv2d share: the same numbers through lathe_conv2d and through a naive twin in
 * double, with images abreast, with channels abreast, and as a network's plain pictures.
 */
#ifndef LATHE_TESTS_CONV2D_TEST_H
#define LATHE_TESTS_CONV2D_TEST_H

#include "op_test.h"

typedef struct conv2d_setup {
    int batch, channels, height, width, filters, kernel_height, kernel_width, stride, padding, dilation,
        groups, bias;
} conv2d_setup;

/** Settings beside: those of single axes and sides. */
typedef struct conv2d_beside {
    int stride_width, dilation_width;
    lathe_sides sides;
    bool same;
} conv2d_beside;

/** One axis, by the formulas in conv2d.h. */
typedef struct conv2d_axis {
    int size, taps, stride, dilation, before, results;
} conv2d_axis;

/* All that goes in and comes out, row-major. */
typedef struct conv2d_numbers {
    size_t x_count, w_count, y_count;
    conv2d_axis rows, columns;
    lathe_conv2d_opts opts;
    lathe_real *x, *w, *bias, *gy, *y, *gx, *gw, *gbias;
} conv2d_numbers;

extern const double conv2d_relative;

/** Images abreast, channels abreast, and a network's plain pictures that need no gradient. */
extern const lathe_layout conv2d_layouts[3];

/** Room for the numbers of a convolution; results below 1: the kernel does not fit. beside  NULL: zeros. */
conv2d_numbers conv2d_numbers_new(const conv2d_setup *s, const conv2d_beside *beside);
void conv2d_numbers_free(conv2d_numbers *n);
void conv2d_fill(const conv2d_setup *s, conv2d_numbers *n, uint64_t seed);

/** n->x as images in that layout. */
lathe_tensor *conv2d_images(lathe_tape *tape, const conv2d_setup *s, lathe_layout layout,
    const lathe_real *values);

/** Forward and backward from n->gy, in the context (NULL: the default one). */
void conv2d_run_in(lathe_context *context, const conv2d_setup *s, lathe_layout layout, conv2d_numbers *n);
void conv2d_run(const conv2d_setup *s, lathe_layout layout, conv2d_numbers *n);

/**
 * Fail unless result and gradients of random numbers are the twin's, in every layout and, with images
 * abreast, also by direct kernels alone. beside NULL: zeros.
 */
void conv2d_check(const conv2d_setup *s, const conv2d_beside *beside, uint64_t seed);

/** The results of the formula in conv2d.h and its derivatives, term by term in double. */
typedef struct conv2d_twin {
    double *y, *gx, *gw, *gbias;
} conv2d_twin;

conv2d_twin conv2d_twin_run(const conv2d_setup *s, const conv2d_numbers *n);
void conv2d_twin_free(conv2d_twin *t);

/** lathe_conv2d of leaves x, w and bias (if there are three); `context` is its options. */
lathe_tensor *conv2d_function(void *context, lathe_tensor *const *leaves, int count);

#endif
