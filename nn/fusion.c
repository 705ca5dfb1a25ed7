/*
 * Fusion: one operation may do the work of two successive layers. A sequential then runs one of the layers
 * with this operation and leaves the other out. This saves passes over memory and does not change a bit. The
 * layers do not know of it: a pattern is a row of the table.
 */
#include "fusion_impl.h"

#include "../core/replay_impl.h"

/* Two successive layers become one operation, which the first or the second of them runs. */
typedef struct pattern {
    const lathe_layer_type *first, *second;
    const lathe_op *own, *fused; /* the operation of the layer that runs, and what replaces it */
    bool second_runs;
} pattern;

extern const lathe_layer_type lathe_batch_norm_layer, lathe_conv2d_layer, lathe_hardswish_layer,
    lathe_linear_layer, lathe_max_pool2d_layer, lathe_relu_layer, lathe_relu6_layer, lathe_residual_layer,
    lathe_silu_layer;
extern const lathe_op lathe_add_op, lathe_add_relu_op, lathe_batch_norm_op, lathe_batch_norm_hardswish_op,
    lathe_batch_norm_relu_op, lathe_batch_norm_relu6_op, lathe_batch_norm_silu_op, lathe_conv2d_op,
    lathe_conv2d_relu_op, lathe_conv2d_relu6_op, lathe_linear_op, lathe_linear_relu_op, lathe_max_pool2d_op,
    lathe_relu_max_pool2d_op;

/* Where two overlap, the earlier row wins: a relu costs least in a pooling, which sees fewer numbers. */
static const pattern patterns[] = {
    { &lathe_relu_layer, &lathe_max_pool2d_layer, &lathe_max_pool2d_op, &lathe_relu_max_pool2d_op, true },
    { &lathe_conv2d_layer, &lathe_relu_layer, &lathe_conv2d_op, &lathe_conv2d_relu_op, false },
    { &lathe_conv2d_layer, &lathe_relu6_layer, &lathe_conv2d_op, &lathe_conv2d_relu6_op, false },
    { &lathe_linear_layer, &lathe_relu_layer, &lathe_linear_op, &lathe_linear_relu_op, false },
    { &lathe_batch_norm_layer, &lathe_relu_layer, &lathe_batch_norm_op, &lathe_batch_norm_relu_op, false },
    { &lathe_batch_norm_layer, &lathe_relu6_layer, &lathe_batch_norm_op, &lathe_batch_norm_relu6_op, false },
    { &lathe_batch_norm_layer, &lathe_hardswish_layer, &lathe_batch_norm_op, &lathe_batch_norm_hardswish_op,
        false },
    { &lathe_batch_norm_layer, &lathe_silu_layer, &lathe_batch_norm_op, &lathe_batch_norm_silu_op, false },
    { &lathe_residual_layer, &lathe_relu_layer, &lathe_add_op, &lathe_add_relu_op, false },
};

enum { PATTERNS = sizeof patterns / sizeof patterns[0] };

/* The number of the row for children i and i + 1; PATTERNS if there is none. */
static int row_for(const lathe_layer *sequential, int i)
{
    int row = 0;
    if (i + 1 >= sequential->children) return PATTERNS;
    const lathe_layer_type *first = sequential->child[i]->type, *second = sequential->child[i + 1]->type;
    while (row < PATTERNS && (patterns[row].first != first || patterns[row].second != second)) row++;
    return row;
}

lathe_tensor *lathe_fusion_forward(lathe_layer *sequential, int *i, lathe_tensor *x)
{
    const lathe_model *model = sequential->model;
    bool apart = model->no_fusion || model->hook || lathe_tape_traced(x ? x->tape : NULL);
    int row = apart ? PATTERNS : row_for(sequential, *i);
    if (row == PATTERNS || row_for(sequential, *i + 1) < row)
        return lathe_nn_forward(sequential->child[*i], x);
    const pattern *p = &patterns[row];
    lathe_layer *runs = sequential->child[*i + p->second_runs];
    ++*i;
    if (!x || !x->tape) return lathe_nn_forward(runs, x);
    lathe_swap former = lathe_tape_swap(x->tape, (lathe_swap){ p->own, p->fused, runs->path });
    lathe_tensor *y = lathe_nn_forward(runs, x);
    lathe_tape_swap(x->tape, former);
    return y;
}
