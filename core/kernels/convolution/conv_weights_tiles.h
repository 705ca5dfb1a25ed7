/*
 * The register tiles of the weights' gradient: all numbers of filters up to the largest, with 1 to 3 taps. 12
 * sums on AVX2, 24 on AVX-512 and NEON.
 */
#define TILE_NAME_OF(filters, taps) weights_tile_##filters##x##taps
#define TILE_NAME(filters, taps) TILE_NAME_OF(filters, taps)

#define FILTERS 1
#define TAPS 1
#include "conv_weights_tile.h"
#define FILTERS 1
#define TAPS 2
#include "conv_weights_tile.h"
#define FILTERS 1
#define TAPS 3
#include "conv_weights_tile.h"
#define FILTERS 2
#define TAPS 1
#include "conv_weights_tile.h"
#define FILTERS 2
#define TAPS 2
#include "conv_weights_tile.h"
#define FILTERS 2
#define TAPS 3
#include "conv_weights_tile.h"
#define FILTERS 3
#define TAPS 1
#include "conv_weights_tile.h"
#define FILTERS 3
#define TAPS 2
#include "conv_weights_tile.h"
#define FILTERS 3
#define TAPS 3
#include "conv_weights_tile.h"
#define FILTERS 4
#define TAPS 1
#include "conv_weights_tile.h"
#define FILTERS 4
#define TAPS 2
#include "conv_weights_tile.h"
#define FILTERS 4
#define TAPS 3
#include "conv_weights_tile.h"
#if REGISTERS == 32
#define FILTERS 5
#define TAPS 1
#include "conv_weights_tile.h"
#define FILTERS 5
#define TAPS 2
#include "conv_weights_tile.h"
#define FILTERS 5
#define TAPS 3
#include "conv_weights_tile.h"
#define FILTERS 6
#define TAPS 1
#include "conv_weights_tile.h"
#define FILTERS 6
#define TAPS 2
#include "conv_weights_tile.h"
#define FILTERS 6
#define TAPS 3
#include "conv_weights_tile.h"
#define FILTERS 7
#define TAPS 1
#include "conv_weights_tile.h"
#define FILTERS 7
#define TAPS 2
#include "conv_weights_tile.h"
#define FILTERS 7
#define TAPS 3
#include "conv_weights_tile.h"
#define FILTERS 8
#define TAPS 1
#include "conv_weights_tile.h"
#define FILTERS 8
#define TAPS 2
#include "conv_weights_tile.h"
#define FILTERS 8
#define TAPS 3
#include "conv_weights_tile.h"
#endif

enum { MOST_TAPS = 3 };

static tile_fn *const tiles[][MOST_TAPS] = {
    { TILE_NAME(1, 1), TILE_NAME(1, 2), TILE_NAME(1, 3) },
    { TILE_NAME(2, 1), TILE_NAME(2, 2), TILE_NAME(2, 3) },
    { TILE_NAME(3, 1), TILE_NAME(3, 2), TILE_NAME(3, 3) },
    { TILE_NAME(4, 1), TILE_NAME(4, 2), TILE_NAME(4, 3) },
#if REGISTERS == 32
    { TILE_NAME(5, 1), TILE_NAME(5, 2), TILE_NAME(5, 3) },
    { TILE_NAME(6, 1), TILE_NAME(6, 2), TILE_NAME(6, 3) },
    { TILE_NAME(7, 1), TILE_NAME(7, 2), TILE_NAME(7, 3) },
    { TILE_NAME(8, 1), TILE_NAME(8, 2), TILE_NAME(8, 3) },
#endif
};

enum { MOST_FILTERS = sizeof tiles / sizeof *tiles };
