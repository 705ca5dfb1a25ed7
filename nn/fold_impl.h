/*
 * Private: folding: the operations of a trace, fewer and with other weights, for evaluation. Batch norms (by
 * their running statistics) and scales go into the weights before them; relus and residual sums go into the
 * operations whose results they take.
 */
#ifndef LATHE_NN_FOLD_IMPL_H
#define LATHE_NN_FOLD_IMPL_H

#include "../core/trace.h"
#include "graph.h"

/** An operation after folding. Its inputs and attributes are those of one node of the trace. */
typedef struct lathe_fold_step {
    const lathe_op *op; /* "conv2d_add_relu" */
    int node;           /* the node of the trace whose inputs and attributes it has: a convolution */
    int affine;         /* the node, a batch norm or a scale, that is folded into its weights; -1: none */
    int base;           /* the node whose result is one more input, the last; -1: none */
    int result;         /* the node of the trace whose result it computes: the relu */
} lathe_fold_step;

typedef struct lathe_fold {
    lathe_fold_step *step;
    int steps;
} lathe_fold;

/**
 * Fold the operations of a trace of an evaluation as far as `how` says. The result of an operation is folded
 * into the next one if nothing else reads it. The steps compute the trace's result, with other rounding.
 * Errors   LATHE_ENOMEM
 */
lathe_fold *lathe_fold_new(const lathe_trace *trace, lathe_graph_fold how);

/** Free it. NULL is fine. */
void lathe_fold_free(lathe_fold *fold);

/**
 * Compute the weights and the bias [O] of a step whose `affine` is not -1, from the present parameters and
 * running statistics. `weight` has the shape of the step's input 1.
 *
 *     weight[o] = w[o] * a[o]   bias[o] = b[o] * a[o] + c[o]
 *     batch norm: a = gamma / sqrt(var + eps), c = beta - mean * a     scale: a = factor, c = 0
 */
void lathe_fold_weights(const lathe_trace *trace, const lathe_fold_step *step, lathe_real *weight,
    lathe_real *bias);

#endif
