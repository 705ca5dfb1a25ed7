/* Convolution in two dimensions. */
#ifndef LATHE_CORE_OPS_CONV2D_H
#define LATHE_CORE_OPS_CONV2D_H

#include <stdbool.h>

#include "../tensor.h"
#include "sides.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: stride 1, padding 0, dilation 1, groups 1. */
typedef struct lathe_conv2d_opts {
    int stride;   /* pixels of x from one output to the next; 0 means 1 */
    int padding;  /* rows and columns of zeros on each side */
    int dilation; /* pixels of x from one kernel tap to the next; 0 means 1 */
    int groups;   /* number of groups of channels that are convolved separately; 0 means 1; C for depthwise */
    int stride_width, dilation_width; /* those along a row; 0: as down a column */
    lathe_sides padding_sides;        /* more zeros on single sides, beside `padding` */
    /**
     * Padding as TensorFlow's "same" has it, and none else: H' = H / stride, rounded up. The rows of zeros
     * are max((H' - 1)*stride + dilation*(kh-1) + 1 - H, 0); where they are odd, the bottom has one more than
     * the top. Columns alike.
     */
    bool same;
} lathe_conv2d_opts;

/**
 * 2-D cross-correlation, which deep learning calls convolution.
 *
 *     y[b,o,i,j] = bias[o] + sum over c,p,q of
 *                  w[o,c,p,q] * x[b, c, i*stride + p*dilation - top, j*stride + q*dilation - left]
 *
 *     x [B, C, H, W]   w [O, C/groups, kh, kw]   bias [O] or NULL
 *     result [B, O, H', W'],  H' = (H + top + bottom - dilation*(kh-1) - 1) / stride + 1, rounded down; W'
 *     alike;  top = padding + padding_sides.top, and so on
 *
 * Output channel o uses only the input channels of its group: C/groups of them from (o / (O/groups)) *
 * C/groups on.
 * opts     NULL: stride 1, padding 0, dilation 1, groups 1.
 * Gradient to x, w and bias.
 * Memory   the result, on x's tape.
 * Errors   LATHE_ESHAPE if the channels do not fit, or H', W' would be below 1; LATHE_EARG for options out of
 *          range.
 * Same as  torch.nn.functional.conv2d, with torch.nn.functional.pad before it
 */
lathe_tensor *lathe_conv2d(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias,
    const lathe_conv2d_opts *opts);

/** lathe_relu(lathe_conv2d(...)), the same numbers without a second pass over them. */
lathe_tensor *lathe_conv2d_relu(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias,
    const lathe_conv2d_opts *opts);

/** lathe_relu6(lathe_conv2d(...)), as lathe_conv2d_relu. */
lathe_tensor *lathe_conv2d_relu6(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias,
    const lathe_conv2d_opts *opts);

/**
 * base + lathe_conv2d(...), as at the end of a residual block, and lathe_relu of that. A plan (nn/plan.h)
 * computes it in the memory of `base`.
 *
 *     base, result [B, O, H', W']
 *
 * Gradient to x, w, bias and base. Errors: those of lathe_conv2d; LATHE_ESHAPE if base has another shape.
 */
lathe_tensor *lathe_conv2d_add(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias, lathe_tensor *base,
    const lathe_conv2d_opts *opts);
lathe_tensor *lathe_conv2d_add_relu(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias, lathe_tensor *base,
    const lathe_conv2d_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
