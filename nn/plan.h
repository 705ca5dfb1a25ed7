/*
 * Plans: a net prepared for evaluation. Its operations are listed once, folded and given packed weights and
 * memory, and then run for one batch after the other. Folded means: batch norms (by their running statistics)
 * and scales are part of the weights before them; relus and residual sums, of the operations before them.
 */
#ifndef LATHE_NN_PLAN_H
#define LATHE_NN_PLAN_H

#include "layer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_plan lathe_plan;

/**
 * Make a plan of `net`, which must outlive it. The first lathe_plan_run prepares the operations.
 * Errors   LATHE_ESTATE before lathe_nn_init; LATHE_ENOMEM
 */
lathe_plan *lathe_plan_new(lathe_layer *net);

/** Free the plan. NULL is fine. */
void lathe_plan_free(lathe_plan *plan);

/**
 * y = net(x) in LATHE_EVAL, as lathe_nn_forward computes it but for rounding: a result differs by about 1e-6
 * of the spread of all results. The bits are the same for any number of threads and in every run.
 *
 * The plan keeps the folded weights; call lathe_plan_refresh after the net's have changed. It prepares itself
 * anew for another size of the batch (the last three are kept), of the pictures, or another context. Large
 * batches run in parts, whose results fit a cache, if all operations are the library's.
 *
 * The call is lathe_nn_forward itself:
 *     if x needs a gradient, the tape is in LATHE_TRAIN, or a trace is open on it;
 *     if the model has a hook (lathe_nn_on_forward), or its fusion is off (lathe_nn_fusion);
 *     if the net depends on numbers: a layer calls lathe_item or lathe_tensor_read in its forward, makes a
 *     tensor (lathe_tape_leaf), or its type is `dynamic`.
 *
 * Memory   y, on x's tape; everything else is the plan's, and is used again by its next run.
 * Errors   those of lathe_nn_forward
 */
lathe_tensor *lathe_plan_run(lathe_plan *plan, lathe_tensor *x);

/** Forget the folded weights: the next lathe_plan_run uses the net's present ones. */
void lathe_plan_refresh(lathe_plan *plan);

/** Bytes that the plan has for weights, results and work space. */
size_t lathe_plan_bytes(const lathe_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
