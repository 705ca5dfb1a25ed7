/* What the speed programs share. */
#ifndef LATHE_BENCH_SUPPORT_H
#define LATHE_BENCH_SUPPORT_H

#include <lathe/lathe.h>

#include <time.h>

/** Seconds. One thread: its processor's time, which other processes do not lengthen. */
static inline double bench_now(void)
{
    struct timespec time;
    clock_gettime(lathe_threads(NULL) == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static inline void bench_fill(lathe_real *values, size_t count)
{
    for (size_t i = 0; i < count; i++) values[i] = (lathe_real)((double)(i * 2654435761u % 2001) * 1e-3 - 1);
}

static inline lathe_tensor *bench_leaf(lathe_tape *tape, lathe_layout layout, lathe_shape shape)
{
    lathe_tensor *tensor = lathe_tape_leaf(tape, layout, shape, NULL);
    tensor->needs_grad = true;
    bench_fill(tensor->data, tensor->stored);
    return tensor;
}

#endif
