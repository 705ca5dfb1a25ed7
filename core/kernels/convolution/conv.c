#include "conv.h"

#include "conv_axis.h"
#include "conv_product.h"
#include "conv_weights.h"
#include "depthwise.h"
#include "lane_sums.h"
#include "store.h"
#include "../lanes.h"

/* One of the three loops that a sum runs over: how often, and how far x and w (of one filter) move each time.
 */
typedef struct loop {
    int times;
    ptrdiff_t x, w;
} loop;

/* What a tile needs to know of its surroundings, in numbers. The inner loop is the longest that there is. */
typedef struct walk {
    loop outer, middle, inner;
    ptrdiff_t in_pixel, out_pixel,
        out_channel; /* to the next pixel of the tile, in x and in y, and to the next filter */
    ptrdiff_t ahead; /* in x, to what the next row of results needs and this one does not */
    lathe_conv_store how;
} walk;

typedef void tile_fn(const walk *s, const real *x, const real *w, const real *bias, real *y, int times);

typedef void product_fn(int channels, const real *x, ptrdiff_t x_channel, const real *w, real *y,
    ptrdiff_t y_filter, int times);

typedef struct tile {
    int filters, pixels;
    tile_fn *run;
    product_fn *product;
} tile;

/* Results at the edge of the image, `count` of them: which taps does each see inside? */
typedef void edge_fn(const walk *s, const real *x, const real *w, const real *bias, real *y,
    const unsigned *inside, int count);

typedef struct edge_tile {
    int filters, pixels;
    edge_fn *run;
} edge_tile;

#include "conv_edge_tiles.h"
#include "conv_tiles.h"

static int is_pointwise(const lathe_correlation *c) { return c->rows.taps == 1 && c->columns.taps == 1; }

/* Filters are cut into groups as equal as can be, of at most MOST_FILTERS. */
static int groups_of(int filters) { return pieces(filters, MOST_FILTERS); }

static int group_begin(int filters, int group) { return piece_begin(filters, groups_of(filters), group); }

static const tile *widest_tile(int filters)
{
    const tile *t = tiles;
    while (t->filters != filters) t++;
    return t;
}

static size_t packed_size(const lathe_correlation *c)
{
    return (size_t)c->filters * (size_t)c->channels * (size_t)c->rows.taps * (size_t)c->columns.taps;
}

static int packed_groups(const lathe_correlation *c) { return groups_of(c->filters); }

static void pack(const lathe_correlation *c, const lathe_conv_weights *w, int group, real *packed)
{
    int begin = group_begin(c->filters, group), end = group_begin(c->filters, group + 1);
    packed += (ptrdiff_t)begin * c->channels * c->rows.taps * c->columns.taps;
    for (int channel = 0; channel < c->channels; channel++)
        for (int p = 0; p < c->rows.taps; p++)
            for (int q = 0; q < c->columns.taps; q++)
                for (int f = begin; f < end; f++)
                    *packed++ = w->at[f * w->filter + channel * w->channel + p * w->row + q * w->column];
}

/* One row of results, and the taps of the kernel's rows that lie within the image. */
typedef struct row_job {
    const lathe_correlation *c;
    const real *x, *packed, *bias;
    real *y;
    int row, first_tap, taps;
    lathe_conv_store how;
} row_job;

static ptrdiff_t plane(const lathe_conv_axis *rows, const lathe_conv_axis *columns)
{
    return (ptrdiff_t)rows->size * columns->size * LANES;
}

/* The loops over channels, tap rows and taps. */
static walk walk_of(const row_job *job, int taps)
{
    const lathe_correlation *c = job->c;
    const lathe_conv_axis *rows = &c->rows, *columns = &c->columns;
    loop channels = { c->channels, plane(rows, columns), (ptrdiff_t)rows->taps * columns->taps };
    loop tap_rows = { job->taps, (ptrdiff_t)rows->tap_step * columns->size * LANES, columns->taps };
    loop tap = { taps, (ptrdiff_t)columns->tap_step * LANES, 1 };
    return (walk){ channels, tap_rows, tap, (ptrdiff_t)columns->step * LANES,
        (ptrdiff_t)columns->out_step * LANES, (ptrdiff_t)rows->out_size * columns->out_size * LANES,
        (ptrdiff_t)columns->size * LANES * job->taps * rows->tap_step, job->how };
}

/* Loops of one turn go outside: for a 1 x 1 kernel the inner one is the channels'. */
static void lengthen_inner(walk *s)
{
    for (int i = 0; i < 2 && s->inner.times == 1; i++) {
        loop one = s->inner;
        s->inner = s->middle;
        s->middle = s->outer;
        s->outer = one;
    }
}

/* Numbers of a panel: a part of a second-level cache, on the stack. Of 16 KiB to 128 KiB the largest was
 * fastest. */
enum { PANEL = 131072 / sizeof(real), GATHER_AHEAD = 2 };

/*
 * `count` pixels of all channels side by side. Planes lie a power of two apart more often than not: the same
 * pixel of all channels would have to share a few places of the cache, and each group of filters would fetch
 * it anew.
 */
static void gather(const lathe_correlation *c, const walk *s, int count, const real *x, real *panel)
{
    ptrdiff_t channel = plane(&c->rows, &c->columns);
    for (int i = 0; i < c->channels; i++, x += channel)
        for (int n = 0; n < count; n++, panel += LANES) {
            __builtin_prefetch(x + GATHER_AHEAD * channel + n * s->in_pixel);
            store(panel, load(x + n * s->in_pixel));
        }
}

/* The input's place of one tap of a result; the result's place; the weights of some filters from a tap on. */
static const real *input_at(const row_job *job, int column, int tap)
{
    const lathe_conv_axis *rows = &job->c->rows, *columns = &job->c->columns;
    ptrdiff_t in_row = rows->first + job->row * rows->step + job->first_tap * rows->tap_step;
    ptrdiff_t in_column = columns->first + column * columns->step + tap * columns->tap_step;
    return job->x + (in_row * columns->size + in_column) * LANES;
}

static real *output_at(const row_job *job, int column)
{
    const lathe_conv_axis *rows = &job->c->rows, *columns = &job->c->columns;
    ptrdiff_t out_row = rows->out_first + job->row * rows->out_step;
    ptrdiff_t out_column = columns->out_first + column * columns->out_step;
    return job->y + (out_row * columns->out_size + out_column) * LANES;
}

static const real *weights_at(const row_job *job, int filter, int filters, int tap)
{
    const lathe_correlation *c = job->c;
    ptrdiff_t all_taps = (ptrdiff_t)c->channels * c->rows.taps * c->columns.taps;
    return job->packed + filter * all_taps + (ptrdiff_t)(job->first_tap * c->columns.taps + tap) * filters;
}

/* Results column ... column + count - 1, all filters, for taps [first_tap, end_tap) of the kernel's columns.
 */
static void run_columns(const row_job *job, int column, int count, int first_tap, int end_tap)
{
    const lathe_correlation *c = job->c;
    walk s = walk_of(job, end_tap - first_tap);
    lengthen_inner(&s);
    const real *x = input_at(job, column, first_tap);
    real *y = output_at(job, column);
    _Alignas(64) real panel[PANEL];
    bool inside =
        job->taps == 1 && end_tap - first_tap == 1; /* with padding, the one tap may be outside the image */
    if (is_pointwise(c) && inside && groups_of(c->filters) > 1 &&
        (ptrdiff_t)count * c->channels * LANES <= (ptrdiff_t)PANEL) {
        gather(c, &s, count, x, panel);
        x = panel;
        s.in_pixel = LANES;
        s.inner.x = (ptrdiff_t)count * LANES;
    }
    for (int g = 0; g < groups_of(c->filters); g++) {
        int f = group_begin(c->filters, g), filters = group_begin(c->filters, g + 1) - f;
        const real *packed = weights_at(job, f, filters, first_tap);
        int done = 0;
        for (const tile *t = widest_tile(filters); done < count; t++) {
            int times = (count - done) / t->pixels;
            t->run(&s, x + done * s.in_pixel, packed, job->bias ? job->bias + f : NULL,
                y + f * s.out_channel + done * s.out_pixel, times);
            done += times * t->pixels;
        }
    }
}

/* The most filters of an edge tile, and the most taps that have a mask. */
enum { EDGE_FILTERS = sizeof edge_tiles / sizeof *edge_tiles, EDGE_TAPS = 16 };

/* Results column ... column + count - 1, all filters, some of whose taps are outside the image. */
static void run_edge(const row_job *job, int column, int count)
{
    const lathe_correlation *c = job->c;
    unsigned inside[EDGE_TAPS] = { 0 };
    int first_tap = c->columns.taps, end_tap = 0;
    for (int n = 0; n < count; n++) {
        int first, end;
        taps_inside(&c->columns, column + n, &first, &end);
        for (int t = first; t < end; t++) inside[t] |= 1u << n;
        if (first < end && first < first_tap) first_tap = first;
        if (end > end_tap) end_tap = end;
    }
    if (first_tap > end_tap) first_tap = end_tap;
    walk s = walk_of(job, end_tap - first_tap);
    for (int g = 0; g < groups_of(c->filters); g++) {
        int f = group_begin(c->filters, g), filters = group_begin(c->filters, g + 1) - f;
        edge_tiles[filters - 1].run(&s, input_at(job, column, first_tap),
            weights_at(job, f, filters, first_tap), job->bias ? job->bias + f : NULL,
            output_at(job, column) + f * s.out_channel, inside + first_tap, count);
    }
}

/* How many columns to do for one group of filters after the other: with a 1 x 1 kernel those of a panel,
 * otherwise whole rows. */
static int columns_at_once(const lathe_correlation *c)
{
    if (!is_pointwise(c)) return c->columns.results;
    ptrdiff_t most = (ptrdiff_t)PANEL / ((ptrdiff_t)c->channels * LANES);
    int tile_pixels = widest_tile(group_begin(c->filters, 1))->pixels;
    return most < tile_pixels     ? tile_pixels :
        most < c->columns.results ? (int)(most - most % tile_pixels) :
                                    c->columns.results;
}

/*
 * The width of the edge tiles if rows are cut into tiles from their first result on; 0 if results at the edge
 * are done one at a time, which is faster if a side has only one, or if they are an eighth or less.
 */
static int edge_width(const lathe_correlation *c, int inner_begin, int inner_end)
{
    int groups = groups_of(c->filters), least = c->filters / groups, most = pieces(c->filters, groups),
        right = c->columns.results - inner_end;
    bool wide = (inner_begin > 1 || right > 1) && (inner_begin + right) * 8 > c->columns.results;
    if (!wide || c->columns.taps > EDGE_TAPS || most > EDGE_FILTERS) return 0;
    int pixels = edge_tiles[least - 1].pixels;
    return edge_tiles[most - 1].pixels == pixels ? pixels : 0;
}

/* One row in tiles of `width` results, from the first on. */
static void run_tiles(const row_job *job, int width, int inner_begin, int inner_end)
{
    int results = job->c->columns.results;
    for (int column = 0, count; column < results; column += count) {
        count = (inner_end - column) / width * width;
        if (column >= inner_begin && count > 0) {
            run_columns(job, column, count, 0, job->c->columns.taps);
            continue;
        }
        count = smaller(results - column, width);
        run_edge(job, column, count);
    }
}

/* One row: inner results at once, those at the edge one at a time. */
static void run_row(const row_job *job, int at_once, int inner_begin, int inner_end)
{
    const lathe_conv_axis *columns = &job->c->columns;
    for (int column = 0, count; column < columns->results; column += count) {
        int first_tap, last_tap;
        taps_inside(columns, column, &first_tap, &last_tap);
        count = column >= inner_begin && column < inner_end ? smaller(inner_end - column, at_once) : 1;
        run_columns(job, column, count, first_tap, last_tap);
    }
}

static void correlate(const lathe_correlation *c, const real *x, const real *packed, const real *bias,
    real *y, int first_row, int last_row, lathe_conv_store how)
{
    if (KERNEL(lathe_depthwise_fits)(c)) {
        KERNEL(lathe_depthwise_correlate)(c, x, packed, bias, y, first_row, last_row, how);
        return;
    }
    int inner_begin, inner_end, at_once = columns_at_once(c);
    inner_results(&c->columns, 0, c->columns.taps, &inner_begin, &inner_end);
    int width = edge_width(c, inner_begin, inner_end);
    for (int row = first_row; row < last_row; row++) {
        row_job job = { .c = c, .x = x, .packed = packed, .bias = bias, .y = y, .row = row, .how = how };
        int end_tap;
        taps_inside(&c->rows, row, &job.first_tap, &end_tap);
        job.taps = end_tap - job.first_tap;
        if (width) run_tiles(&job, width, inner_begin, inner_end);
        else run_row(&job, at_once, inner_begin, inner_end);
    }
}

_Static_assert((int)PRODUCT_FILTERS == (int)MOST_FILTERS, "a product is one group of filters");

static void add_bias(int filters, int count, const real *bias, real *y, ptrdiff_t filter)
{
    for (int f = 0; f < filters; f++, y += filter)
        for (int n = 0; n < count * LANES; n += PART) store_part(y + n, load_part(y + n) + bias[f]);
}

void KERNEL(lathe_conv_product)(int channels, int filters, int count, const real *x, ptrdiff_t x_channel,
    const real *w, const real *bias, real *y, ptrdiff_t y_filter)
{
    int done = 0;
    for (const tile *t = widest_tile(filters); done < count; t++) {
        int times = (count - done) / t->pixels;
        t->product(channels, x + done * LANES, x_channel, w, y + done * LANES, y_filter, times);
        done += times * t->pixels;
    }
    if (bias) add_bias(filters, count, bias, y, y_filter);
}

/* Several sums at once, so that additions do not wait for each other. */
static void to_bias(size_t count, int channels, const real *gy, real *sums, bool add)
{
    enum { AT_ONCE = 4 };
    _Alignas(64) real space[LANES * LANES] = { 0 };
    for (int channel = 0; channel < channels; channel++, gy += count) {
        part total[AT_ONCE][PARTS] = { { { 0 } } };
        size_t i = 0;
        for (; i + AT_ONCE * LANES <= count; i += AT_ONCE * LANES)
            UNROLL for (int n = 0; n < AT_ONCE; n++) UNROLL for (int p = 0; p < PARTS; p++) total[n][p] +=
                load_part(gy + i + n * LANES + p * PART);
        for (; i < count; i += LANES)
            UNROLL for (int p = 0; p < PARTS; p++) total[0][p] += load_part(gy + i + p * PART);
        UNROLL for (int p = 0; p < PARTS; p++) store_part(space + channel * LANES + p * PART,
            (total[0][p] + total[1][p]) + (total[2][p] + total[3][p]));
    }
    sum_lanes_of(LANES, space, sums, add);
}

extern const lathe_conv_kernels KERNEL(lathe_conv_kernels);
const lathe_conv_kernels KERNEL(lathe_conv_kernels) = {
    .row_step = 1,
    .packed = packed_size,
    .groups = packed_groups,
    .pack = pack,
    .correlate = correlate,
    .weight_parts = KERNEL(lathe_conv_weight_parts),
    .weight_sums = KERNEL(lathe_conv_weight_sums),
    .to_weights = KERNEL(lathe_conv_to_weights),
    .unpack = KERNEL(lathe_conv_unpack),
    .to_bias = to_bias,
};
