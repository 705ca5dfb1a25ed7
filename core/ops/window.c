#include "window_impl.h"

long lathe_window_results(const lathe_window *w)
{
    long room = (long)w->size + w->before + w->after - (long)w->dilation * (w->taps - 1) - 1;
    return room < 0 ? 0 : room / w->stride + 1;
}

bool lathe_window_same(lathe_window *w)
{
    long last = (w->size - 1L) / w->stride * w->stride; /* where the last result begins, without padding */
    long padding = last + (long)w->dilation * (w->taps - 1) + 1 - w->size;
    if (padding < 0) padding = 0;
    if (padding > LATHE_WINDOW_LARGEST) return false;
    w->before = (int)padding / 2;
    w->after = (int)padding - w->before;
    return true;
}
