/* Resizing pictures by interpolation. */
#ifndef LATHE_CORE_OPS_UPSAMPLE_H
#define LATHE_CORE_OPS_UPSAMPLE_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_upsample_mode { LATHE_UPSAMPLE_NEAREST, LATHE_UPSAMPLE_BILINEAR } lathe_upsample_mode;

/** NULL or zeros: nearest. */
typedef struct lathe_upsample_opts {
    lathe_upsample_mode mode;
    bool align_corners; /* bilinear: align the centres of the corner pixels, not the pictures' edges */
} lathe_upsample_opts;

/**
 * Row i of the result is taken from position r of x; columns alike:
 *
 *     nearest                   r = floor(i * H / height)
 *     bilinear                  r = max((i + 1/2) * H / height - 1/2, 0)
 *     bilinear, align_corners   r = i * (H - 1) / (height - 1);  0 if height is 1
 *
 * Nearest takes the pixel at r. Bilinear weighs the two rows (and columns) around r by their distance; beyond
 * the edge the last row counts again.
 *
 *     x [B, C, H, W] batched   result [B, C, height, width], which may also be smaller
 *
 * Gradient to x.
 * Errors   LATHE_ESHAPE if x is not a batch of images; LATHE_EARG for sizes below 1 or an unknown mode.
 * Same as  torch.nn.functional.interpolate
 */
lathe_tensor *lathe_upsample(lathe_tensor *x, int height, int width, const lathe_upsample_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
