/*
 * Losses: what a step lowers. What they have in common, and the list of them; each family is a file of its
 * own.
 *
 * Each gives a tensor of rank 0 unless its reduction is "none". Their options have PyTorch's names and
 * defaults, except that the reduction is the mean everywhere.
 */
#ifndef LATHE_CORE_OPS_LOSSES_LOSS_H
#define LATHE_CORE_OPS_LOSSES_LOSS_H

#include "../../field.h"
#include "../../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_reduction {
    /** over all numbers of what "none" gives, unless a loss says otherwise; PyTorch's default */
    LATHE_REDUCE_MEAN,
    LATHE_REDUCE_SUM,
    LATHE_REDUCE_NONE
} lathe_reduction;

/** A loss: a name, options, and how to use it. */
typedef struct lathe_loss_type {
    const char *name;    /* as on the command line: "cross_entropy" */
    const char *summary; /* one line for `lathe list` */
    size_t opts_size;
    const lathe_field *fields;
    /**
     * The loss of scores [B, K] batched against labels [B]; a loss that compares with numbers compares with 1
     * for the label's class and 0 for the others. `opts` is the type's options struct, or NULL. NULL for a
     * loss that is not made for labels.
     */
    lathe_tensor *(*classify)(lathe_tensor *scores, const int *labels, const void *opts);
    /** The same for any number of classes each: targets [B, K, ...], row-major, 1 for each class a sample
     * has, else 0. NULL: not made for it. */
    lathe_tensor *(*many)(lathe_tensor *scores, const int *targets, const void *opts);
    /** Where in `opts` its weights of classes [K] go, which are no option that a text can give. NULL: it has
     * none. */
    const lathe_real **(*class_weights)(void *opts);
} lathe_loss_type;

/** All losses; NULL after the last. */
const lathe_loss_type *lathe_loss_at(int index);

/** By name, hyphens as underscores. Errors: LATHE_ENAME, listing the known ones. */
const lathe_loss_type *lathe_loss_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
