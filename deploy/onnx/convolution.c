/* Convolutions, transposed convolutions and fully connected layers. */
#include "../../core/ops/conv2d.h"
#include "../../core/ops/conv_transpose2d.h"
#include "onnx_impl.h"

/* The weight [O, C, kh, kw], which may be given as [O, C]. */
static lathe_shape filters(const lathe_onnx *o)
{
    lathe_shape w = lathe_onnx_op(o)->in[1].shape;
    while (w.rank < 4) w.dim[w.rank++] = 1;
    return w;
}

/* The rows of zeros that TensorFlow's "same" wants along one axis. */
static int same_padding(int size, int results, int taps, int stride, int dilation)
{
    int padding = (results - 1) * stride + dilation * (taps - 1) + 1 - size;
    return padding > 0 ? padding : 0;
}

/* Add attributes that both kinds of convolution have. ONNX orders `pads` as top, left, bottom, right. */
static void add_window(lathe_proto *attributes, const lathe_shape *w, const int64_t strides[2],
    const int64_t dilations[2], const int64_t pads[4], int groups)
{
    lathe_onnx_list(attributes, "kernel_shape", (int64_t[]){ w->dim[2], w->dim[3] }, 2);
    lathe_onnx_list(attributes, "strides", strides, 2);
    lathe_onnx_list(attributes, "dilations", dilations, 2);
    lathe_onnx_list(attributes, "pads", pads, 4);
    lathe_onnx_int(attributes, "group", groups);
}

static const char *window_node(lathe_onnx *o, const char *type, lathe_shape w, lathe_proto *attributes)
{
    const char *x = lathe_onnx_in(o, 0), *weight = lathe_onnx_in_as(o, 1, w), *bias = lathe_onnx_in(o, 2);
    return lathe_onnx_node(o, type, (const char *const[]){ x, weight, bias }, 3, attributes);
}

static const char *emit_conv2d(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    const lathe_conv2d_opts *a = node->attributes;
    const lathe_sides *sides = &a->padding_sides;
    const int *x = node->in[0].shape.dim, *y = node->out.dim;
    const lathe_shape w = filters(o);
    int64_t strides[] = { a->stride, a->stride_width ? a->stride_width : a->stride },
            dilations[] = { a->dilation, a->dilation_width ? a->dilation_width : a->dilation },
            pads[] = { a->padding + sides->top, a->padding + sides->left, a->padding + sides->bottom,
                a->padding + sides->right };
    for (int axis = 0; axis < 2 && a->same; axis++) {
        int all =
            same_padding(x[2 + axis], y[2 + axis], w.dim[2 + axis], (int)strides[axis], (int)dilations[axis]);
        pads[axis] = all / 2;
        pads[2 + axis] = all - all / 2;
    }
    lathe_proto attributes = { 0 };
    add_window(&attributes, &w, strides, dilations, pads, a->groups);
    return window_node(o, "Conv", w, &attributes);
}

static const char *emit_conv_transpose2d(lathe_onnx *o)
{
    const lathe_conv_transpose2d_opts *a = lathe_onnx_op(o)->attributes;
    const lathe_sides *sides = &a->padding_sides;
    const lathe_shape w = filters(o);
    int64_t strides[] = { a->stride, a->stride_width ? a->stride_width : a->stride },
            dilations[] = { a->dilation, a->dilation_width ? a->dilation_width : a->dilation },
            pads[] = { a->padding + sides->top, a->padding + sides->left, a->padding + sides->bottom,
                a->padding + sides->right };
    lathe_proto attributes = { 0 };
    add_window(&attributes, &w, strides, dilations, pads, a->groups);
    if (a->output_padding)
        lathe_onnx_list(&attributes, "output_padding", (int64_t[]){ a->output_padding, a->output_padding },
            2);
    return window_node(o, "ConvTranspose", w, &attributes);
}

static const char *emit_conv2d_relu(lathe_onnx *o) { return lathe_onnx_unary(o, "Relu", emit_conv2d(o)); }
static const char *emit_conv2d_relu6(lathe_onnx *o) { return lathe_onnx_relu6(o, emit_conv2d(o)); }

/* The sum with the last input. */
static const char *emit_conv2d_add(lathe_onnx *o)
{
    const char *y = emit_conv2d(o);
    return lathe_onnx_binary(o, "Add", lathe_onnx_in(o, lathe_onnx_op(o)->inputs - 1), y);
}

static const char *emit_conv2d_add_relu(lathe_onnx *o)
{
    return lathe_onnx_unary(o, "Relu", emit_conv2d_add(o));
}

static const char *emit_linear(lathe_onnx *o)
{
    lathe_proto attributes = { 0 };
    const char *x = lathe_onnx_in(o, 0), *weight = lathe_onnx_in(o, 1), *bias = lathe_onnx_in(o, 2);
    lathe_onnx_int(&attributes, "transB", 1);
    return lathe_onnx_node(o, "Gemm", (const char *const[]){ x, weight, bias }, 3, &attributes);
}

static const char *emit_linear_relu(lathe_onnx *o) { return lathe_onnx_unary(o, "Relu", emit_linear(o)); }

extern const lathe_op lathe_conv2d_add_op, lathe_conv2d_add_relu_op, lathe_conv2d_op, lathe_conv2d_relu6_op,
    lathe_conv2d_relu_op, lathe_conv_transpose2d_op, lathe_linear_op, lathe_linear_relu_op;

const lathe_onnx_form lathe_onnx_convolutions[] = {
    { &lathe_conv2d_add_op, emit_conv2d_add },
    { &lathe_conv2d_add_relu_op, emit_conv2d_add_relu },
    { &lathe_conv2d_op, emit_conv2d },
    { &lathe_conv2d_relu6_op, emit_conv2d_relu6 },
    { &lathe_conv2d_relu_op, emit_conv2d_relu },
    { &lathe_conv_transpose2d_op, emit_conv_transpose2d },
    { &lathe_linear_op, emit_linear },
    { &lathe_linear_relu_op, emit_linear_relu },
    { 0 },
};
