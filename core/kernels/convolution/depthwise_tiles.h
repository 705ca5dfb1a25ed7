/*
 * The register tiles of one channel's correlation, the widest first. Each has at least 8 sums, so that
 * additions do not wait for each other.
 */
#define TILE_NAME_OF(pixels) depthwise_tile_##pixels
#define TILE_NAME(pixels) TILE_NAME_OF(pixels)
/* clang-format off */
#define TILE(pixels) { pixels, TILE_NAME(pixels) }
/* clang-format on */

#define PIXELS 1
#include "depthwise_tile.h"
#define PIXELS 2
#include "depthwise_tile.h"
#if REGISTER_BYTES >= 32
#define PIXELS 4
#include "depthwise_tile.h"
#endif
#if REGISTER_BYTES == 64
#define PIXELS 8
#include "depthwise_tile.h"
#define PIXELS 16
#include "depthwise_tile.h"
#endif

static const tile tiles[] = {
#if REGISTER_BYTES == 64
    TILE(16), TILE(8),
#endif
#if REGISTER_BYTES >= 32
    TILE(4),
#endif
    TILE(2), TILE(1)
};
