/*
 * The register tiles of a correlation. A tile wants as many sums as registers allow (AVX2 has 16: 12 sums
 * beside the pixels and a weight; AVX-512 has 32: 24; NEON has 32, too, and keeps all pixels of a tile beside
 * its 12 to 24 sums), at least 8 so that one addition does not wait for the one before, and few loads for
 * each of them. Every number of filters up to the largest has a tile of one pixel, for the edges of the image
 * and the rest of a row. Sorted by filters, the most pixels first.
 */
#define TILE_NAME_OF(filters, pixels) tile_##filters##x##pixels
#define TILE_NAME(filters, pixels) TILE_NAME_OF(filters, pixels)
#define PRODUCT_NAME_OF(filters, pixels) product_tile_##filters##x##pixels
#define PRODUCT_NAME(filters, pixels) PRODUCT_NAME_OF(filters, pixels)
/* clang-format off */
#define TILE(filters, pixels) { filters, pixels, TILE_NAME(filters, pixels), PRODUCT_NAME(filters, pixels) }
/* clang-format on */

#if REGISTER_BYTES == 64

#define FILTERS 1
#define PIXELS 12
#include "conv_tile.h"
#define FILTERS 1
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 2
#define PIXELS 12
#include "conv_tile.h"
#define FILTERS 2
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 3
#define PIXELS 8
#include "conv_tile.h"
#define FILTERS 3
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 4
#define PIXELS 6
#include "conv_tile.h"
#define FILTERS 4
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 5
#define PIXELS 4
#include "conv_tile.h"
#define FILTERS 5
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 6
#define PIXELS 4
#include "conv_tile.h"
#define FILTERS 6
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 7
#define PIXELS 3
#include "conv_tile.h"
#define FILTERS 7
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 8
#define PIXELS 3
#include "conv_tile.h"
#define FILTERS 8
#define PIXELS 2
#include "conv_tile.h"
#define FILTERS 8
#define PIXELS 1
#include "conv_tile.h"
static const tile tiles[] = { TILE(1, 12), TILE(1, 1), TILE(2, 12), TILE(2, 1), TILE(3, 8), TILE(3, 1),
    TILE(4, 6), TILE(4, 1), TILE(5, 4), TILE(5, 1), TILE(6, 4), TILE(6, 1), TILE(7, 3), TILE(7, 1),
    TILE(8, 3), TILE(8, 2), TILE(8, 1) };
enum { MOST_FILTERS = 8 };

#elif REGISTER_BYTES == 32

#define FILTERS 1
#define PIXELS 6
#include "conv_tile.h"
#define FILTERS 1
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 2
#define PIXELS 3
#include "conv_tile.h"
#define FILTERS 2
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 3
#define PIXELS 2
#include "conv_tile.h"
#define FILTERS 3
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 4
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 5
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 6
#define PIXELS 1
#include "conv_tile.h"
static const tile tiles[] = { TILE(1, 6), TILE(1, 1), TILE(2, 3), TILE(2, 1), TILE(3, 2), TILE(3, 1),
    TILE(4, 1), TILE(5, 1), TILE(6, 1) };
enum { MOST_FILTERS = 6 };

#elif REGISTERS == 32

#define FILTERS 1
#define PIXELS 3
#include "conv_tile.h"
#define FILTERS 1
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 2
#define PIXELS 2
#include "conv_tile.h"
#define FILTERS 2
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 3
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 4
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 5
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 6
#define PIXELS 1
#include "conv_tile.h"
static const tile tiles[] = { TILE(1, 3), TILE(1, 1), TILE(2, 2), TILE(2, 1), TILE(3, 1), TILE(4, 1),
    TILE(5, 1), TILE(6, 1) };
enum { MOST_FILTERS = 6 };

#else

#define FILTERS 1
#define PIXELS 3
#include "conv_tile.h"
#define FILTERS 1
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 2
#define PIXELS 1
#include "conv_tile.h"
#define FILTERS 3
#define PIXELS 1
#include "conv_tile.h"
static const tile tiles[] = { TILE(1, 3), TILE(1, 1), TILE(2, 1), TILE(3, 1) };
enum { MOST_FILTERS = 3 };

#endif
