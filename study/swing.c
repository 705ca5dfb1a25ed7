/*
 * How much a cycle moves the validation accuracy. Between two minima of the rate lies a maximum. Accuracy at
 * the maximum is compared with the mean of the accuracies at the minima before and after it, so a steady
 * improvement during training cancels.
 */
#include <math.h>

#include "compare_impl.h"

/* Validation accuracy measured after some steps. */
typedef struct point {
    uint64_t step;
    double accuracy;
} point;

static size_t points_of(const lathe_history *history)
{
    return history->evals ? history->evals : history->epochs;
}

static point point_at(const lathe_history *history, size_t index)
{
    if (history->evals) return (point){ history->eval[index].step, history->eval[index].metric[0] };
    return (point){ history->epoch[index].step, history->epoch[index].val[0] };
}

double lathe_best_measured(const lathe_history *history)
{
    double best = (double)NAN;
    for (size_t i = 0; i < points_of(history); i++) best = fmax(best, point_at(history, i).accuracy);
    return best;
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

/* The first measurement, from number `first` on, that is nearest to `step`. */
static size_t nearest(const lathe_history *history, size_t first, size_t step)
{
    size_t best = first;
    double least = HUGE_VAL;
    for (size_t i = first; i < points_of(history); i++) {
        const double distance = fabs((double)point_at(history, i).step - (double)step);
        if (distance < least) least = distance, best = i;
    }
    return best;
}

/* Add the swing of one maximum, unless no measurement is near it. */
static void add(const lathe_history *history, const size_t at[3], lathe_swing *swing)
{
    point p[3];
    size_t first = 0;
    for (int i = 0; i < 3; i++) {
        const size_t n = nearest(history, first, at[i]);
        if (n >= points_of(history)) return;
        p[i] = point_at(history, n);
        first = n + 1;
        if (fabs((double)p[i].step - (double)at[i]) > 0.15 * (double)(at[2] - at[0])) return;
    }
    const double minima = (p[0].accuracy + p[2].accuracy) / 2;
    if (!isfinite(minima) || !isfinite(p[1].accuracy)) return;
    swing->minima += minima;
    swing->maxima += p[1].accuracy;
    swing->count++;
}

lathe_swing lathe_swing_of(const lathe_history *history)
{
    lathe_swing swing = { 0, 0, 0 };
    if (history->steps) {
        size_t low = extreme_after(history, extreme_after(history, 0, true), false);
        while (low + 1 < history->steps) {
            const size_t high = extreme_after(history, low, true), next = extreme_after(history, high, false);
            if (high + 1 >= history->steps) break;
            if (history->step[next].lr > (history->step[low].lr + history->step[high].lr) / 2)
                break; /* the run ended on the way down */
            add(history, (const size_t[]){ low, high, next }, &swing);
            low = next;
        }
    }
    const double n = swing.count ? (double)swing.count : (double)NAN;
    swing.minima /= n;
    swing.maxima /= n;
    return swing;
}
