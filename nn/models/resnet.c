/*
 * Residual networks for small pictures (He, Zhang, Ren, Sun 2015, section 4.2): a 3x3 convolution, then
 * stages of basic blocks, each stage but the first halving the picture and doubling the channels, then each
 * channel's mean and a linear layer.
 */
#include "build_impl.h"

/* How a block's input reaches its end where the shape changes. */
typedef enum shortcut {
    OPTION_A, /* every second pixel, and zeros for the new channels: no parameters */
    OPTION_B  /* a 1x1 convolution and batch norm */
} shortcut;

static lathe_layer *conv(lathe_model *model, int in, int out, int kernel, int stride)
{
    return lathe_nn_conv2d(model,
        in,
        out,
        kernel,
        &(lathe_nn_conv2d_opts){ .stride = stride, .padding = kernel / 2, .no_bias = true });
}

static lathe_layer *basic_block(lathe_model *model, int in, int out, int stride, shortcut option)
{
    lathe_layer *around = NULL;
    if (stride != 1 || in != out)
        around = option == OPTION_A ? lathe_nn_subsample(model, stride, out) :
                                      lathe_nn_sequential(model,
                                          conv(model, in, out, 1, stride),
                                          lathe_nn_batch_norm(model, out, NULL),
                                          NULL);
    return lathe_nn_residual(model,
        lathe_nn_sequential(model,
            conv(model, in, out, 3, stride),
            lathe_nn_batch_norm(model, out, NULL),
            lathe_nn_relu(model),
            conv(model, out, out, 3, 1),
            lathe_nn_batch_norm(model, out, NULL),
            NULL),
        around);
}

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec, int width, int stages, int blocks,
    shortcut option)
{
    lathe_layer *net = lathe_nn_sequential(model,
        conv(model, spec->channels, width, 3, 1),
        lathe_nn_batch_norm(model, width, NULL),
        lathe_nn_relu(model),
        NULL);
    int channels = width;
    for (int stage = 0; stage < stages; stage++)
        for (int i = 0; i < blocks; i++) {
            int out = width << stage;
            lathe_nn_append(net, basic_block(model, channels, out, stage && !i ? 2 : 1, option));
            lathe_nn_append(net, lathe_nn_relu(model));
            channels = out;
        }
    lathe_nn_append(net, lathe_nn_global_avg_pool(model));
    lathe_nn_append(net, lathe_nn_linear(model, channels, spec->classes, NULL));
    return lathe_model_status(model) ? NULL : net;
}

static lathe_layer *resnet8(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, 16, 3, 1, OPTION_A);
}
static lathe_layer *resnet14(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, 16, 3, 2, OPTION_A);
}
static lathe_layer *resnet20(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, 16, 3, 3, OPTION_A);
}
static lathe_layer *resnet56(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, 16, 3, 9, OPTION_A);
}
static lathe_layer *resnet18(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, 64, 4, 2, OPTION_B);
}

const lathe_model_type lathe_resnet8_model = {
    .name = "resnet8",
    .summary = "residual network, 8 layers, 16 to 64 channels, shortcuts without parameters",
    .native = { 3, 32, 32, 10 },
    .build = resnet8,
};

const lathe_model_type lathe_resnet14_model = {
    .name = "resnet14",
    .summary = "residual network, 14 layers, 16 to 64 channels, shortcuts without parameters",
    .native = { 3, 32, 32, 10 },
    .build = resnet14,
};

const lathe_model_type lathe_resnet20_model = {
    .name = "resnet20",
    .summary = "residual network, 20 layers, 16 to 64 channels, shortcuts without parameters",
    .native = { 3, 32, 32, 10 },
    .build = resnet20,
};

const lathe_model_type lathe_resnet56_model = {
    .name = "resnet56",
    .summary = "residual network, 56 layers, 16 to 64 channels, shortcuts without parameters",
    .native = { 3, 32, 32, 10 },
    .build = resnet56,
};

const lathe_model_type lathe_resnet18_model = {
    .name = "resnet18",
    .summary = "residual network, 18 layers, 64 to 512 channels, 1x1 convolutions as shortcuts, for 32x32",
    .native = { 3, 32, 32, 10 },
    .build = resnet18,
};
