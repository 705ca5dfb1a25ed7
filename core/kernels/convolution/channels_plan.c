#include "channels_plan.h"

/*
 * Results in a row of a window: four of the widest tiles. Rows worth a panel. Parts wanted where there is
 * enough of work, and the multiply-adds that are worth a part. Places of small images, whose parts are groups
 * of filters before they are windows.
 */
enum { WIDTH = 56, HEIGHT = 4, PARTS_WANTED = 8, PART_WORK = 1 << 19, SMALL = 1024 };

static bool is_dense(const lathe_conv_axis *a)
{
    return a->out_first == 0 && a->out_step == 1 && a->out_size == a->results;
}

/* Planes as one row. */
static void join(lathe_correlation *c)
{
    int count = c->rows.size * c->columns.size;
    c->rows.size = c->rows.results = c->rows.out_size = 1;
    c->columns.size = c->columns.results = c->columns.out_size = count;
}

bool KERNEL(lathe_channels_fits)(const lathe_correlation *c)
{
    return c->rows.taps <= LATHE_CHANNELS_MOST_TAPS && c->columns.taps <= LATHE_CHANNELS_MOST_TAPS &&
        KERNEL(lathe_panel_rows)(c, 1, 1, PANEL) > 0;
}

static int larger(int a, int b) { return a > b ? a : b; }

/* Windows of whole chunks, and how many rows they have at most. */
static int cut_windows(plan *p)
{
    const lathe_correlation *c = &p->c;
    p->w.columns = pieces(c->columns.results, WIDTH);
    p->chunk = p->blocks;
    for (;;) {
        int rows = KERNEL(lathe_panel_rows)(c, pieces(c->columns.results, p->w.columns), p->chunk, PANEL);
        if (rows >= smaller(c->rows.results, HEIGHT) || (p->chunk == 1 && rows > 0)) return rows;
        if (p->chunk > 1) p->chunk = pieces(p->chunk, 2);
        else p->w.columns = smaller(2 * p->w.columns, c->columns.results);
    }
}

static void cut_parts(plan *p, int most_rows)
{
    const lathe_correlation *c = &p->c;
    double results = (double)c->rows.results * c->columns.results,
           work = results * c->filters * c->channels * c->rows.taps * c->columns.taps;
    int wanted = work > PARTS_WANTED * (double)PART_WORK ? PARTS_WANTED : larger(1, (int)(work / PART_WORK));
    p->group_parts = results > SMALL ? 1 : smaller(p->groups, wanted);
    int windows_wanted = pieces(wanted, p->group_parts);
    p->w.rows = larger(pieces(c->rows.results, most_rows),
        smaller(pieces(windows_wanted, p->w.columns), c->rows.results));
    if (c->rows.results == 1)
        p->w.columns = larger(p->w.columns, smaller(windows_wanted, c->columns.results));
    p->window_parts = smaller(p->w.rows * p->w.columns, windows_wanted);
    p->group_parts = smaller(p->groups, pieces(wanted, p->window_parts));
}

plan KERNEL(lathe_channels_plan)(const lathe_correlation *c)
{
    plan p = { .c = *c,
        .direct = is_identity(&c->rows) && is_identity(&c->columns),
        .blocks = pieces(c->channels, LANES),
        .vectors = pieces(c->filters, LANES),
        .groups = groups_of(c) };
    if (p.direct && is_dense(&c->rows) && is_dense(&c->columns)) join(&p.c);
    cut_parts(&p, cut_windows(&p));
    p.w.panel = KERNEL(
        lathe_panel_of)(&p.c, pieces(p.c.rows.results, p.w.rows), pieces(p.c.columns.results, p.w.columns));
    return p;
}

windows KERNEL(lathe_channels_windows)(const lathe_correlation *c, int places, ptrdiff_t room)
{
    windows w = { .columns = pieces(c->columns.results, c->rows.results == 1 ? places : WIDTH) };
    int columns, fit;
    for (;; w.columns = smaller(2 * w.columns, c->columns.results)) {
        columns = pieces(c->columns.results, w.columns);
        if ((fit = KERNEL(lathe_panel_rows)(c, columns, 1, room))) break;
    }
    w.rows = pieces(c->rows.results, smaller(fit, larger(1, places / columns)));
    w.panel = KERNEL(lathe_panel_of)(c, pieces(c->rows.results, w.rows), columns);
    return w;
}

window KERNEL(lathe_channels_window)(const lathe_correlation *c, const windows *w, int number)
{
    int i = number / w->columns, j = number % w->columns;
    window at = { .row = piece_begin(c->rows.results, w->rows, i),
        .column = piece_begin(c->columns.results, w->columns, j) };
    at.rows = piece_begin(c->rows.results, w->rows, i + 1) - at.row;
    at.columns = piece_begin(c->columns.results, w->columns, j + 1) - at.column;
    return at;
}
