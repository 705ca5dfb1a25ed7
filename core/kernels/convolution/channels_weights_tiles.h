/*
 * The register tiles of the weights' gradient on channels, those of few channels first: at least 8 sums, so
 * that additions do not wait for each other, and where a block has few channels, several taps.
 */
#define TILE_NAME_OF(vectors, taps, channels) weights_tile_##vectors##x##taps##x##channels
#define TILE_NAME(vectors, taps, channels) TILE_NAME_OF(vectors, taps, channels)
/* clang-format off */
#define TILE(vectors, taps, channels) { taps, channels, TILE_NAME(vectors, taps, channels) }
/* clang-format on */

#define VECTORS 1
#if REGISTER_FILE == 2048
#define TAPS 8
#define CHANNELS 1
#include "channels_weights_tile.h"
#define TAPS 6
#define CHANNELS 2
#include "channels_weights_tile.h"
#define TAPS 6
#define CHANNELS 3
#include "channels_weights_tile.h"
#define TAPS 4
#define CHANNELS 4
#include "channels_weights_tile.h"
#define TAPS 2
#define CHANNELS 8
#include "channels_weights_tile.h"
#define TAPS 1
#define CHANNELS 16
#include "channels_weights_tile.h"
#undef VECTORS
#define VECTORS 2
#define TAPS 8
#define CHANNELS 1
#include "channels_weights_tile.h"
#define TAPS 4
#define CHANNELS 2
#include "channels_weights_tile.h"
#define TAPS 3
#define CHANNELS 3
#include "channels_weights_tile.h"
#define TAPS 2
#define CHANNELS 4
#include "channels_weights_tile.h"
#define TAPS 1
#define CHANNELS 8
#include "channels_weights_tile.h"
static const tile tiles[][6] = { { TILE(1, 8, 1), TILE(1, 6, 2), TILE(1, 6, 3), TILE(1, 4, 4), TILE(1, 2, 8),
                                     TILE(1, 1, 16) },
    { TILE(2, 8, 1), TILE(2, 4, 2), TILE(2, 3, 3), TILE(2, 2, 4), TILE(2, 1, 8), TILE(2, 1, 8) } };
#elif REGISTER_FILE == 512
#define TAPS 6
#define CHANNELS 1
#include "channels_weights_tile.h"
#define TAPS 3
#define CHANNELS 2
#include "channels_weights_tile.h"
#define TAPS 2
#define CHANNELS 3
#include "channels_weights_tile.h"
#define TAPS 1
#define CHANNELS 4
#include "channels_weights_tile.h"
static const tile tiles[][4] = { { TILE(1, 6, 1), TILE(1, 3, 2), TILE(1, 2, 3), TILE(1, 1, 4) } };
#else
#define TAPS 3
#define CHANNELS 1
#include "channels_weights_tile.h"
#define TAPS 1
#define CHANNELS 2
#include "channels_weights_tile.h"
static const tile tiles[][2] = { { TILE(1, 3, 1), TILE(1, 1, 2) } };
#endif
#undef VECTORS
