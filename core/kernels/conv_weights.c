/*
 * gw[f, c, p, q] = sum over blocks, lanes and results i, j of gy[f, i, j] * x[c, row(i, p), column(j, q)]
 *
 * A strip is one to three weights of one tap row (for kernels one column wide: of neighbouring channels). Its sums, sixteen lanes
 * wide, stay in registers along a band of rows and in `sums` between bands; lanes are added up once, at the end.
 */
#include "conv_weights.h"

#include "conv_axis.h"

/* In numbers: from one result row, pixel, tap of the strip and channel to the next; and from one filter's sums to the next. */
typedef struct walk {
    ptrdiff_t x_row, x_pixel, x_tap, gy_row, gy_channel, sum_filter;
} walk;

typedef void tile_fn(const walk *s, const real *x, const real *gy, int rows, int columns, real *sums);

#define UNROLL _Pragma("GCC unroll 16")
#include "conv_weights_tiles.h"

/* Lanes of sums that one part may hold on its stack, and numbers of gy in a band: both fit the first-level cache. */
enum { SUMS = 512, BAND = 4096 };

typedef struct strip {
    int channel, row, column; /* of its first weight */
    int taps;                 /* how many weights */
} strip;

static int pieces(int whole, int most)
{
    return (whole + most - 1) / most;
}

static int piece_begin(int whole, int most, int piece)
{
    return (int)((long)whole * piece / pieces(whole, most));
}

static bool across_channels(const lathe_correlation *c)
{
    return c->columns.taps == 1;
}

static int strip_count(const lathe_correlation *c)
{
    return across_channels(c) ? c->rows.taps * pieces(c->channels, MOST_TAPS)
                              : c->rows.taps * c->channels * pieces(c->columns.taps, MOST_TAPS);
}

static strip strip_at(const lathe_correlation *c, int number)
{
    int whole = across_channels(c) ? c->channels : c->columns.taps, cuts = pieces(whole, MOST_TAPS), cut = number % cuts;
    int begin = piece_begin(whole, MOST_TAPS, cut), taps = piece_begin(whole, MOST_TAPS, cut + 1) - begin;
    int rest = number / cuts;
    if (across_channels(c)) return (strip){ begin, rest, 0, taps };
    return (strip){ rest / c->rows.taps, rest % c->rows.taps, begin, taps };
}

static int most_strips(const lathe_correlation *c)
{
    return SUMS / (smaller(c->filters, MOST_FILTERS) * MOST_TAPS);
}

int KERNEL(lathe_conv_weight_parts)(const lathe_correlation *c)
{
    return pieces(c->filters, MOST_FILTERS) * pieces(strip_count(c), most_strips(c));
}

typedef struct band {
    const lathe_correlation *c;
    const real *x, *gy; /* x of the block; gy of the block and the first filter */
    int filters, first_row, last_row;
} band;

/* Results [column, column + columns) of the band's rows; `tap` is the first of `taps` weights, all of whose places are inside. */
static void add_columns(const band *b, const walk *s, const strip *first, int taps, int column, int columns, real *sums)
{
    const lathe_conv_axis *r = &b->c->rows, *k = &b->c->columns;
    int begin, end;
    inner_results(r, first->row, 1, &begin, &end);
    if (begin < b->first_row) begin = b->first_row;
    end = smaller(end, b->last_row);
    if (begin >= end) return;
    ptrdiff_t x_row = r->first + begin * r->step + first->row * r->tap_step;
    ptrdiff_t x_column = k->first + column * k->step + first->column * k->tap_step;
    const real *x = b->x + ((first->channel * (ptrdiff_t)r->size + x_row) * k->size + x_column) * LANES;
    const real *gy = b->gy + (begin * (ptrdiff_t)k->results + column) * LANES;
    tiles[b->filters - 1][taps - 1](s, x, gy, end - begin, columns, sums);
}

static void add_strip(const band *b, const walk *s, const strip *whole, real *sums)
{
    const lathe_conv_axis *columns = &b->c->columns;
    if (across_channels(b->c)) {
        int begin, end;
        inner_results(columns, 0, 1, &begin, &end);
        if (begin < end) add_columns(b, s, whole, whole->taps, begin, end - begin, sums);
        return;
    }
    int inner_begin, inner_end;
    inner_results(columns, whole->column, whole->taps, &inner_begin, &inner_end);
    if (inner_begin < inner_end) add_columns(b, s, whole, whole->taps, inner_begin, inner_end - inner_begin, sums);
    for (int column = 0; column < columns->results; column++) {
        if (column == inner_begin) column = inner_end;
        if (column == columns->results) break;
        int begin, end;
        taps_inside(columns, column, &begin, &end);
        if (begin < whole->column) begin = whole->column;
        end = smaller(end, whole->column + whole->taps);
        if (begin >= end) continue;
        strip some = { whole->channel, whole->row, begin, end - begin };
        add_columns(b, s, &some, some.taps, column, 1, sums + (begin - whole->column) * LANES);
    }
}

static void write_strip(const lathe_correlation *c, const strip *s, int filters, const real *sums, real *gw)
{
    ptrdiff_t channel = (ptrdiff_t)c->rows.taps * c->columns.taps, tap = across_channels(c) ? channel : 1;
    real *at = gw + s->channel * channel + s->row * c->columns.taps + s->column;
    for (int f = 0; f < filters; f++, at += c->channels * channel)
        for (int t = 0; t < s->taps; t++) at[t * tap] = sum_lanes(load(sums + (f * MOST_TAPS + t) * LANES));
}

void KERNEL(lathe_conv_to_weights)(const lathe_correlation *c, const lathe_conv_blocks *x, const lathe_conv_blocks *gy, int part_number,
    real *gw)
{
    int cuts = pieces(c->filters, MOST_FILTERS), cut = part_number % cuts;
    int filter = piece_begin(c->filters, MOST_FILTERS, cut), filters = piece_begin(c->filters, MOST_FILTERS, cut + 1) - filter;
    int first = piece_begin(strip_count(c), most_strips(c), part_number / cuts);
    int strips = piece_begin(strip_count(c), most_strips(c), part_number / cuts + 1) - first;
    ptrdiff_t plane = (ptrdiff_t)c->rows.size * c->columns.size * LANES;
    walk s = {
        .x_row = (ptrdiff_t)c->rows.step * c->columns.size * LANES,
        .x_pixel = (ptrdiff_t)c->columns.step * LANES,
        .x_tap = across_channels(c) ? plane : (ptrdiff_t)c->columns.tap_step * LANES,
        .gy_row = (ptrdiff_t)c->columns.results * LANES,
        .gy_channel = (ptrdiff_t)c->rows.results * c->columns.results * LANES,
        .sum_filter = MOST_TAPS * LANES,
    };
    _Alignas(64) real sums[SUMS * LANES];
    int strip_sums = filters * MOST_TAPS * LANES;
    for (int i = 0; i < strips * strip_sums; i++) sums[i] = 0;

    int rows = BAND / (int)(filters * s.gy_row) + 1;
    for (int block = 0; block < x->count; block++)
        for (int row = 0; row < c->rows.results; row += rows) {
            band b = { c, x->at + (size_t)block * x->block, gy->at + (size_t)block * gy->block + filter * s.gy_channel, filters, row,
                smaller(row + rows, c->rows.results) };
            for (int i = 0; i < strips; i++) {
                strip whole = strip_at(c, first + i);
                add_strip(&b, &s, &whole, sums + i * strip_sums);
            }
        }
    for (int i = 0; i < strips; i++) {
        strip whole = strip_at(c, first + i);
        write_strip(c, &whole, filters, sums + i * strip_sums, gw + filter * (ptrdiff_t)c->channels * c->rows.taps * c->columns.taps);
    }
}
