/*
 * Correlations with 3 x 3 taps and step 1 by Winograd's tiles (winograd_strip.h), with sixteen channels of
 * one image abreast. The transforms are additions of such vectors. For each of a tile's points, the sum over
 * channels is a product of matrices, for which the register tiles of channels.c serve.
 */
#include "winograd_channels.h"

#include "channels_bias.h"
#include "channels_product.h"
#include "channels_weights.h"
#include "winograd_tile.h"

/*
 * The most tiles of a piece, and sixteens of numbers of its transformed places: of all blocks of channels,
 * whose weights are read once for each piece.
 */
enum {
    TILES = 4 * PRODUCT_PLACES,
    MOST_BLOCKS = LATHE_CHANNELS_MOST_WINOGRAD / LANES,
    READ_PLACES = MOST_BLOCKS * POINTS * PRODUCT_PLACES
};

/* ---- weights ------------------------------------------------------------------------------------------- */

static int groups_of(const lathe_correlation *c) { return pieces(c->filters, PRODUCT_VECTORS * LANES); }

/* Filters of a group, with zeros for missing ones: whole sixteens. */
static int width_of(const lathe_correlation *c, int group)
{
    int first = group * PRODUCT_VECTORS * LANES;
    return smaller(PRODUCT_VECTORS * LANES, pieces(c->filters, LANES) * LANES - first);
}

/* Numbers of one point of a group. */
static ptrdiff_t packed_point(const lathe_correlation *c, int group)
{
    return (ptrdiff_t)width_of(c, group) * c->channels;
}

static ptrdiff_t packed_place(const lathe_correlation *c, int group)
{
    return (ptrdiff_t)POINTS * group * PRODUCT_VECTORS * LANES * c->channels;
}

static size_t packed_size(const lathe_correlation *c)
{
    return (size_t)POINTS * (size_t)pieces(c->filters, LANES) * LANES * (size_t)c->channels;
}

/* [points][channels][filters] of one group. */
static void pack(const lathe_correlation *c, const lathe_conv_weights *w, int group, real *packed)
{
    int first = group * PRODUCT_VECTORS * LANES, width = width_of(c, group);
    packed += packed_place(c, group);
    for (int f = 0; f < width; f += 8) {
        lathe_conv_weights of = *w;
        of.at += (first + f) * w->filter;
        int filters = smaller(8, c->filters - first - f);
        for (int channel = 0; channel < c->channels; channel++, of.at += w->channel)
            pack_channel(&of, filters, packed + (ptrdiff_t)channel * width + f, packed_point(c, group));
    }
}

/* ---- one piece of an image's tiles --------------------------------------------------------------------- */

/* Parts wanted of an image: runs of its tiles, and of the groups of filters where there are few tiles. */
enum { PARTS_WANTED = 4 };

static int pieces_of(const lathe_correlation *c)
{
    int fit = READ_PLACES / (POINTS * PRODUCT_PLACES * blocks_of(c)) * PRODUCT_PLACES;
    return pieces(tiles_of(c), smaller(TILES, fit));
}

static int group_parts(const lathe_correlation *c)
{
    return smaller(groups_of(c), pieces(PARTS_WANTED, pieces_of(c)));
}

static int parts(const lathe_correlation *c) { return pieces_of(c) * group_parts(c); }

static piece piece_at(const lathe_correlation *c, int number)
{
    int tiles = tiles_of(c), count = pieces_of(c);
    piece p = { .c = c, .first = piece_begin(tiles, count, number) };
    p.count = piece_begin(tiles, count, number + 1) - p.first;
    p.block = (ptrdiff_t)p.count * LANES;
    p.point = blocks_of(c) * p.block + LANES;
    return p;
}

/* One group of filters. */
static void run_group(const piece *p, int group, const real *v, const real *packed, const real *bias, real *y,
    lathe_conv_store how)
{
    const lathe_correlation *c = p->c;
    int first = group * PRODUCT_VECTORS * LANES, width = width_of(c, group);
    ptrdiff_t vector = (ptrdiff_t)TILES * LANES, point = PRODUCT_VECTORS * vector + LANES,
              plane = (ptrdiff_t)c->rows.results * c->columns.results * LANES;
    _Alignas(64) real m[POINTS * (PRODUCT_VECTORS * TILES + 1) * LANES];
    _Alignas(64) real added[PRODUCT_VECTORS * LANES];
    take_bias(bias, first, c->filters, width, added);
    packed += packed_place(c, group);
    for (int i = 0; i < POINTS; i++, packed += packed_point(c, group)) KERNEL(lathe_channels_product)
    (c->channels, width / LANES, p->count, v + i * p->point, p->block, packed, m + i * point, vector);
    for (segment s = next_segment(c, p->first, p->count, (segment){ 0 }); s.count;
         s = next_segment(c, p->first, p->count, s))
        for (int f = 0; f < width / LANES; f++)
            write_segment(c, &s, m + f * vector + s.at * LANES, point, added + f * LANES,
                y + (first / LANES + f) * plane, how);
}

static void correlate(const lathe_correlation *c, const lathe_channels_image *x, const real *packed,
    const real *bias, real *y, int number, lathe_conv_store how)
{
    _Alignas(64) real v[(READ_PLACES + POINTS) * LANES];
    int of = group_parts(c), run = number % of, last = piece_begin(groups_of(c), of, run + 1);
    piece p = piece_at(c, number / of);
    read_piece(&p, x, 0, blocks_of(c), v);
    for (int group = piece_begin(groups_of(c), of, run); group < last; group++)
        run_group(&p, group, v, packed, bias, y, how);
}

extern const lathe_channels_kernels KERNEL(lathe_channels_winograd_kernels);
const lathe_channels_kernels KERNEL(lathe_channels_winograd_kernels) = {
    .packed = packed_size,
    .groups = groups_of,
    .pack = pack,
    .parts = parts,
    .correlate = correlate,
    .weight_sums = KERNEL(lathe_channels_weight_sums),
    .units = KERNEL(lathe_channels_winograd_units),
    .weight_parts = KERNEL(lathe_channels_winograd_weight_parts),
    .to_weights = KERNEL(lathe_channels_winograd_to_weights),
    .unpack = KERNEL(lathe_channels_unpack),
};
