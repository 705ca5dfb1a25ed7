#include "conv2d.h"

#include "../layer_impl.h"

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

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const conv2d_layer *conv = (const conv2d_layer *)layer;
    const int *w = conv->weight->shape.dim;
    lathe_describe(text, size, "%d -> %d, %dx%d", w[1] * conv->opts.groups, w[0], w[2], w[3]);
    if (conv->opts.stride > 1) lathe_describe(text, size, ", stride %d", conv->opts.stride);
    if (conv->opts.padding) lathe_describe(text, size, ", padding %d", conv->opts.padding);
    if (conv->opts.dilation > 1) lathe_describe(text, size, ", dilation %d", conv->opts.dilation);
    if (conv->opts.groups > 1) lathe_describe(text, size, ", groups %d", conv->opts.groups);
    if (!conv->bias) lathe_describe(text, size, ", no bias");
}

const lathe_layer_type lathe_conv2d_layer = {
    .name = "conv2d",
    .size = sizeof(conv2d_layer),
    .forward = forward,
    .describe = describe,
    .summary = "convolution with a square kernel; stride, padding, dilation, groups",
};

static bool arguments_are_fine(lathe_model *model, int in_channels, int out_channels, int kernel,
    const lathe_nn_conv2d_opts *opts)
{
    const char *who = "lathe_nn_conv2d";
    if (!lathe_layer_argument(model, who, "in_channels", in_channels, 1) ||
        !lathe_layer_argument(model, who, "out_channels", out_channels, 1) ||
        !lathe_layer_argument(model, who, "kernel", kernel, 1) ||
        !lathe_layer_argument(model, who, "stride", opts->stride, 1) ||
        !lathe_layer_argument(model, who, "padding", opts->padding, 0) ||
        !lathe_layer_argument(model, who, "dilation", opts->dilation, 1) ||
        !lathe_layer_argument(model, who, "groups", opts->groups, 1))
        return false;
    if (in_channels % opts->groups == 0 && out_channels % opts->groups == 0) return true;
    lathe_model_fail(model, LATHE_EARG, "%s: %d groups do not divide %d input and %d output channels", who,
        opts->groups, in_channels, out_channels);
    return false;
}

lathe_layer *lathe_nn_conv2d(lathe_model *model, int in_channels, int out_channels, int kernel,
    const lathe_nn_conv2d_opts *opts)
{
    lathe_nn_conv2d_opts o = opts ? *opts : (lathe_nn_conv2d_opts){ 0 };
    if (!o.stride) o.stride = 1;
    if (!o.dilation) o.dilation = 1;
    if (!o.groups) o.groups = 1;
    if (!arguments_are_fine(model, in_channels, out_channels, kernel, &o)) return NULL;
    conv2d_layer *conv = lathe_layer_new(model, &lathe_conv2d_layer);
    if (!conv) return NULL;
    conv->opts = (lathe_conv2d_opts){ .stride = o.stride,
        .padding = o.padding,
        .dilation = o.dilation,
        .groups = o.groups };
    lathe_shape shape = { 4, { out_channels, in_channels / o.groups, kernel, kernel } };
    conv->weight = lathe_layer_param(&conv->layer, "weight", shape, o.weight_init);
    if (!o.no_bias) conv->bias = lathe_layer_bias(&conv->layer, conv->weight, o.bias_init);
    return lathe_model_status(model) ? NULL : &conv->layer;
}
