/* What the operations share. Not installed. */
#ifndef LATHE_CORE_OPS_OP_IMPL_H
#define LATHE_CORE_OPS_OP_IMPL_H

#include "../kernels/kernels.h"
#include "../tape.h"
#include "../threads.h"

/** lathe_tape_of for two inputs that must have the same shape and layout. Errors: LATHE_ESHAPE. */
lathe_tape *lathe_tape_of_alike(const char *who, const char *a_name, lathe_tensor *a, const char *b_name,
    lathe_tensor *b);

/** The grain of number-by-number work: a fixed size, so that the split never depends on the number of
 * threads. */
#define LATHE_GRAIN ((size_t)16384)

/** Do numbers [begin, end) of the work. */
typedef void lathe_range_fn(void *context, size_t begin, size_t end);

/** Split `count` numbers into runs of LATHE_GRAIN, each a multiple of 16 but the last, and do them on all
 * threads. */
void lathe_parallel_ranges(size_t count, lathe_range_fn *run, void *context);

/** Split `count` pieces of work, each of about `cost` numbers, into runs of about LATHE_GRAIN numbers; do
 * them on all threads. */
void lathe_parallel_pieces(size_t count, size_t cost, lathe_range_fn *run, void *context);

/**
 * The sum of `values`, which lie as the numbers of `like` do, tail lanes left out, in double and in a fixed
 * order. 0 when memory runs out (see lathe_tape_status). Takes work space from `tape`.
 */
double lathe_sum(lathe_tape *tape, const lathe_tensor *like, const lathe_real *values);

/** factor * the sum of x, as a tensor of rank 0. `who` is the operation's name, for messages. Gradient to x.
 */
lathe_tensor *lathe_sum_times(const char *who, lathe_tensor *x, double factor);

/** How many numbers of x's storage lie before the first block with tail lanes; *lanes: how many lanes of the
 * others are none. */
size_t lathe_whole_part(const lathe_tensor *x, int *lanes);

/** `whole` brought into [begin, end]: where a range passes from the whole blocks to the others. */
size_t lathe_split_at(size_t whole, size_t begin, size_t end);

/** In the backward of y = x (a view, a sum): add y's gradient to x's, where x needs one. */
void lathe_grad_copy(lathe_tensor *y, lathe_tensor *x);

/**
 * The same as the last use of y's gradient in that backward: if x has none yet, y's buffer becomes x's and
 * nothing is copied.
 */
void lathe_grad_pass(lathe_tensor *y, lathe_tensor *x);

/**
 * lathe_grad_target for x, where each number of its gradient comes of the same number of y's alone, and as
 * the last use of that: if x has no gradient yet, y's buffer becomes x's, to be overwritten number by number.
 */
lathe_real *lathe_grad_in_place(lathe_tensor *y, lathe_tensor *x, bool *add);

/**
 * In the backward of an operation that ends in a relu: the gradient of what the relu was given, from y's own;
 * zeros where y is not above 0. In place, unless y's gradient is to be kept. NULL when memory runs out (see
 * lathe_tape_status).
 */
lathe_real *lathe_grad_before_relu(lathe_tensor *y);

/** How many of a block's sixteen lanes hold images: 16, or fewer in the last block of a batch. */
int lathe_lanes_in_block(const lathe_tensor *batched, int block);

#endif
