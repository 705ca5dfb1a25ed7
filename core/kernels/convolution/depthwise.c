/*
 * A channel's work is little, so it must not be spent on edges. Where lanes lie abreast in x and places one
 * or two steps apart, results whose taps are all inside the image read x itself, and the others leave out
 * the taps that are outside. Elsewhere a window is copied into a panel with the zeros around it, and every
 * result has all its taps.
 */
#include "depthwise.h"

#include "depthwise_window.h"
#include "lane_sums.h"
#include "store.h"

enum { MOST_TAPS = LATHE_CHANNELS_MOST_TAPS * LATHE_CHANNELS_MOST_TAPS };

/* Rows of results, whole ones, that a panel has room for. */
static int rows_at_once(const lathe_correlation *c)
{
    return KERNEL(lathe_panel_rows)(c, c->columns.results, 1, DEPTHWISE_PANEL);
}

/* Places of a panel along one axis, and perhaps some more: found without a division. */
static ptrdiff_t most_places(const lathe_conv_axis *axis, int results)
{
    return (ptrdiff_t)smaller(axis->step, axis->taps) * (results + (axis->taps - 1) * axis->tap_step);
}

bool KERNEL(lathe_depthwise_fits)(const lathe_correlation *c)
{
    return c->channels == 1 && c->filters == 1 && c->rows.taps && c->columns.taps &&
        c->rows.taps <= LATHE_CHANNELS_MOST_TAPS && c->columns.taps <= LATHE_CHANNELS_MOST_TAPS &&
        (most_places(&c->rows, 1) * most_places(&c->columns, c->columns.results) * LANES <= DEPTHWISE_PANEL ||
            rows_at_once(c) > 0);
}

/* The panel of as many rows as find room: all if they do. Returns their number. */
static int panel_of_rows(const lathe_correlation *c, panel *p)
{
    int rows = c->rows.results;
    *p = KERNEL(lathe_panel_of)(c, rows, c->columns.results);
    if (p->block > DEPTHWISE_PANEL) {
        rows = rows_at_once(c);
        *p = KERNEL(lathe_panel_of)(c, rows, c->columns.results);
    }
    return rows;
}

/* A plane of sixteen images: as if they were channels. */
static lathe_channels_image plane_at(const real *x)
{
    return (lathe_channels_image){ .at = x, .channel = 1, .pixel = LANES };
}

/* ---- memory ahead of its use --------------------------------------------------------------------------- */

/* Bytes of x between what is read and what is fetched meanwhile. */
enum { FETCH_AHEAD = 8192 };

static int rows_ahead(const lathe_correlation *c)
{
    ptrdiff_t row = (ptrdiff_t)sizeof(real) * LANES * c->columns.size * c->rows.step;
    return row < FETCH_AHEAD ? pieces(FETCH_AHEAD, (int)row) : 1;
}

/* Lines fetched meanwhile: some of x for each result, or none, and one of the result or its gradient. */
typedef struct fetching {
    const real *x;
    int lines;
    ptrdiff_t result; /* numbers from one that is used now */
} fetching;

/* From what row `row` of the results is the first to read. Behind the last row is the next plane. */
static fetching fetch_from(const lathe_correlation *c, const real *x, int row)
{
    if (c->ahead) x = c->ahead;
    return (fetching){ .x = x + (ptrdiff_t)row * c->columns.size * c->rows.step * LANES,
        .lines = smaller(c->columns.step, c->columns.size) * smaller(c->rows.step, c->rows.size),
        .result = (ptrdiff_t)rows_ahead(c) * c->rows.out_step * c->columns.out_size * LANES };
}

static inline void fetch_read(fetching *f, int results)
{
    for (int n = 0; n < f->lines * results; n++, f->x += LANES) __builtin_prefetch(f->x);
}

/* ---- results ------------------------------------------------------------------------------------------- */

typedef struct walk {
    int taps;
    const ptrdiff_t *tap, *weight; /* from a result's place in x; from the first weight */
    ptrdiff_t out_pixel;           /* to the next result in y */
    const real *bias;
    lathe_conv_store how;
} walk;

typedef void tile_fn(const walk *s, const real *x, const real *w, real *y);

typedef struct tile {
    int pixels;
    tile_fn *run;
} tile;

#include "depthwise_tiles.h"

/* `count` results of a row that read the same taps. */
static void run_tiles(const walk *s, int step, int count, const real *x, const real *w, real *y, fetching f)
{
    const tile *t = tiles[step - 1];
    for (int done = 0; done < count; done += t->pixels, y += t->pixels * s->out_pixel) {
        while (t->pixels > count - done) t++;
        t->run(s, x + (ptrdiff_t)done * step * LANES, w, y);
        if (!f.lines) continue;
        fetch_read(&f, t->pixels);
        for (int n = 0; n < t->pixels; n++) __builtin_prefetch(y + f.result + n * s->out_pixel, 1);
    }
}

/* Some taps of a kernel, from the place of a result's first tap in x and from the first weight. */
typedef struct tap_list {
    int count;
    ptrdiff_t tap[MOST_TAPS], weight[MOST_TAPS];
} tap_list;

/* Tap rows [first_row, end_row) and of these the taps [first, end). */
static void list_taps(const lathe_correlation *c, int first_row, int end_row, int first, int end,
    tap_list *list)
{
    const lathe_conv_axis *rows = &c->rows, *columns = &c->columns;
    list->count = 0;
    for (int p = first_row; p < end_row; p++)
        for (int q = first; q < end; q++) {
            list->tap[list->count] =
                ((ptrdiff_t)p * rows->tap_step * columns->size + q * columns->tap_step) * LANES;
            list->weight[list->count++] = (ptrdiff_t)(p * columns->taps + q) * LANES;
        }
}

/* Some neighbouring results of a row that read the same taps: `at` is the place of the first one's first tap,
 * which may lie outside. */
typedef void run_fn(void *context, const tap_list *list, int row, int column, int count, ptrdiff_t at);

/* Results of a row, left and right, that do not see all taps of a tap row. */
enum { MOST_EDGES = 8 };

/* What the results of a row read: the inner ones [begin, end), those before, those behind. */
typedef struct row_taps {
    int begin, end, first_row, end_row;
    tap_list inner, edge[MOST_EDGES];
} row_taps;

static int edges_of(const lathe_conv_axis *columns)
{
    int begin, end;
    inner_results(columns, 0, columns->taps, &begin, &end);
    return begin < end ? begin + columns->results - end : columns->results;
}

static void list_row(const lathe_correlation *c, int first_row, int end_row, row_taps *r)
{
    const lathe_conv_axis *columns = &c->columns;
    r->first_row = first_row;
    r->end_row = end_row;
    list_taps(c, first_row, end_row, 0, columns->taps, &r->inner);
    for (int n = 0; n < r->begin + columns->results - r->end; n++) {
        int first, end;
        taps_inside(columns, n < r->begin ? n : n - r->begin + r->end, &first, &end);
        list_taps(c, first_row, end_row, first, end, &r->edge[n]);
    }
}

/* The results of a window row by row, in runs that read the same taps. */
static void for_each_run(const lathe_correlation *c, const window *at, run_fn *run, void *context)
{
    const lathe_conv_axis *rows = &c->rows, *columns = &c->columns;
    int end = at->column + at->columns;
    row_taps r; /* large: nothing is set that is not read */
    r.first_row = r.end_row = -1;
    inner_results(columns, 0, columns->taps, &r.begin, &r.end);
    if (r.begin >= r.end) r.begin = r.end = columns->results;
    for (int i = at->row; i < at->row + at->rows; i++) {
        int first_row, end_row;
        taps_inside(rows, i, &first_row, &end_row);
        if (first_row != r.first_row || end_row != r.end_row) list_row(c, first_row, end_row, &r);
        ptrdiff_t place = (ptrdiff_t)(rows->first + i * rows->step) * columns->size + columns->first;
        for (int j = at->column, count; j < end; j += count) {
            bool inside = j >= r.begin && j < r.end;
            count = inside ? smaller(r.end, end) - j : 1;
            const tap_list *list = inside ? &r.inner : &r.edge[j < r.begin ? j : r.begin + j - r.end];
            run(context, list, i, j, count, (place + j * columns->step) * LANES);
        }
    }
}

/* Whether results read x itself: not where a large part of them are edges, which are slow. */
static bool is_direct(const lathe_correlation *c, const lathe_channels_image *x)
{
    int edges = edges_of(&c->columns);
    return x->pixel == LANES && c->columns.step <= MOST_STEP && edges <= MOST_EDGES &&
        (c->columns.step > 1 || c->columns.results >= 16 * edges);
}

typedef struct direct_job {
    const lathe_correlation *c;
    const real *x, *w;
    real *y;
    walk s;
    int ahead; /* rows, or 0 */
} direct_job;

static real *result_at(const lathe_correlation *c, real *y, int i, int j)
{
    const lathe_conv_axis *rows = &c->rows, *columns = &c->columns;
    ptrdiff_t row = rows->out_first + (ptrdiff_t)i * rows->out_step,
              column = columns->out_first + (ptrdiff_t)j * columns->out_step;
    return y + (row * columns->out_size + column) * LANES;
}

static void run_direct(void *context, const tap_list *list, int row, int column, int count, ptrdiff_t at)
{
    direct_job *job = context;
    job->s.taps = list->count;
    job->s.tap = list->tap;
    job->s.weight = list->weight;
    fetching f = { 0 };
    if (job->ahead && count > 1) f = fetch_from(job->c, job->x, row + job->ahead);
    run_tiles(&job->s, job->c->columns.step, count, job->x + at, job->w,
        result_at(job->c, job->y, row, column), f);
}

void KERNEL(lathe_depthwise_window)(const lathe_correlation *c, const panel *p, const lathe_channels_image *x,
    int channels, const window *at, const real *w, const real *bias, real *y, lathe_conv_store how)
{
    walk s = { .out_pixel = (ptrdiff_t)c->columns.out_step * LANES, .bias = bias, .how = how };
    if (is_direct(c, x)) {
        direct_job job = { c, x->at, w, y, s, at->planes ? rows_ahead(c) : 0 };
        for_each_run(c, at, run_direct, &job);
        return;
    }
    _Alignas(64) real space[DEPTHWISE_PANEL];
    ptrdiff_t taps[MOST_TAPS], weights[MOST_TAPS];
    KERNEL(lathe_panel_fill)(c, p, x, channels, at->row, at->column, space);
    KERNEL(lathe_panel_taps)(c, p, taps);
    s.taps = c->rows.taps * c->columns.taps;
    for (int t = 0; t < s.taps; t++) weights[t] = (ptrdiff_t)t * LANES;
    s.tap = taps;
    s.weight = weights;
    for (int i = 0; i < at->rows; i++) {
        fetching f = { 0 };
        if (at->planes) f = fetch_from(c, x->at, at->row + at->rows + i);
        run_tiles(&s, 1, at->columns, space + i * p->row, w, result_at(c, y, at->row + i, at->column), f);
    }
}

void KERNEL(lathe_depthwise_correlate)(const lathe_correlation *c, const real *x, const real *w,
    const real *bias, real *y, int first_row, int last_row, lathe_conv_store how)
{
    panel p;
    int band = panel_of_rows(c, &p), taps = c->rows.taps * c->columns.taps;
    lathe_channels_image plane = plane_at(x);
    _Alignas(64) real weights[MOST_TAPS * LANES], biases[LANES];
    for (int t = 0; t < taps; t++) store(weights + t * LANES, splat(w[t]));
    store(biases, splat(bias ? *bias : 0));
    for (int row = first_row; row < last_row; row += band) {
        window at = { row, smaller(band, last_row - row), 0, c->columns.results, true };
        KERNEL(lathe_depthwise_window)(c, &p, &plane, LANES, &at, weights, biases, y, how);
    }
}

/* ---- the weights' gradient ----------------------------------------------------------------------------- */

/* Taps whose sums are kept in registers at once: a kernel of 3 x 3. */
enum { SUMS = 9 };

/* sums[t] += gy times the place of x that is tap[t] away, over some rows of results; `used` of the sums. */
static void add_taps(const ptrdiff_t tap[SUMS], int used, const real *x, ptrdiff_t x_row, const real *gy,
    ptrdiff_t gy_row, const window *w, fetching f, real *sums)
{
    for (int h = 0; h < LANES; h += PART) {
        part sum[SUMS];
        UNROLL for (int t = 0; t < SUMS; t++) sum[t] =
            load_part(sums + (t < used ? t : used - 1) * LANES + h);
        for (int i = 0; i < w->rows; i++) {
            const real *at[SUMS], *gradient = gy + i * gy_row + h;
            UNROLL for (int t = 0; t < SUMS; t++) at[t] = x + i * x_row + tap[t] + h;
            for (ptrdiff_t j = 0; j < (ptrdiff_t)w->columns * LANES; j += LANES) {
                part g = load_part(gradient + j);
                UNROLL for (int t = 0; t < SUMS; t++) sum[t] += g * load_part(at[t] + j);
                if (f.lines) fetch_read(&f, 1), __builtin_prefetch(gradient + j + f.result);
            }
        }
        UNROLL for (int t = 0; t < SUMS; t++) if (t < used) store_part(sums + t * LANES + h, sum[t]);
        f.lines = 0;
    }
}

/* One run: sums go on in memory from run to run, each tap's in the order of the results. */
static void add_some(const tap_list *list, int first, int used, const real *x, ptrdiff_t x_step, int count,
    const real *gy, fetching f, real *sums)
{
    ptrdiff_t tap[SUMS];
    real *to[SUMS];
    UNROLL for (int t = 0; t < SUMS; t++)
    {
        int n = first + (t < used ? t : used - 1);
        tap[t] = list->tap[n];
        to[t] = sums + list->weight[n];
    }
    for (int h = 0; h < LANES; h += PART) {
        part sum[SUMS];
        const real *at = x + h, *gradient = gy + h;
        UNROLL for (int t = 0; t < SUMS; t++) sum[t] = load_part(to[t] + h);
        for (int j = 0; j < count; j++, at += x_step, gradient += LANES) {
            part g = load_part(gradient);
            UNROLL for (int t = 0; t < SUMS; t++) sum[t] += g * load_part(at + tap[t]);
            if (f.lines) fetch_read(&f, 1), __builtin_prefetch(gradient + f.result);
        }
        UNROLL for (int t = 0; t < SUMS; t++) if (t < used) store_part(to[t] + h, sum[t]);
        f.lines = 0;
    }
}

typedef struct sums_job {
    const lathe_correlation *c;
    const real *x, *gy;
    real *sums;
    int ahead; /* rows, or 0 */
} sums_job;

static void add_run(void *context, const tap_list *list, int row, int column, int count, ptrdiff_t at)
{
    const sums_job *job = context;
    const real *gy = job->gy + ((ptrdiff_t)row * job->c->columns.results + column) * LANES;
    fetching f = { 0 };
    if (job->ahead && count > 1) f = fetch_from(job->c, job->x, row + job->ahead);
    for (int t = 0; t < list->count; t += SUMS, f.lines = 0)
        add_some(list, t, smaller(SUMS, list->count - t), job->x + at,
            (ptrdiff_t)job->c->columns.step * LANES, count, gy, f, job->sums);
}

/* Nine taps after the other; what is missing from the last nine is done as one that is there, for nothing. */
void KERNEL(lathe_depthwise_add_window)(const lathe_correlation *c, const panel *p,
    const lathe_channels_image *x, int channels, const window *at, const real *gy, real *sums)
{
    if (is_direct(c, x)) {
        sums_job job = { c, x->at, gy, sums, at->planes ? rows_ahead(c) : 0 };
        for_each_run(c, at, add_run, &job);
        return;
    }
    int count = c->rows.taps * c->columns.taps;
    ptrdiff_t taps[MOST_TAPS + SUMS], gy_row = (ptrdiff_t)c->columns.results * LANES;
    _Alignas(64) real space[DEPTHWISE_PANEL];
    KERNEL(lathe_panel_fill)(c, p, x, channels, at->row, at->column, space);
    KERNEL(lathe_panel_taps)(c, p, taps);
    for (int t = count; t < count + SUMS; t++) taps[t] = taps[count - 1];
    fetching f = { 0 };
    if (at->planes) f = fetch_from(c, x->at, at->row + at->rows);
    for (int t = 0; t < count; t += SUMS, f.lines = 0)
        add_taps(taps + t, smaller(SUMS, count - t), space, p->row,
            gy + at->row * gy_row + (ptrdiff_t)at->column * LANES, gy_row, at, f, sums + t * LANES);
}

void KERNEL(lathe_depthwise_to_weights)(const lathe_correlation *c, const real *x, const real *gy, real *sums,
    bool add)
{
    panel p;
    int band = panel_of_rows(c, &p), taps = whole_lanes(c->rows.taps * c->columns.taps);
    lathe_channels_image plane = plane_at(x);
    _Alignas(64) real of_lanes[MOST_TAPS * LANES];
    for (int t = 0; t < taps; t++) store(of_lanes + t * LANES, (lanes){ 0 });
    for (int row = 0; row < c->rows.results; row += band) {
        window at = { row, smaller(band, c->rows.results - row), 0, c->columns.results, true };
        KERNEL(lathe_depthwise_add_window)(c, &p, &plane, LANES, &at, gy, of_lanes);
    }
    sum_lanes_of(taps, of_lanes, sums, add);
}
