/* Pooling, for each channel separately. */
#ifndef LATHE_CORE_OPS_POOL_H
#define LATHE_CORE_OPS_POOL_H

#include <stdbool.h>

#include "../tensor.h"
#include "sides.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `kernel` is required, so NULL is an error. */
typedef struct lathe_pool_opts {
    int kernel;  /* rows of the window, and its columns where kernel_width is 0; required */
    int stride;  /* 0 means kernel */
    int padding; /* at most kernel / 2 */
    /** Round the output size up, as Caffe does. Windows begin in the picture or in its left padding. */
    bool ceil_mode;
    /** Average pooling: divide by the number of pixels inside the picture (count_include_pad=False). */
    bool exclude_padding;
    int kernel_width;             /* columns of the window; 0: kernel */
    int stride_width;             /* along a row; 0: stride, and where that is 0, the window's columns */
    int dilation, dilation_width; /* maxima: pixels from one of a window to the next; 0: 1, and dilation */
    lathe_sides padding_sides;    /* more padding on single sides, beside `padding` */
    /**
     * Padding as TensorFlow's "same" has it, and none else (see lathe_conv2d_opts): H' = H / stride, rounded
     * up. TensorFlow's means leave it out: exclude_padding.
     */
    bool same;
} lathe_pool_opts;

/**
 *     y[b,c,i,j] = max over p,q of x[b, c, i*stride + p*dilation - top, j*stride + q*dilation - left]
 *
 *     x [B, C, H, W]   result [B, C, H', W'];  W' as H'
 *     H' = (H + top + bottom - dilation*(kernel-1) - 1) / stride + 1, rounded down, or up with ceil_mode
 *     top = padding + padding_sides.top, and so on
 *
 * Padding counts as minus infinity. A NaN in the window is its maximum.
 * Gradient to x, to the first of equal maxima in row-major order, as in PyTorch; a NaN gets no gradient.
 * Errors   LATHE_EARG for options out of range; LATHE_ESHAPE if H', W' would be below 1, or a window would
 *          see no pixel.
 * Same as  torch.nn.functional.max_pool2d
 */
lathe_tensor *lathe_max_pool2d(lathe_tensor *x, const lathe_pool_opts *opts);

/**
 * lathe_max_pool2d(lathe_relu(x), opts), the same numbers and gradients without a pass over x for the relu.
 */
lathe_tensor *lathe_relu_max_pool2d(lathe_tensor *x, const lathe_pool_opts *opts);

/**
 * The mean of each window; padding counts as 0 unless exclude_padding. No dilation. Same as
 * torch.nn.functional.avg_pool2d
 */
lathe_tensor *lathe_avg_pool2d(lathe_tensor *x, const lathe_pool_opts *opts);

/**
 * Means over windows, so that the result is [B, C, height, width]. Row i covers rows floor(i*H/height) to
 * ceil((i+1)*H/height). height = width = 1 is global average pooling.
 * Same as  torch.nn.functional.adaptive_avg_pool2d
 */
lathe_tensor *lathe_adaptive_avg_pool2d(lathe_tensor *x, int height, int width);

#ifdef __cplusplus
}
#endif
#endif
