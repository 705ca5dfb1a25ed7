/*
 * Fusion: one operation may do the work of two successive layers. A sequential then runs one of the layers
 * with this operation and leaves the other out. This saves passes over memory and does not change a bit. The
 * layers do not know of it: a pattern is a row of the table. A depthwise convolution behind a batch norm
 * applies it to each plane before it reads this plane, so that the norm's result is never written. A residual
 * whose body ends with a batch norm runs this norm last, with an operation that also adds the shortcut.
 */
#include "fusion_impl.h"

#include "../core/ops/arithmetic.h"
#include "../core/ops/batch_norm_impl.h"
#include "../core/replay_impl.h"
#include "layers/sequential.h"

/* Two successive layers become one operation, which the first or the second of them runs. */
typedef struct pattern {
    const lathe_layer_type *first, *second;
    const lathe_op *own, *fused; /* the operation of the layer that runs, and what replaces it */
    bool second_runs;
} pattern;

extern const lathe_layer_type lathe_batch_norm_layer, lathe_conv2d_layer, lathe_hardswish_layer,
    lathe_linear_layer, lathe_max_pool2d_layer, lathe_relu_layer, lathe_relu6_layer, lathe_residual_layer,
    lathe_sequential_layer, lathe_silu_layer;
extern const lathe_op lathe_add_op, lathe_add_relu_op, lathe_batch_norm_add_op, lathe_batch_norm_add_relu_op,
    lathe_batch_norm_op, lathe_batch_norm_hardswish_op, lathe_batch_norm_relu_op, lathe_batch_norm_relu6_op,
    lathe_batch_norm_silu_op, lathe_conv2d_op, lathe_conv2d_relu_op, lathe_conv2d_relu6_op, lathe_linear_op,
    lathe_linear_relu_op, lathe_max_pool2d_op, lathe_relu_max_pool2d_op;

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

static bool runs_apart(const lathe_layer *layer, const lathe_tensor *x)
{
    return layer->model->no_fusion || layer->model->hook || lathe_tape_traced(x ? x->tape : NULL);
}

/* The gradient of the weights applies a norm that was left once more: that would not pay with an exp. */
static bool may_be_left(const pattern *p)
{
    return p->own == &lathe_batch_norm_op &&
        (p->second == &lathe_relu_layer || p->second == &lathe_relu6_layer);
}

/* Whether `next` reads each plane of the norm's result by itself, and so can apply the norm. */
static bool reads_planes(const lathe_layer *next, const lathe_tensor *x)
{
    if (next->type != &lathe_conv2d_layer || next->tensor[0]->shape.dim[1] != 1 || x->shape.rank != 4)
        return false;
    size_t plane = (size_t)x->shape.dim[2] * (size_t)x->shape.dim[3] * LATHE_LANES;
    return x->layout == LATHE_BATCHED && lathe_tape_layout_of(x->tape) == LATHE_BATCHED &&
        plane <= LATHE_NORM_PLANE;
}

lathe_tensor *lathe_fusion_forward(lathe_layer *sequential, int *i, int end, lathe_tensor *x)
{
    int row = runs_apart(sequential, x) ? PATTERNS : row_for(sequential, *i);
    if (row == PATTERNS || row_for(sequential, *i + 1) < row)
        return lathe_nn_forward(sequential->child[*i], x);
    const pattern *p = &patterns[row];
    lathe_layer *runs = sequential->child[*i + p->second_runs];
    ++*i;
    if (!x || !x->tape) return lathe_nn_forward(runs, x);
    bool left = may_be_left(p) && *i + 1 < end && reads_planes(sequential->child[*i + 1], x);
    lathe_swap former = lathe_tape_swap(x->tape, (lathe_swap){ p->own, p->fused, runs->path, NULL, left });
    lathe_tensor *y = lathe_nn_forward(runs, x);
    lathe_tape_swap(x->tape, former);
    return y;
}

/* ---- a batch norm and a sum ---------------------------------------------------------------------------- */

/* The batch norm that ends a body of sequentials; NULL if none does. */
static lathe_layer *last_norm(lathe_layer *body)
{
    while (body->type == &lathe_sequential_layer && body->children) body = body->child[body->children - 1];
    return body->type == &lathe_batch_norm_layer ? body : NULL;
}

/* All of a body but the batch norm that ends it. */
static lathe_tensor *forward_to_norm(lathe_layer *body, lathe_tensor *x)
{
    for (; x && body->type == &lathe_sequential_layer; body = body->child[body->children - 1])
        x = lathe_nn_forward_part(body, 0, body->children - 1, x);
    return x;
}

static lathe_tensor *forward_shortcut(lathe_layer *residual, lathe_tensor *x)
{
    return residual->children > 1 ? lathe_nn_forward(residual->child[1], x) : x;
}

static lathe_tensor *add_shortcut(lathe_layer *residual, lathe_tensor *y, lathe_tensor *x)
{
    return lathe_add(y, forward_shortcut(residual, x));
}

static bool is_alike(const lathe_tensor *a, const lathe_tensor *b)
{
    return a && b && a->layout == b->layout && a->sharded == b->sharded &&
        lathe_shape_equal(&a->shape, &b->shape);
}

lathe_tensor *lathe_fusion_residual(lathe_layer *residual, lathe_tensor *x)
{
    lathe_layer *body = residual->child[0], *norm = last_norm(body);
    if (!norm || !x->tape || runs_apart(residual, x))
        return add_shortcut(residual, lathe_nn_forward(body, x), x);
    lathe_tape *tape = x->tape;
    lathe_tensor *z = forward_to_norm(body, x);
    /* a norm of x itself: its gradient is the last that is added to x's, and it may have to lay x out */
    if (z == x) return add_shortcut(residual, lathe_nn_forward(norm, z), x);
    lathe_tensor *base = forward_shortcut(residual, x);
    if (!is_alike(z, base)) return lathe_add(lathe_nn_forward(norm, z), base);
    lathe_swap former = lathe_tape_swap(tape, (lathe_swap){ 0 });
    bool relu = former.fused == &lathe_add_relu_op && former.scope == residual->path;
    lathe_tape_swap(tape,
        (lathe_swap){ &lathe_batch_norm_op, relu ? &lathe_batch_norm_add_relu_op : &lathe_batch_norm_add_op,
            norm->path, base, false });
    lathe_tensor *y = lathe_nn_forward(norm, z);
    lathe_tape_swap(tape, former);
    return y;
}
