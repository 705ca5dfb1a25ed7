#include "conv_transpose2d.h"

#include "conv_impl.h"

/* All is a convolution's from y to x: its gradient to the data is our forward, its forward our gradient to x.
 */

static void conv_transpose2d_forward(lathe_node *node)
{
    const lathe_tensor *bias = node->in[2];
    lathe_conv_to_data(node, node->in[0]->data, bias ? bias->data : NULL, node->packed, node->out->data,
        LATHE_CONV_WRITE);
}

static void conv_transpose2d_backward(lathe_node *node)
{
    const lathe_real *gy = node->out->grad;
    bool add;
    lathe_real *gx = lathe_grad_target(node->tape, node->in[0], &add);
    if (gx) lathe_conv_forward(node, gy, NULL, NULL, gx, add ? LATHE_CONV_ADD : LATHE_CONV_WRITE);
    lathe_conv_to_weights(node, gy, node->in[0]->data);
    lathe_conv_to_bias(node, gy);
}

static bool check_channels(const lathe_node *node, const lathe_conv_geometry *g)
{
    const lathe_conv_transpose2d_opts *o = node->attributes;
    const int *x = node->in[0]->shape.dim, *w = node->in[1]->shape.dim;
    if (x[1] != w[0])
        return lathe_op_fail(node, LATHE_ESHAPE, "x has %d channels, weight expects %d", x[1], w[0]);
    if (x[1] % o->groups)
        return lathe_op_fail(node, LATHE_ESHAPE, "%d channels cannot be cut into %d groups", x[1], o->groups);
    if (node->in[2] && node->in[2]->shape.dim[0] != (long)w[1] * o->groups)
        return lathe_op_fail(node, LATHE_ESHAPE, "bias is [%d], the result has %ld channels",
            node->in[2]->shape.dim[0], (long)w[1] * o->groups);
    int stride = g->rows.stride < g->columns.stride ? g->rows.stride : g->columns.stride;
    return o->output_padding < stride ||
        lathe_op_fail(node, LATHE_EARG, "output_padding is %d, it must be 0 to %d", o->output_padding,
            stride - 1);
}

/* All but the sizes. */
static lathe_conv_geometry geometry_of(const lathe_node *node)
{
    const lathe_conv_transpose2d_opts *o = node->attributes;
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

/* The places along one axis of our result, which the convolution reads. */
static long places(const lathe_window *w, int output_padding)
{
    return (w->results - 1L) * w->stride - w->before - w->after + (long)w->dilation * (w->taps - 1) +
        output_padding + 1;
}

static lathe_layout conv_transpose2d_layout(const lathe_node *node)
{
    const lathe_conv_geometry g = geometry_of(node);
    return lathe_conv_layout(node, &g);
}

static bool conv_transpose2d_shape(lathe_node *node, lathe_result *result)
{
    const lathe_conv_transpose2d_opts *o = node->attributes;
    const int *x = node->in[0]->shape.dim, *w = node->in[1]->shape.dim;
    lathe_conv_geometry g = geometry_of(node);
    g.rows.results = x[2];
    g.columns.results = x[3];
    if (!check_channels(node, &g)) return false;
    long height = places(&g.rows, o->output_padding), width = places(&g.columns, o->output_padding);
    if (height < 1 || width < 1 || height > LATHE_WINDOW_LARGEST || width > LATHE_WINDOW_LARGEST)
        return lathe_op_fail(node, LATHE_ESHAPE, "the result would be %ld x %ld; its sides must be 1 to %d",
            height, width, LATHE_WINDOW_LARGEST);
    g.rows.size = (int)height;
    g.columns.size = (int)width;
    result->shape = (lathe_shape){ 4, { x[0], w[1] * o->groups, g.rows.size, g.columns.size } };
    *(lathe_conv_geometry *)node->saved = g;
    return true;
}

static double flops(const lathe_shape *x, const lathe_shape *w, const lathe_shape *out)
{
    (void)out;
    return 2.0 * x->dim[1] * x->dim[2] * x->dim[3] * w->dim[1] * w->dim[2] * w->dim[3];
}

#define OPTION(name) offsetof(lathe_conv_transpose2d_opts, name)

static const lathe_field fields[] = {
    { "stride", LATHE_FIELD_INT, OPTION(stride), .preset = { 1 }, .min = 1, .max = LATHE_WINDOW_LARGEST },
    { "padding", LATHE_FIELD_INT, OPTION(padding), .max = LATHE_WINDOW_LARGEST },
    { "output_padding", LATHE_FIELD_INT, OPTION(output_padding), .max = LATHE_WINDOW_LARGEST },
    { "dilation", LATHE_FIELD_INT, OPTION(dilation), .preset = { 1 }, .min = 1, .max = LATHE_WINDOW_LARGEST },
    { "groups", LATHE_FIELD_INT, OPTION(groups), .preset = { 1 }, .min = 1, .max = LATHE_WINDOW_LARGEST },
    { "stride_width", LATHE_FIELD_INT, OPTION(stride_width), .max = LATHE_WINDOW_LARGEST },
    { "dilation_width", LATHE_FIELD_INT, OPTION(dilation_width), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.top", LATHE_FIELD_INT, OPTION(padding_sides.top), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.bottom", LATHE_FIELD_INT, OPTION(padding_sides.bottom), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.left", LATHE_FIELD_INT, OPTION(padding_sides.left), .max = LATHE_WINDOW_LARGEST },
    { "padding_sides.right", LATHE_FIELD_INT, OPTION(padding_sides.right), .max = LATHE_WINDOW_LARGEST },
    { 0 },
};

const lathe_op lathe_conv_transpose2d_op = {
    .name = "conv_transpose2d",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES }, { .name = "weight", .form = LATHE_FORM_FILTERS },
        { .name = "bias", .form = LATHE_FORM_VECTOR, .optional = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_conv_transpose2d_opts),
    .saved_size = sizeof(lathe_conv_geometry),
    .layout = conv_transpose2d_layout,
    .shape = conv_transpose2d_shape,
    .forward = conv_transpose2d_forward,
    .packed_size = lathe_conv_packed_size,
    .pack = lathe_conv_pack_to_data,
    .backward = conv_transpose2d_backward,
    .flops = flops,
};

lathe_tensor *lathe_conv_transpose2d(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias,
    const lathe_conv_transpose2d_opts *opts)
{
    return lathe_apply(&lathe_conv_transpose2d_op, (lathe_tensor *[]){ x, w, bias }, 3, opts);
}
