/* Transposed convolution in two dimensions. */
#ifndef LATHE_CORE_OPS_CONV_TRANSPOSE2D_H
#define LATHE_CORE_OPS_CONV_TRANSPOSE2D_H

#include "../tensor.h"
#include "sides.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: stride 1, padding 0, output_padding 0, dilation 1, groups 1. */
typedef struct lathe_conv_transpose2d_opts {
    int stride;         /* pixels of the result from one pixel of x to the next; 0 means 1 */
    int padding;        /* rows and columns removed from each side of the result */
    int output_padding; /* rows and columns added at the bottom and at the right; below stride */
    int dilation;       /* pixels of the result from one kernel tap to the next; 0 means 1 */
    int groups;         /* 0 means 1 */
    int stride_width, dilation_width; /* those along a row; 0: as down a column */
    lathe_sides padding_sides;        /* more to remove from single sides, beside `padding` */
} lathe_conv_transpose2d_opts;

/**
 * 2-D transposed convolution: the gradient to the data of lathe_conv2d with these options. Each pixel of x
 * adds w times its value to the result. With stride 2, pictures double in size.
 *
 *     y[b, o, i*stride + p*dilation - top, j*stride + q*dilation - left] +=
 *         sum over c of w[c,o,p,q] * x[b,c,i,j];  then y += bias[o]
 *
 *     x [B, C, H, W]   w [C, O/groups, kh, kw]   bias [O] or NULL
 *     result [B, O, H', W'];  W' as H'
 *     H' = (H - 1) * stride - top - bottom + dilation*(kh-1) + output_padding + 1
 *     top = padding + padding_sides.top, and so on
 *
 * Gradient to x, w and bias.
 * Memory   the result, on x's tape.
 * Errors   LATHE_ESHAPE if the channels do not fit, or H', W' would be below 1; LATHE_EARG for options out of
 *          range.
 * Same as  torch.nn.functional.conv_transpose2d
 * Source   Zeiler, Krishnan, Taylor, Fergus, "Deconvolutional networks" (2010); Dumoulin, Visin, "A guide to
 *          convolution arithmetic" (2016).
 */
lathe_tensor *lathe_conv_transpose2d(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias,
    const lathe_conv_transpose2d_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
