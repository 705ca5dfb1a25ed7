/*
 * Losses: what a training step lowers. Here are the list of losses and what they share; each family has its
 * own file.
 *
 * A loss gives a tensor of rank 0 unless its reduction is "none". Options have PyTorch's names and defaults,
 * except that the default reduction is always the mean.
 */
#ifndef LATHE_CORE_OPS_LOSSES_LOSS_H
#define LATHE_CORE_OPS_LOSSES_LOSS_H

#include <limits.h>

#include "../../field.h"
#include "../../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As an ignore_index, where 0 means the default: label 0 is left out, such as the background of masks. */
#define LATHE_LABEL_0 (INT_MIN + 1)

typedef enum lathe_reduction {
    /** Over the numbers that "none" gives, unless a loss says otherwise; PyTorch's default. */
    LATHE_REDUCE_MEAN,
    LATHE_REDUCE_SUM,
    LATHE_REDUCE_NONE
} lathe_reduction;

/** A loss: a name, options, and its uses. A loss has at least one of classify, many and boxes. */
typedef struct lathe_loss_type {
    const char *name;    /* as on the command line: "cross_entropy" */
    const char *summary; /* one line for `lathe list` */
    size_t opts_size;
    const lathe_field *fields;
    /**
     * The loss of scores [B, K] batched and labels [B]. `opts` is the type's options struct or NULL. A loss
     * that compares numbers takes 1 for the label's class and 0 for the other classes. NULL: not for labels.
     */
    lathe_tensor *(*classify)(lathe_tensor *scores, const int *labels, const void *opts);
    /**
     * The loss for any number of classes: targets [B, K, ...] of 0 and 1, row-major. NULL: not for targets.
     */
    lathe_tensor *(*many)(lathe_tensor *scores, const int *targets, const void *opts);
    /**
     * The loss for mixed labels: targets [B, K] batched, the part of each class. NULL: not for mixed labels.
     */
    lathe_tensor *(*mixed)(lathe_tensor *scores, lathe_tensor *targets, const void *opts);
    /**
     * The loss between boxes: x and target [B, 4, ...] batched, as lathe_giou takes them. NULL: not for
     * boxes.
     */
    lathe_tensor *(*boxes)(lathe_tensor *x, lathe_tensor *target, const void *opts);
    /** The place in `opts` of the weights of classes [K], which text cannot set. NULL: no such weights. */
    const lathe_real **(*class_weights)(void *opts);
    /**
     * The divisor of a mean over labels [count]: the sum of their weights. Steps of several batches need it.
     * NULL: `count`.
     */
    double (*mean_weight)(const void *opts, const int *labels, size_t count);
} lathe_loss_type;

/** Loss number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_loss_type *lathe_loss_at(int index);

/** The loss of this name (see lathe_registry_find). Errors: LATHE_ENAME, listing the known names. */
const lathe_loss_type *lathe_loss_find(const char *name);

/**
 * Add a loss of the program (see core/registry.h). Settings, lists and checkpoints find it by name.
 * Errors   LATHE_ENAME if the name is taken;
 *          LATHE_EARG if nothing can use it or its fields do not describe its options.
 */
lathe_status lathe_loss_register(const lathe_loss_type *type);

#ifdef __cplusplus
}
#endif
#endif
