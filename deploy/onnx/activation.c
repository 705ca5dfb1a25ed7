/* Activations and softmax. */
#include <math.h>

#include "onnx_impl.h"

const char *lathe_onnx_relu6(lathe_onnx *o, const char *x)
{
    const char *low = lathe_onnx_number(o, 0), *high = lathe_onnx_number(o, 6);
    return lathe_onnx_node(o, "Clip", (const char *const[]){ x, low, high }, 3, NULL);
}

static const char *hard_sigmoid(lathe_onnx *o, const char *x)
{
    lathe_proto attributes = { 0 };
    lathe_onnx_float(&attributes, "alpha", 1.0 / 6); /* ONNX's default is 0.2 */
    lathe_onnx_float(&attributes, "beta", 0.5);
    return lathe_onnx_node(o, "HardSigmoid", &x, 1, &attributes);
}

/* ONNX has HardSwish from opset 14 on. */
const char *lathe_onnx_hardswish(lathe_onnx *o, const char *x)
{
    return lathe_onnx_binary(o, "Mul", x, hard_sigmoid(o, x));
}

const char *lathe_onnx_silu(lathe_onnx *o, const char *x)
{
    return lathe_onnx_binary(o, "Mul", x, lathe_onnx_unary(o, "Sigmoid", x));
}

static const char *emit_relu(lathe_onnx *o) { return lathe_onnx_unary(o, "Relu", lathe_onnx_in(o, 0)); }
static const char *emit_sigmoid(lathe_onnx *o) { return lathe_onnx_unary(o, "Sigmoid", lathe_onnx_in(o, 0)); }
static const char *emit_tanh(lathe_onnx *o) { return lathe_onnx_unary(o, "Tanh", lathe_onnx_in(o, 0)); }
static const char *emit_relu6(lathe_onnx *o) { return lathe_onnx_relu6(o, lathe_onnx_in(o, 0)); }
static const char *emit_silu(lathe_onnx *o) { return lathe_onnx_silu(o, lathe_onnx_in(o, 0)); }
static const char *emit_hardsigmoid(lathe_onnx *o) { return hard_sigmoid(o, lathe_onnx_in(o, 0)); }
static const char *emit_hardswish(lathe_onnx *o) { return lathe_onnx_hardswish(o, lathe_onnx_in(o, 0)); }

static const char *emit_clip(lathe_onnx *o)
{
    const char *low = lathe_onnx_number(o, lathe_onnx_attribute(o, "min")),
               *high = lathe_onnx_number(o, lathe_onnx_attribute(o, "max")), *x = lathe_onnx_in(o, 0);
    return lathe_onnx_node(o, "Clip", (const char *const[]){ x, low, high }, 3, NULL);
}

static const char *with_float(lathe_onnx *o, const char *type, const char *name, double number)
{
    lathe_proto attributes = { 0 };
    const char *x = lathe_onnx_in(o, 0);
    lathe_onnx_float(&attributes, name, number);
    return lathe_onnx_node(o, type, &x, 1, &attributes);
}

static const char *emit_leaky_relu(lathe_onnx *o)
{
    return with_float(o, "LeakyRelu", "alpha", lathe_onnx_attribute(o, "slope"));
}

static const char *emit_elu(lathe_onnx *o)
{
    return with_float(o, "Elu", "alpha", lathe_onnx_attribute(o, "alpha"));
}

/* x/2 * (1 + erf(x / sqrt(2))); ONNX has Gelu from opset 20 on. */
static const char *emit_gelu(lathe_onnx *o)
{
    const char *x = lathe_onnx_in(o, 0),
               *erf = lathe_onnx_unary(o, "Erf",
                   lathe_onnx_binary(o, "Mul", x, lathe_onnx_number(o, sqrt(0.5)))),
               *sum = lathe_onnx_binary(o, "Add", erf, lathe_onnx_number(o, 1));
    return lathe_onnx_binary(o, "Mul", lathe_onnx_binary(o, "Mul", x, sum), lathe_onnx_number(o, 0.5));
}

/* ONNX's Softplus is log(1 + exp(x)), without beta, and without the threshold from which the result is x. */
static const char *emit_softplus(lathe_onnx *o)
{
    enum { EXACT = 20 }; /* from here on both are x in float */
    double beta = lathe_onnx_attribute(o, "beta"), threshold = lathe_onnx_attribute(o, "threshold");
    const char *x = lathe_onnx_in(o, 0), *scaled = x;
    if (beta != 1) scaled = lathe_onnx_binary(o, "Mul", x, lathe_onnx_number(o, beta));
    const char *y = lathe_onnx_unary(o, "Softplus", scaled);
    if (beta != 1) y = lathe_onnx_binary(o, "Div", y, lathe_onnx_number(o, beta));
    if (threshold >= EXACT) return y;
    const char *above = lathe_onnx_binary(o, "Greater", scaled, lathe_onnx_number(o, threshold));
    return lathe_onnx_node(o, "Where", (const char *const[]){ above, x, y }, 3, NULL);
}

/* The slopes [C] of x [B, C, ...] become [C, 1, ...]. */
static const char *emit_prelu(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    lathe_shape slopes = { node->out.rank - 1, { node->in[1].shape.dim[0] } };
    for (int i = 1; i < slopes.rank; i++) slopes.dim[i] = 1;
    const char *x = lathe_onnx_in(o, 0);
    return lathe_onnx_binary(o, "PRelu", x, lathe_onnx_in_as(o, 1, slopes));
}

static const char *softmax(lathe_onnx *o, const char *type)
{
    lathe_proto attributes = { 0 };
    const char *x = lathe_onnx_in(o, 0);
    lathe_onnx_int(&attributes, "axis", 1);
    return lathe_onnx_node(o, type, &x, 1, &attributes);
}

static const char *emit_softmax(lathe_onnx *o) { return softmax(o, "Softmax"); }
static const char *emit_log_softmax(lathe_onnx *o) { return softmax(o, "LogSoftmax"); }

extern const lathe_op lathe_clip_op, lathe_elu_op, lathe_gelu_op, lathe_hardsigmoid_op, lathe_hardswish_op,
    lathe_leaky_relu_op, lathe_log_softmax_op, lathe_prelu_op, lathe_relu6_op, lathe_relu_op,
    lathe_sigmoid_op, lathe_silu_op, lathe_softmax_op, lathe_softplus_op, lathe_tanh_op;

const lathe_onnx_form lathe_onnx_activations[] = {
    { &lathe_clip_op, emit_clip },
    { &lathe_elu_op, emit_elu },
    { &lathe_gelu_op, emit_gelu },
    { &lathe_hardsigmoid_op, emit_hardsigmoid },
    { &lathe_hardswish_op, emit_hardswish },
    { &lathe_leaky_relu_op, emit_leaky_relu },
    { &lathe_log_softmax_op, emit_log_softmax },
    { &lathe_prelu_op, emit_prelu },
    { &lathe_relu6_op, emit_relu6 },
    { &lathe_relu_op, emit_relu },
    { &lathe_sigmoid_op, emit_sigmoid },
    { &lathe_silu_op, emit_silu },
    { &lathe_softmax_op, emit_softmax },
    { &lathe_softplus_op, emit_softplus },
    { &lathe_tanh_op, emit_tanh },
    { 0 },
};
