/*
 * gw[f, c, p, q] = sum over blocks, lanes and results i, j of gy[f, i, j] * x[c, row(i, p), column(j, q)]
 *
 * A strip is one to three weights of one tap row (for kernels one column wide: of neighbouring channels). Its
 * sums, sixteen lanes wide, stay in registers along a band of rows and in the cache between bands; lanes are
 * added up at the end of a block.
 */
#include "conv_weights.h"

#include "conv_axis.h"
#include "depthwise.h"
#include "lane_sums.h"
#include "pointwise_weights.h"

/* What a tile needs to know of its surroundings. */
typedef struct walk {
    ptrdiff_t x_row, x_pixel, x_tap, gy_row, gy_channel, sum_filter; /* numbers to the next one */
    int results, inner_begin, inner_end; /* of a row; those whose places are all inside the image */
    int step, tap_step;                  /* places from one result, and from one tap, to the next */
    unsigned size;                       /* of a row of the image */
    ptrdiff_t ahead;                     /* from this strip's place to the next one's */
    bool first;                          /* a strip's sums begin here */
} walk;

/* `place` is that of the first result's first tap, which x points to. */
typedef void tile_fn(const walk *s, const real *x, const real *gy, int rows, int place, real *sums);

static const lanes zero_lanes;
static const real *const zeros = (const real *)&zero_lanes;

/* Loaded once: compilers like to load it again for each product. */
static inline part in_register(part value)
{
#if defined(__x86_64__)
    __asm__("" : "+v"(value));
#endif
    return value;
}

#include "conv_weights_tiles.h"

/* Lanes of sums that one part may hold on its stack, and results in a band: what both need fits the
 * first-level cache. */
enum { SUMS = 512, BAND = 64 };

/* A strip's first weight, and how many there are. */
typedef struct strip {
    int channel, row, column, taps;
} strip;

/* How the weights are cut: into groups of filters, and into strips, counted along the tap row first. */
typedef struct cutting {
    int filter_groups, strips, most_strips;
    bool across_channels;
    int width, length; /* taps of a strip, and of the row that is cut */
} cutting;

static cutting cutting_of(const lathe_correlation *c)
{
    cutting cut = { .filter_groups = pieces(c->filters, MOST_FILTERS),
        .across_channels = c->columns.taps == 1 };
    cut.length = cut.across_channels ? c->channels : c->columns.taps;
    cut.width = pieces(cut.length, pieces(cut.length, MOST_TAPS));
    cut.strips = pieces(cut.length, cut.width) * c->rows.taps * (cut.across_channels ? 1 : c->channels);
    cut.most_strips = SUMS / (pieces(c->filters, cut.filter_groups) * cut.width);
    return cut;
}

static strip strip_at(const lathe_correlation *c, const cutting *cut, int number)
{
    int in_row = pieces(cut->length, cut->width), along = number % in_row * cut->width,
        row = number / in_row % c->rows.taps;
    int taps = smaller(cut->width, cut->length - along);
    if (cut->across_channels) return (strip){ along, row, 0, taps };
    return (strip){ number / in_row / c->rows.taps, row, along, taps };
}

static void next_strip(const lathe_correlation *c, const cutting *cut, strip *s)
{
    int *along = cut->across_channels ? &s->channel : &s->column;
    *along += cut->width;
    if (*along >= cut->length) {
        *along = 0;
        if (++s->row == c->rows.taps) s->row = 0, s->channel++;
    }
    s->taps = smaller(cut->width, cut->length - *along);
}

int KERNEL(lathe_conv_weight_parts)(const lathe_correlation *c)
{
    if (KERNEL(lathe_depthwise_fits)(c)) return 1;
    if (KERNEL(lathe_pointwise_fits)(c)) return KERNEL(lathe_pointwise_weight_parts)(c);
    cutting cut = cutting_of(c);
    return cut.filter_groups * pieces(cut.strips, cut.most_strips);
}

typedef struct band {
    const lathe_correlation *c;
    const real *x, *gy; /* x of the block; gy of the block and the first filter */
    int filters, first_row, last_row;
} band;

/* How far from the first weight's place in x that of a strip's first weight is. */
static ptrdiff_t place_of(const lathe_correlation *c, const strip *s)
{
    const lathe_conv_axis *r = &c->rows, *k = &c->columns;
    return ((ptrdiff_t)s->channel * r->size * k->size + (ptrdiff_t)s->row * r->tap_step * k->size +
               s->column * k->tap_step) *
        LANES;
}

static void clear(real *at, int count)
{
    for (int i = 0; i < count; i += LANES) store(at + i, (lanes){ 0 });
}

static void add_strip(const band *b, walk *s, const strip *first, real *sums)
{
    const lathe_conv_axis *r = &b->c->rows, *k = &b->c->columns;
    int begin, end;
    inner_results(r, first->row, 1, &begin, &end);
    if (begin < b->first_row) begin = b->first_row;
    end = smaller(end, b->last_row);
    if (begin >= end) {
        if (s->first) clear(sums, b->filters * (int)s->sum_filter);
        return;
    }
    inner_results(k, first->column, k->taps == 1 ? 1 : first->taps, &s->inner_begin, &s->inner_end);
    if (s->inner_begin == s->inner_end) s->inner_begin = s->inner_end = k->results;
    int place = k->first + first->column * k->tap_step;
    const real *x =
        b->x + place_of(b->c, first) + ((ptrdiff_t)(r->first + begin * r->step) * k->size + k->first) * LANES;
    tiles[b->filters - 1][first->taps - 1](s, x, b->gy + begin * s->gy_row, end - begin, place, sums);
}

static walk walk_of(const lathe_correlation *c, const cutting *cut)
{
    const lathe_conv_axis *columns = &c->columns;
    return (walk){
        .x_row = (ptrdiff_t)c->rows.step * columns->size * LANES,
        .x_pixel = (ptrdiff_t)columns->step * LANES,
        .x_tap = (cut->across_channels ? (ptrdiff_t)c->rows.size * columns->size : columns->tap_step) * LANES,
        .gy_row = (ptrdiff_t)columns->results * LANES,
        .gy_channel = (ptrdiff_t)c->rows.results * columns->results * LANES,
        .sum_filter = cut->width * LANES,
        .results = columns->results,
        .step = columns->step,
        .tap_step = cut->across_channels ? 0 : columns->tap_step,
        .size = (unsigned)columns->size,
    };
}

/*
 * Parts that follow each other read the same channels of x, or the same of gy, and find them in the
 * second-level cache: which order reads less again?
 */
static bool channels_first(const lathe_correlation *c, const cutting *cut, int parts)
{
    double x = (double)c->channels * c->rows.size * c->columns.size,
           gy = (double)c->filters * c->rows.results * c->columns.results;
    return gy * (parts - 1) < x * (cut->filter_groups - 1);
}

/* A part of the weights: some filters, and some strips of each. */
typedef struct piece {
    int filter, filters, strips;
    strip first;
} piece;

static piece piece_of(const lathe_correlation *c, const cutting *cut, int number)
{
    int parts = pieces(cut->strips, cut->most_strips), group = number / parts, within = number % parts;
    if (channels_first(c, cut, parts))
        group = number % cut->filter_groups, within = number / cut->filter_groups;
    int filter = piece_begin(c->filters, cut->filter_groups, group),
        begin = piece_begin(cut->strips, parts, within);
    return (piece){ filter, piece_begin(c->filters, cut->filter_groups, group + 1) - filter,
        piece_begin(cut->strips, parts, within + 1) - begin, strip_at(c, cut, begin) };
}

size_t KERNEL(lathe_conv_weight_sums)(const lathe_correlation *c)
{
    if (KERNEL(lathe_depthwise_fits)(c)) return (size_t)whole_lanes(c->rows.taps * c->columns.taps);
    if (KERNEL(lathe_pointwise_fits)(c)) return KERNEL(lathe_pointwise_weight_sums)(c);
    cutting cut = cutting_of(c);
    int strips = pieces(cut.strips, pieces(cut.strips, cut.most_strips));
    return (size_t)whole_lanes(strips * pieces(c->filters, cut.filter_groups) * cut.width);
}

/* The sums [strips][filters][width]. */
void KERNEL(lathe_conv_to_weights)(const lathe_correlation *c, const real *x, const real *gy, int part_number,
    real *sums, bool add)
{
    if (KERNEL(lathe_depthwise_fits)(c)) {
        KERNEL(lathe_depthwise_to_weights)(c, x, gy, sums, add);
        return;
    }
    if (KERNEL(lathe_pointwise_fits)(c)) {
        KERNEL(lathe_pointwise_to_weights)(c, x, gy, part_number, sums, add);
        return;
    }
    cutting cut = cutting_of(c);
    piece p = piece_of(c, &cut, part_number);
    walk s = walk_of(c, &cut);
    int count = (int)KERNEL(lathe_conv_weight_sums)(c), rows = pieces(BAND, c->columns.results),
        strip_sums = p.filters * (int)s.sum_filter;
    _Alignas(64) real of_lanes[SUMS * LANES];
    s.first = rows >= c->rows.results && cut.length % cut.width == 0; /* all sums are written */
    int written = s.first ? p.strips * strip_sums : 0;
    clear(of_lanes + written, count * LANES - written);
    for (int row = 0; row < c->rows.results; row += rows) {
        band b = { c, x, gy + p.filter * s.gy_channel, p.filters, row, smaller(row + rows, c->rows.results) };
        strip at = p.first;
        for (int i = 0; i < p.strips; i++) {
            strip now = at;
            next_strip(c, &cut, &at);
            s.ahead = i + 1 < p.strips && !cut.across_channels ? place_of(c, &at) - place_of(c, &now) : 0;
            add_strip(&b, &s, &now, of_lanes + i * strip_sums);
        }
    }
    sum_lanes_of(count, of_lanes, sums, add);
}

static inline void unpack_taps(int taps, const real *sums, real *at, ptrdiff_t tap, bool add)
{
    for (int t = 0; t < taps; t++) at[t * tap] = add ? at[t * tap] + sums[t] : sums[t];
}

/* The sums [filters][width] of one strip. */
static void unpack_strip(const lathe_correlation *c, const cutting *cut, const piece *p, const strip *s,
    const real *sums, real *gw, bool add)
{
    ptrdiff_t channel = (ptrdiff_t)c->rows.taps * c->columns.taps, tap = cut->across_channels ? channel : 1;
    real *at = gw + (p->filter * (ptrdiff_t)c->channels + s->channel) * channel + s->row * c->columns.taps +
        s->column;
    for (int f = 0; f < p->filters; f++, at += c->channels * channel, sums += cut->width)
        if (s->taps == MOST_TAPS) unpack_taps(MOST_TAPS, sums, at, tap, add);
        else unpack_taps(s->taps, sums, at, tap, add);
}

void KERNEL(
    lathe_conv_unpack)(const lathe_correlation *c, const real *sums, int part_number, real *gw, bool add)
{
    if (KERNEL(lathe_depthwise_fits)(c)) {
        for (int t = 0; t < c->rows.taps * c->columns.taps; t++) gw[t] = add ? gw[t] + sums[t] : sums[t];
        return;
    }
    if (KERNEL(lathe_pointwise_fits)(c)) {
        KERNEL(lathe_pointwise_unpack)(c, sums, part_number, gw, add);
        return;
    }
    cutting cut = cutting_of(c);
    piece p = piece_of(c, &cut, part_number);
    strip at = p.first;
    for (int i = 0; i < p.strips; i++, next_strip(c, &cut, &at), sums += p.filters * cut.width)
        unpack_strip(c, &cut, &p, &at, sums, gw, add);
}
