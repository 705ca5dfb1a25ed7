/* Private: what the operations share. */
#ifndef LATHE_CORE_OPS_OP_IMPL_H
#define LATHE_CORE_OPS_OP_IMPL_H

#include "../kernels/kernels.h"
#include "../tape.h"
#include "../threads.h"

/** lathe_tape_of for two inputs that must have the same shape and layout. Errors: LATHE_ESHAPE. */
lathe_tape *lathe_tape_of_alike(const char *who, const char *a_name, lathe_tensor *a, const char *b_name,
    lathe_tensor *b);

/**
 * The grain of element-by-element work. It is fixed, so the split does not depend on the number of threads.
 */
#define LATHE_GRAIN ((size_t)16384)

/** Do numbers [begin, end) of the work. */
typedef void lathe_range_fn(void *context, size_t begin, size_t end);

/**
 * Split `count` numbers into runs of LATHE_GRAIN (multiples of 16 but the last) and do them on all threads.
 */
void lathe_parallel_ranges(size_t count, lathe_range_fn *run, void *context);

/**
 * Split `count` pieces, each of about `cost` numbers, into runs of about LATHE_GRAIN; do them on all threads.
 */
void lathe_parallel_pieces(size_t count, size_t cost, lathe_range_fn *run, void *context);

/**
 * The sum of `values`, stored as `like` is, without tail lanes, in double and in a fixed order. 0 if memory
 * runs out (see lathe_tape_status). Takes work space from `tape`.
 */
double lathe_sum(lathe_tape *tape, const lathe_tensor *like, const lathe_real *values);

/** factor * the sum of x, a tensor of rank 0. `who` names the operation in messages. Gradient to x. */
lathe_tensor *lathe_sum_times(const char *who, lathe_tensor *x, double factor);

/**
 * Numbers of x's storage before its last block (plain: all numbers). *lanes: the images in the last block.
 */
size_t lathe_whole_part(const lathe_tensor *x, int *lanes);

/** `whole`, limited to [begin, end]: where a range passes from the whole blocks to the other blocks. */
size_t lathe_split_at(size_t whole, size_t begin, size_t end);

/** In the backward of y = x (a view, a sum): add y's gradient to x's, if x needs one. */
void lathe_grad_copy(lathe_tensor *y, lathe_tensor *x);

/**
 * As lathe_grad_copy, for the last use of y's gradient in that backward: if x has no gradient yet, y's buffer
 * becomes x's without a copy.
 */
void lathe_grad_pass(lathe_tensor *y, lathe_tensor *x);

/**
 * lathe_grad_target for x, if each number of its gradient follows only from the same number of y's, as the
 * last use of y's. If x has no gradient yet, y's buffer becomes x's and is overwritten number by number.
 */
lathe_real *lathe_grad_in_place(lathe_tensor *y, lathe_tensor *x, bool *add);

/**
 * In the backward of an operation that ends in a relu: the gradient before the relu, from y's gradient. It is
 * 0 where y is not above 0. In place, unless y's gradient is to be kept. NULL if memory runs out (see
 * lathe_tape_status).
 */
lathe_real *lathe_grad_before_relu(lathe_tensor *y);

/** The number of a block's sixteen lanes that hold images: 16, or fewer in the last block of a batch. */
int lathe_lanes_in_block(const lathe_tensor *batched, int block);

#endif
