/* Which taps of which results lie within the image, along one axis. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_CONV_AXIS_H
#define LATHE_CORE_KERNELS_CONVOLUTION_CONV_AXIS_H

#include "conv.h"

/* The first number n >= 0 with start + n * step >= bound. */
static inline int steps_to(int start, int step, int bound)
{
    if (start >= bound) return 0;
    return step == 1 ? bound - start : (bound - start - 1) / step + 1; /* a division is slow */
}

static inline int smaller(int a, int b) { return a < b ? a : b; }

/** How many pieces of at most `most` make a whole; where one of `count` equal pieces begins. */
static inline int pieces(int whole, int most) { return (whole + most - 1) / most; }

static inline int piece_begin(int whole, int count, int piece) { return (int)((long)whole * piece / count); }

/** Whether result n reads place n and no other. */
static inline bool is_identity(const lathe_conv_axis *axis)
{
    return axis->taps == 1 && axis->step == 1 && axis->first == 0 && axis->results == axis->size;
}

/** The taps [*begin, *end) of a result that lie within the image; *begin = *end if there is none. */
static inline void taps_inside(const lathe_conv_axis *axis, int result, int *begin, int *end)
{
    int start = axis->first + result * axis->step;
    *end = smaller(steps_to(start, axis->tap_step, axis->size), axis->taps);
    *begin = smaller(steps_to(start, axis->tap_step, 0), *end);
}

/**
 * The results [*begin, *end) whose `taps` taps from `tap` on are inside the image; *begin = *end without one.
 */
static inline void inner_results(const lathe_conv_axis *axis, int tap, int taps, int *begin, int *end)
{
    int start = axis->first + tap * axis->tap_step, last = start + (taps - 1) * axis->tap_step;
    *end = smaller(steps_to(last, axis->step, axis->size), axis->results);
    *begin = smaller(steps_to(start, axis->step, 0), *end);
}

#endif
