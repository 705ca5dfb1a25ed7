#include "panel.h"

#include "conv_axis.h"

static panel_axis axis_of(const lathe_conv_axis *a, int results)
{
    panel_axis p = { .run = results };
    int run[LATHE_CHANNELS_MOST_TAPS];
    for (int t = 0; t < a->taps; t++) {
        int place = t * a->tap_step, phase = place % a->step, number = 0;
        while (number < p.phases && p.phase[number] != phase) number++;
        if (number == p.phases) p.phase[p.phases++] = phase;
        run[t] = number;
        p.tap[t] = place / a->step;
        if (p.tap[t] + results > p.run) p.run = p.tap[t] + results;
    }
    for (int t = 0; t < a->taps; t++) p.tap[t] += run[t] * p.run;
    return p;
}

panel KERNEL(lathe_panel_of)(const lathe_correlation *c, int rows, int columns)
{
    panel p = { .rows = axis_of(&c->rows, rows), .columns = axis_of(&c->columns, columns) };
    p.row = (ptrdiff_t)p.columns.phases * p.columns.run * LANES;
    p.block = p.rows.phases * p.rows.run * p.row;
    return p;
}

int KERNEL(lathe_panel_rows)(const lathe_correlation *c, int columns, int blocks, ptrdiff_t room)
{
    panel p = KERNEL(lathe_panel_of)(c, 1, columns);
    if (!p.block) return c->rows.results;
    ptrdiff_t rows = room / (p.rows.phases * p.row * blocks) - p.rows.run + 1;
    return rows < 0 ? 0 : rows > c->rows.results ? c->rows.results : (int)rows;
}

void KERNEL(lathe_panel_taps)(const lathe_correlation *c, const panel *p, ptrdiff_t *taps)
{
    for (int i = 0; i < c->rows.taps; i++)
        for (int j = 0; j < c->columns.taps; j++)
            *taps++ = p->rows.tap[i] * p->row + (ptrdiff_t)p->columns.tap[j] * LANES;
}

static void zero(real *at, int places)
{
    for (; places > 0; places--, at += LANES) store(at, (lanes){ 0 });
}

/* Up to four channels of `count` places that lie `step` numbers apart, with one store for each place. */
static void gather_few(const real *x, ptrdiff_t channel, int channels, ptrdiff_t step, int count, real *to)
{
    const real *x1 = x + (channels > 1 ? channel : 0), *x2 = x1 + (channels > 2 ? channel : 0),
               *x3 = x2 + (channels > 3 ? channel : 0);
    for (ptrdiff_t i = 0; i < count * step; i += step, to += LANES)
        *(quarter *)to = (quarter){ x[i], x1[i], x2[i], x3[i] };
}

/* `count` places of up to sixteen channels that lie `step` places apart. */
static void gather(const lathe_channels_image *x, const real *at, int channels, int step, int count, real *to)
{
    ptrdiff_t distance = step * x->pixel;
    if (x->pixel == LANES)
        for (int i = 0; i < count; i++) store(to + i * LANES, load(at + i * distance));
    else
        for (int k = 0; k < channels; k += 4)
            gather_few(at + k * x->channel, x->channel, smaller(channels - k, 4), distance, count, to + k);
}

/* One row of the panel; `row` is that of the image, `first` the place of the window's first result. */
static void fill_row(const lathe_correlation *c, const panel *p, const lathe_channels_image *x,
    const real *block, int channels, int row, int first, real *at)
{
    const lathe_conv_axis *columns = &c->columns;
    int run = p->columns.run;
    if (row < 0 || row >= c->rows.size) {
        zero(at, p->columns.phases * run);
        return;
    }
    for (int i = 0; i < p->columns.phases; i++, at += (ptrdiff_t)run * LANES) {
        int place = first + p->columns.phase[i];
        int begin = smaller(steps_to(place, columns->step, 0), run),
            end = smaller(steps_to(place, columns->step, columns->size), run);
        if (end < begin) end = begin;
        zero(at, begin);
        if (begin < end)
            gather(x,
                block +
                    ((ptrdiff_t)row * columns->size + place + (ptrdiff_t)begin * columns->step) * x->pixel,
                channels, columns->step, end - begin, at + begin * LANES);
        zero(at + end * LANES, run - end);
    }
}

void KERNEL(lathe_panel_fill)(const lathe_correlation *c, const panel *p, const lathe_channels_image *x,
    int channels, int row, int column, real *at)
{
    const lathe_conv_axis *rows = &c->rows;
    int first = c->columns.first + column * c->columns.step;
    for (int channel = 0; channel < channels; channel += LANES) {
        const real *block = from_block(x, channel / LANES).at;
        for (int i = 0; i < p->rows.phases; i++) {
            int place = rows->first + row * rows->step + p->rows.phase[i];
            for (int j = 0; j < p->rows.run; j++, place += rows->step, at += p->row)
                fill_row(c, p, x, block, smaller(channels - channel, LANES), place, first, at);
        }
    }
}
