/*
 * How much a cycle moves a measurement: validation accuracy, or a probe such as the sharpness. Between two
 * minima of the rate lies a maximum. The number at the maximum is compared with the mean of the numbers at
 * the minima before and after it, so a steady change during training cancels.
 */
#include <math.h>
#include <string.h>

#include "compare_impl.h"

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

int lathe_probe_column(const lathe_history *history, const char *name)
{
    const char *at = history->probe.header;
    const size_t length = strlen(name);
    for (int c = 0; at && (at = strchr(at, ',')) && c < history->probe.columns; c++) {
        at++;
        if (!strncmp(at, name, length) && (at[length] == ',' || !at[length])) return c;
    }
    return -1;
}

/* ---- the rate ------------------------------------------------------------------------------------------ */

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

/* The first measurement, from number `first` on, that is nearest to `step`. */
static size_t nearest(const series *s, size_t first, size_t step)
{
    size_t best = first;
    double least = HUGE_VAL;
    for (size_t i = first; i < points_of(s); i++) {
        const double distance = fabs((double)point_at(s, i).step - (double)step);
        if (distance < least) least = distance, best = i;
    }
    return best;
}

/* Add the swing of one maximum, unless no measurement is near it. */
static void add(const series *s, const size_t at[3], lathe_swing *swing)
{
    point p[3];
    size_t first = 0;
    for (int i = 0; i < 3; i++) {
        const size_t n = nearest(s, first, at[i]);
        if (n >= points_of(s)) return;
        p[i] = point_at(s, n);
        first = n + 1;
        if (fabs((double)p[i].step - (double)at[i]) > 0.15 * (double)(at[2] - at[0])) return;
    }
    const double minima = (p[0].value + p[2].value) / 2;
    if (!isfinite(minima) || !isfinite(p[1].value)) return;
    swing->minima += minima;
    swing->maxima += p[1].value;
    swing->count++;
}

static void add_cycles(const series *s, lathe_swing *swing)
{
    const lathe_history *history = s->history;
    size_t low = extreme_after(history, extreme_after(history, 0, true), false);
    while (low + 1 < history->steps) {
        const size_t high = extreme_after(history, low, true), next = extreme_after(history, high, false);
        if (high + 1 >= history->steps) break;
        if (history->step[next].lr > (history->step[low].lr + history->step[high].lr) / 2)
            break; /* the run ended on the way down */
        add(s, (const size_t[]){ low, high, next }, swing);
        low = next;
    }
}

/* ---- all together -------------------------------------------------------------------------------------- */

lathe_swing lathe_swing_of(const lathe_history *history, int column)
{
    const series s = { history, column };
    const size_t points = points_of(&s), third = points - (points + 2) / 3;
    lathe_swing swing = { .best = (double)NAN };
    if (history->steps) add_cycles(&s, &swing);
    const double n = swing.count ? (double)swing.count : (double)NAN;
    size_t last = 0;
    swing.minima /= n;
    swing.maxima /= n;
    for (size_t i = 0; i < points; i++) {
        const double value = point_at(&s, i).value;
        swing.best = fmax(swing.best, value);
        if (i < third || !isfinite(value)) continue;
        swing.last += value;
        last++;
    }
    swing.last /= last ? (double)last : (double)NAN;
    return swing;
}
