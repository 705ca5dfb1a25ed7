/* What lies abreast in memory: sixteen images, or sixteen channels. */
#ifndef LATHE_CORE_LAYOUT_H
#define LATHE_CORE_LAYOUT_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The order of a tensor's numbers in memory: what lies abreast, so that one vector instruction works on
 * sixteen numbers.
 *
 * LATHE_PLAIN     row-major, as in C: parameters, constants, losses.
 * LATHE_BATCHED   the first dimension is the batch, and sixteen images are abreast: [B, ...] is stored as
 *                 [ceil(B/16)][...][16]. The innermost sixteen numbers are the same place of sixteen images,
 *                 so code for one image is code for sixteen. For large batches of small images.
 * LATHE_CHANNELS  sixteen channels of one image are abreast: [B, C, H, W] is stored as
 *                 [B][ceil(C/16)][H][W][16]. For small batches and large images.
 *
 * The lanes beyond B, or beyond C, in the last block are tail lanes. In data they hold finite numbers without
 * meaning; in gradients they hold zeros. An operation that mixes lanes (a sum over the batch, or over
 * channels) must leave tail lanes out.
 */
typedef enum lathe_layout { LATHE_PLAIN, LATHE_BATCHED, LATHE_CHANNELS } lathe_layout;

/**
 * The layout for batches of `batch` images of that size: LATHE_BATCHED or LATHE_CHANNELS.
 *
 *     below 1024 pixels                  channels abreast for batches of 1 to 5
 *     1024 pixels (32 x 32) to 64 x 64   where images would leave a quarter of the lanes empty, or more
 *     above                              channels abreast
 *
 * It depends on these numbers alone, so that a run takes the same way on any number of threads.
 * docs/performance.md has the measurements behind it.
 */
lathe_layout lathe_layout_rule(int batch, int height, int width);

/** "plain", "batched" or "channels abreast", as in messages. */
const char *lathe_layout_name(lathe_layout layout);

#ifdef __cplusplus
}
#endif
#endif
