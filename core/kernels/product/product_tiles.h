/*
 * The register tiles of a product. As a convolution's (conv_tiles.h), they want as many sums as registers
 * allow, at least 8, and few loads for each. Rows are done by the largest tile that fits, then the next.
 * Sorted by rows, the most first.
 */
#define TILE_NAME_OF(rows, sixteens) product_tile_##rows##x##sixteens
#define TILE_NAME(rows, sixteens) TILE_NAME_OF(rows, sixteens)

#if REGISTER_FILE == 2048

#define ROWS 8
#define SIXTEENS 1
#include "product_tile.h"
#define ROWS 8
#define SIXTEENS 2
#include "product_tile.h"
#define ROWS 8
#define SIXTEENS 3
#include "product_tile.h"
#define ROWS 4
#define SIXTEENS 1
#include "product_tile.h"
#define ROWS 4
#define SIXTEENS 2
#include "product_tile.h"
#define ROWS 4
#define SIXTEENS 3
#include "product_tile.h"
#define ROWS 2
#define SIXTEENS 1
#include "product_tile.h"
#define ROWS 2
#define SIXTEENS 2
#include "product_tile.h"
#define ROWS 2
#define SIXTEENS 3
#include "product_tile.h"
#define ROWS 1
#define SIXTEENS 1
#include "product_tile.h"
#define ROWS 1
#define SIXTEENS 2
#include "product_tile.h"
#define ROWS 1
#define SIXTEENS 3
#include "product_tile.h"
enum { MOST_SIXTEENS = 3 };
static const tile tiles[] = { { 8, { TILE_NAME(8, 1), TILE_NAME(8, 2), TILE_NAME(8, 3) } },
    { 4, { TILE_NAME(4, 1), TILE_NAME(4, 2), TILE_NAME(4, 3) } },
    { 2, { TILE_NAME(2, 1), TILE_NAME(2, 2), TILE_NAME(2, 3) } },
    { 1, { TILE_NAME(1, 1), TILE_NAME(1, 2), TILE_NAME(1, 3) } } };

#elif REGISTER_FILE == 512

#define ROWS 6
#define SIXTEENS 1
#include "product_tile.h"
#define ROWS 4
#define SIXTEENS 1
#include "product_tile.h"
#define ROWS 2
#define SIXTEENS 1
#include "product_tile.h"
#define ROWS 1
#define SIXTEENS 1
#include "product_tile.h"
enum { MOST_SIXTEENS = 1 };
static const tile tiles[] = { { 6, { TILE_NAME(6, 1) } }, { 4, { TILE_NAME(4, 1) } },
    { 2, { TILE_NAME(2, 1) } }, { 1, { TILE_NAME(1, 1) } } };

#else

#define ROWS 3
#define SIXTEENS 1
#include "product_tile.h"
#define ROWS 2
#define SIXTEENS 1
#include "product_tile.h"
#define ROWS 1
#define SIXTEENS 1
#include "product_tile.h"
enum { MOST_SIXTEENS = 1 };
static const tile tiles[] = { { 3, { TILE_NAME(3, 1) } }, { 2, { TILE_NAME(2, 1) } },
    { 1, { TILE_NAME(1, 1) } } };

#endif
