/*
 * How much a cycle moves a measurement: validation accuracy, or a probe such as the sharpness. Between two
 * minima of the rate lies a maximum. The number at the maximum is compared with the mean of the numbers at
 * the minima before and after it, so a steady change during training cancels.
 */
#include <math.h>
#include <string.h>

#include "../core/alloc.h"
#include "../train/keeper/cycles.h"
#include "compare_impl.h"

static double value_at(const lathe_history *h, int column, size_t index)
{
    if (column >= 0) return h->probe.value[index * (size_t)h->probe.columns + (size_t)column];
    return h->evals ? h->eval[index].metric[0] : h->epoch[index].val[0];
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

lathe_status lathe_swing_of(const lathe_history *history, int column, lathe_swing *swing)
{
    const size_t points = column >= 0 ? history->probe.rows :
        history->evals                ? history->evals :
                                        history->epochs;
    size_t count, last = 0, third = points - (points + 2) / 3;
    *swing = (lathe_swing){ .best = (double)NAN };
    lathe_cycle *cycle = lathe_history_cycles(history, column, &count);
    if (!cycle) return lathe_error();
    for (size_t i = 1; i < count; i++) {
        const double minima = (cycle[i].before + cycle[i].at_min) / 2;
        if (!isfinite(minima) || !isfinite(cycle[i].at_max)) continue;
        swing->minima += minima;
        swing->maxima += cycle[i].at_max;
        swing->count++;
    }
    lathe_free(cycle);
    const double n = swing->count ? (double)swing->count : (double)NAN;
    swing->minima /= n;
    swing->maxima /= n;
    for (size_t i = 0; i < points; i++) {
        const double value = value_at(history, column, i);
        swing->best = fmax(swing->best, value);
        if (i < third || !isfinite(value)) continue;
        swing->last += value;
        last++;
    }
    swing->last /= last ? (double)last : (double)NAN;
    return LATHE_OK;
}
