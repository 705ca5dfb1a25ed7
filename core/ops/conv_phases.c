/* Convolutions as correlations. */
#include "conv_impl.h"

size_t lathe_conv_group_weights(const lathe_conv_geometry *g)
{
    return (size_t)g->filters * (size_t)g->channels * (size_t)g->rows.taps * (size_t)g->columns.taps;
}

static lathe_conv_axis forward_axis(const lathe_window *w)
{
    return (lathe_conv_axis){ .size = w->size,
        .results = w->results,
        .taps = w->taps,
        .first = -w->before,
        .step = w->stride,
        .tap_step = w->dilation,
        .out_size = w->results,
        .out_step = 1 };
}

lathe_conv_phase lathe_conv_forward_phase(const lathe_node *node)
{
    const lathe_conv_geometry *g = node->saved;
    ptrdiff_t taps = (ptrdiff_t)g->rows.taps * g->columns.taps;
    return (lathe_conv_phase){ .c = { g->channels, g->filters, forward_axis(&g->rows),
                                   forward_axis(&g->columns) },
        .weights = { node->in[1]->data, g->channels * taps, taps, g->columns.taps, 1 } };
}

/* The taps that reach one phase of the input: last, last - step, ..., `count` of them. */
typedef struct phase_taps {
    int last, step, count;
} phase_taps;

static int common_divisor(int a, int b) { return b ? common_divisor(b, a % b) : a; }

/* Place h of the input meets tap t of result i where h + before = i * stride + t * dilation. */
static phase_taps taps_of_phase(const lathe_window *w, int phase)
{
    phase_taps found = { 0, w->stride / common_divisor(w->stride, w->dilation), 0 };
    for (int t = 0; t < w->taps; t++)
        if ((phase + w->before - (long)t * w->dilation) % w->stride == 0) found.last = t, found.count++;
    return found;
}

/* For the input's places phase, phase + stride, ...: the results are the image read, and the taps run
 * backwards. */
static lathe_conv_axis phase_axis(const lathe_window *w, int phase, phase_taps taps)
{
    return (lathe_conv_axis){ .size = w->results,
        .results = (w->size - phase + w->stride - 1) / w->stride,
        .taps = taps.count,
        .first = (phase + w->before - taps.last * w->dilation) / w->stride,
        .step = 1,
        .tap_step = w->dilation / common_divisor(w->stride, w->dilation),
        .out_size = w->size,
        .out_first = phase,
        .out_step = w->stride };
}

static int phases(const lathe_window *w) { return w->stride < w->size ? w->stride : w->size; }

int lathe_conv_data_phases(const lathe_conv_geometry *g) { return phases(&g->rows) * phases(&g->columns); }

lathe_conv_phase lathe_conv_data_phase(const lathe_node *node, int number)
{
    const lathe_conv_geometry *g = node->saved;
    int row = number / phases(&g->columns), column = number % phases(&g->columns);
    phase_taps rows = taps_of_phase(&g->rows, row), columns = taps_of_phase(&g->columns, column);
    ptrdiff_t taps = (ptrdiff_t)g->rows.taps * g->columns.taps;
    return (lathe_conv_phase){ .c = { g->filters, g->channels, phase_axis(&g->rows, row, rows),
                                   phase_axis(&g->columns, column, columns) },
        .weights = { node->in[1]->data + rows.last * g->columns.taps + columns.last, taps, g->channels * taps,
            -rows.step * g->columns.taps, -columns.step } };
}
