/* Private: a window that moves over pictures, as convolution and pooling have it. */
#ifndef LATHE_CORE_OPS_WINDOW_IMPL_H
#define LATHE_CORE_OPS_WINDOW_IMPL_H

#include <stdbool.h>

/** One axis. Tap t of result r reads place r * stride + t * dilation - before. */
typedef struct lathe_window {
    int size, results;          /* places of the picture, and of the result */
    int taps, stride, dilation; /* a stride or dilation of 0 is not yet known */
    int before, after;          /* places of padding */
} lathe_window;

/** Larger settings say nothing for pictures and would overflow the arithmetic of places. */
#define LATHE_WINDOW_LARGEST (1 << 20)

/** The window's results if it lies within the padded picture; 0 if none does. */
long lathe_window_results(const lathe_window *w);

/**
 * Padding as TensorFlow's "same" has it: as many results as the stride has steps in the picture, and the odd
 * place of padding behind. False if that is more padding than there may be.
 */
bool lathe_window_same(lathe_window *w);

#endif
