/* Private: what the operations share. */
#ifndef LATHE_CORE_OPS_OP_IMPL_H
#define LATHE_CORE_OPS_OP_IMPL_H

#include "../chain_impl.h"
#include "../kernels/kernels.h"
#include "../op.h"
#include "../threads.h"

/**
 * The grain of element-by-element work. It is fixed, so the split does not depend on the number of threads.
 */
#define LATHE_GRAIN ((size_t)16384)

/** Do numbers [begin, end) of the work. */
typedef void lathe_range_fn(void *job, size_t begin, size_t end);

/**
 * Split `count` numbers into runs of LATHE_GRAIN (multiples of 16 but the last); do them on the context's
 * threads.
 */
void lathe_parallel_ranges(lathe_context *context, size_t count, lathe_range_fn *run, void *job);

/**
 * Split `count` pieces of about `cost` numbers into runs of about LATHE_GRAIN; do them on the context's
 * threads.
 */
void lathe_parallel_pieces(lathe_context *context, size_t count, size_t cost, lathe_range_fn *run, void *job);

/**
 * Do the numbers of a tensor that lies as `like` does, in runs of at most LATHE_GRAIN, each within one block
 * of pictures that lie abreast, by lathe_parallel_blocks. `job` [size] is copied.
 */
void lathe_parallel_numbers(const lathe_node *node, const lathe_tensor *like, lathe_range_fn *run, void *job,
    size_t size);

/** For lathe_op's `layout`: that of the first input, if images or channels lie abreast there. */
lathe_layout lathe_layout_kept(const lathe_node *node);

/** factor * the sum of x, as a tensor of rank 0. Gradient to x. */
lathe_tensor *lathe_sum_times(lathe_tensor *x, double factor);

/**
 * Numbers of x's storage before its last block (plain: all numbers). *lanes: the images in the last block.
 */
size_t lathe_whole_part(const lathe_tensor *x, int *lanes);

/** `whole`, limited to [begin, end]: where a range passes from the whole blocks to the other blocks. */
size_t lathe_split_at(size_t whole, size_t begin, size_t end);

/** Copy the numbers of a tensor that lies as `like` does, or add them, on the node's threads. */
void lathe_copy(const lathe_node *node, const lathe_tensor *like, const lathe_real *from, lathe_real *to,
    bool add);

/**
 * In the backward of y = x (a view, a sum): add y's gradient to that of input number i, where it needs one.
 */
void lathe_grad_copy(lathe_node *node, int i);

/**
 * The same as the last use of y's gradient in that backward: if the input has none yet, y's buffer becomes
 * the input's and nothing is copied.
 */
void lathe_grad_pass(lathe_node *node, int i);

/**
 * lathe_grad_target for the first input, where each number of its gradient comes of the same number of y's
 * alone, and as the last use of that: if the input has no gradient yet, y's buffer becomes the input's, to be
 * overwritten number by number.
 */
lathe_real *lathe_grad_in_place(lathe_node *node, bool *add);

/**
 * In the backward of an operation that ends in an activation: the gradient of what the activation was given,
 * from y's own, by the activation's backward, which wants y. In place, unless y's gradient is to be kept.
 * NULL when memory runs out.
 */
lathe_real *lathe_grad_before(lathe_node *node, lathe_map_backward_kernel *activation);

/** The number of a block's sixteen lanes that hold images: 16, or fewer in the last block of a batch. */
int lathe_lanes_in_block(const lathe_tensor *batched, int block);

#endif
