/*
 * The edge tiles of a correlation: of the sizes of conv_tiles.h that are wider than a pixel, by filters.
 */
#define EDGE_NAME_OF(filters, pixels) edge_##filters##x##pixels
#define EDGE_NAME(filters, pixels) EDGE_NAME_OF(filters, pixels)
/* clang-format off */
#define EDGE(filters, pixels) { filters, pixels, EDGE_NAME(filters, pixels) }
/* clang-format on */

#if REGISTER_BYTES == 64

#define FILTERS 1
#define PIXELS 12
#include "conv_edge_tile.h"
#define FILTERS 2
#define PIXELS 12
#include "conv_edge_tile.h"
#define FILTERS 3
#define PIXELS 8
#include "conv_edge_tile.h"
#define FILTERS 4
#define PIXELS 6
#include "conv_edge_tile.h"
#define FILTERS 5
#define PIXELS 4
#include "conv_edge_tile.h"
#define FILTERS 6
#define PIXELS 4
#include "conv_edge_tile.h"
#define FILTERS 7
#define PIXELS 3
#include "conv_edge_tile.h"
#define FILTERS 8
#define PIXELS 3
#include "conv_edge_tile.h"
static const edge_tile edge_tiles[] = { EDGE(1, 12), EDGE(2, 12), EDGE(3, 8), EDGE(4, 6), EDGE(5, 4),
    EDGE(6, 4), EDGE(7, 3), EDGE(8, 3) };

#elif REGISTER_BYTES == 32

#define FILTERS 1
#define PIXELS 6
#include "conv_edge_tile.h"
#define FILTERS 2
#define PIXELS 3
#include "conv_edge_tile.h"
#define FILTERS 3
#define PIXELS 2
#include "conv_edge_tile.h"
static const edge_tile edge_tiles[] = { EDGE(1, 6), EDGE(2, 3), EDGE(3, 2) };

#elif REGISTERS == 32

#define FILTERS 1
#define PIXELS 3
#include "conv_edge_tile.h"
#define FILTERS 2
#define PIXELS 2
#include "conv_edge_tile.h"
static const edge_tile edge_tiles[] = { EDGE(1, 3), EDGE(2, 2) };

#else

#define FILTERS 1
#define PIXELS 3
#include "conv_edge_tile.h"
static const edge_tile edge_tiles[] = { EDGE(1, 3) };

#endif
