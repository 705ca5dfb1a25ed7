#include "../../core/ops/conv_transpose2d.h"

#include <math.h>

#include "../layer_impl.h"
#include "conv_transpose2d.h"

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

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const conv_transpose2d_layer *conv = (const conv_transpose2d_layer *)layer;
    const lathe_conv_transpose2d_opts *o = &conv->opts;
    const int *w = conv->weight->shape.dim;
    lathe_describe(text, size, "%d -> %d, %dx%d", w[0], w[1] * o->groups, w[2], w[3]);
    if (o->stride > 1) lathe_describe(text, size, ", stride %d", o->stride);
    if (o->padding) lathe_describe(text, size, ", padding %d", o->padding);
    if (o->output_padding) lathe_describe(text, size, ", output padding %d", o->output_padding);
    if (o->dilation > 1) lathe_describe(text, size, ", dilation %d", o->dilation);
    if (o->groups > 1) lathe_describe(text, size, ", groups %d", o->groups);
    if (!conv->bias) lathe_describe(text, size, ", no bias");
}

const lathe_layer_type lathe_conv_transpose2d_layer = {
    .name = "conv_transpose2d",
    .size = sizeof(conv_transpose2d_layer),
    .forward = forward,
    .describe = describe,
    .summary = "transposed convolution with a square kernel, for larger pictures",
};

static bool arguments_are_fine(lathe_model *model, int in_channels, int out_channels, int kernel,
    const lathe_nn_conv_transpose2d_opts *o)
{
    const char *who = "lathe_nn_conv_transpose2d";
    if (!lathe_layer_argument(model, who, "in_channels", in_channels, 1) ||
        !lathe_layer_argument(model, who, "out_channels", out_channels, 1) ||
        !lathe_layer_argument(model, who, "kernel", kernel, 1) ||
        !lathe_layer_argument(model, who, "stride", o->stride, 1) ||
        !lathe_layer_argument(model, who, "padding", o->padding, 0) ||
        !lathe_layer_argument(model, who, "output_padding", o->output_padding, 0) ||
        !lathe_layer_argument(model, who, "dilation", o->dilation, 1) ||
        !lathe_layer_argument(model, who, "groups", o->groups, 1))
        return false;
    if (o->output_padding >= o->stride) {
        lathe_model_fail(model, LATHE_EARG, "%s: output_padding is %d; it must be below the stride, %d", who,
            o->output_padding, o->stride);
        return false;
    }
    if (in_channels % o->groups == 0 && out_channels % o->groups == 0) return true;
    lathe_model_fail(model, LATHE_EARG, "%s: %d groups do not divide %d input and %d output channels", who,
        o->groups, in_channels, out_channels);
    return false;
}

/* As lathe_layer_bias, but of the result's channels, which are the weight's second dimension. */
static lathe_tensor *bias_of(conv_transpose2d_layer *conv, int out_channels, int kernel, lathe_init init)
{
    double fan_in = (double)out_channels / conv->opts.groups * kernel * kernel;
    if (!init.kind) init = (lathe_init){ LATHE_INIT_UNIFORM, 1 / sqrt(fan_in) };
    return lathe_layer_param(&conv->layer, "bias", (lathe_shape){ 1, { out_channels } }, init);
}

lathe_layer *lathe_nn_conv_transpose2d(lathe_model *model, int in_channels, int out_channels, int kernel,
    const lathe_nn_conv_transpose2d_opts *opts)
{
    lathe_nn_conv_transpose2d_opts o = opts ? *opts : (lathe_nn_conv_transpose2d_opts){ 0 };
    if (!o.stride) o.stride = 1;
    if (!o.dilation) o.dilation = 1;
    if (!o.groups) o.groups = 1;
    if (!arguments_are_fine(model, in_channels, out_channels, kernel, &o)) return NULL;
    conv_transpose2d_layer *conv = lathe_layer_new(model, &lathe_conv_transpose2d_layer);
    if (!conv) return NULL;
    conv->opts = (lathe_conv_transpose2d_opts){ .stride = o.stride,
        .padding = o.padding,
        .output_padding = o.output_padding,
        .dilation = o.dilation,
        .groups = o.groups };
    lathe_shape shape = { 4, { in_channels, out_channels / o.groups, kernel, kernel } };
    conv->weight = lathe_layer_param(&conv->layer, "weight", shape, o.weight_init);
    if (!o.no_bias) conv->bias = bias_of(conv, out_channels, kernel, o.bias_init);
    return lathe_model_status(model) ? NULL : &conv->layer;
}
