/*
 * The register tiles of one channel's correlation, the widest first. Each has at least 8 sums, so that
 * additions do not wait for each other.
 */
#define TILE_NAME_OF(pixels, step) depthwise_tile_##pixels##_##step
#define TILE_NAME(pixels, step) TILE_NAME_OF(pixels, step)
/* clang-format off */
#define TILE(pixels, step) { pixels, TILE_NAME(pixels, step) }
/* clang-format on */

#define STEP 1
#include "depthwise_sizes.h"
#define STEP 2
#include "depthwise_sizes.h"

#if REGISTER_FILE == 2048
enum { SIZES = 5 };
#define SIZES_OF(step) TILE(16, step), TILE(8, step), TILE(4, step), TILE(2, step), TILE(1, step)
#elif REGISTER_FILE == 512
enum { SIZES = 3 };
#define SIZES_OF(step) TILE(4, step), TILE(2, step), TILE(1, step)
#else
enum { SIZES = 2 };
#define SIZES_OF(step) TILE(2, step), TILE(1, step)
#endif

enum { MOST_STEP = 2 };

static const tile tiles[MOST_STEP][SIZES] = { { SIZES_OF(1) }, { SIZES_OF(2) } };
