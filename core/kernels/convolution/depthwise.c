/*
 * A channel's work is little, so it must not be spent on edges: a band of rows is copied into a panel with
 * the zeros around it, and every result has all its taps.
 */
#include "depthwise.h"

#include "depthwise_window.h"

enum { MOST_TAPS = LATHE_CHANNELS_MOST_TAPS * LATHE_CHANNELS_MOST_TAPS };

/* Rows of results, whole ones, that a panel has room for. */
static int rows_at_once(const lathe_correlation *c)
{
    return KERNEL(lathe_panel_rows)(c, c->columns.results, 1, DEPTHWISE_PANEL);
}

bool KERNEL(lathe_depthwise_fits)(const lathe_correlation *c)
{
    return c->channels == 1 && c->filters == 1 && c->rows.taps && c->columns.taps &&
        c->rows.taps <= LATHE_CHANNELS_MOST_TAPS && c->columns.taps <= LATHE_CHANNELS_MOST_TAPS &&
        rows_at_once(c) > 0;
}

/* A plane of sixteen images: as if they were channels. */
static lathe_channels_image plane_at(const real *x)
{
    return (lathe_channels_image){ .at = x, .channel = 1, .pixel = LANES };
}

/* ---- results ------------------------------------------------------------------------------------------- */

typedef struct walk {
    int taps;
    const ptrdiff_t *tap; /* from a result's place in the panel */
    ptrdiff_t out_pixel;  /* to the next result in y */
    const real *bias;
    lathe_conv_store how;
} walk;

typedef void tile_fn(const walk *s, const real *x, const real *w, real *y);

typedef struct tile {
    int pixels;
    tile_fn *run;
} tile;

#include "depthwise_tiles.h"

void KERNEL(lathe_depthwise_window)(const lathe_correlation *c, const panel *p, const lathe_channels_image *x,
    int channels, const window *at, const real *w, const real *bias, real *y, lathe_conv_store how)
{
    const lathe_conv_axis *rows = &c->rows, *columns = &c->columns;
    _Alignas(64) real space[DEPTHWISE_PANEL];
    ptrdiff_t taps[MOST_TAPS];
    KERNEL(lathe_panel_fill)(c, p, x, channels, at->row, at->column, space);
    KERNEL(lathe_panel_taps)(c, p, taps);
    walk s = { rows->taps * columns->taps, taps, (ptrdiff_t)columns->out_step * LANES, bias, how };
    for (int i = 0; i < at->rows; i++) {
        ptrdiff_t row = rows->out_first + (ptrdiff_t)(at->row + i) * rows->out_step,
                  column = columns->out_first + (ptrdiff_t)at->column * columns->out_step;
        real *out = y + (row * columns->out_size + column) * LANES;
        const tile *t = tiles;
        for (int done = 0; done < at->columns; done += t->pixels) {
            while (t->pixels > at->columns - done) t++;
            t->run(&s, space + i * p->row + (ptrdiff_t)done * LANES, w, out + done * s.out_pixel);
        }
    }
}

void KERNEL(lathe_depthwise_correlate)(const lathe_correlation *c, const real *x, const real *w,
    const real *bias, real *y, int first_row, int last_row, lathe_conv_store how)
{
    int band = rows_at_once(c), taps = c->rows.taps * c->columns.taps;
    panel p = KERNEL(lathe_panel_of)(c, band, c->columns.results);
    lathe_channels_image plane = plane_at(x);
    _Alignas(64) real weights[MOST_TAPS * LANES], biases[LANES];
    for (int t = 0; t < taps; t++) store(weights + t * LANES, splat(w[t]));
    store(biases, splat(bias ? *bias : 0));
    for (int row = first_row; row < last_row; row += band) {
        window at = { row, smaller(band, last_row - row), 0, c->columns.results };
        KERNEL(lathe_depthwise_window)(c, &p, &plane, LANES, &at, weights, biases, y, how);
    }
}

/* ---- the weights' gradient ----------------------------------------------------------------------------- */

/* Taps whose sums are kept in registers at once: a kernel of 3 x 3. */
enum { SUMS = 9 };

/* sums[t] += gy times the place of x that is tap[t] away, over some rows of results; `used` of the sums. */
static void add_taps(const ptrdiff_t tap[SUMS], int used, const real *x, ptrdiff_t x_row, const real *gy,
    ptrdiff_t gy_row, const window *w, real *sums)
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
            }
        }
        UNROLL for (int t = 0; t < SUMS; t++) if (t < used) store_part(sums + t * LANES + h, sum[t]);
    }
}

/* Nine taps after the other; what is missing from the last nine is done as one that is there, for nothing. */
void KERNEL(lathe_depthwise_add_window)(const lathe_correlation *c, const panel *p,
    const lathe_channels_image *x, int channels, const window *at, const real *gy, real *sums)
{
    int count = c->rows.taps * c->columns.taps;
    ptrdiff_t taps[MOST_TAPS + SUMS], gy_row = (ptrdiff_t)c->columns.results * LANES;
    _Alignas(64) real space[DEPTHWISE_PANEL];
    KERNEL(lathe_panel_fill)(c, p, x, channels, at->row, at->column, space);
    KERNEL(lathe_panel_taps)(c, p, taps);
    for (int t = count; t < count + SUMS; t++) taps[t] = taps[count - 1];
    for (int t = 0; t < count; t += SUMS)
        add_taps(taps + t, smaller(SUMS, count - t), space, p->row,
            gy + at->row * gy_row + (ptrdiff_t)at->column * LANES, gy_row, at, sums + t * LANES);
}

void KERNEL(lathe_depthwise_to_weights)(const lathe_correlation *c, const lathe_conv_blocks *x,
    const lathe_conv_blocks *gy, real *gw)
{
    int band = rows_at_once(c), taps = c->rows.taps * c->columns.taps;
    panel p = KERNEL(lathe_panel_of)(c, band, c->columns.results);
    _Alignas(64) real sums[MOST_TAPS * LANES];
    for (int t = 0; t < taps; t++) store(sums + t * LANES, (lanes){ 0 });
    for (int block = 0; block < x->count; block++) {
        lathe_channels_image plane = plane_at(x->at + (size_t)block * x->block);
        for (int row = 0; row < c->rows.results; row += band) {
            window at = { row, smaller(band, c->rows.results - row), 0, c->columns.results };
            KERNEL(lathe_depthwise_add_window)
            (c, &p, &plane, LANES, &at, gy->at + (size_t)block * gy->block, sums);
        }
    }
    for (int t = 0; t < taps; t++) gw[t] = sum_lanes_at(sums + t * LANES);
}
