/* Convolutions as correlations. */
#include "conv_impl.h"

size_t lathe_conv_group_weights(const lathe_conv_geometry *g)
{
    return (size_t)g->filters * (size_t)g->channels * (size_t)g->kernel_height * (size_t)g->kernel_width;
}

static lathe_conv_axis forward_axis(const lathe_conv_geometry *g, int size, int taps, int results)
{
    return (lathe_conv_axis){ .size = size,
        .results = results,
        .taps = taps,
        .first = -g->padding,
        .step = g->stride,
        .tap_step = g->dilation,
        .out_size = results,
        .out_step = 1 };
}

lathe_conv_phase lathe_conv_forward_phase(const lathe_node *node)
{
    const lathe_conv_geometry *g = node->saved;
    ptrdiff_t taps = (ptrdiff_t)g->kernel_height * g->kernel_width;
    return (lathe_conv_phase){ .c = { g->channels, g->filters,
                                   forward_axis(g, g->height, g->kernel_height, g->out_height),
                                   forward_axis(g, g->width, g->kernel_width, g->out_width) },
        .weights = { node->in[1]->data, g->channels * taps, taps, g->kernel_width, 1 } };
}

/* The taps that reach one phase of the input: last, last - step, ..., `count` of them. */
typedef struct phase_taps {
    int last, step, count;
} phase_taps;

static int common_divisor(int a, int b) { return b ? common_divisor(b, a % b) : a; }

/* Place h of the input meets tap t of result i where h + padding = i * stride + t * dilation. */
static phase_taps taps_of_phase(const lathe_conv_geometry *g, int phase, int taps)
{
    phase_taps found = { 0, g->stride / common_divisor(g->stride, g->dilation), 0 };
    for (int t = 0; t < taps; t++)
        if ((phase + g->padding - (long)t * g->dilation) % g->stride == 0) found.last = t, found.count++;
    return found;
}

/* For the input's places phase, phase + stride, ...: the results are the image read, and the taps run
 * backwards. */
static lathe_conv_axis phase_axis(const lathe_conv_geometry *g, int phase, phase_taps taps, int size,
    int results)
{
    return (lathe_conv_axis){ .size = results,
        .results = (size - phase + g->stride - 1) / g->stride,
        .taps = taps.count,
        .first = (phase + g->padding - taps.last * g->dilation) / g->stride,
        .step = 1,
        .tap_step = g->dilation / common_divisor(g->stride, g->dilation),
        .out_size = size,
        .out_first = phase,
        .out_step = g->stride };
}

static int at_most(int n, int most) { return n < most ? n : most; }

int lathe_conv_data_phases(const lathe_conv_geometry *g)
{
    return at_most(g->stride, g->height) * at_most(g->stride, g->width);
}

lathe_conv_phase lathe_conv_data_phase(const lathe_node *node, int number)
{
    const lathe_conv_geometry *g = node->saved;
    int in_row = at_most(g->stride, g->width), row = number / in_row, column = number % in_row;
    phase_taps rows = taps_of_phase(g, row, g->kernel_height),
               columns = taps_of_phase(g, column, g->kernel_width);
    ptrdiff_t taps = (ptrdiff_t)g->kernel_height * g->kernel_width;
    return (
        lathe_conv_phase){ .c = { g->filters, g->channels, phase_axis(g, row, rows, g->height, g->out_height),
                               phase_axis(g, column, columns, g->width, g->out_width) },
        .weights = { node->in[1]->data + rows.last * g->kernel_width + columns.last, taps, g->channels * taps,
            -rows.step * g->kernel_width, -columns.step } };
}
