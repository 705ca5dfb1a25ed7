#include "conv.h"

#include "conv_axis.h"
#include "conv_weights.h"
#include "lanes.h"

/* What a tile needs to know of its surroundings, in numbers: from one channel, tap row, tap and pixel to the next. */
typedef struct walk {
    int channels, taps, taps_in_row, add;
    ptrdiff_t in_channel, in_row, in_tap, in_pixel, out_channel, out_pixel;
} walk;

/* `rows` x `columns` of the taps are within the image; x and w point to the first of them. */
typedef void tile_fn(const walk *s, const real *x, const real *w, int rows, int columns, const real *bias, real *y);

typedef struct tile {
    int filters, pixels;
    tile_fn *run;
} tile;

#define UNROLL _Pragma("GCC unroll 16")
#include "conv_tiles.h"

/* Filters are cut into groups as equal as can be, of at most MOST_FILTERS. */
static int groups_of(int filters)
{
    return (filters + MOST_FILTERS - 1) / MOST_FILTERS;
}

static int group_begin(int filters, int group)
{
    return (int)((long)filters * group / groups_of(filters));
}

static const tile *widest_tile(int filters)
{
    const tile *t = tiles;
    while (t->filters != filters) t++;
    return t;
}

static void pack(const lathe_correlation *c, const lathe_conv_weights *w, real *packed)
{
    for (int g = 0; g < groups_of(c->filters); g++) {
        int begin = group_begin(c->filters, g), end = group_begin(c->filters, g + 1);
        for (int channel = 0; channel < c->channels; channel++)
            for (int p = 0; p < c->rows.taps; p++)
                for (int q = 0; q < c->columns.taps; q++)
                    for (int f = begin; f < end; f++)
                        *packed++ = w->at[f * w->filter + channel * w->channel + p * w->row + q * w->column];
    }
}

/* One row of results for one group of filters. */
typedef struct row_job {
    const lathe_correlation *c;
    const walk *walk;
    const real *x, *packed, *bias;
    real *y;
    int row, first_tap, taps; /* of the rows */
} row_job;

static void run_tile(const row_job *job, const tile *t, int column, int first_tap, int taps)
{
    const lathe_correlation *c = job->c;
    const lathe_conv_axis *rows = &c->rows, *columns = &c->columns;
    ptrdiff_t in_row = rows->first + job->row * rows->step + job->first_tap * rows->tap_step;
    ptrdiff_t in_column = columns->first + column * columns->step + first_tap * columns->tap_step;
    ptrdiff_t out_row = rows->out_first + job->row * rows->out_step;
    ptrdiff_t out_column = columns->out_first + column * columns->out_step;
    t->run(job->walk, job->x + (in_row * columns->size + in_column) * LANES,
        job->packed + (job->first_tap * columns->taps + first_tap) * t->filters, job->taps, taps, job->bias,
        job->y + (out_row * columns->out_size + out_column) * LANES);
}

static void correlate_row(const row_job *job, int filters)
{
    const lathe_conv_axis *columns = &job->c->columns;
    const tile *widest = widest_tile(filters), *t = widest;
    int inner_begin, inner_end;
    inner_results(columns, 0, columns->taps, &inner_begin, &inner_end);
    for (int column = 0; column < columns->results; column += t->pixels) {
        int first_tap = 0, end_tap = columns->taps, room = inner_end - column;
        if (column < inner_begin || room <= 0) {
            taps_inside(columns, column, &first_tap, &end_tap);
            room = 1;
        }
        for (t = widest; t->pixels > room;) t++;
        run_tile(job, t, column, first_tap, end_tap - first_tap);
    }
}

static void correlate(const lathe_correlation *c, const real *x, const real *packed, const real *bias, real *y, int first_row,
    int last_row, int add)
{
    walk s = {
        .channels = c->channels, .taps = c->rows.taps * c->columns.taps, .taps_in_row = c->columns.taps, .add = add,
        .in_channel = (ptrdiff_t)c->rows.size * c->columns.size * LANES,
        .in_row = (ptrdiff_t)c->rows.tap_step * c->columns.size * LANES,
        .in_tap = (ptrdiff_t)c->columns.tap_step * LANES,
        .in_pixel = (ptrdiff_t)c->columns.step * LANES,
        .out_channel = (ptrdiff_t)c->rows.out_size * c->columns.out_size * LANES,
        .out_pixel = (ptrdiff_t)c->columns.out_step * LANES,
    };
    for (int row = first_row; row < last_row; row++) {
        row_job job = { .c = c, .walk = &s, .x = x, .row = row };
        int end_tap;
        taps_inside(&c->rows, row, &job.first_tap, &end_tap);
        job.taps = end_tap - job.first_tap;
        for (int g = 0; g < groups_of(c->filters); g++) {
            int f = group_begin(c->filters, g);
            job.packed = packed + (ptrdiff_t)f * c->channels * s.taps;
            job.bias = bias ? bias + f : NULL;
            job.y = y + f * s.out_channel;
            correlate_row(&job, group_begin(c->filters, g + 1) - f);
        }
    }
}

static real sum(size_t count, const real *x)
{
    lanes total = { 0 };
    for (size_t i = 0; i < count; i += LANES) total += load(x + i);
    return sum_lanes(total);
}

extern const lathe_conv_kernels KERNEL(lathe_conv_kernels);
const lathe_conv_kernels KERNEL(lathe_conv_kernels) = {
    .pack = pack,
    .correlate = correlate,
    .weight_parts = KERNEL(lathe_conv_weight_parts),
    .to_weights = KERNEL(lathe_conv_to_weights),
    .sum = sum,
};
