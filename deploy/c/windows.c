/* Convolutions, products and pooling: their weights in the order of template/windows_impl.h, and calls. */
#include <math.h>
#include <string.h>

#include "../../core/ops/conv2d.h"
#include "../../core/ops/conv_transpose2d.h"
#include "../../core/ops/pool.h"
#include "plan_impl.h"

extern const lathe_op lathe_conv2d_op, lathe_conv2d_relu_op, lathe_conv2d_relu6_op, lathe_conv2d_add_op,
    lathe_conv2d_add_relu_op, lathe_conv_transpose2d_op, lathe_linear_op, lathe_linear_relu_op,
    lathe_max_pool2d_op, lathe_relu_max_pool2d_op, lathe_avg_pool2d_op, lathe_adaptive_avg_pool2d_op,
    lathe_upsample_op;

/* A net_window, in the order of its fields. */
typedef struct window_row {
    int height, width, channels, out_height, out_width, out_channels, groups;
    int kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width, top, left;
    int line, lines, band;
} window_row;

_Static_assert(sizeof(window_row) == LATHE_C_WINDOW * sizeof(int), "net_window has as many numbers");

static int add_window(lathe_c_plan *plan, const window_row *row)
{
    int numbers[LATHE_C_WINDOW];
    memcpy(numbers, row, sizeof numbers);
    return lathe_c_window(plan, numbers);
}

/* A window along one side of a picture. */
typedef struct axis {
    int taps, stride, dilation, before, after;
} axis;

/* Padding as TensorFlow's "same" has it: an odd place of it is behind. */
static void pad_same(axis *a, int size, int results)
{
    int padding = (results - 1) * a->stride + a->dilation * (a->taps - 1) + 1 - size;
    a->before = padding > 0 ? padding / 2 : 0;
    a->after = padding > 0 ? padding - a->before : 0;
}

/* Size, stride, dilation and the padding before: what all windows have. `same` pads as TensorFlow does. */
static window_row row_of(const lathe_graph_node *node, axis *rows, axis *columns)
{
    const int *x = node->in[0].shape.dim, *y = node->out.dim;
    if (lathe_c_int(node, "same")) {
        pad_same(rows, x[2], y[2]);
        pad_same(columns, x[3], y[3]);
    }
    return (window_row){ x[2], x[3], x[1], y[2], y[3], y[1], 1, rows->taps, columns->taps, rows->stride,
        columns->stride, rows->dilation, columns->dilation, rows->before, columns->before, 0, 0, 0 };
}

/* The step along a row: as down a column, unless the option ..._width says otherwise. */
static int along(int width, int height) { return width ? width : height; }

/* ---- packing ------------------------------------------------------------------------------------------- */

/* Weights of one operation: number (output, channel, tap) of a group is at `first` + these steps. */
typedef struct source {
    const lathe_real *weight, *bias;
    size_t output, channel, tap, group; /* steps */
    int groups, outputs, channels, taps;
} source;

static size_t packed_size(const source *s)
{
    size_t blocks = (size_t)((s->outputs + LATHE_C_LANES - 1) / LATHE_C_LANES);
    return (size_t)s->groups * blocks * LATHE_C_LANES * ((size_t)s->taps * (size_t)s->channels + 1);
}

/* For each block of outputs: biases, then [taps][channels][LANES]. */
static void pack(const source *s, float *to)
{
    for (int g = 0; to && g < s->groups; g++)
        for (int first = 0; first < s->outputs; first += LATHE_C_LANES) {
            int lanes = s->outputs - first < LATHE_C_LANES ? s->outputs - first : LATHE_C_LANES;
            const lathe_real *from = s->weight + (size_t)g * s->group + (size_t)first * s->output;
            for (int l = 0; l < lanes && s->bias; l++) to[l] = (float)s->bias[g * s->outputs + first + l];
            to += LATHE_C_LANES;
            for (int t = 0; t < s->taps; t++)
                for (int c = 0; c < s->channels; c++, to += LATHE_C_LANES)
                    for (int l = 0; l < lanes; l++)
                        to[l] =
                            (float)from[(size_t)l * s->output + (size_t)c * s->channel + (size_t)t * s->tap];
        }
}

/* ---- convolution --------------------------------------------------------------------------------------- */

/* ", LOW, HIGH": where the result is cut off. */
static const char *limits_of(const lathe_op *op)
{
    if (op == &lathe_conv2d_relu6_op) return "0, 6";
    bool relu = op == &lathe_conv2d_relu_op || op == &lathe_conv2d_add_relu_op || op == &lathe_linear_relu_op;
    return relu ? "0, HUGE_VALF" : "-HUGE_VALF, HUGE_VALF";
}

/* Of filters, with the options of a convolution; those of a transposed one mean the same. */
static window_row filter_row(const lathe_graph_node *node, const lathe_conv2d_opts *o)
{
    const int *w = node->in[1].shape.dim;
    axis rows = { .taps = w[2],
        .stride = o->stride,
        .dilation = o->dilation,
        .before = o->padding + o->padding_sides.top };
    axis columns = { .taps = w[3],
        .stride = along(o->stride_width, o->stride),
        .dilation = along(o->dilation_width, o->dilation),
        .before = o->padding + o->padding_sides.left };
    window_row row = row_of(node, &rows, &columns);
    row.groups = o->groups;
    return row;
}

/*
 * How many lines the ring has, and how long they are. Weights that the first cache does not hold are read
 * once for a band of rows, of some 64 pixels.
 */
static void choose_lines(window_row *row, size_t weights)
{
    enum { CACHED = 4096, PIXELS = 64 };
    int tiles = (row->out_width + LATHE_C_TILE - 1) / LATHE_C_TILE;
    int reach =
        (tiles * LATHE_C_TILE - 1) * row->stride_width + (row->kernel_width - 1) * row->dilation_width + 1;
    row->line = reach > row->left + row->width ? reach : row->left + row->width;
    row->band = weights <= CACHED ? 1 : (PIXELS + row->out_width - 1) / row->out_width;
    if (row->band > row->out_height) row->band = row->out_height;
    row->lines = (row->band - 1) * row->stride_height + (row->kernel_height - 1) * row->dilation_height + 1;
}

typedef enum shape_of_conv { WINDOWS, DEPTHWISE, POINTWISE, WHOLE } shape_of_conv;

static shape_of_conv kind_of(const window_row *row)
{
    if (row->groups > 1)
        return row->groups == row->channels && row->groups == row->out_channels ? DEPTHWISE : WINDOWS;
    if (row->top || row->left) return WINDOWS;
    if (row->out_height * row->out_width == 1 && row->kernel_height == row->height &&
        row->kernel_width == row->width)
        return WHOLE; /* then no dilation moves a tap */
    bool one = row->kernel_height * row->kernel_width * row->stride_height * row->stride_width == 1;
    return one && row->out_height == row->height && row->out_width == row->width ? POINTWISE : WINDOWS;
}

static void write_conv2d(lathe_c_plan *plan, const lathe_graph_node *node)
{
    static const char *const sections[] = { "conv2d", "depthwise", "pointwise", "linear" };
    window_row row = filter_row(node, node->attributes);
    shape_of_conv kind = kind_of(&row);
    bool adds = node->op == &lathe_conv2d_add_op || node->op == &lathe_conv2d_add_relu_op;
    const int *w = node->in[1].shape.dim, taps = w[2] * w[3];
    int in[] = { lathe_c_operand(plan, node, 0), adds ? lathe_c_operand(plan, node, node->inputs - 1) : 0 };
    source s = { lathe_c_constant(plan, node, 1), lathe_c_constant(plan, node, 2), (size_t)(w[1] * taps),
        (size_t)taps, 1, 0, row.groups, w[0] / row.groups, w[1], taps };
    if (kind == DEPTHWISE) s.groups = 1, s.outputs = row.channels;
    s.group = (size_t)s.outputs * s.output;
    lathe_c_step *step = lathe_c_step_new(plan, node, sections[kind], lathe_shape_count(&node->out));
    pack(&s, lathe_c_weights(plan, step, packed_size(&s)));
    const char *base = adds ? "$1" : "NULL", *limits = limits_of(node->op);
    if (adds) step->over = 1;
    if (kind == WHOLE)
        lathe_c_step_call(plan, step, in, 1 + adds, "$n_linear($0, %d, %d, $w, %s, $y, %s);",
            taps * row.channels, row.out_channels, base, limits);
    else if (kind == POINTWISE) {
        row.width *= row.height, row.out_width = row.width, row.height = row.out_height = 1;
        row.line = row.width, row.lines = row.band = 1;
        lathe_c_step_call(plan, step, in, 1 + adds, "$n_pointwise(&$n_windows[%d], $0, $w, %s, $y, %s);",
            add_window(plan, &row), base, limits);
    } else {
        choose_lines(&row, kind == DEPTHWISE ? 0 : step->weight_count);
        lathe_c_work(plan, step, (size_t)row.line * (size_t)row.lines * (size_t)row.channels + LATHE_C_LANES);
        lathe_c_step_call(plan, step, in, 1 + adds, "$n_%s(&$n_windows[%d], $0, $w, %s, $y, $l, %s);",
            sections[kind], add_window(plan, &row), base, limits);
    }
    lathe_c_step_end(plan, step);
}

static void write_conv_transpose2d(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const lathe_conv_transpose2d_opts *o = node->attributes;
    const int *w = node->in[1].shape.dim, taps = w[2] * w[3], in[] = { lathe_c_operand(plan, node, 0) };
    window_row row = filter_row(node,
        &(lathe_conv2d_opts){ .stride = o->stride,
            .padding = o->padding,
            .dilation = o->dilation,
            .groups = o->groups,
            .stride_width = o->stride_width,
            .dilation_width = o->dilation_width,
            .padding_sides = o->padding_sides });
    int channels = w[0] / o->groups;
    source s = { lathe_c_constant(plan, node, 1), lathe_c_constant(plan, node, 2), (size_t)taps,
        (size_t)(w[1] * taps), 1, (size_t)(channels * w[1] * taps), o->groups, w[1], channels, taps };
    lathe_c_step *step = lathe_c_step_new(plan, node, "transposed", lathe_shape_count(&node->out));
    pack(&s, lathe_c_weights(plan, step, packed_size(&s)));
    lathe_c_step_call(plan, step, in, 1, "$n_conv_transpose2d(&$n_windows[%d], $0, $w, $y);",
        add_window(plan, &row));
    lathe_c_step_end(plan, step);
}

/* The features of a picture that was flattened lie as [pixels][channels]; lathe's weights are for the other
 * order. */
static void write_linear(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const int *w = node->in[1].shape.dim, in[] = { lathe_c_operand(plan, node, 0) };
    int pixels = node->in[0].source == LATHE_GRAPH_NODE ? plan->pixels[node->in[0].index] : 0;
    if (!pixels) pixels = 1;
    source s = { lathe_c_constant(plan, node, 1), lathe_c_constant(plan, node, 2), (size_t)w[1],
        (size_t)pixels, 1, 0, 1, w[0], w[1] / pixels, pixels };
    lathe_c_step *step = lathe_c_step_new(plan, node, "linear", lathe_shape_count(&node->out));
    pack(&s, lathe_c_weights(plan, step, packed_size(&s)));
    lathe_c_step_call(plan, step, in, 1, "$n_linear($0, %d, %d, $w, NULL, $y, %s);", w[1], w[0],
        limits_of(node->op));
    lathe_c_step_end(plan, step);
}

/* ---- pooling ------------------------------------------------------------------------------------------- */

static void write_pool(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const lathe_pool_opts *o = node->attributes;
    const lathe_sides *sides = &o->padding_sides;
    axis rows = { .taps = o->kernel,
        .stride = along(o->stride, o->kernel),
        .dilation = along(o->dilation, 1),
        .before = o->padding + sides->top,
        .after = o->padding + sides->bottom };
    axis columns = { .taps = along(o->kernel_width, o->kernel),
        .dilation = along(o->dilation_width, rows.dilation),
        .before = o->padding + sides->left,
        .after = o->padding + sides->right };
    columns.stride = along(o->stride_width, along(o->stride, columns.taps));
    window_row row = row_of(node, &rows, &columns);
    bool averages = node->op == &lathe_avg_pool2d_op;
    const int in[] = { lathe_c_operand(plan, node, 0) }, number = add_window(plan, &row);
    lathe_c_step *step =
        lathe_c_step_new(plan, node, averages ? "averages" : "maxima", lathe_shape_count(&node->out));
    if (averages)
        lathe_c_step_call(plan, step, in, 1, "$n_avg_pool2d(&$n_windows[%d], $0, $y, %d, %d, %d);", number,
            rows.after, columns.after, o->exclude_padding);
    else
        lathe_c_step_call(plan, step, in, 1, "$n_max_pool2d(&$n_windows[%d], $0, $y, %s);", number,
            node->op == &lathe_relu_max_pool2d_op ? "0" : "-HUGE_VALF");
    lathe_c_step_end(plan, step);
}

/* Functions from [H][W][C] to another size. */
static void write_resized(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const int *x = node->in[0].shape.dim, *y = node->out.dim, in[] = { lathe_c_operand(plan, node, 0) };
    bool up = node->op == &lathe_upsample_op, bilinear = up && lathe_c_int(node, "mode");
    const char *section = bilinear ? "bilinear" : up ? "nearest" : "adaptive";
    lathe_c_step *step = lathe_c_step_new(plan, node, section, lathe_shape_count(&node->out));
    if (bilinear)
        lathe_c_step_call(plan, step, in, 1, "$n_bilinear($0, %d, %d, %d, %d, %d, %d, $y);", x[2], x[3], x[1],
            y[2], y[3], lathe_c_int(node, "align_corners"));
    else
        lathe_c_step_call(plan, step, in, 1, "$n_%s($0, %d, %d, %d, %d, %d, $y);",
            up ? "nearest" : "adaptive_avg_pool2d", x[2], x[3], x[1], y[2], y[3]);
    lathe_c_step_end(plan, step);
}

const lathe_c_form lathe_c_window_forms[] = {
    { &lathe_conv2d_op, write_conv2d },
    { &lathe_conv2d_relu_op, write_conv2d },
    { &lathe_conv2d_relu6_op, write_conv2d },
    { &lathe_conv2d_add_op, write_conv2d },
    { &lathe_conv2d_add_relu_op, write_conv2d },
    { &lathe_conv_transpose2d_op, write_conv_transpose2d },
    { &lathe_linear_op, write_linear },
    { &lathe_linear_relu_op, write_linear },
    { &lathe_max_pool2d_op, write_pool },
    { &lathe_relu_max_pool2d_op, write_pool },
    { &lathe_avg_pool2d_op, write_pool },
    { &lathe_adaptive_avg_pool2d_op, write_resized },
    { &lathe_upsample_op, write_resized },
    { 0 },
};
