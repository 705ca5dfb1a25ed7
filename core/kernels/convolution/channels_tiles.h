/*
 * The register tiles of a correlation on channels: every number of places up to the largest, so that a row
 * is cut into equal tiles. AVX-512 has 32 registers: 28 sums, two vectors of weights, a number of x; with one
 * vector of weights more than 16 sums are of no use. AVX2 has 16 registers, two for a vector: 12 sums.
 * NEON has 32, four for a vector: 24 sums.
 */
#define TILE_NAME_OF(vectors, places) channels_tile_##vectors##x##places
#define TILE_NAME(vectors, places) TILE_NAME_OF(vectors, places)

#define VECTORS 1
#define PLACES 1
#include "channels_tile.h"
#define PLACES 2
#include "channels_tile.h"
#define PLACES 3
#include "channels_tile.h"
#if REGISTER_FILE >= 512
#define PLACES 4
#include "channels_tile.h"
#define PLACES 5
#include "channels_tile.h"
#define PLACES 6
#include "channels_tile.h"
#endif
#if REGISTER_FILE == 2048
#define PLACES 7
#include "channels_tile.h"
#define PLACES 8
#include "channels_tile.h"
#define PLACES 9
#include "channels_tile.h"
#define PLACES 10
#include "channels_tile.h"
#define PLACES 11
#include "channels_tile.h"
#define PLACES 12
#include "channels_tile.h"
#define PLACES 13
#include "channels_tile.h"
#define PLACES 14
#include "channels_tile.h"
#define PLACES 15
#include "channels_tile.h"
#define PLACES 16
#include "channels_tile.h"
#undef VECTORS
#define VECTORS 2
#define PLACES 1
#include "channels_tile.h"
#define PLACES 2
#include "channels_tile.h"
#define PLACES 3
#include "channels_tile.h"
#define PLACES 4
#include "channels_tile.h"
#define PLACES 5
#include "channels_tile.h"
#define PLACES 6
#include "channels_tile.h"
#define PLACES 7
#include "channels_tile.h"
#define PLACES 8
#include "channels_tile.h"
#define PLACES 9
#include "channels_tile.h"
#define PLACES 10
#include "channels_tile.h"
#define PLACES 11
#include "channels_tile.h"
#define PLACES 12
#include "channels_tile.h"
#define PLACES 13
#include "channels_tile.h"
#define PLACES 14
#include "channels_tile.h"
#endif
#undef VECTORS

#if REGISTER_FILE == 2048
enum { MOST_PLACES = 16 };
static const int most_places[MOST_VECTORS] = { 16, 14 };
#elif REGISTER_FILE == 512
enum { MOST_PLACES = 6 };
static const int most_places[MOST_VECTORS] = { 6 };
#else
enum { MOST_PLACES = 3 };
static const int most_places[MOST_VECTORS] = { 3 };
#endif

static tile_fn *const tiles[MOST_VECTORS][MOST_PLACES] = {
    {
        TILE_NAME(1, 1),
        TILE_NAME(1, 2),
        TILE_NAME(1, 3),
#if REGISTER_FILE >= 512
        TILE_NAME(1, 4),
        TILE_NAME(1, 5),
        TILE_NAME(1, 6),
#endif
#if REGISTER_FILE == 2048
        TILE_NAME(1, 7),
        TILE_NAME(1, 8),
        TILE_NAME(1, 9),
        TILE_NAME(1, 10),
        TILE_NAME(1, 11),
        TILE_NAME(1, 12),
        TILE_NAME(1, 13),
        TILE_NAME(1, 14),
        TILE_NAME(1, 15),
        TILE_NAME(1, 16),
    },
    {
        TILE_NAME(2, 1),
        TILE_NAME(2, 2),
        TILE_NAME(2, 3),
        TILE_NAME(2, 4),
        TILE_NAME(2, 5),
        TILE_NAME(2, 6),
        TILE_NAME(2, 7),
        TILE_NAME(2, 8),
        TILE_NAME(2, 9),
        TILE_NAME(2, 10),
        TILE_NAME(2, 11),
        TILE_NAME(2, 12),
        TILE_NAME(2, 13),
        TILE_NAME(2, 14),
#endif
    },
};
