/*
 * Pooling. Padding and sizes are all worked out here. A window that ceil_mode lets stand over the edge is
 * padding behind the picture: versions of ONNX differ about such windows.
 */
#include <math.h>

#include "../../core/alloc.h"
#include "../../core/ops/pool.h"
#include "onnx_impl.h"

/* One axis of a window. */
typedef struct axis {
    int taps, stride, dilation;
    int64_t before, after; /* padding that the options ask for */
    int64_t beyond;        /* what the last window needs besides */
} axis;

/* The places that all windows cover, less those of the picture and of the padding before it. */
static int64_t needed_behind(const axis *a, int size, int results)
{
    return (int64_t)(results - 1) * a->stride + (int64_t)a->dilation * (a->taps - 1) + 1 - size - a->before;
}

static void find_padding(axis *a, int size, int results, bool same)
{
    if (same) {
        int64_t all = needed_behind(a, size, results);
        if (all < 0) all = 0;
        a->before = all / 2;
        a->after = all - a->before;
    }
    int64_t behind = needed_behind(a, size, results);
    if (behind < 0) behind = 0;
    a->beyond = behind > a->after ? behind - a->after : 0;
    if (a->after > behind) a->after = behind; /* no window reaches the rest */
}

static void axes_of(const lathe_graph_node *node, axis axes[2])
{
    const lathe_pool_opts *o = node->attributes;
    const lathe_sides *sides = &o->padding_sides;
    const int *x = node->in[0].shape.dim, *y = node->out.dim, dilation = o->dilation ? o->dilation : 1;
    axis *rows = &axes[0], *columns = &axes[1];
    *rows = (axis){ .taps = o->kernel,
        .stride = o->stride ? o->stride : o->kernel,
        .dilation = dilation,
        .before = o->padding + sides->top,
        .after = o->padding + sides->bottom };
    *columns = (axis){ .taps = o->kernel_width ? o->kernel_width : o->kernel,
        .dilation = o->dilation_width ? o->dilation_width : dilation,
        .before = o->padding + sides->left,
        .after = o->padding + sides->right };
    columns->stride = o->stride_width ? o->stride_width : o->stride ? o->stride : columns->taps;
    find_padding(rows, x[2], y[2], o->same);
    find_padding(columns, x[3], y[3], o->same);
}

/* x with the options' own padding as numbers of the picture. */
static const char *padded(lathe_onnx *o, const char *x, axis axes[2], double number)
{
    const int64_t before[] = { 0, 0, axes[0].before, axes[1].before },
                  after[] = { 0, 0, axes[0].after, axes[1].after };
    if (!(before[2] || before[3] || after[2] || after[3])) return x;
    for (int i = 0; i < 2; i++) axes[i].before = axes[i].after = 0;
    return lathe_onnx_pad(o, x, before, after, 4, number);
}

static const char *pool(lathe_onnx *o, const char *type, const char *x, const axis axes[2],
    lathe_proto *attributes)
{
    const axis *rows = &axes[0], *columns = &axes[1];
    lathe_onnx_list(attributes, "kernel_shape", (int64_t[]){ rows->taps, columns->taps }, 2);
    lathe_onnx_list(attributes, "strides", (int64_t[]){ rows->stride, columns->stride }, 2);
    lathe_onnx_list(attributes, "pads",
        (int64_t[]){ rows->before, columns->before, rows->after + rows->beyond,
            columns->after + columns->beyond },
        4);
    return lathe_onnx_node(o, type, &x, 1, attributes);
}

/* ONNX Runtime refuses padding as large as the window without its gaps. */
static bool is_wide(const axis *a) { return a->before >= a->taps || a->after + a->beyond >= a->taps; }

static const char *max_pool(lathe_onnx *o, const char *x)
{
    axis axes[2];
    lathe_proto attributes = { 0 };
    axes_of(lathe_onnx_op(o), axes);
    if (is_wide(&axes[0]) || is_wide(&axes[1])) {
        for (int i = 0; i < 2; i++) axes[i].after += axes[i].beyond, axes[i].beyond = 0;
        x = padded(o, x, axes, -(double)INFINITY);
    }
    if (axes[0].dilation > 1 || axes[1].dilation > 1)
        lathe_onnx_list(&attributes, "dilations", (int64_t[]){ axes[0].dilation, axes[1].dilation }, 2);
    return pool(o, "MaxPool", x, axes, &attributes);
}

static const char *emit_max_pool2d(lathe_onnx *o) { return max_pool(o, lathe_onnx_in(o, 0)); }

static const char *emit_relu_max_pool2d(lathe_onnx *o)
{
    return max_pool(o, lathe_onnx_unary(o, "Relu", lathe_onnx_in(o, 0)));
}

/*
 * The divisor counts pixels, and the options' padding unless exclude_padding, but nothing beyond the padding.
 * So where a window goes beyond, the padding becomes part of the picture, and ONNX counts pixels alone.
 */
static const char *emit_avg_pool2d(lathe_onnx *o)
{
    const lathe_pool_opts *opts = lathe_onnx_op(o)->attributes;
    axis axes[2];
    lathe_proto attributes = { 0 };
    const char *x = lathe_onnx_in(o, 0);
    axes_of(lathe_onnx_op(o), axes);
    if (!opts->exclude_padding && (axes[0].beyond || axes[1].beyond)) x = padded(o, x, axes, 0);
    else if (!opts->exclude_padding) lathe_onnx_int(&attributes, "count_include_pad", 1);
    return pool(o, "AveragePool", x, axes, &attributes);
}

/* ---- adaptive means ------------------------------------------------------------------------------------ */

/* Whether all windows are alike and equally far apart. */
static bool is_regular(int size, int results, axis *a)
{
    *a = (axis){ .stride = results > 1 ? size / results : 1, .dilation = 1 };
    for (int i = 0; i < results; i++) {
        int begin = (int)((int64_t)i * size / results),
            end = (int)(((int64_t)(i + 1) * size + results - 1) / results);
        if (!i) a->taps = end;
        if (begin != i * a->stride || end - begin != a->taps) return false;
    }
    return true;
}

/* The matrix of means along an axis: [results, size], or its transpose. */
static const char *mean_matrix(lathe_onnx *o, int size, int results, bool transposed)
{
    size_t count = lathe_times((size_t)size, (size_t)results);
    double *numbers = lathe_arena_zeroed(o->arena, count, sizeof *numbers);
    for (int i = 0; numbers && i < results; i++) {
        int begin = (int)((int64_t)i * size / results),
            end = (int)(((int64_t)(i + 1) * size + results - 1) / results);
        for (int j = begin; j < end; j++)
            numbers[(size_t)(transposed ? j * results + i : i * size + j)] = 1.0 / (end - begin);
    }
    if (!numbers) return lathe_onnx_failed(o, LATHE_ENOMEM);
    lathe_shape shape = { 2, { transposed ? size : results, transposed ? results : size } };
    return lathe_onnx_floats(o, "means", numbers, shape);
}

/* ONNX has no adaptive pooling. Windows of several sizes are means by a matrix for each axis. */
static const char *emit_adaptive_avg_pool2d(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    const int *x = node->in[0].shape.dim, *y = node->out.dim;
    const char *value = lathe_onnx_in(o, 0);
    axis axes[2];
    if (y[2] == 1 && y[3] == 1) return lathe_onnx_unary(o, "GlobalAveragePool", value);
    bool regular = is_regular(x[2], y[2], &axes[0]), across = is_regular(x[3], y[3], &axes[1]);
    if (regular && across) {
        lathe_proto attributes = { 0 };
        return pool(o, "AveragePool", value, axes, &attributes);
    }
    value = lathe_onnx_binary(o, "MatMul", value, mean_matrix(o, x[3], y[3], true));
    return lathe_onnx_binary(o, "MatMul", mean_matrix(o, x[2], y[2], false), value);
}

extern const lathe_op lathe_adaptive_avg_pool2d_op, lathe_avg_pool2d_op, lathe_max_pool2d_op,
    lathe_relu_max_pool2d_op;

const lathe_onnx_form lathe_onnx_pools[] = {
    { &lathe_adaptive_avg_pool2d_op, emit_adaptive_avg_pool2d },
    { &lathe_avg_pool2d_op, emit_avg_pool2d },
    { &lathe_max_pool2d_op, emit_max_pool2d },
    { &lathe_relu_max_pool2d_op, emit_relu_max_pool2d },
    { 0 },
};
