#include "op_impl.h"

typedef struct ranges {
    size_t count;
    lathe_range_fn *run;
    void *context;
} ranges;

static void run_range(void *context, int task)
{
    const ranges *r = context;
    size_t begin = (size_t)task * LATHE_GRAIN;
    size_t end = r->count - begin < LATHE_GRAIN ? r->count : begin + LATHE_GRAIN;
    r->run(r->context, begin, end);
}

void lathe_parallel_ranges(size_t count, lathe_range_fn *run, void *context)
{
    ranges r = { count, run, context };
    lathe_parallel((int)((count + LATHE_GRAIN - 1) / LATHE_GRAIN), run_range, &r);
}

int lathe_lanes_in_block(const lathe_tensor *batched, int block)
{
    int left = batched->shape.dim[0] - block * LATHE_LANES;
    return left < LATHE_LANES ? left : LATHE_LANES;
}
