/* Normalisations. */
#include "../../core/ops/batch_norm.h"
#include "../../core/ops/group_norm.h"
#include "../../core/ops/layer_norm.h"
#include "../../core/ops/local_response_norm.h"
#include "onnx_impl.h"

/* ---- batch norm ---------------------------------------------------------------------------------------- */

/* Input number `i`, or `count` times a number where it is not given. */
static const char *in_or(lathe_onnx *o, int i, const char *what, double number, int count)
{
    const char *value = lathe_onnx_in(o, i);
    return value && !*value ? lathe_onnx_filled(o, what, number, count) : value;
}

static const char *emit_batch_norm(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    const lathe_batch_norm_opts *a = node->attributes;
    const int channels = node->out.dim[1];
    lathe_proto attributes = { 0 };
    const char *x = lathe_onnx_in(o, 0), *weight = in_or(o, 1, "ones", 1, channels),
               *bias = in_or(o, 2, "zeros", 0, channels), *mean = lathe_onnx_in(o, 3),
               *variance = lathe_onnx_in(o, 4);
    lathe_onnx_float(&attributes, "epsilon", a->eps);
    return lathe_onnx_node(o, "BatchNormalization", (const char *const[]){ x, weight, bias, mean, variance },
        5, &attributes);
}

static const char *emit_batch_norm_relu(lathe_onnx *o)
{
    return lathe_onnx_unary(o, "Relu", emit_batch_norm(o));
}

static const char *emit_batch_norm_relu6(lathe_onnx *o) { return lathe_onnx_relu6(o, emit_batch_norm(o)); }
static const char *emit_batch_norm_silu(lathe_onnx *o) { return lathe_onnx_silu(o, emit_batch_norm(o)); }

static const char *emit_batch_norm_hardswish(lathe_onnx *o)
{
    return lathe_onnx_hardswish(o, emit_batch_norm(o));
}

/* The sum with the last input. */
static const char *emit_batch_norm_add(lathe_onnx *o)
{
    const char *y = emit_batch_norm(o);
    return lathe_onnx_binary(o, "Add", y, lathe_onnx_in(o, lathe_onnx_op(o)->inputs - 1));
}

static const char *emit_batch_norm_add_relu(lathe_onnx *o)
{
    return lathe_onnx_unary(o, "Relu", emit_batch_norm_add(o));
}

/* ---- group and instance norm --------------------------------------------------------------------------- */

/* x * weight + bias, where they are given; weight and bias get these shapes. */
static const char *affine(lathe_onnx *o, const char *x, lathe_shape shape)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    for (int i = 1; i < 3; i++)
        if (i < node->inputs && node->in[i].source != LATHE_GRAPH_ABSENT)
            x = lathe_onnx_binary(o, i == 1 ? "Mul" : "Add", x, lathe_onnx_in_as(o, i, shape));
    return x;
}

/* [C, 1, ...] for images [B, C, ...] */
static lathe_shape a_channel(const lathe_shape *x)
{
    lathe_shape shape = { x->rank - 1, { x->dim[1] } };
    for (int i = 1; i < shape.rank; i++) shape.dim[i] = 1;
    return shape;
}

/*
 * ONNX's GroupNormalization has a scale a group before opset 21. A group as one channel of
 * InstanceNormalization is the same in every opset.
 */
static const char *emit_group_norm(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    const lathe_group_norm_opts *a = node->attributes;
    lathe_proto attributes = { 0 };
    const char *x = lathe_onnx_in(o, 0), *ones = lathe_onnx_filled(o, "ones", 1, a->groups),
               *zeros = lathe_onnx_filled(o, "zeros", 0, a->groups);
    const char *groups = lathe_onnx_reshape(o, x, (int64_t[]){ 1, a->groups, -1 }, 3, true);
    lathe_onnx_float(&attributes, "epsilon", a->eps);
    const char *y = lathe_onnx_node(o, "InstanceNormalization", (const char *const[]){ groups, ones, zeros },
        3, &attributes);
    return affine(o, lathe_onnx_as_result(o, y), a_channel(&node->out));
}

/* ---- layer norm ---------------------------------------------------------------------------------------- */

/* (x - mean) / sqrt(var + eps) over dimensions; ONNX has LayerNormalization from opset 17 on. */
static const char *normalise(lathe_onnx *o, const int64_t *dims, int count, double eps)
{
    const char *x = lathe_onnx_in(o, 0),
               *centred =
                   lathe_onnx_binary(o, "Sub", x, lathe_onnx_reduce(o, "ReduceMean", x, dims, count, true)),
               *square = lathe_onnx_binary(o, "Mul", centred, centred),
               *variance = lathe_onnx_reduce(o, "ReduceMean", square, dims, count, true),
               *above = lathe_onnx_binary(o, "Add", variance, lathe_onnx_number(o, eps));
    return lathe_onnx_binary(o, "Div", centred, lathe_onnx_unary(o, "Sqrt", above));
}

static const char *emit_layer_norm(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    const lathe_layer_norm_opts *a = node->attributes;
    int count = a->dims ? a->dims : node->out.rank - 1;
    int64_t dims[LATHE_MAX_RANK];
    lathe_shape last = { count, { 0 } };
    for (int i = 0; i < count; i++) {
        dims[i] = node->out.rank - count + i;
        last.dim[i] = node->out.dim[dims[i]];
    }
    return affine(o, normalise(o, dims, count, a->eps), last);
}

static const char *emit_layer_norm2d(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    const lathe_layer_norm_opts *a = node->attributes;
    return affine(o, normalise(o, (int64_t[]){ 1 }, 1, a->eps), a_channel(&node->out));
}

/* ---- local response norm ------------------------------------------------------------------------------- */

/* x / (k + alpha * m)^beta with m the mean of squares in a square window. */
static const char *within_channel(lathe_onnx *o, const lathe_local_response_norm_opts *a)
{
    const int64_t radius = a->size / 2, size = a->size;
    lathe_proto attributes = { 0 };
    const char *x = lathe_onnx_in(o, 0), *square = lathe_onnx_binary(o, "Mul", x, x);
    lathe_onnx_list(&attributes, "kernel_shape", (int64_t[]){ size, size }, 2);
    lathe_onnx_list(&attributes, "strides", (int64_t[]){ 1, 1 }, 2);
    lathe_onnx_list(&attributes, "pads", (int64_t[]){ radius, radius, radius, radius }, 4);
    lathe_onnx_int(&attributes, "count_include_pad", 1);
    const char *mean = lathe_onnx_node(o, "AveragePool", &square, 1, &attributes),
               *scaled = lathe_onnx_binary(o, "Mul", mean, lathe_onnx_number(o, a->alpha)),
               *base = lathe_onnx_binary(o, "Add", scaled, lathe_onnx_number(o, a->k)),
               *divisor = lathe_onnx_binary(o, "Pow", base, lathe_onnx_number(o, a->beta));
    return lathe_onnx_binary(o, "Div", x, divisor);
}

static const char *emit_local_response_norm(lathe_onnx *o)
{
    const lathe_local_response_norm_opts *a = lathe_onnx_op(o)->attributes;
    if (a->within_channel) return within_channel(o, a);
    lathe_proto attributes = { 0 };
    const char *x = lathe_onnx_in(o, 0);
    lathe_onnx_float(&attributes, "alpha", a->alpha);
    lathe_onnx_float(&attributes, "beta", a->beta);
    lathe_onnx_float(&attributes, "bias", a->k);
    lathe_onnx_int(&attributes, "size", a->size);
    return lathe_onnx_node(o, "LRN", &x, 1, &attributes);
}

extern const lathe_op lathe_batch_norm_add_op, lathe_batch_norm_add_relu_op, lathe_batch_norm_hardswish_op,
    lathe_batch_norm_op, lathe_batch_norm_relu6_op, lathe_batch_norm_relu_op, lathe_batch_norm_silu_op,
    lathe_group_norm_op, lathe_instance_norm_op, lathe_layer_norm2d_op, lathe_layer_norm_op,
    lathe_local_response_norm_op;

const lathe_onnx_form lathe_onnx_norms[] = {
    { &lathe_batch_norm_add_op, emit_batch_norm_add },
    { &lathe_batch_norm_add_relu_op, emit_batch_norm_add_relu },
    { &lathe_batch_norm_hardswish_op, emit_batch_norm_hardswish },
    { &lathe_batch_norm_op, emit_batch_norm },
    { &lathe_batch_norm_relu6_op, emit_batch_norm_relu6 },
    { &lathe_batch_norm_relu_op, emit_batch_norm_relu },
    { &lathe_batch_norm_silu_op, emit_batch_norm_silu },
    { &lathe_group_norm_op, emit_group_norm },
    { &lathe_instance_norm_op, emit_group_norm }, /* as many groups as channels */
    { &lathe_layer_norm2d_op, emit_layer_norm2d },
    { &lathe_layer_norm_op, emit_layer_norm },
    { &lathe_local_response_norm_op, emit_local_response_norm },
    { 0 },
};
