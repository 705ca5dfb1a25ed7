/*
 * Correlations with step 1 by Winograd's tiles (winograd_strip.h). With images abreast the transforms are
 * additions of vectors. For each of a tile's points, the sum over channels is a product of matrices. Sums
 * over many channels are taken in pieces, so that the transformed places stay in the cache. Included after
 * the matrices.
 */
#include "winograd.h"

#include "conv_product.h"
#include "winograd_read.h"
#include "winograd_tile.h"

_Static_assert((int)MOST_TILES <= (int)LONGEST_STRIP, "strips can be read");

/* How the work on a strip is cut. */
typedef struct cutting {
    int tiles, channels;
    ptrdiff_t plane; /* numbers to the next point; not a multiple of what a set of the cache holds */
} cutting;

static cutting cutting_of(const lathe_correlation *c, int tiles)
{
    int most = (long)c->channels * MOST_TILES * POINTS <= PLACES ? MOST_TILES : FEW_TILES;
    tiles = pieces(tiles, pieces(tiles, most));
    int channels = smaller(c->channels, PLACES / (POINTS * tiles));
    channels = pieces(c->channels, pieces(c->channels, channels));
    return (cutting){ tiles, channels, ((ptrdiff_t)channels * tiles + 1) * LANES };
}

/* Filters are cut into groups as equal as can be. */
static int groups_of(const lathe_correlation *c) { return pieces(c->filters, PRODUCT_FILTERS); }

static int group_begin(const lathe_correlation *c, int group)
{
    return piece_begin(c->filters, groups_of(c), group);
}

_Static_assert((int)PRODUCT_FILTERS <= 8, "a vector holds a group of filters");

/* Numbers of one point of a group; points do not share a set of the cache. */
static ptrdiff_t packed_point(const lathe_correlation *c, int filters)
{
    return (ptrdiff_t)filters * c->channels + LANES;
}

static ptrdiff_t packed_place(const lathe_correlation *c, int group)
{
    return POINTS * ((ptrdiff_t)group_begin(c, group) * c->channels + group * LANES);
}

static size_t packed_size(const lathe_correlation *c) { return (size_t)packed_place(c, groups_of(c)); }

/* [points][channels][filters] of one group. What is stored beyond a channel's filters is overwritten next. */
static void pack(const lathe_correlation *c, const lathe_conv_weights *w, int group, real *packed)
{
    int begin = group_begin(c, group), filters = group_begin(c, group + 1) - begin;
    lathe_conv_weights of = *w;
    of.at += begin * w->filter;
    packed += packed_place(c, group);
    for (int channel = 0; channel < c->channels; channel++, of.at += w->channel, packed += filters)
        pack_channel(&of, filters, packed, packed_point(c, filters));
}

/* A strip of tiles up to `end`, and a piece of the channels, which begins at x. */
typedef struct job {
    const lathe_correlation *c;
    const cutting *cut;
    int tile, count, end, channel, channels;
    const real *x, *packed, *bias;
    real *y;
    lathe_conv_store how;
} job;

/*
 * Whether memory is fetched between the products of a group. What a large block reads and writes is in no
 * near cache; with many channels there is time enough to wait for it.
 */
static bool fetches(const lathe_correlation *c)
{
    enum { LARGE = 262144 / sizeof(real), MANY = 96 };
    return c->channels <= MANY &&
        (ptrdiff_t)c->filters * c->rows.results * c->columns.results * LANES > LARGE;
}

/*
 * Fetch a point's share of the places of a group's results, and with the fastest registers of what the next
 * strip reads. Inlined, it takes registers from the loops.
 */
static __attribute__((noinline)) void fetch_share(const job *j, int group, int point)
{
    const lathe_correlation *c = j->c;
    ptrdiff_t out = (ptrdiff_t)c->rows.results * c->columns.results * LANES,
              plane = (ptrdiff_t)c->rows.size * c->columns.size * LANES;
    int begin = group_begin(c, group), filters = group_begin(c, group + 1) - begin;
    for (int f = piece_begin(filters, POINTS, point); f < piece_begin(filters, POINTS, point + 1); f++)
        fetch_results(c, j->y + (begin + f) * out, j->tile, j->count);
    if (REGISTER_BYTES < 64) return;
    int steps = groups_of(c) * POINTS, step = group * POINTS + point, next = j->tile + j->count,
        count = smaller(j->cut->tiles, j->end - next);
    for (int i = piece_begin(j->channels, steps, step); i < piece_begin(j->channels, steps, step + 1); i++)
        fetch_places(c, j->x + i * plane, next, count);
}

/* One group of filters. */
static void run_group(const job *j, int group, const real *v)
{
    const lathe_correlation *c = j->c;
    int begin = group_begin(c, group), filters = group_begin(c, group + 1) - begin;
    ptrdiff_t m_filter = j->cut->tiles * LANES, plane = PRODUCT_FILTERS * m_filter + LANES,
              out = (ptrdiff_t)c->rows.results * c->columns.results * LANES, point = packed_point(c, filters);
    const real *w = j->packed + packed_place(c, group) + (ptrdiff_t)j->channel * filters;
    _Alignas(64) real m[POINTS * (PRODUCT_FILTERS * MOST_TILES + 1) * LANES];
    bool fetch = fetches(c);
    for (int p = 0; p < POINTS; p++, v += j->cut->plane, w += point) {
        if (fetch) fetch_share(j, group, p);
        const real *bias = j->bias && has_bias(p / SIDE, p % SIDE) ? j->bias + begin : NULL;
        real *to = m + p * plane;
        KERNEL(lathe_conv_product)(j->channels, filters, j->count, v, m_filter, w, bias, to, m_filter);
    }
    for (segment s = next_segment(c, j->tile, j->count, (segment){ 0 }); s.count;
         s = next_segment(c, j->tile, j->count, s))
        for (int f = 0; f < filters; f++)
            write_segment(c, &s, m + f * m_filter + s.at * LANES, plane, NULL, j->y + (begin + f) * out,
                j->how);
}

/* What becomes of the results of one piece of the channels. */
static lathe_conv_store piece_store(lathe_conv_store how, bool first, bool last)
{
    unsigned adds = first ? how & (unsigned)LATHE_CONV_ADD : LATHE_CONV_ADD,
             clamps = last ? how & (unsigned)LATHE_CONV_RELU6 : 0;
    return (lathe_conv_store)(adds | clamps);
}

static void correlate(const lathe_correlation *c, const real *x, const real *packed, const real *bias,
    real *y, int first_row, int last_row, lathe_conv_store how)
{
    int columns = winograd_tiles(&c->columns), end = (last_row + 1) / 2 * columns;
    cutting cut = cutting_of(c, end - first_row / 2 * columns);
    ptrdiff_t x_plane = (ptrdiff_t)c->rows.size * c->columns.size * LANES;
    _Alignas(64) real v[(PLACES + POINTS) * LANES];
    for (int tile = first_row / 2 * columns; tile < end; tile += cut.tiles)
        for (int channel = 0; channel < c->channels; channel += cut.channels) {
            int count = smaller(cut.tiles, end - tile),
                channels = smaller(cut.channels, c->channels - channel);
            bool first = !channel, last = channel + channels == c->channels;
            job j = { c, &cut, tile, count, end, channel, channels, x + channel * x_plane, packed,
                first ? bias : NULL, y, piece_store(how, first, last) };
            read_strip(c, channels, j.x, tile, count, v, cut.plane, cut.tiles * LANES);
            for (int g = 0; g < groups_of(c); g++) run_group(&j, g, v);
        }
}

extern const lathe_conv_kernels WINOGRAD(lathe_winograd_kernels);
const lathe_conv_kernels WINOGRAD(lathe_winograd_kernels) = {
    .row_step = 2,
    .packed = packed_size,
    .groups = groups_of,
    .pack = pack,
    .correlate = correlate,
    .weight_parts = WINOGRAD(lathe_winograd_weight_parts),
    .weight_sums = WINOGRAD(lathe_winograd_weight_sums),
    .to_weights = WINOGRAD(lathe_winograd_to_weights),
    .unpack = WINOGRAD(lathe_winograd_unpack),
};
