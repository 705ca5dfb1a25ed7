/* Images laid out anew: sixteen images abreast become sixteen channels abreast, and back. */
#ifndef LATHE_CORE_RELAYOUT_H
#define LATHE_CORE_RELAYOUT_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const lathe_op lathe_relayout_op;

/**
 * The same numbers in another layout; x itself if it lies so. lathe_apply calls it where an operation wants
 * another layout than its input has; programs need not.
 *
 *     x [B, C, H, W] in any layout   result [B, C, H, W] in `layout`; tail lanes 0
 *
 * Gradient to x.
 * Errors   LATHE_EARG for an unknown layout; LATHE_ESHAPE if x is not of rank 4.
 */
lathe_tensor *lathe_relayout(lathe_tensor *x, lathe_layout layout);

#ifdef __cplusplus
}
#endif
#endif
