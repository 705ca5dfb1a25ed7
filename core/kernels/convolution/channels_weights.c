/*
 * gw[f, c, p, q] = sum over images and results i, j of gy[f, i, j] * x[c, row(i, p), column(j, q)]
 *
 * A tile's sums begin at zero in each window and are then added to those in memory, so that no sum grows
 * long. Sums lie like packed weights.
 */
#include "channels_weights.h"

#include "channels_plan.h"
#include "transpose.h"

/* What a tile needs to know of a window. */
typedef struct walk {
    int images, rows;
    ptrdiff_t image, gy_image;
    ptrdiff_t columns;                         /* numbers of a row's results in gy */
    ptrdiff_t row, gy_row, gy_vector, sum_tap; /* numbers to the next one */
} walk;

/* How much of a tile is wanted. */
typedef struct extent {
    int taps, channels;
} extent;

typedef void tile_fn(const walk *s, const real *x, const ptrdiff_t *tap, const real *gy, const extent *e,
    real *sums);

typedef struct tile {
    int taps, channels;
    tile_fn *run;
} tile;

#include "channels_weights_tiles.h"

/* Results in a window, so that a first-level cache holds what a group of filters reads; parts wanted. */
enum { PLACES = 196, PARTS_WANTED = 8 };

size_t KERNEL(lathe_channels_weight_sums)(const lathe_correlation *c)
{
    return (size_t)pieces(c->filters, LANES) * LANES * (size_t)c->channels *
        (size_t)(c->rows.taps * c->columns.taps);
}

int KERNEL(lathe_channels_units)(const lathe_correlation *c)
{
    plan p = KERNEL(lathe_channels_plan)(c);
    windows w = KERNEL(lathe_channels_windows)(&p.c, PLACES, PANEL);
    return w.rows * w.columns;
}

static int block_parts(const plan *p) { return smaller(p->blocks, PARTS_WANTED); }

static int group_parts(const plan *p) { return smaller(p->groups, pieces(PARTS_WANTED, block_parts(p))); }

int KERNEL(lathe_channels_weight_parts)(const lathe_correlation *c)
{
    plan p = KERNEL(lathe_channels_plan)(c);
    return block_parts(&p) * group_parts(&p);
}

/* A part, and the window that it is at. */
typedef struct job {
    const plan *p;
    const windows *w;
    const ptrdiff_t *tap;
    int first_block, last_block, first_group, last_group;
    real *sums;
} job;

/* Where the sums of a group and a block begin. */
static real *sums_of(const job *j, int group, int block)
{
    const lathe_correlation *c = &j->p->c;
    int vectors = smaller(MOST_VECTORS, j->p->vectors - group * MOST_VECTORS);
    size_t taps = (size_t)(c->rows.taps * c->columns.taps);
    return j->sums + (size_t)group * MOST_VECTORS * LANES * (size_t)c->channels * taps +
        (size_t)block * LANES * taps * (size_t)vectors * LANES;
}

static int channels_of(const job *j, int block) { return smaller(LANES, j->p->c.channels - block * LANES); }

/* One block of x and one group of gy: all taps. */
static void add_block(const job *j, walk *s, const real *x, const real *gy, int group, int block)
{
    int vectors = smaller(MOST_VECTORS, j->p->vectors - group * MOST_VECTORS),
        channels = channels_of(j, block);
    int taps = j->p->c.rows.taps * j->p->c.columns.taps;
    const tile *t = tiles[vectors - 1], *end = t + sizeof tiles[0] / sizeof tiles[0][0];
    while (t + 1 < end && t->channels < channels) t++;
    s->sum_tap = (ptrdiff_t)channels * vectors * LANES;
    real *sums = sums_of(j, group, block);
    for (int tap = 0; tap < taps; tap += t->taps)
        for (int k = 0; k < channels; k += t->channels) {
            extent e = { smaller(t->taps, taps - tap), smaller(t->channels, channels - k) };
            t->run(s, x + k, j->tap + tap, gy, &e, sums + tap * s->sum_tap + k * vectors * LANES);
        }
}

/* The same window of some images. */
static void add_window(const job *j, const lathe_channels_image *x, int images, const real *gy,
    size_t gy_image, const window *at, real *space)
{
    const lathe_correlation *c = &j->p->c;
    bool direct = j->p->direct && x->pixel == LANES;
    walk s = { .images = images,
        .rows = at->rows,
        .image = direct ? x->image : j->w->panel.block,
        .gy_image = (ptrdiff_t)gy_image,
        .columns = (ptrdiff_t)at->columns * LANES,
        .row = direct ? (ptrdiff_t)c->columns.size * LANES : j->w->panel.row,
        .gy_row = (ptrdiff_t)c->columns.results * LANES,
        .gy_vector = (ptrdiff_t)c->rows.results * c->columns.results * LANES };
    gy += at->row * s.gy_row + at->column * LANES;
    for (int block = j->first_block; block < j->last_block; block++) {
        lathe_channels_image from = from_block(x, block);
        const real *places =
            direct ? from.at + ((ptrdiff_t)at->row * c->columns.size + at->column) * LANES : space;
        for (int n = 0; n < images && !direct; n++, from.at += from.image) {
            int channels = channels_of(j, block);
            real *to = space + n * s.image;
            KERNEL(lathe_panel_fill)(c, &j->w->panel, &from, channels, at->row, at->column, to);
        }
        for (int group = j->first_group; group < j->last_group; group++)
            add_block(j, &s, places, gy + group * MOST_VECTORS * s.gy_vector, group, block);
    }
}

/* Images that make a window, where a plane alone is small. */
static int images_at_once(const plan *p, const windows *w)
{
    if (w->rows * w->columns > 1) return 1;
    int fit = w->panel.block ? (int)(PANEL / w->panel.block) : 1,
        wanted = PLACES / (p->c.rows.results * p->c.columns.results);
    return wanted < 1 ? 1 : smaller(wanted, fit);
}

/* The part's sums of a group lie together. */
static void clear(const job *j)
{
    for (int group = j->first_group; group < j->last_group; group++) {
        real *to = sums_of(j, group, j->first_block), *end = sums_of(j, group, j->last_block - 1);
        int vectors = smaller(MOST_VECTORS, j->p->vectors - group * MOST_VECTORS);
        end += channels_of(j, j->last_block - 1) * j->p->c.rows.taps * j->p->c.columns.taps * vectors * LANES;
        for (; to < end; to += LANES) store(to, (lanes){ 0 });
    }
}

void KERNEL(lathe_channels_to_weights)(const lathe_correlation *c, const lathe_channels_image *x,
    const real *gy, size_t gy_image, long first, long last, int number, real *sums)
{
    plan p = KERNEL(lathe_channels_plan)(c);
    windows w = KERNEL(lathe_channels_windows)(&p.c, PLACES, PANEL);
    ptrdiff_t taps[LATHE_CHANNELS_MOST_TAPS * LATHE_CHANNELS_MOST_TAPS] = { 0 };
    if (!p.direct || x->pixel != LANES) KERNEL(lathe_panel_taps)(&p.c, &w.panel, taps);
    int block = number % block_parts(&p), group = number / block_parts(&p), units = w.rows * w.columns;
    job j = { &p, &w, taps, piece_begin(p.blocks, block_parts(&p), block),
        piece_begin(p.blocks, block_parts(&p), block + 1), piece_begin(p.groups, group_parts(&p), group),
        piece_begin(p.groups, group_parts(&p), group + 1), sums };
    clear(&j);
    _Alignas(64) real space[PANEL];
    int most = images_at_once(&p, &w), count;
    for (long unit = first; unit < last; unit += count) {
        count = last - unit < most ? (int)(last - unit) : most;
        lathe_channels_image image = *x;
        image.at += unit / units * x->image;
        window at = KERNEL(lathe_channels_window)(&p.c, &w, (int)(unit % units));
        add_window(&j, &image, count, gy + (size_t)(unit / units) * gy_image, gy_image, &at, space);
    }
}

/* Sums of one group of filters and one block of channels; gw's filters are `row` numbers apart. */
typedef struct unpack_block {
    const real *sums;
    int filters, channels, taps, width;
    ptrdiff_t row;
    bool add;
    real *gw;
} unpack_block;

/* Number r of a filter in gw: its place in the sums. */
static ptrdiff_t place_of(const unpack_block *b, int r)
{
    return (ptrdiff_t)(r % b->taps * b->channels + r / b->taps) * b->width;
}

static void unpack_any(const unpack_block *b, int first_filter, int first, int last)
{
    for (int r = first; r < last; r++) {
        const real *from = b->sums + place_of(b, r);
        for (int f = first_filter; f < b->filters; f++) {
            real *to = b->gw + f * b->row + r;
            *to = b->add ? *to + from[f] : from[f];
        }
    }
}

/* Four numbers of four filters. */
static void unpack_four(const unpack_block *b, const ptrdiff_t place[4], int filter, int r)
{
    quarter q[4];
    UNROLL for (int i = 0; i < 4; i++) q[i] = *(const quarter *)(b->sums + place[i] + filter);
    transpose(q);
    UNROLL for (int i = 0; i < 4; i++)
    {
        unaligned_quarter *to = (unaligned_quarter *)(b->gw + (filter + i) * b->row + r);
        *to = b->add ? *to + q[i] : q[i];
    }
}

/* Whole fours of filters; sixteen numbers of four filters at once, as in pack_run. */
static void unpack_fours(const unpack_block *b, int filters, int last)
{
    for (int first = 0; first < last; first += LANES) {
        int count = smaller(LANES, last - first);
        ptrdiff_t place[LANES];
        for (int i = 0; i < count; i++) place[i] = place_of(b, first + i);
        for (int f = 0; f < filters; f += 4)
            for (int i = 0; i < count; i += 4) unpack_four(b, place + i, f, first + i);
    }
}

void KERNEL(
    lathe_channels_unpack)(const lathe_correlation *c, const real *sums, int group, bool add, real *gw)
{
    int begin = group * MOST_VECTORS * LANES, filters = smaller(MOST_VECTORS * LANES, c->filters - begin),
        width = pieces(filters, LANES) * LANES, taps = c->rows.taps * c->columns.taps;
    ptrdiff_t row = (ptrdiff_t)c->channels * taps;
    sums += begin * row;
    gw += begin * row;
    for (int block = 0; block < c->channels; block += LANES, gw += LANES * taps) {
        int channels = smaller(LANES, c->channels - block);
        unpack_block b = { sums, filters, channels, taps, width, row, add, gw };
        int fours = filters - filters % 4, last = channels * taps, whole = last - last % 4;
        unpack_fours(&b, fours, whole);
        unpack_any(&b, 0, whole, last);
        unpack_any(&b, fours, 0, whole);
        sums += channels * taps * width;
    }
}
