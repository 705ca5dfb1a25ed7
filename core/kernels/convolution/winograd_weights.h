/*
 * The gradient of the weights of y = A' [(G w G') * (B' x B)] A by such tiles:
 *
 *     gw = G' [sum over tiles and images of (A gy A') * (B' x B)] G
 *
 * Of gy, sixteen filters of one image are laid abreast, so that the sum over images is one of products, too:
 * each number of x is multiplied by a vector of filters, and no vector is ever summed. Included after the
 * matrices.
 */
#include "winograd.h"

#include "transpose.h"
#include "winograd_gradient.h"
#include "winograd_read.h"

/* The most vectors of filters of a part of the weights. */
enum { VECTORS_WANTED = 2 };
_Static_assert((int)STRIP <= (int)LONGEST_STRIP, "strips can be read");

typedef void tile_fn(int count, const real *x, const real *gy, ptrdiff_t row, real *sums);

typedef struct tile {
    int channels;
    tile_fn *run;
} tile;

/* In the places of a strip, to the next channel and to the next image. */
enum { X_CHANNEL = STRIP * LANES, X_NEXT = 1 };

#include "winograd_weights_tiles.h"

/* Vectors of filters that one register tile takes. */
enum { MOST_VECTORS = sizeof tiles / sizeof *tiles };

/* Numbers to the next point: not a multiple of what a set of the cache holds. */
enum {
    X_POINT = (CHANNELS_WANTED * STRIP + 1) * LANES,
    GY_POINT = (VECTORS_WANTED * STRIP * LANES + 1) * LANES,
    SUMS_POINT = CHANNELS_WANTED * VECTORS_WANTED * LANES
};

/* A part of the weights. */
typedef struct piece {
    int first_filter, filters, first_channel, channels;
} piece;

static int filter_pieces(const lathe_correlation *c) { return pieces(c->filters, VECTORS_WANTED * LANES); }

static int channel_pieces(const lathe_correlation *c) { return pieces(c->channels, CHANNELS_WANTED); }

int WINOGRAD(lathe_winograd_weight_parts)(const lathe_correlation *c)
{
    return filter_pieces(c) * channel_pieces(c);
}

static piece piece_of(const lathe_correlation *c, int number)
{
    int filter = number / channel_pieces(c) * VECTORS_WANTED * LANES, channel = number % channel_pieces(c),
        count = channel_pieces(c);
    int begin = piece_begin(c->channels, count, channel);
    return (piece){ filter, smaller(VECTORS_WANTED * LANES, c->filters - filter), begin,
        piece_begin(c->channels, count, channel + 1) - begin };
}

/* One tile of up to sixteen filters; at is the tile's place in v [points][tiles][images][vectors][16]. */
static void read_tile(const lathe_correlation *c, const real *gy, int filters, int row, int column,
    int vectors, real *at)
{
    ptrdiff_t width = c->columns.results, filter = c->rows.results * width * LANES;
    _Alignas(64) real turned[2][2][LANES * LANES];
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            bool inside = row + i < c->rows.results && column + j < width;
            turn_sixteen(inside ? gy + ((row + i) * width + column + j) * LANES : NULL, filter,
                inside ? filters : 0, turned[i][j], LANES);
        }
    for (int n = 0; n < LANES * LANES; n += LANES, at += vectors * LANES)
        for (int half = n; half < n + LANES; half += PART) {
            part g[2][2];
            UNROLL for (int i = 0; i < 2; i++) UNROLL for (int j = 0; j < 2; j++) g[i][j] =
                load_part(turned[i][j] + half);
            widen_tile(g, at + half - n, GY_POINT);
        }
}

static void read_gradient(const lathe_correlation *c, const piece *p, const real *gy, int first_tile,
    int count, real *v)
{
    int columns = winograd_tiles(&c->columns), vectors = pieces(p->filters, LANES);
    ptrdiff_t filter = (ptrdiff_t)c->rows.results * c->columns.results * LANES;
    for (int t = 0; t < count; t++) {
        int row = (first_tile + t) / columns * 2, column = (first_tile + t) % columns * 2;
        for (int i = 0; i < vectors; i++)
            read_tile(c, gy + (p->first_filter + i * LANES) * filter, smaller(LANES, p->filters - i * LANES),
                row, column, vectors, v + (t * LANES * vectors + i) * LANES);
    }
}

/* A strip of tiles, and the part of the weights that it is read for. */
typedef struct strip {
    const lathe_correlation *c;
    const piece *p;
    const real *x, *gy;
    int first, count;
} strip;

static strip strip_at(strip s, int first)
{
    s.first = first;
    s.count = smaller(STRIP, winograd_tiles(&s.c->rows) * winograd_tiles(&s.c->columns) - first);
    return s;
}

/* Fetch share `step` of `steps` of a strip, so that memory works while products are summed. */
static void fetch_share(const strip *s, int step, int steps)
{
    const lathe_correlation *c = s->c;
    const piece *p = s->p;
    ptrdiff_t x_plane = (ptrdiff_t)c->rows.size * c->columns.size * LANES,
              gy_plane = (ptrdiff_t)c->rows.results * c->columns.results * LANES;
    for (int i = piece_begin(p->channels, steps, step); i < piece_begin(p->channels, steps, step + 1); i++)
        fetch_places(c, s->x + (p->first_channel + i) * x_plane, s->first, s->count);
    for (int i = piece_begin(p->filters, steps, step); i < piece_begin(p->filters, steps, step + 1); i++)
        fetch_results(c, s->gy + (p->first_filter + i) * gy_plane, s->first, s->count);
}

/*
 * sums [points][channels][vectors][16] += the products of up to SUMMED tiles from tile `at` of a strip on.
 * The next strip is fetched meanwhile.
 */
static void multiply(const strip *s, int at, const real *x, const real *gy, real *sums, const strip *next)
{
    const piece *p = s->p;
    int vectors = pieces(p->filters, LANES), at_once = smaller(vectors, MOST_VECTORS),
        images = smaller(SUMMED, s->count - at) * LANES, step = at / SUMMED * POINTS;
    const tile *t = &tiles[at_once - 1];
    ptrdiff_t row = vectors * LANES;
    x += at * LANES;
    gy += at * LANES * row;
    for (int point = 0; point < POINTS; point++, x += X_POINT, gy += GY_POINT, sums += SUMS_POINT) {
        fetch_share(next, step + point, STRIP / SUMMED * POINTS);
        for (int i = 0; i < row; i += at_once * LANES)
            for (int c = 0; c < p->channels; c += t->channels)
                t->run(images, x + c * STRIP * LANES, gy + i, row, sums + c * row + i);
    }
}

/* The weights of sixteen filters of one channel, [TAPS * TAPS][16]. */
static void write_weights(const real *from, real *to, bool add)
{
    for (int half = 0; half < LANES; half += PART) {
        part taps[WEIGHTS];
        narrow_tile(from + half, SUMS_POINT, taps);
        UNROLL for (int t = 0; t < WEIGHTS; t++)
        {
            real *tap = to + half + t * LANES;
            store_part(tap, add ? load_part(tap) + taps[t] : taps[t]);
        }
    }
}

size_t WINOGRAD(lathe_winograd_weight_sums)(const lathe_correlation *c)
{
    int vectors = smaller(VECTORS_WANTED, pieces(c->filters, LANES));
    return (size_t)vectors * (size_t)pieces(c->channels, channel_pieces(c)) * WEIGHTS * LANES;
}

/* Zeros where whole groups of channels are read, and sums begin. */
static void clear(const piece *p, real *places, real *products)
{
    int vectors = pieces(p->filters, LANES), most = smaller(vectors, MOST_VECTORS),
        channels = pieces(p->channels, tiles[most - 1].channels) * tiles[most - 1].channels;
    for (int point = 0; point < POINTS; point++, places += X_POINT, products += SUMS_POINT) {
        for (int i = p->channels * STRIP; i < channels * STRIP; i++) store(places + i * LANES, (lanes){ 0 });
        for (int i = 0; i < channels * vectors; i++) store(products + i * LANES, (lanes){ 0 });
    }
}

/* The sums [vectors][channels][WEIGHTS][16], and zeros where a part has less than others. */
void WINOGRAD(lathe_winograd_to_weights)(const lathe_correlation *c, const real *x, const real *gy,
    int number, real *sums, bool add)
{
    piece p = piece_of(c, number);
    int vectors = pieces(p.filters, LANES);
    const real *from = x + (ptrdiff_t)p.first_channel * c->rows.size * c->columns.size * LANES,
               *end = sums + WINOGRAD(lathe_winograd_weight_sums)(c);
    _Alignas(64) real places[POINTS * X_POINT];
    _Alignas(64) real gradient[POINTS * GY_POINT];
    _Alignas(64) real products[POINTS * SUMS_POINT];
    clear(&p, places, products);
    for (strip s = strip_at((strip){ c, &p, x, gy }, 0), next; s.count > 0; s = next) {
        next = strip_at(s, s.first + s.count);
        read_strip(c, p.channels, from, s.first, s.count, places, X_POINT, STRIP * LANES);
        read_gradient(c, &p, gy, s.first, s.count, gradient);
        for (int at = 0; at < s.count; at += SUMMED) multiply(&s, at, places, gradient, products, &next);
    }
    for (int i = 0; i < vectors; i++)
        for (int channel = 0; channel < p.channels; channel++, sums += WEIGHTS * LANES)
            write_weights(products + (channel * vectors + i) * LANES, sums, add);
    for (; !add && sums < end; sums += LANES) store(sums, (lanes){ 0 });
}

/* Up to four numbers of up to sixteen filters, whose weights are `row` numbers apart. */
static void unpack_four(const real *sums, int filters, int count, real *gw, ptrdiff_t row, bool add)
{
    for (int f = 0; f < filters; f += 4) {
        quarter q[4];
        for (int i = 0; i < 4; i++) q[i] = *(const quarter *)(sums + (i < count ? i : 0) * LANES + f);
        transpose(q);
        for (int i = 0; i < 4 && f + i < filters; i++) {
            real *to = gw + (f + i) * row;
            if (count == 4) {
                unaligned_quarter *four = (unaligned_quarter *)to;
                *four = add ? *four + q[i] : q[i];
            } else
                for (int r = 0; r < count; r++) to[r] = add ? to[r] + q[i][r] : q[i][r];
        }
    }
}

void WINOGRAD(
    lathe_winograd_unpack)(const lathe_correlation *c, const real *sums, int number, real *gw, bool add)
{
    piece p = piece_of(c, number);
    ptrdiff_t row = (ptrdiff_t)c->channels * WEIGHTS;
    int count = p.channels * WEIGHTS;
    gw += p.first_filter * row + p.first_channel * WEIGHTS;
    for (int f = 0; f < p.filters; f += LANES, gw += LANES * row, sums += count * LANES)
        for (int r = 0; r < count; r += 4)
            unpack_four(sums + r * LANES, smaller(LANES, p.filters - f), smaller(4, count - r), gw + r, row,
                add);
}
