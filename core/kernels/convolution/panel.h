/*
 * What a window of results reads, of sixteen channels or more, side by side and with the zeros around the
 * image: then no tile needs to know of edges. The places of an axis lie sorted by their phase (place modulo
 * step), and phases that no tap reads are left out: neighbouring results read neighbouring places, whatever
 * the step.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_PANEL_H
#define LATHE_CORE_KERNELS_CONVOLUTION_PANEL_H

#include "channels.h"
#include "conv_axis.h"
#include "../lanes.h"

/* Numbers of a panel, on the stack: 128 KiB, a part of a second-level cache. */
enum { PANEL = 131072 / sizeof(real) };

/* The same images, from block `block` of sixteen channels on. */
static inline lathe_channels_image from_block(const lathe_channels_image *x, int block)
{
    lathe_channels_image from = *x;
    from.at += x->pixel == LANES ? block * x->block : block * LANES * x->channel;
    return from;
}

typedef struct panel_axis {
    int phases, run;                     /* runs, and the places of each */
    int phase[LATHE_CHANNELS_MOST_TAPS]; /* from a run's first place to the first result's first tap */
    int tap[LATHE_CHANNELS_MOST_TAPS];   /* where in the runs the first result's taps lie */
} panel_axis;

typedef struct panel {
    panel_axis rows, columns;
    ptrdiff_t row, block; /* numbers to the next row and to the next block of channels */
} panel;

/* The panel of a window of rows x columns results. */
panel KERNEL(lathe_panel_of)(const lathe_correlation *c, int rows, int columns);

/* Rows of results that `room` numbers have room for, for that many columns and blocks; 0 to rows.results. */
int KERNEL(lathe_panel_rows)(const lathe_correlation *c, int columns, int blocks, ptrdiff_t room);

/* Fill a panel for the window that begins at result (row, column), with `channels` channels that begin at
 * x->at, a multiple of 16 of them or all that are left. */
void KERNEL(lathe_panel_fill)(const lathe_correlation *c, const panel *p, const lathe_channels_image *x,
    int channels, int row, int column, real *at);

/* Where in a panel a result's taps lie, row of taps by row of taps. */
void KERNEL(lathe_panel_taps)(const lathe_correlation *c, const panel *p, ptrdiff_t *taps);

#endif
