/*
 * Number by number, any count of them; all pointers are aligned to a vector.
 * `add` says whether the result is added to what is there or written over it.
 */
#ifndef LATHE_CORE_KERNELS_ELEMENTWISE_ELEMENT_H
#define LATHE_CORE_KERNELS_ELEMENTWISE_ELEMENT_H

#include <stddef.h>

#include "../../real.h"

/** y = f(x) */
typedef void lathe_map_kernel(size_t count, const lathe_real *x, lathe_real *y);

/** gx (+)= f'(x) * gy, where `from` is x or y, whichever the kernel says. */
typedef void lathe_map_backward_kernel(size_t count, const lathe_real *from, const lathe_real *gy,
    lathe_real *gx, int add);

/** y = f(x) and gx (+)= f'(x) * gy for a function with settings: one or two numbers. */
typedef void lathe_set_map_kernel(size_t count, const lathe_real *set, const lathe_real *x, lathe_real *y);
typedef void lathe_set_map_backward_kernel(size_t count, const lathe_real *set, const lathe_real *x,
    const lathe_real *gy, lathe_real *gx, int add);

typedef struct lathe_element_kernels {
    lathe_map_kernel *relu, *relu6, *gelu, *silu, *sigmoid, *tanh, *hardswish, *hardsigmoid;
    lathe_map_backward_kernel *relu_backward;                         /* from y */
    lathe_map_backward_kernel *gelu_backward;                         /* from x */
    lathe_map_backward_kernel *silu_backward;                         /* from x */
    lathe_map_backward_kernel *sigmoid_backward;                      /* from y */
    lathe_map_backward_kernel *tanh_backward;                         /* from y */
    lathe_map_backward_kernel *relu6_backward, *hardsigmoid_backward; /* from y */
    lathe_map_backward_kernel *hardswish_backward;                    /* from x */

    lathe_set_map_kernel *leaky_relu; /* slope: x where x > 0, slope * x elsewhere */
    lathe_set_map_kernel *clip;       /* least, most; NaN stays NaN */
    lathe_set_map_kernel *elu;        /* alpha: x where x > 0, alpha * (exp(x) - 1) elsewhere */
    lathe_set_map_kernel *softplus; /* beta, threshold: log(1 + exp(beta x)) / beta; x above the threshold */
    lathe_set_map_backward_kernel *leaky_relu_backward, *clip_backward, *elu_backward, *softplus_backward;

    /** y = x where x > 0, slope * x elsewhere; with one sixteen of slopes for all, or one slope a number */
    void (*prelu)(size_t count, int one, const lathe_real *slope, const lathe_real *x, lathe_real *y);
    void (*prelu_backward)(size_t count, int one, const lathe_real *slope, const lathe_real *x,
        const lathe_real *gy, lathe_real *gx, int add);

    /** y (+)= x */
    void (*copy)(size_t count, const lathe_real *x, lathe_real *y, int add);
    /** y (+)= factor * x */
    void (*scale)(size_t count, lathe_real factor, const lathe_real *x, lathe_real *y, int add);
    /** y = a + b, and no less than 0 if relu */
    void (*add)(size_t count, const lathe_real *a, const lathe_real *b, lathe_real *y, int relu);
    /** y (+)= a * b */
    void (*mul)(size_t count, const lathe_real *a, const lathe_real *b, lathe_real *y, int add);

    /** The same with one sixteen, b, for all sixteens of a; count is a multiple of 16. */
    void (*add_sixteen)(size_t count, const lathe_real *a, const lathe_real *b, lathe_real *y, int relu);
    void (*mul_sixteen)(size_t count, const lathe_real *a, const lathe_real *b, lathe_real *y, int add);
    void (*copy_sixteen)(size_t count, const lathe_real *b, lathe_real *y, int add);
    /** sums[i] = the sum of number i of each sixteen of x, or of x * times; count is a multiple of 16. */
    void (*sum_sixteens)(size_t count, const lathe_real *x, const lathe_real *times, lathe_real *sums);
    /** sums[i] (+)= the sum of the first `lanes` of sixteen number i of x, or of x * times */
    void (*sum_each)(size_t sixteens, int lanes, const lathe_real *x, const lathe_real *times,
        lathe_real *sums, int add);

    /** y (+)= value in the first `lanes` of each sixteen, 0 in the others */
    void (*fill)(size_t count, int lanes, lathe_real value, lathe_real *y, int add);
    /** Sixteen number i of y is sixteen number i * stride of x. */
    void (*take_every)(size_t sixteens, size_t stride, const lathe_real *x, lathe_real *y);
    /** Sixteen number i of gy is added to sixteen number i * stride of gx. */
    void (*add_every)(size_t sixteens, size_t stride, const lathe_real *gy, lathe_real *gx);

    /** The sum of x over the first `lanes` of each sixteen. For runs of about ten thousand numbers. */
    double (*sum)(size_t count, int lanes, const lathe_real *x);
} lathe_element_kernels;

#endif
