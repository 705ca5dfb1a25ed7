/* Dropout, of single numbers and of whole images. */
#ifndef LATHE_CORE_OPS_DROPOUT_H
#define LATHE_CORE_OPS_DROPOUT_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * In LATHE_TRAIN each number is 0 with probability p and x / (1 - p) otherwise. In LATHE_EVAL y is x.
 *
 * The choice of zeros is keyed by the tape's seed and step, the number of the dropout in the step, and the
 * number's position in the whole batch. So it is the same for any number of threads and of processes, and
 * after a resume.
 * Gradient to x, where y is not dropped.
 * Memory   the result. If p is 0, and in LATHE_EVAL, the result is x itself.
 * Errors   LATHE_EARG unless p is in [0, 1).
 * Same as  torch.nn.functional.dropout, with other random numbers
 */
lathe_tensor *lathe_dropout(lathe_tensor *x, double p);

/** What falls together: one image of the batch, or the whole batch. */
typedef enum lathe_depth_mode { LATHE_DEPTH_ROW, LATHE_DEPTH_BATCH } lathe_depth_mode;

/**
 * Stochastic depth (Huang et al. 2016, arXiv 1603.09382), for the body of a residual block: in LATHE_TRAIN
 * each image is 0 with probability p and x / (1 - p) otherwise. In LATHE_EVAL y is x.
 *
 * Which images fall is keyed by the tape's seed and step, the number of the dropout in the step, and the
 * image's place in the whole batch.
 * Gradient to x, of images that do not fall.
 * Memory   the result. If p is 0, and in LATHE_EVAL, the result is x itself.
 * Errors   LATHE_EARG unless p is in [0, 1], or for an unknown mode; LATHE_ESHAPE for a single number.
 * Same as  torchvision.ops.stochastic_depth, with other random numbers
 */
lathe_tensor *lathe_stochastic_depth(lathe_tensor *x, double p, lathe_depth_mode mode);

#ifdef __cplusplus
}
#endif
#endif
