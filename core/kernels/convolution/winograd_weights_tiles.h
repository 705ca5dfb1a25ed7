/* The register tiles of the weights' gradient by Winograd's tiles, for one and for two vectors of filters. */
#define TILE_NAME_OF(vectors, channels) winograd_weights_tile_##vectors##x##channels
#define TILE_NAME(vectors, channels) TILE_NAME_OF(vectors, channels)

#if REGISTER_FILE == 2048
#define VECTORS 1
#define CHANNELS 16
#include "winograd_weights_tile.h"
#undef VECTORS
#define VECTORS 2
#define CHANNELS 8
#include "winograd_weights_tile.h"
#undef VECTORS
static const tile tiles[] = { { 16, TILE_NAME(1, 16) }, { 8, TILE_NAME(2, 8) } };
#elif REGISTER_FILE == 512
#define VECTORS 1
#define CHANNELS 4
#include "winograd_weights_tile.h"
#undef VECTORS
static const tile tiles[] = { { 4, TILE_NAME(1, 4) } };
#else
#define VECTORS 1
#define CHANNELS 2
#include "winograd_weights_tile.h"
#undef VECTORS
static const tile tiles[] = { { 2, TILE_NAME(1, 2) } };
#endif
