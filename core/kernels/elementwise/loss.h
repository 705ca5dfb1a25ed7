/*
 * Losses number by number, any count of them; all pointers are aligned to a vector. Each writes f(x, t) to
 * `loss` and, unless it is NULL, df/dx to `slope`.
 */
#ifndef LATHE_CORE_KERNELS_ELEMENTWISE_LOSS_H
#define LATHE_CORE_KERNELS_ELEMENTWISE_LOSS_H

#include <stddef.h>

#include "../../real.h"

/** What the loss between two boxes takes off from or adds to 1 - IoU. */
typedef enum lathe_box_kernel {
    LATHE_BOX_KERNEL_IOU,
    LATHE_BOX_KERNEL_GIOU,
    LATHE_BOX_KERNEL_DIOU,
    LATHE_BOX_KERNEL_CIOU
} lathe_box_kernel;

typedef struct lathe_loss_kernels {
    /** (x - t)^2 */
    void (
        *square)(size_t count, const lathe_real *x, const lathe_real *t, lathe_real *loss, lathe_real *slope);

    /** d = |x - t|: height * (d^2 / (2 edge) if d < edge, d - edge/2 elsewhere) */
    void (*bowl)(size_t count, lathe_real edge, lathe_real height, const lathe_real *x, const lathe_real *t,
        lathe_real *loss, lathe_real *slope);

    /** weight * (pos_weight t log(1 + exp(-x)) + (1 - t) log(1 + exp(x))) */
    void (*binary)(size_t count, lathe_real weight, lathe_real pos_weight, const lathe_real *x,
        const lathe_real *t, lathe_real *loss, lathe_real *slope);

    /**
     * binary, times (1 - p_t)^gamma * (alpha t + (1 - alpha)(1 - t)), p_t = p t + (1 - p)(1 - t), p =
     * sigmoid(x); alpha < 0: times 1
     */
    void (*binary_focal)(size_t count, double alpha, double gamma, const lathe_real *x, const lathe_real *t,
        lathe_real *loss, lathe_real *slope);

    /** t * (1 - exp(-x))^gamma * x, for a cross-entropy x >= 0; 0 where t is 0 */
    void (*focal)(size_t count, double gamma, const lathe_real *x, const lathe_real *t, lathe_real *loss,
        lathe_real *slope);

    /** t (log t - x), 0 where t is not above 0 */
    void (*divergence)(size_t count, const lathe_real *x, const lathe_real *t, lathe_real *loss,
        lathe_real *slope);

    /** The same with t the logarithm: exp(t) (t - x), 0 where t is minus infinity. */
    void (*log_divergence)(size_t count, const lathe_real *x, const lathe_real *t, lathe_real *loss,
        lathe_real *slope);

    /** Adds to sums: of p t, of p, of t, over those numbers whose mask is not 0. */
    void (*overlap)(size_t count, const lathe_real *p, const lathe_real *t, const lathe_real *mask,
        double sums[3]);

    /** gp (+)= at_p + at_t * t where mask is not 0, 0 elsewhere */
    void (*overlap_backward)(size_t count, lathe_real at_p, lathe_real at_t, const lathe_real *t,
        const lathe_real *mask, lathe_real *gp, int add);

    /** Sixteen pairs of boxes. Coordinate n (x1, y1, x2, y2) is at n * stride; the four slopes too. */
    void (*boxes)(lathe_box_kernel kind, double eps, size_t stride, const lathe_real *x, const lathe_real *t,
        lathe_real *loss, lathe_real *slope);
} lathe_loss_kernels;

#endif
