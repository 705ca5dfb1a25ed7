/* Private: what the losses share. */
#ifndef LATHE_CORE_OPS_LOSSES_LOSS_IMPL_H
#define LATHE_CORE_OPS_LOSSES_LOSS_IMPL_H

#include <limits.h>

#include "loss.h"
#include "../op_impl.h"

/** An ignore_index that equals no label. */
#define LATHE_NONE_IGNORED INT_MIN

/** The names of lathe_reduction's values, for the field "reduction". */
extern const char *const lathe_reduction_names[];

/** lathe_fields_resolve with the type's fields. A failure goes to the tape and begins with "lathe_NAME: ". */
bool lathe_loss_resolve(lathe_tape *tape, const lathe_loss_type *type, const void *opts, void *resolved);

/**
 * Check that weights [classes] (NULL: fine) named `what` are finite and >= 0. Errors: LATHE_EARG, the first
 * bad.
 */
bool lathe_loss_weights(lathe_tape *tape, const char *who, const char *what, const lathe_real *weights,
    int classes);

/** Check that x is batched [B, K, ...]. Errors: LATHE_ESHAPE. */
bool lathe_loss_batched(lathe_tape *tape, const char *who, const lathe_tensor *x);

/** Set the tail lanes of `values`, stored as `like` is, to 0. */
void lathe_zero_tails(const lathe_tensor *like, lathe_real *values);

/** Numbers of one class of one image: the product of all dimensions of x [B, K, ...] but the first two. */
size_t lathe_loss_columns(const lathe_tensor *x);

/** The shape of one loss a sample: [B, ...], which is x [B, K, ...] without the classes. */
lathe_shape lathe_loss_samples(const lathe_tensor *x);

/** The index in the storage of x [B, K, ...] of class 0 in column number `column`, in row-major order. */
size_t lathe_loss_place(const lathe_tensor *x, size_t column);

/**
 * Check the labels of x [B, K, ...], one a column. *counted becomes the number that are not `ignore_index`.
 * Errors   LATHE_EARG naming the first label that is not a class
 */
bool lathe_loss_labels(lathe_tape *tape, const char *who, const lathe_tensor *x, const int *labels,
    int ignore_index, size_t *counted);

/**
 * A constant of x's shape: 1 at each label's class, else 0; all 0 for ignore_index. Labels must be checked.
 */
lathe_tensor *lathe_one_hot(lathe_tape *tape, const lathe_tensor *x, const int *labels, int ignore_index);

/**
 * lathe_one_hot for unchecked labels, without ignore_index. Errors: lathe_loss_batched's,
 * lathe_loss_labels's.
 */
lathe_tensor *lathe_label_targets(const char *who, lathe_tensor *x, const int *labels);

/**
 * A constant of x's shape with these numbers, row-major. Errors: lathe_loss_batched's; LATHE_EARG for NULL.
 */
lathe_tensor *lathe_many_targets(const char *who, lathe_tensor *x, const int *targets);

/** The arrays of a loss with one number for each number of x. After forward only `slope` is needed. */
typedef struct lathe_pair_job {
    const lathe_real *x, *target;
    lathe_real *loss;
    lathe_real *slope; /* d loss / d x, or NULL if no gradient is needed */
    size_t piece;      /* numbers in a piece of work; 1: any range of numbers */
    const void *opts;
} lathe_pair_job;

/**
 * The loss of each number of in[0] against in[1], as operation `op`, whose backward is lathe_pair_backward.
 * `pieces` does pieces [begin, end) of the work for a lathe_pair_job, which is copied. With `inputs` 2 the
 * target has a gradient too: the negative of x's. A mean divides by `divisor`.
 */
lathe_tensor *lathe_pair_loss(const char *who, const lathe_op *op, lathe_tensor *const *in, int inputs,
    lathe_range_fn *pieces, lathe_pair_job job, lathe_reduction reduction, double divisor);

lathe_status lathe_pair_backward(lathe_node *node);

/** `each` itself, its sum, or its sum / `divisor`, as `reduction` says. */
lathe_tensor *lathe_reduce(const char *who, lathe_tensor *each, lathe_reduction reduction, double divisor);

#endif
