/* Private to core and nn: batch norms whose numbers the next operation computes as it reads. */
#ifndef LATHE_CORE_OPS_BATCH_NORM_IMPL_H
#define LATHE_CORE_OPS_BATCH_NORM_IMPL_H

#include "../op.h"

/** Numbers of the largest plane, 64 x 64 pixels of sixteen images, that a reader makes on its stack. */
#define LATHE_NORM_PLANE ((size_t)64 * 64 * LATHE_LANES)

/** Compute the numbers of a result that was left to its reader. False after a failure. */
bool lathe_batch_norm_settle(const lathe_node *node);

#endif
