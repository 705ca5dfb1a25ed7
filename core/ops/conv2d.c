#include "conv2d.h"

#include <stdio.h>

#include "conv_impl.h"

static bool check_channels(const lathe_node *node)
{
    const lathe_conv2d_opts *o = node->attributes;
    const int *x = node->in[0]->shape.dim, *w = node->in[1]->shape.dim;
    if (node->in[2] && node->in[2]->shape.dim[0] != w[0])
        return lathe_op_fail(node, LATHE_ESHAPE, "bias is [%d], weight has %d filters",
            node->in[2]->shape.dim[0], w[0]);
    if (x[1] % o->groups || w[0] % o->groups)
        return lathe_op_fail(node, LATHE_ESHAPE, "%d channels and %d filters cannot be cut into %d groups",
            x[1], w[0], o->groups);
    return x[1] / o->groups == w[1] ||
        lathe_op_fail(node, LATHE_ESHAPE, "x has %d channels in %d group%s, weight expects %d a group", x[1],
            o->groups, o->groups == 1 ? "" : "s", w[1]);
}

/* All but what depends on the size of x. */
static lathe_conv_geometry geometry_of(const lathe_node *node)
{
    const lathe_conv2d_opts *o = node->attributes;
    const int *w = node->in[1]->shape.dim;
    const lathe_sides *sides = &o->padding_sides;
    return (lathe_conv_geometry){ .groups = o->groups,
        .channels = w[1],
        .filters = w[0] / o->groups,
        .rows = { .taps = w[2],
            .stride = o->stride,
            .dilation = o->dilation,
            .before = o->padding + sides->top,
            .after = o->padding + sides->bottom },
        .columns = { .taps = w[3],
            .stride = o->stride_width ? o->stride_width : o->stride,
            .dilation = o->dilation_width ? o->dilation_width : o->dilation,
            .before = o->padding + sides->left,
            .after = o->padding + sides->right } };
}

static lathe_layout conv2d_layout(const lathe_node *node)
{
    const lathe_conv_geometry g = geometry_of(node);
    return lathe_conv_layout(node, &g);
}

/* Fail: the kernel does not fit the image. */
static bool refuse_kernel(const lathe_node *node, const lathe_window *rows, const lathe_window *columns)
{
    const lathe_conv2d_opts *o = node->attributes;
    char dilation[32], padding[80];
    if (rows->dilation == columns->dilation) snprintf(dilation, sizeof dilation, "%d", rows->dilation);
    else snprintf(dilation, sizeof dilation, "%d x %d", rows->dilation, columns->dilation);
    const lathe_sides *s = &o->padding_sides;
    if (s->top || s->bottom || s->left || s->right)
        snprintf(padding, sizeof padding, "top %d, bottom %d, left %d, right %d", rows->before, rows->after,
            columns->before, columns->after);
    else snprintf(padding, sizeof padding, "%d", o->padding);
    return lathe_op_fail(node, LATHE_ESHAPE,
        "a %d x %d kernel with dilation %s does not fit a %d x %d image with padding %s", rows->taps,
        columns->taps, dilation, rows->size, columns->size, padding);
}

/* The padding that `same` asks for. */
static bool pad_same(const lathe_node *node, lathe_window *rows, lathe_window *columns)
{
    const lathe_conv2d_opts *o = node->attributes;
    if (!o->same) return true;
    if (rows->before || rows->after || columns->before || columns->after)
        return lathe_op_fail(node, LATHE_EARG, "same chooses the padding, but padding is given, too");
    return (lathe_window_same(rows) && lathe_window_same(columns)) ||
        lathe_op_fail(node, LATHE_EARG, "same would pad a %d x %d image by more than %d", rows->size,
            columns->size, LATHE_WINDOW_LARGEST);
}

static bool conv2d_shape(lathe_node *node, lathe_result *result)
{
    const int *x = node->in[0]->shape.dim, *w = node->in[1]->shape.dim;
    lathe_conv_geometry g = geometry_of(node);
    g.rows.size = x[2];
    g.columns.size = x[3];
    if (!check_channels(node) || !pad_same(node, &g.rows, &g.columns)) return false;
    long height = lathe_window_results(&g.rows), width = lathe_window_results(&g.columns);
    if (height < 1 || width < 1) return refuse_kernel(node, &g.rows, &g.columns);
    g.rows.results = (int)height;
    g.columns.results = (int)width;
    result->shape = (lathe_shape){ 4, { x[0], w[0], g.rows.results, g.columns.results } };
    *(lathe_conv_geometry *)node->saved = g;
    return true;
}

static const lathe_real *bias_of(const lathe_node *node) { return node->in[2] ? node->in[2]->data : NULL; }

static void forward(lathe_node *node, lathe_conv_store how)
{
    lathe_conv_forward(node, node->in[0]->data, bias_of(node), node->packed, node->out->data, how);
}

static void conv2d_forward(lathe_node *node) { forward(node, LATHE_CONV_WRITE); }

static void backward(lathe_node *node, const lathe_real *gy)
{
    bool add;
    lathe_real *gx = lathe_grad_target(node->tape, node->in[0], &add);
    if (gx) lathe_conv_to_data(node, gy, NULL, NULL, gx, add ? LATHE_CONV_ADD : LATHE_CONV_WRITE);
    lathe_conv_to_weights(node, node->in[0]->data, gy);
    lathe_conv_to_bias(node, gy);
}

static void conv2d_backward(lathe_node *node) { backward(node, node->out->grad); }

static void conv2d_relu_forward(lathe_node *node) { forward(node, LATHE_CONV_RELU); }

static void conv2d_relu_backward(lathe_node *node)
{
    const lathe_real *gy = lathe_grad_before(node, node->kernels->element->relu_backward);
    if (gy) backward(node, gy);
}

static double flops(const lathe_shape *x, const lathe_shape *w, const lathe_shape *out)
{
    (void)x;
    return 2.0 * out->dim[1] * out->dim[2] * out->dim[3] * w->dim[1] * w->dim[2] * w->dim[3];
}

#define OPTION(name) offsetof(lathe_conv2d_opts, name)

static const lathe_field fields[] = {
    { "stride", LATHE_FIELD_INT, OPTION(stride), .preset = { 1 }, .min = 1, .max = LATHE_WINDOW_LARGEST },
    { "padding", LATHE_FIELD_INT, OPTION(padding), .max = LATHE_WINDOW_LARGEST },
    { "dilation", LATHE_FIELD_INT, OPTION(dilation), .preset = { 1 }, .min = 1, .max = LATHE_WINDOW_LARGEST },
    { "groups", LATHE_FIELD_INT, OPTION(groups), .preset = { 1 }, .min = 1, .max = LATHE_WINDOW_LARGEST },
    { "stride_width", LATHE_FIELD_INT, OPTION(stride_width), .max = LATHE_WINDOW_LARGEST },
    { "dilation_width", LATHE_FIELD_INT, OPTION(dilation_width), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.top", LATHE_FIELD_INT, OPTION(padding_sides.top), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.bottom", LATHE_FIELD_INT, OPTION(padding_sides.bottom), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.left", LATHE_FIELD_INT, OPTION(padding_sides.left), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.right", LATHE_FIELD_INT, OPTION(padding_sides.right), .max = LATHE_WINDOW_LARGEST },
    { "same", LATHE_FIELD_BOOL, OPTION(same), .help = "pad as TensorFlow's \"same\" does" },
    { 0 },
};

const lathe_op lathe_conv2d_op = {
    .name = "conv2d",
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES, .plain = true, .normed = true },
        { .name = "weight", .form = LATHE_FORM_FILTERS },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_conv2d_opts),
    .saved_size = sizeof(lathe_conv_geometry),
    .layout = conv2d_layout,
    .shape = conv2d_shape,
    .forward = conv2d_forward,
    .packed_size = lathe_conv_packed_size,
    .pack = lathe_conv_pack,
    .backward = conv2d_backward,
    .flops = flops,
};

lathe_tensor *lathe_conv2d(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias,
    const lathe_conv2d_opts *opts)
{
    return lathe_apply(&lathe_conv2d_op, (lathe_tensor *[]){ x, w, bias }, 3, opts);
}

const lathe_op lathe_conv2d_relu_op = {
    .name = "conv2d_relu",
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES, .plain = true },
        { .name = "weight", .form = LATHE_FORM_FILTERS },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_conv2d_opts),
    .saved_size = sizeof(lathe_conv_geometry),
    .layout = conv2d_layout,
    .shape = conv2d_shape,
    .forward = conv2d_relu_forward,
    .packed_size = lathe_conv_packed_size,
    .pack = lathe_conv_pack,
    .backward = conv2d_relu_backward,
    .flops = flops,
};

lathe_tensor *lathe_conv2d_relu(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias,
    const lathe_conv2d_opts *opts)
{
    return lathe_apply(&lathe_conv2d_relu_op, (lathe_tensor *[]){ x, w, bias }, 3, opts);
}

static void conv2d_relu6_forward(lathe_node *node) { forward(node, LATHE_CONV_RELU6); }

static void conv2d_relu6_backward(lathe_node *node)
{
    const lathe_real *gy = lathe_grad_before(node, node->kernels->element->relu6_backward);
    if (gy) backward(node, gy);
}

const lathe_op lathe_conv2d_relu6_op = {
    .name = "conv2d_relu6",
    .by_blocks = true,
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES, .plain = true },
        { .name = "weight", .form = LATHE_FORM_FILTERS },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_conv2d_opts),
    .saved_size = sizeof(lathe_conv_geometry),
    .layout = conv2d_layout,
    .shape = conv2d_shape,
    .forward = conv2d_relu6_forward,
    .packed_size = lathe_conv_packed_size,
    .pack = lathe_conv_pack,
    .backward = conv2d_relu6_backward,
    .flops = flops,
};

lathe_tensor *lathe_conv2d_relu6(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias,
    const lathe_conv2d_opts *opts)
{
    return lathe_apply(&lathe_conv2d_relu6_op, (lathe_tensor *[]){ x, w, bias }, 3, opts);
}

/* ---- with a sum ---------------------------------------------------------------------------------------- */

/* The input that is added. */
enum { BASE = 3 };

static bool conv2d_add_shape(lathe_node *node, lathe_result *result)
{
    if (!conv2d_shape(node, result)) return false;
    const lathe_shape *base = &node->in[BASE]->shape;
    char is[LATHE_SHAPE_TEXT], wanted[LATHE_SHAPE_TEXT];
    return lathe_shape_equal(base, &result->shape) ||
        lathe_op_fail(node, LATHE_ESHAPE, "base is %s, the result is %s", lathe_shape_text(base, is),
            lathe_shape_text(&result->shape, wanted));
}

/* In a plan y may be base already. */
static void forward_add(lathe_node *node, lathe_conv_store how)
{
    lathe_tensor *y = node->out;
    if (y->data != node->in[BASE]->data) lathe_copy(node, y, node->in[BASE]->data, y->data, false);
    forward(node, how);
}

static void conv2d_add_forward(lathe_node *node) { forward_add(node, LATHE_CONV_ADD); }

static void conv2d_add_backward(lathe_node *node)
{
    backward(node, node->out->grad);
    lathe_grad_pass(node, BASE);
}

const lathe_op lathe_conv2d_add_op = {
    .name = "conv2d_add",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES, .plain = true },
        { .name = "weight", .form = LATHE_FORM_FILTERS },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "base", .form = LATHE_FORM_IMAGES } },
    .in_place = 1 + BASE,
    .fields = fields,
    .attributes_size = sizeof(lathe_conv2d_opts),
    .saved_size = sizeof(lathe_conv_geometry),
    .layout = conv2d_layout,
    .shape = conv2d_add_shape,
    .forward = conv2d_add_forward,
    .packed_size = lathe_conv_packed_size,
    .pack = lathe_conv_pack,
    .backward = conv2d_add_backward,
    .flops = flops,
};

lathe_tensor *lathe_conv2d_add(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias, lathe_tensor *base,
    const lathe_conv2d_opts *opts)
{
    return lathe_apply(&lathe_conv2d_add_op, (lathe_tensor *[]){ x, w, bias, base }, 4, opts);
}

static void conv2d_add_relu_forward(lathe_node *node) { forward_add(node, LATHE_CONV_ADD_RELU); }

static void conv2d_add_relu_backward(lathe_node *node)
{
    const lathe_real *gy = lathe_grad_before(node, node->kernels->element->relu_backward);
    if (!gy) return;
    backward(node, gy);
    bool add;
    lathe_real *gbase = lathe_grad_target(node->tape, node->in[BASE], &add);
    if (gbase) lathe_copy(node, node->out, gy, gbase, add);
}

const lathe_op lathe_conv2d_add_relu_op = {
    .name = "conv2d_add_relu",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES, .plain = true },
        { .name = "weight", .form = LATHE_FORM_FILTERS },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true },
        { .name = "base", .form = LATHE_FORM_IMAGES } },
    .in_place = 1 + BASE,
    .fields = fields,
    .attributes_size = sizeof(lathe_conv2d_opts),
    .saved_size = sizeof(lathe_conv_geometry),
    .layout = conv2d_layout,
    .shape = conv2d_add_shape,
    .forward = conv2d_add_relu_forward,
    .packed_size = lathe_conv_packed_size,
    .pack = lathe_conv_pack,
    .backward = conv2d_add_relu_backward,
    .flops = flops,
};

lathe_tensor *lathe_conv2d_add_relu(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias, lathe_tensor *base,
    const lathe_conv2d_opts *opts)
{
    return lathe_apply(&lathe_conv2d_add_relu_op, (lathe_tensor *[]){ x, w, bias, base }, 4, opts);
}
