/* What the losses share. Not installed. */
#ifndef LATHE_CORE_OPS_LOSSES_LOSS_IMPL_H
#define LATHE_CORE_OPS_LOSSES_LOSS_IMPL_H

#include <limits.h>

#include "loss.h"
#include "../op_impl.h"

/** An ignore_index that no label is. */
#define LATHE_NONE_IGNORED INT_MIN

/** The names of lathe_reduction's values, for the field "reduction". */
extern const char *const lathe_reduction_names[];

/** lathe_fields_resolve with the type's fields; a failure is the tape's, and begins with "lathe_NAME: ". */
bool lathe_loss_resolve(lathe_tape *tape, const lathe_loss_type *type, const void *opts, void *resolved);

/** That weights [classes] (NULL: none) are finite and >= 0; `what` is their name. Errors: LATHE_EARG naming
 * the first that is not. */
bool lathe_loss_weights(lathe_tape *tape, const char *who, const char *what, const lathe_real *weights,
    int classes);

/** That x is batched [B, K, ...]. Errors: LATHE_ESHAPE. */
bool lathe_loss_batched(lathe_tape *tape, const char *who, const lathe_tensor *x);

/** Zeros in the tail lanes of `values`, which lie as the numbers of `like` do. */
void lathe_zero_tails(const lathe_tensor *like, lathe_real *values);

/** Numbers of one class of one image: the product of all dimensions of x [B, K, ...] but the first two. */
size_t lathe_loss_columns(const lathe_tensor *x);

/** [B, ...], what is left of x [B, K, ...] without the classes: the shape of one loss a sample. */
lathe_shape lathe_loss_samples(const lathe_tensor *x);

/** Where in the storage of x [B, K, ...] class 0 of column number `column` (of all images in row-major order)
 * lies. */
size_t lathe_loss_place(const lathe_tensor *x, size_t column);

/**
 * Check labels of x [B, K, ...], one a column; *counted becomes how many are not `ignore_index`. Errors:
 * LATHE_EARG naming the first that is no class.
 */
bool lathe_loss_labels(lathe_tape *tape, const char *who, const lathe_tensor *x, const int *labels,
    int ignore_index, size_t *counted);

/** A constant of x's shape: 1 at each label's class, 0 elsewhere and for those of `ignore_index`. The labels
 * must be checked. */
lathe_tensor *lathe_one_hot(lathe_tape *tape, const lathe_tensor *x, const int *labels, int ignore_index);

/** lathe_one_hot of labels that are not checked yet, none ignored. Errors: those of lathe_loss_batched and
 * lathe_loss_labels. */
lathe_tensor *lathe_label_targets(const char *who, lathe_tensor *x, const int *labels);

/** A constant of x's shape with these numbers, row-major. Errors: those of lathe_loss_batched; LATHE_EARG for
 * NULL. */
lathe_tensor *lathe_many_targets(const char *who, lathe_tensor *x, const int *targets);

/** The numbers of a loss that is one number for each of x. Copied by lathe_pair_loss; backward needs `slope`
 * alone. */
typedef struct lathe_pair_job {
    const lathe_real *x, *target;
    lathe_real *loss;
    lathe_real *slope; /* d loss / d x, or NULL if no gradient is needed */
    size_t piece;      /* numbers a piece of work; 1: any run of numbers */
    const void *opts;
} lathe_pair_job;

/**
 * The loss of each number of in[0] against in[1], as operation `op`, whose backward is lathe_pair_backward.
 * `pieces` does pieces [begin, end) of the work given a lathe_pair_job. With `inputs` 2 the target has a
 * gradient too: the negative of x's. A mean divides by `divisor`.
 */
lathe_tensor *lathe_pair_loss(const char *who, const lathe_op *op, lathe_tensor *const *in, int inputs,
    lathe_range_fn *pieces, lathe_pair_job job, lathe_reduction reduction, double divisor);

lathe_status lathe_pair_backward(lathe_node *node);

/** `each` reduced: itself, its sum, or its sum over `divisor`. */
lathe_tensor *lathe_reduce(const char *who, lathe_tensor *each, lathe_reduction reduction, double divisor);

#endif
