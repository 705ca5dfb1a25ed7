/* The register tiles of pointwise_weights.c: for each number of vectors, the most rows first. */
#define TILE_NAME_OF(vectors, rows) pointwise_weights_tile_##vectors##x##rows
#define TILE_NAME(vectors, rows) TILE_NAME_OF(vectors, rows)
/* clang-format off */
#define TILE(vectors, rows) { rows, TILE_NAME(vectors, rows) }
/* clang-format on */

#define VECTORS 1
#define ROWS 1
#include "pointwise_weights_tile.h"
#define ROWS 2
#include "pointwise_weights_tile.h"
#if REGISTER_FILE >= 512
#define ROWS 4
#include "pointwise_weights_tile.h"
#endif
#undef VECTORS

#if REGISTER_FILE == 2048
#define VECTORS 1
#define ROWS 8
#include "pointwise_weights_tile.h"
#undef VECTORS
#define VECTORS 2
#define ROWS 1
#include "pointwise_weights_tile.h"
#define ROWS 2
#include "pointwise_weights_tile.h"
#define ROWS 4
#include "pointwise_weights_tile.h"
#define ROWS 8
#include "pointwise_weights_tile.h"
#undef VECTORS
static const tile tiles[][4] = { { TILE(1, 8), TILE(1, 4), TILE(1, 2), TILE(1, 1) },
    { TILE(2, 8), TILE(2, 4), TILE(2, 2), TILE(2, 1) } };
#elif REGISTER_FILE == 512
static const tile tiles[][3] = { { TILE(1, 4), TILE(1, 2), TILE(1, 1) } };
#else
static const tile tiles[][2] = { { TILE(1, 2), TILE(1, 1) } };
#endif
