#include "channels.h"

#include "channels_bias.h"
#include "channels_plan.h"
#include "channels_product.h"
#include "channels_weights.h"
#include "conv_axis.h"
#include "panel.h"
#include "store.h"
#include "transpose.h"

/* What a tile needs to know of its surroundings. */
typedef struct walk {
    int blocks, last_channels; /* of x, and the channels of the last one */
    ptrdiff_t block;           /* to the next block of x */
    int taps;                  /* of each channel */
    const ptrdiff_t *tap;      /* where they lie */
    ptrdiff_t half;            /* from the tile's first place to its second half's first, in x */
    ptrdiff_t out_half, out_place, out_vector; /* in y: the same; to the next place; to the next vector */
    lathe_conv_store how;
} walk;

typedef void tile_fn(const walk *s, const real *x, const real *w, const real *bias, real *y);

#include "channels_tiles.h"

/* ---- one window ---------------------------------------------------------------------------------------- */

/* Some results of one group of filters. */
typedef struct field {
    int rows, columns, vectors;
    ptrdiff_t row, out_row; /* to the next row of results, in x and in y */
    const real *x, *w, *bias;
    real *y;
} field;

/* Rows so narrow that two make a tile. */
static void run_pairs(const field *f, walk *s)
{
    s->half = f->row;
    s->out_half = f->out_row;
    for (int i = 0; i + 1 < f->rows; i += 2)
        tiles[f->vectors - 1][2 * f->columns - 1](s, f->x + i * f->row, f->w, f->bias, f->y + i * f->out_row);
}

/* Row by row, in tiles as equal as can be. */
static void run_rows(const field *f, walk *s, int first_row)
{
    int count = pieces(f->columns, most_places[f->vectors - 1]);
    for (int i = first_row; i < f->rows; i++)
        for (int n = 0; n < count; n++) {
            int begin = piece_begin(f->columns, count, n),
                places = piece_begin(f->columns, count, n + 1) - begin;
            s->half = places / 2 * LANES;
            s->out_half = places / 2 * s->out_place;
            tiles[f->vectors - 1][places - 1](s, f->x + i * f->row + begin * LANES, f->w, f->bias,
                f->y + i * f->out_row + begin * s->out_place);
        }
}

static void run_field(const field *f, walk *s)
{
    int paired = 0;
    if (2 * f->columns <= most_places[f->vectors - 1] && f->rows > 1) {
        run_pairs(f, s);
        paired = f->rows - f->rows % 2;
    }
    run_rows(f, s, paired);
}

/* ---- one part ------------------------------------------------------------------------------------------ */

typedef struct job {
    const plan *p;
    const lathe_channels_image *x;
    const real *packed, *bias;
    real *y;
    lathe_conv_store how;
    int first_group, last_group;
} job;

/*
 * Blocks first ... first + s->blocks - 1 of the channels, which lie at f->x, for all groups of the part. Only
 * the first block adds the bias: later ones find it in y.
 */
static void run_groups(const job *j, const field *shape, walk *s, int first)
{
    const plan *p = j->p;
    _Alignas(64) real bias[MOST_VECTORS * LANES];
    for (int group = j->first_group; group < j->last_group; group++) {
        field f = *shape;
        int vector = group * MOST_VECTORS;
        f.vectors = smaller(MOST_VECTORS, p->vectors - vector);
        f.w = j->packed + (size_t)vector * LANES * (size_t)p->c.channels * (size_t)s->taps +
            (ptrdiff_t)first * LANES * s->taps * f.vectors * LANES;
        f.y += vector * s->out_vector;
        f.bias = bias;
        take_bias(first ? NULL : j->bias, vector * LANES, p->c.filters, MOST_VECTORS * LANES, bias);
        run_field(&f, s);
    }
}

/* All channels of a window, chunk after chunk; each chunk but the first adds to y. */
static void run_window(const job *j, const window *w, real *space)
{
    const plan *p = j->p;
    const lathe_correlation *c = &p->c;
    ptrdiff_t taps[LATHE_CHANNELS_MOST_TAPS * LATHE_CHANNELS_MOST_TAPS];
    bool direct = p->direct && j->x->pixel == LANES;
    field f = { .rows = w->rows,
        .columns = w->columns,
        .row = direct ? (ptrdiff_t)c->columns.size * LANES : p->w.panel.row,
        .out_row = (ptrdiff_t)c->rows.out_step * c->columns.out_size * LANES,
        .y = j->y +
            ((ptrdiff_t)(c->rows.out_first + w->row * c->rows.out_step) * c->columns.out_size +
                c->columns.out_first + w->column * c->columns.out_step) *
                LANES };
    walk s = { .block = direct ? j->x->block : p->w.panel.block,
        .taps = c->rows.taps * c->columns.taps,
        .tap = taps,
        .out_place = (ptrdiff_t)c->columns.out_step * LANES,
        .out_vector = (ptrdiff_t)c->rows.out_size * c->columns.out_size * LANES };
    if (direct) taps[0] = 0;
    else KERNEL(lathe_panel_taps)(c, &p->w.panel, taps);
    for (int first = 0; first < p->blocks; first += p->chunk) {
        int channels = smaller(p->chunk * LANES, c->channels - first * LANES);
        bool last = first + p->chunk >= p->blocks;
        lathe_channels_image x = from_block(j->x, first);
        s.blocks = pieces(channels, LANES);
        s.last_channels = channels - (s.blocks - 1) * LANES;
        s.how =
            (first > 0 ? LATHE_CONV_ADD : j->how & LATHE_CONV_ADD) | (last ? j->how & LATHE_CONV_RELU6 : 0);
        f.x = direct ? x.at + ((ptrdiff_t)w->row * c->columns.size + w->column) * LANES : space;
        if (!direct) KERNEL(lathe_panel_fill)(c, &p->w.panel, &x, channels, w->row, w->column, space);
        run_groups(j, &f, &s, first);
    }
}

static int parts(const lathe_correlation *c)
{
    plan p = KERNEL(lathe_channels_plan)(c);
    return p.window_parts * p.group_parts;
}

static void correlate(const lathe_correlation *c, const lathe_channels_image *x, const real *packed,
    const real *bias, real *y, int number, lathe_conv_store how)
{
    plan p = KERNEL(lathe_channels_plan)(c);
    int at = number % p.window_parts, run = number / p.window_parts, count = p.w.rows * p.w.columns;
    job j = { &p, x, packed, bias, y, how, piece_begin(p.groups, p.group_parts, run),
        piece_begin(p.groups, p.group_parts, run + 1) };
    _Alignas(64) real space[PANEL];
    int last = piece_begin(count, p.window_parts, at + 1);
    for (int i = piece_begin(count, p.window_parts, at); i < last; i++) {
        window w = KERNEL(lathe_channels_window)(&p.c, &p.w, i);
        run_window(&j, &w, space);
    }
}

/* ---- weights ------------------------------------------------------------------------------------------- */

/*
 * Packed, as the sums of the gradient: group after group of filters, its channels, their taps row by row (the
 * channels of a block are the innermost loop), and the group's filters.
 */

/* Weights of one group of filters and one block of channels; `taps` are those of all rows. */
typedef struct pack_block {
    const lathe_correlation *c;
    lathe_conv_weights w; /* from the group's first filter and the block's first channel on */
    int filters, channels, width, taps;
    real *to;
} pack_block;

/* Filters from first_filter on, and zeros for those that there are not. */
static void pack_any(const pack_block *b, int first_filter)
{
    if (first_filter == b->width) return;
    real *to = b->to;
    for (int p = 0; p < b->c->rows.taps; p++)
        for (int q = 0; q < b->c->columns.taps; q++)
            for (int k = 0; k < b->channels; k++, to += b->width) {
                const real *at = b->w.at + p * b->w.row + q * b->w.column + k * b->w.channel;
                for (int f = first_filter; f < b->filters; f++) to[f] = at[f * b->w.filter];
                for (int f = b->filters; f < b->width; f++) to[f] = 0;
            }
}

/* Numbers of a run that pack_run knows: 7 x 7 taps of sixteen channels. */
enum { MOST_RUN = 784 };

/*
 * Whole fours of filters, `row` numbers apart, of each of which `run` numbers follow each other in memory, at
 * least four; number r goes to place[r]. Rows of weights lie so far apart that few stay in a first-level
 * cache: sixteen numbers of four are read at once.
 */
static void pack_run(const real *from, ptrdiff_t row, int run, const ptrdiff_t *place, int filters, real *to)
{
    int at_once = smaller(LANES, run);
    for (int next = 0; next < run; next += LANES) {
        int first = smaller(next, run - at_once);
        for (int f = 0; f + 4 <= filters; f += 4)
            for (int r = 0; r < at_once; r += 4) {
                int at = first + smaller(r, at_once - 4);
                quarter q[4];
                UNROLL for (int i = 0; i < 4; i++) q[i] =
                    *(const unaligned_quarter *)(from + (f + i) * row + at);
                transpose(q);
                UNROLL for (int i = 0; i < 4; i++) * (quarter *)(to + place[at + i] + f) = q[i];
            }
    }
}

/* Those blocks of which pack_run can do whole fours of filters: of a forward correlation, where channels and
 * taps follow each other, and of a gradient to the data with stride 1, where the taps run backwards. */
static bool pack_fours(const pack_block *b)
{
    const lathe_conv_weights *w = &b->w;
    int width = b->c->columns.taps, run = b->channels * b->taps;
    ptrdiff_t place[MOST_RUN];
    if (w->channel == b->taps && w->row == width && w->column == 1 && run >= 4 && run <= MOST_RUN) {
        for (int r = 0, k = 0; k < b->channels; k++)
            for (int t = 0; t < b->taps; t++) place[r++] = (ptrdiff_t)(t * b->channels + k) * b->width;
        pack_run(w->at, w->filter, run, place, b->filters, b->to);
        return true;
    }
    if (w->filter == b->taps && w->row == -width && w->column == -1 && b->taps >= 4) {
        for (int t = 0; t < b->taps; t++) place[b->taps - 1 - t] = (ptrdiff_t)t * b->channels * b->width;
        for (int k = 0; k < b->channels; k++)
            pack_run(w->at - (b->taps - 1) + k * w->channel, w->filter, b->taps, place, b->filters,
                b->to + k * b->width);
        return true;
    }
    return false;
}

static void pack(const lathe_correlation *c, const lathe_conv_weights *w, int group, real *to)
{
    int begin = group * MOST_VECTORS * LANES, filters = smaller(MOST_VECTORS * LANES, c->filters - begin);
    pack_block b = { c, *w, filters, LANES, pieces(filters, LANES) * LANES, c->rows.taps * c->columns.taps,
        to };
    b.w.at += begin * w->filter;
    b.to += (ptrdiff_t)begin * c->channels * b.taps;
    for (int block = 0; block < c->channels; block += LANES, b.w.at += LANES * w->channel) {
        b.channels = smaller(LANES, c->channels - block);
        pack_any(&b, pack_fours(&b) ? filters - filters % 4 : 0);
        b.to += b.channels * b.taps * b.width;
    }
}

/* ---- for Winograd's tiles ------------------------------------------------------------------------------ */

_Static_assert((int)PRODUCT_VECTORS == (int)MOST_VECTORS, "a product is one group of filters");

void KERNEL(lathe_channels_product)(int channels, int vectors, int count, const real *x, ptrdiff_t block,
    const real *w, real *y, ptrdiff_t y_vector)
{
    static const ptrdiff_t here;
    _Alignas(64) static const real none[MOST_VECTORS * LANES];
    int blocks = pieces(channels, LANES);
    walk s = { .blocks = blocks,
        .last_channels = channels - (blocks - 1) * LANES,
        .block = block,
        .taps = 1,
        .tap = &here,
        .out_place = LANES,
        .out_vector = y_vector };
    run_rows(
        &(field){ .rows = 1, .columns = count, .vectors = vectors, .x = x, .w = w, .bias = none, .y = y }, &s,
        0);
}

static inline void add_place(const real *x, part to[PARTS])
{
    UNROLL for (int p = 0; p < PARTS; p++) to[p] += load_part(x + p * PART);
}

static void sum(size_t count, const real *x, real *sums)
{
    enum { SPAN = 1024, AT_ONCE = 4 };
    part total[PARTS] = { { 0 } };
    for (size_t i = 0; i < count; i += SPAN) {
        part some[AT_ONCE][PARTS] = { { { 0 } } };
        size_t j = i, end = count - i < SPAN ? count : i + SPAN;
        for (; j + AT_ONCE <= end; j += AT_ONCE)
            UNROLL for (size_t n = 0; n < AT_ONCE; n++) add_place(x + (j + n) * LANES, some[n]);
        UNROLL for (size_t n = 0; n < AT_ONCE - 1; n++) if (j + n < end)
            add_place(x + (j + n) * LANES, some[n]);
        UNROLL for (int p = 0; p < PARTS; p++) total[p] +=
            (some[0][p] + some[1][p]) + (some[2][p] + some[3][p]);
    }
    UNROLL for (int p = 0; p < PARTS; p++) store_part(sums + p * PART, total[p]);
}

extern const lathe_channels_kernels KERNEL(lathe_channels_kernels);
const lathe_channels_kernels KERNEL(lathe_channels_kernels) = {
    .fits = KERNEL(lathe_channels_fits),
    .packed = KERNEL(lathe_channels_weight_sums),
    .groups = groups_of,
    .pack = pack,
    .parts = parts,
    .correlate = correlate,
    .weight_sums = KERNEL(lathe_channels_weight_sums),
    .units = KERNEL(lathe_channels_units),
    .weight_parts = KERNEL(lathe_channels_weight_parts),
    .to_weights = KERNEL(lathe_channels_to_weights),
    .unpack = KERNEL(lathe_channels_unpack),
    .sum = sum,
};
