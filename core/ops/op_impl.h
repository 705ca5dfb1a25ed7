/* What the operations share. Not installed. */
#ifndef LATHE_CORE_OPS_OP_IMPL_H
#define LATHE_CORE_OPS_OP_IMPL_H

#include "../kernels/kernels.h"
#include "../tape.h"
#include "../threads.h"

/** The grain of number-by-number work: a fixed size, so that the split never depends on the number of threads. */
#define LATHE_GRAIN ((size_t)16384)

/** Do numbers [begin, end) of the work. */
typedef void lathe_range_fn(void *context, size_t begin, size_t end);

/** Split `count` numbers into runs of LATHE_GRAIN, each a multiple of 16 but the last, and do them on all threads. */
void lathe_parallel_ranges(size_t count, lathe_range_fn *run, void *context);

/** How many of a block's sixteen lanes hold images: 16, or fewer in the last block of a batch. */
int lathe_lanes_in_block(const lathe_tensor *batched, int block);

#endif
