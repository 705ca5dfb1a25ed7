#include "../../core/ops/conv_transpose2d.h"

#include <math.h>

#include "../layer_impl.h"
#include "conv_transpose2d.h"
#include "window_impl.h"

typedef struct conv_transpose2d_layer {
    lathe_layer layer;
    lathe_tensor *weight, *bias;
    lathe_conv_transpose2d_opts opts;
} conv_transpose2d_layer;

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    const conv_transpose2d_layer *conv = (const conv_transpose2d_layer *)layer;
    return lathe_conv_transpose2d(x, conv->weight, conv->bias, &conv->opts);
}

static lathe_layer_window window_of(const lathe_conv_transpose2d_opts *o, int kernel, int kernel_width)
{
    return (lathe_layer_window){ .kernel = kernel,
        .kernel_width = kernel_width,
        .stride = o->stride,
        .stride_width = o->stride_width,
        .padding = o->padding,
        .dilation = o->dilation,
        .dilation_width = o->dilation_width,
        .sides = o->padding_sides };
}

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const conv_transpose2d_layer *conv = (const conv_transpose2d_layer *)layer;
    const lathe_conv_transpose2d_opts *o = &conv->opts;
    const int *w = conv->weight->shape.dim;
    const lathe_layer_window window = window_of(o, w[2], w[3]);
    lathe_describe(text, size, "%d -> %d, ", w[0], w[1] * o->groups);
    lathe_describe_window(text, size, &window, 1);
    if (o->output_padding) lathe_describe(text, size, ", output padding %d", o->output_padding);
    if (o->groups > 1) lathe_describe(text, size, ", groups %d", o->groups);
    if (!conv->bias) lathe_describe(text, size, ", no bias");
}

const lathe_layer_type lathe_conv_transpose2d_layer = {
    .name = "conv_transpose2d",
    .size = sizeof(conv_transpose2d_layer),
    .forward = forward,
    .describe = describe,
    .summary = "transposed convolution, for larger pictures",
};

static bool arguments_are_fine(lathe_model *model, int in_channels, int out_channels,
    const lathe_conv_transpose2d_opts *o)
{
    const char *who = "lathe_nn_conv_transpose2d";
    if (!lathe_layer_argument(model, who, "in_channels", in_channels, 1) ||
        !lathe_layer_argument(model, who, "out_channels", out_channels, 1) ||
        !lathe_layer_argument(model, who, "output_padding", o->output_padding, 0) ||
        !lathe_layer_argument(model, who, "groups", o->groups, 1))
        return false;
    int stride = o->stride_width && o->stride_width < o->stride ? o->stride_width : o->stride;
    if (o->output_padding >= stride) {
        lathe_model_fail(model, LATHE_EARG, "%s: output_padding is %d; it must be below the stride, %d", who,
            o->output_padding, stride);
        return false;
    }
    if (in_channels % o->groups == 0 && out_channels % o->groups == 0) return true;
    lathe_model_fail(model, LATHE_EARG, "%s: %d groups do not divide %d input and %d output channels", who,
        o->groups, in_channels, out_channels);
    return false;
}

/* As lathe_layer_bias, but of the result's channels, which are the weight's second dimension. */
static lathe_tensor *bias_of(conv_transpose2d_layer *conv, int out_channels, lathe_init init)
{
    const int *w = conv->weight->shape.dim;
    double fan_in = (double)w[1] * w[2] * w[3];
    if (!init.kind) init = (lathe_init){ LATHE_INIT_UNIFORM, 1 / sqrt(fan_in) };
    return lathe_layer_param(&conv->layer, "bias", (lathe_shape){ 1, { out_channels } }, init);
}

lathe_layer *lathe_nn_conv_transpose2d(lathe_model *model, int in_channels, int out_channels, int kernel,
    const lathe_nn_conv_transpose2d_opts *opts)
{
    lathe_nn_conv_transpose2d_opts o = opts ? *opts : (lathe_nn_conv_transpose2d_opts){ 0 };
    const lathe_conv_transpose2d_opts of_op = { .stride = o.stride ? o.stride : 1,
        .padding = o.padding,
        .output_padding = o.output_padding,
        .dilation = o.dilation ? o.dilation : 1,
        .groups = o.groups ? o.groups : 1,
        .stride_width = o.stride_width,
        .dilation_width = o.dilation_width,
        .padding_sides = o.padding_sides };
    const lathe_layer_window window = window_of(&of_op, kernel, o.kernel_width);
    if (!lathe_layer_window_is_fine(model, "lathe_nn_conv_transpose2d", &window) ||
        !arguments_are_fine(model, in_channels, out_channels, &of_op))
        return NULL;
    conv_transpose2d_layer *conv = lathe_layer_new(model, &lathe_conv_transpose2d_layer);
    if (!conv) return NULL;
    conv->opts = of_op;
    lathe_shape shape = { 4,
        { in_channels, out_channels / of_op.groups, kernel, o.kernel_width ? o.kernel_width : kernel } };
    conv->weight = lathe_layer_param(&conv->layer, "weight", shape, o.weight_init);
    if (!o.no_bias && conv->weight) conv->bias = bias_of(conv, out_channels, o.bias_init);
    return lathe_model_status(model) ? NULL : &conv->layer;
}
