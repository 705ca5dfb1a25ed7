/* Channel shuffle. */
#ifndef LATHE_CORE_OPS_CHANNEL_SHUFFLE_H
#define LATHE_CORE_OPS_CHANNEL_SHUFFLE_H

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Channels of `groups` groups in turn (Zhang et al. 2018, arXiv 1707.01083):
 *
 *     y[:, j * groups + i] = x[:, i * C / groups + j]      x, result [B, C, ...]
 *
 * Gradient to x.
 * Errors   LATHE_EARG for groups below 1; LATHE_ESHAPE if they do not divide C
 * Same as  torch.nn.functional.channel_shuffle
 */
lathe_tensor *lathe_channel_shuffle(lathe_tensor *x, int groups);

#ifdef __cplusplus
}
#endif
#endif
