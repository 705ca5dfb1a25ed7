/* Private: what the losses share. */
#ifndef LATHE_CORE_OPS_LOSSES_LOSS_IMPL_H
#define LATHE_CORE_OPS_LOSSES_LOSS_IMPL_H

#include "loss.h"
#include "../op_impl.h"

/** An ignore_index that equals no label. */
#define LATHE_NONE_IGNORED INT_MIN

/** Is the label left out? */
static inline bool lathe_is_ignored(int label, int ignore_index)
{
    return label == (ignore_index == LATHE_LABEL_0 ? 0 : ignore_index);
}

/** The names of lathe_reduction's values, for the field "reduction". */
extern const char *const lathe_reduction_names[];

/*
 * `name` is that of the loss, with which messages begin: "focal" gives "lathe_focal: ...". Losses made of
 * several operations use these functions before the first one; a loss that is an operation, in its shape
 * rule.
 */

/** lathe_fields_resolve with the type's fields; a failure is the tape's. */
bool lathe_loss_resolve(lathe_tape *tape, const lathe_loss_type *type, const void *opts, void *resolved);

/**
 * Check that weights [classes] (NULL: fine) named `what` are finite and >= 0. Errors: LATHE_EARG, the first
 * bad.
 */
bool lathe_loss_weights(lathe_tape *tape, const char *name, const char *what, const lathe_real *weights,
    int classes);

/** That x is batched [B, K, ...], or images that operations can lay out so. Errors: LATHE_ESHAPE. */
bool lathe_loss_batched(lathe_tape *tape, const char *name, const lathe_tensor *x);

/** Set the tail lanes of `values`, stored as `like` is, to 0. */
void lathe_zero_tails(const lathe_tensor *like, lathe_real *values);

/** Numbers of one class of one image: the product of all dimensions of x [B, K, ...] but the first two. */
size_t lathe_loss_columns(const lathe_tensor *x);

/** The shape of one loss a sample: [B, ...], which is x [B, K, ...] without the classes. */
lathe_shape lathe_loss_samples(const lathe_tensor *x);

/**
 * The index in batched storage of x's shape [B, K, ...] of class 0 in column number `column`, in row-major
 * order.
 */
size_t lathe_loss_place(const lathe_tensor *x, size_t column);

/**
 * Check the labels of x [B, K, ...], one a column. *counted becomes the number that are not `ignore_index`.
 * Errors   LATHE_EARG naming the first label that is not a class
 */
bool lathe_loss_labels(lathe_tape *tape, const char *name, const lathe_tensor *x, const int *labels,
    int ignore_index, size_t *counted);

/**
 * *counted of this process's labels becomes that of the whole batch that x is of. Errors: LATHE_EIO, the
 * tape's.
 */
bool lathe_loss_counted(const lathe_tensor *x, size_t *counted);

/**
 * A constant of x's shape: 1 at each label's class, else 0; all 0 for ignore_index. Labels must be checked.
 */
lathe_tensor *lathe_one_hot(lathe_tape *tape, const lathe_tensor *x, const int *labels, int ignore_index);

/**
 * lathe_one_hot for unchecked labels, without ignore_index. Errors: lathe_loss_batched's,
 * lathe_loss_labels's.
 */
lathe_tensor *lathe_label_targets(const char *name, lathe_tensor *x, const int *labels);

/**
 * A constant of x's shape with these numbers, row-major. Errors: lathe_loss_batched's; LATHE_EARG for NULL.
 */
lathe_tensor *lathe_many_targets(const char *name, lathe_tensor *x, const int *targets);

/** The numbers of a loss that is one number for each of x. */
typedef struct lathe_pair_job {
    const lathe_loss_kernels *kernels;
    const void *attributes; /* of the operation */
    const lathe_real *x, *target;
    lathe_real *loss;
    lathe_real *slope; /* d loss / d x, which backward needs; NULL if no gradient is needed */
    size_t piece;      /* numbers a piece of work; 1: any run of numbers */
    size_t classes;    /* K of x [B, K, ...], where pieces are one class of one block */
} lathe_pair_job;

/**
 * The forward of an operation that gives the loss of each number of x against the same number of the target;
 * its backward is lathe_pair_backward. `pieces` does pieces [begin, end) of the work given a lathe_pair_job.
 */
void lathe_pair_forward(lathe_node *node, size_t piece, lathe_range_fn *pieces);

/** The gradient to x, and its negative to the target unless that is constant. */
void lathe_pair_backward(lathe_node *node);

/**
 * `each` reduced: itself, its sum, or its sum over `divisor` (0: how many numbers it has). Sums and numbers
 * are of the whole batch.
 */
lathe_tensor *lathe_reduce(lathe_tensor *each, lathe_reduction reduction, double divisor);

/** The type of cross-entropy, for losses that contain it. */
extern const lathe_loss_type lathe_cross_entropy_loss;

#endif
