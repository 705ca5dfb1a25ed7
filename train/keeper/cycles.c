#include "cycles.h"

#include <math.h>

#include "../../core/alloc.h"

/* A measurement after some steps. */
typedef struct point {
    uint64_t step;
    double value;
} point;

/* What was measured during a run. */
typedef struct series {
    const lathe_history *history;
    int column; /* of probes.csv; -1: the validation's first metric */
} series;

static size_t points_of(const series *s)
{
    if (s->column >= 0) return s->history->probe.rows;
    return s->history->evals ? s->history->evals : s->history->epochs;
}

static point point_at(const series *s, size_t index)
{
    const lathe_history *h = s->history;
    if (s->column >= 0)
        return (point){ h->probe.step[index],
            h->probe.value[index * (size_t)h->probe.columns + (size_t)s->column] };
    if (h->evals) return (point){ h->eval[index].step, h->eval[index].metric[0] };
    return (point){ h->epoch[index].step, h->epoch[index].val[0] };
}

/* The next step from `from` on where the rate begins to fall (`rises`: it rises before), or begins to rise.
 * The end of the run counts as one. */
static size_t extreme_after(const lathe_history *history, size_t from, bool rises)
{
    size_t i = from;
    while (i + 1 < history->steps &&
        (rises ? history->step[i + 1].lr >= history->step[i].lr :
                 history->step[i + 1].lr <= history->step[i].lr))
        i++;
    return i;
}

/* How far measurement number `index` is from the weights that row `step` of the rates made. */
static double distance(const series *s, size_t index, size_t step)
{
    return fabs((double)point_at(s, index).step - (double)(step + 1));
}

/* The first measurement, from number `first` on, that is nearest to `step`. */
static size_t nearest(const series *s, size_t first, size_t step)
{
    size_t best = first;
    double least = HUGE_VAL;
    for (size_t i = first; i < points_of(s); i++) {
        const double away = distance(s, i, step);
        if (away < least) least = away, best = i;
    }
    return best;
}

/* The measurements at three steps, one after the other; those from the first that is not near on are NaN. */
static void measure(const series *s, const size_t at[3], double value[3])
{
    size_t first = 0;
    value[0] = value[1] = value[2] = (double)NAN;
    for (int i = 0; i < 3; i++) {
        const size_t n = nearest(s, first, at[i]);
        if (n >= points_of(s)) return;
        first = n + 1;
        if (distance(s, n, at[i]) > 0.15 * (double)(at[2] - at[0])) return;
        value[i] = point_at(s, n).value;
    }
}

/* The first cycle has no minimum before it. */
static void measure_first(const series *s, lathe_cycle *cycle)
{
    const size_t at[3] = { 0, cycle->max_step, cycle->min_step };
    for (int i = 1; i < 3; i++) {
        const size_t n = nearest(s, 0, at[i]);
        if (n >= points_of(s)) return;
        if (distance(s, n, at[i]) > 0.15 * (double)at[2]) continue;
        *(i == 1 ? &cycle->at_max : &cycle->at_min) = point_at(s, n).value;
    }
}

/* The next cycle after the minimum `low`; false if there is none. */
static bool next(const series *s, size_t low, bool first, lathe_cycle *cycle)
{
    const lathe_step_row *row = s->history->step;
    const size_t high = extreme_after(s->history, low, true), end = extreme_after(s->history, high, false);
    double value[3];
    if (high + 1 >= s->history->steps) return false;
    /* the run ended on the way down; the first cycle may begin far below its end */
    if ((!first || end + 1 == s->history->steps) && row[end].lr > (row[low].lr + row[high].lr) / 2)
        return false;
    *cycle = (lathe_cycle){ .max_step = high,
        .min_step = end,
        .max_lr = row[high].lr,
        .min_lr = row[end].lr,
        .at_max = (double)NAN,
        .at_min = (double)NAN,
        .before = (double)NAN };
    if (first) return measure_first(s, cycle), true;
    measure(s, (const size_t[]){ low, high, end }, value);
    cycle->before = value[0], cycle->at_max = value[1], cycle->at_min = value[2];
    return true;
}

lathe_cycle *lathe_history_cycles(const lathe_history *history, int column, size_t *count)
{
    if (!history || !count)
        return lathe_fail_null("lathe_history_cycles", history ? "count" : "history"), NULL;
    if (column < -1 || (column >= 0 && column >= history->probe.columns))
        return lathe_fail(LATHE_EARG, "lathe_history_cycles: column = %d, but there are %d", column,
                   history->probe.columns),
               NULL;
    const series s = { history, column };
    size_t low = 0, room = 1;
    lathe_cycle *cycle = lathe_alloc(room, sizeof *cycle), one;
    *count = 0;
    while (cycle && history->steps && low + 1 < history->steps && next(&s, low, !*count, &one)) {
        if (*count == room) {
            const size_t more = lathe_plus(lathe_times(2, room), 8);
            lathe_cycle *grown = lathe_grow(cycle, room, more, sizeof *cycle);
            if (!grown) return lathe_free(cycle), NULL;
            cycle = grown, room = more;
        }
        cycle[(*count)++] = one;
        low = one.min_step;
    }
    return cycle;
}

double lathe_history_steps_per_epoch(const lathe_history *history)
{
    size_t count = 0;
    while (history && count < history->steps && history->step[count].epoch == 0) count++;
    return count ? (double)count : 1;
}
