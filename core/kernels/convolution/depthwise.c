/*
 * A channel's work is little, so it must not be spent on edges: a band of rows is copied into a panel with
 * the zeros around it, and every result has all its taps. With a step of 2 the panel holds the even places of
 * a row, then the odd ones: results side by side always read places side by side.
 */
#include "depthwise.h"

#include "conv_axis.h"

/* Numbers of a panel, on the stack, and the longest row of taps. */
enum { PANEL = 16384, MOST_TAPS = 16 };

/* How a panel lies. Distances are in numbers; places of a row are cut into `step` runs of `run` each. */
typedef struct layout {
    int run, step;
    ptrdiff_t row, tap[MOST_TAPS]; /* to the next row, and from a result's first tap to the others */
    int rows;                      /* of results that a panel can serve */
} layout;

static layout layout_of(const lathe_correlation *c)
{
    const lathe_conv_axis *rows = &c->rows, *columns = &c->columns;
    int width = (columns->results - 1) * columns->step + (columns->taps - 1) * columns->tap_step + 1;
    layout l = { .run = (width + columns->step - 1) / columns->step, .step = columns->step };
    l.row = (ptrdiff_t)l.run * l.step * LANES;
    for (int q = 0; q < columns->taps; q++) {
        int place = q * columns->tap_step;
        l.tap[q] = ((ptrdiff_t)(place % l.step) * l.run + place / l.step) * LANES;
    }
    ptrdiff_t fit = PANEL / l.row - (ptrdiff_t)(rows->taps - 1) * rows->tap_step;
    l.rows = fit < 1 ? 0 : smaller((int)((fit - 1) / rows->step) + 1, rows->results);
    return l;
}

bool KERNEL(lathe_depthwise_fits)(const lathe_correlation *c)
{
    if (c->channels != 1 || c->filters != 1 || !c->rows.taps || !c->columns.taps ||
        c->columns.taps > MOST_TAPS)
        return false;
    return layout_of(c).rows > 0;
}

/* What results first_row ... last_row - 1 read. */
static void fill(const lathe_correlation *c, const layout *l, const real *x, int first_row, int last_row,
    real *panel)
{
    const lathe_conv_axis *rows = &c->rows, *columns = &c->columns;
    int row = rows->first + first_row * rows->step,
        count = (last_row - 1 - first_row) * rows->step + (rows->taps - 1) * rows->tap_step + 1;
    for (int end = row + count; row < end; row++)
        for (int phase = 0; phase < l->step; phase++, panel += (ptrdiff_t)l->run * LANES) {
            bool inside = row >= 0 && row < rows->size;
            int first = columns->first + phase;
            int begin = inside ? smaller(steps_to(first, l->step, 0), l->run) : l->run;
            int finish = inside ? smaller(steps_to(first, l->step, columns->size), l->run) : l->run;
            const real *at = x + ((ptrdiff_t)row * columns->size + first) * LANES;
            for (int i = 0; i < begin; i++) store(panel + i * LANES, (lanes){ 0 });
            for (int i = begin; i < finish; i++)
                store(panel + i * LANES, load(at + (ptrdiff_t)i * l->step * LANES));
            for (int i = finish < begin ? begin : finish; i < l->run; i++)
                store(panel + i * LANES, (lanes){ 0 });
        }
}

/* ---- results ------------------------------------------------------------------------------------------- */

typedef struct walk {
    const layout *l;
    int tap_rows, taps;
    ptrdiff_t tap_row, out_pixel; /* to the next row of taps in the panel, and to the next result in y */
    real bias;
    lathe_conv_store how;
} walk;

typedef void tile_fn(const walk *s, const real *x, const real *w, real *y);

typedef struct tile {
    int pixels;
    tile_fn *run;
} tile;

#include "depthwise_tiles.h"

void KERNEL(lathe_depthwise_correlate)(const lathe_correlation *c, const real *x, const real *w,
    const real *bias, real *y, int first_row, int last_row, lathe_conv_store how)
{
    const lathe_conv_axis *rows = &c->rows, *columns = &c->columns;
    layout l = layout_of(c);
    walk s = { &l, rows->taps, columns->taps, rows->tap_step * l.row, (ptrdiff_t)columns->out_step * LANES,
        bias ? *bias : 0, how };
    _Alignas(64) real panel[PANEL];
    for (int end; first_row < last_row; first_row = end) {
        end = smaller(first_row + l.rows, last_row);
        fill(c, &l, x, first_row, end, panel);
        for (int row = first_row; row < end; row++) {
            const real *at = panel + (row - first_row) * rows->step * l.row;
            ptrdiff_t out_row = rows->out_first + (ptrdiff_t)row * rows->out_step;
            real *out = y + (out_row * columns->out_size + columns->out_first) * LANES;
            const tile *t = tiles;
            for (int done = 0; done < columns->results; done += t->pixels) {
                while (t->pixels > columns->results - done) t++;
                t->run(&s, at + (ptrdiff_t)done * LANES, w, out + done * s.out_pixel);
            }
        }
    }
}

/* ---- the weights' gradient ----------------------------------------------------------------------------- */

/* Taps whose sums are kept in registers at once: a kernel of 3 x 3. */
enum { SUMS = 9 };

/* sums[t] += gy times the place of x that is tap[t] away, over some rows of results. */
static void add_taps(const ptrdiff_t tap[SUMS], const real *x, ptrdiff_t x_row, const real *gy, int rows,
    int results, real *sums)
{
    for (int h = 0; h < LANES; h += PART) {
        part sum[SUMS];
        UNROLL for (int t = 0; t < SUMS; t++) sum[t] = load_part(sums + t * LANES + h);
        for (int i = 0; i < rows; i++) {
            const real *at[SUMS], *gradient = gy + (ptrdiff_t)i * results * LANES + h;
            UNROLL for (int t = 0; t < SUMS; t++) at[t] = x + i * x_row + tap[t] + h;
            for (ptrdiff_t j = 0; j < (ptrdiff_t)results * LANES; j += LANES) {
                part g = load_part(gradient + j);
                UNROLL for (int t = 0; t < SUMS; t++) sum[t] += g * load_part(at[t] + j);
            }
        }
        UNROLL for (int t = 0; t < SUMS; t++) store_part(sums + t * LANES + h, sum[t]);
    }
}

/* Nine taps after the other; what is missing from the last nine is done as one that is there, for nothing. */
void KERNEL(lathe_depthwise_to_weights)(const lathe_correlation *c, const lathe_conv_blocks *x,
    const lathe_conv_blocks *gy, real *gw)
{
    const lathe_conv_axis *rows = &c->rows, *columns = &c->columns;
    layout l = layout_of(c);
    int count = rows->taps * columns->taps;
    _Alignas(64) real panel[PANEL];
    for (int first = 0; first < count; first += SUMS) {
        ptrdiff_t tap[SUMS];
        for (int t = 0; t < SUMS; t++) {
            int number = smaller(first + t, count - 1);
            tap[t] = number / columns->taps * rows->tap_step * l.row + l.tap[number % columns->taps];
        }
        _Alignas(64) real sums[SUMS * LANES] = { 0 };
        for (int block = 0; block < x->count; block++)
            for (int row = 0, end; row < rows->results; row = end) {
                end = smaller(row + l.rows, rows->results);
                fill(c, &l, x->at + (size_t)block * x->block, row, end, panel);
                add_taps(tap, panel, rows->step * l.row,
                    gy->at + (size_t)block * gy->block + (ptrdiff_t)row * columns->results * LANES, end - row,
                    columns->results, sums);
            }
        for (int t = 0; t < SUMS && first + t < count; t++) gw[first + t] = sum_lanes_at(sums + t * LANES);
    }
}
