#include "conv2d.h"

#include "../layer_impl.h"
#include "window_impl.h"

typedef struct conv2d_layer {
    lathe_layer layer;
    lathe_tensor *weight, *bias;
    lathe_conv2d_opts opts;
} conv2d_layer;

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    conv2d_layer *conv = (conv2d_layer *)layer;
    return lathe_conv2d(x, conv->weight, conv->bias, &conv->opts);
}

static lathe_layer_window window_of(const lathe_conv2d_opts *o, int kernel, int kernel_width)
{
    return (lathe_layer_window){ .kernel = kernel,
        .kernel_width = kernel_width,
        .stride = o->stride,
        .stride_width = o->stride_width,
        .padding = o->padding,
        .dilation = o->dilation,
        .dilation_width = o->dilation_width,
        .sides = o->padding_sides,
        .same = o->same };
}

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const conv2d_layer *conv = (const conv2d_layer *)layer;
    const int *w = conv->weight->shape.dim;
    const lathe_layer_window window = window_of(&conv->opts, w[2], w[3]);
    lathe_describe(text, size, "%d -> %d, ", w[1] * conv->opts.groups, w[0]);
    lathe_describe_window(text, size, &window, 1);
    if (conv->opts.groups > 1) lathe_describe(text, size, ", groups %d", conv->opts.groups);
    if (!conv->bias) lathe_describe(text, size, ", no bias");
}

const lathe_layer_type lathe_conv2d_layer = {
    .name = "conv2d",
    .size = sizeof(conv2d_layer),
    .forward = forward,
    .describe = describe,
    .summary = "convolution; stride, padding, dilation, groups",
};

static bool channels_are_fine(lathe_model *model, int in_channels, int out_channels, int groups)
{
    const char *who = "lathe_nn_conv2d";
    if (!lathe_layer_argument(model, who, "in_channels", in_channels, 1) ||
        !lathe_layer_argument(model, who, "out_channels", out_channels, 1) ||
        !lathe_layer_argument(model, who, "groups", groups, 1))
        return false;
    if (in_channels % groups == 0 && out_channels % groups == 0) return true;
    lathe_model_fail(model, LATHE_EARG, "%s: %d groups do not divide %d input and %d output channels", who,
        groups, in_channels, out_channels);
    return false;
}

lathe_layer *lathe_nn_conv2d(lathe_model *model, int in_channels, int out_channels, int kernel,
    const lathe_nn_conv2d_opts *opts)
{
    lathe_nn_conv2d_opts o = opts ? *opts : (lathe_nn_conv2d_opts){ 0 };
    const lathe_conv2d_opts of_op = { .stride = o.stride ? o.stride : 1,
        .padding = o.padding,
        .dilation = o.dilation ? o.dilation : 1,
        .groups = o.groups ? o.groups : 1,
        .stride_width = o.stride_width,
        .dilation_width = o.dilation_width,
        .padding_sides = o.padding_sides,
        .same = o.same };
    const lathe_layer_window window = window_of(&of_op, kernel, o.kernel_width);
    if (!channels_are_fine(model, in_channels, out_channels, of_op.groups) ||
        !lathe_layer_window_is_fine(model, "lathe_nn_conv2d", &window))
        return NULL;
    if (o.matrix && (kernel != 1 || o.kernel_width > 1))
        return lathe_model_fail(model, LATHE_EARG,
            "lathe_nn_conv2d: a weight of two dimensions has the kernel 1, not %d x %d", kernel,
            o.kernel_width ? o.kernel_width : kernel);
    conv2d_layer *conv = lathe_layer_new(model, &lathe_conv2d_layer);
    if (!conv) return NULL;
    conv->opts = of_op;
    lathe_shape shape = { o.matrix ? 2 : 4,
        { out_channels, in_channels / of_op.groups, kernel, o.kernel_width ? o.kernel_width : kernel } };
    conv->weight = lathe_layer_param(&conv->layer, "weight", shape, o.weight_init);
    if (!o.no_bias) conv->bias = lathe_layer_bias(&conv->layer, conv->weight, o.bias_init);
    return lathe_model_status(model) ? NULL : &conv->layer;
}
