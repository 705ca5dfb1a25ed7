/* How a correlation on channels is cut, by its shape alone. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_CHANNELS_PLAN_H
#define LATHE_CORE_KERNELS_CONVOLUTION_CHANNELS_PLAN_H

#include "panel.h"

/* Vectors of sixteen filters in a group, which a tile does at once. */
#if REGISTER_BYTES == 64
enum { MOST_VECTORS = 2 };
#else
enum { MOST_VECTORS = 1 };
#endif

/* Windows of results, as equal as can be. */
typedef struct windows {
    int rows, columns; /* how many of them */
    panel panel;       /* of the largest */
} windows;

typedef struct plan {
    lathe_correlation c; /* a 1 x 1 kernel's planes are one row */
    bool direct; /* results read the image itself: no panel is needed if sixteen channels are abreast */
    int blocks, vectors, groups; /* sixteens of channels and of filters, groups of the latter */
    int chunk;                   /* blocks in a panel */
    windows w;
    int window_parts, group_parts; /* a part is a run of windows and a run of groups */
} plan;

/* Some results: the window's first row and column, and how many of each. */
typedef struct window {
    int row, rows, column, columns;
    bool planes; /* one plane is worked on after the other */
} window;

static inline int groups_of(const lathe_correlation *c)
{
    return pieces(pieces(c->filters, LANES), MOST_VECTORS);
}

bool KERNEL(lathe_channels_fits)(const lathe_correlation *c);
plan KERNEL(lathe_channels_plan)(const lathe_correlation *c);

/* Windows of one block of channels and about `places` results, whose panel is no larger than `room`. */
windows KERNEL(lathe_channels_windows)(const lathe_correlation *c, int places, ptrdiff_t room);
window KERNEL(lathe_channels_window)(const lathe_correlation *c, const windows *w, int number);

#endif
