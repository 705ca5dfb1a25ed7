/*
 * Residual networks (He, Zhang, Ren, Sun 2015): a stem, then stages of basic blocks, each stage but the first
 * halving the picture and doubling the channels, then each channel's mean and a linear layer. For small
 * pictures the stem is a 3x3 convolution (section 4.2). For photographs it is a 7x7 convolution of stride 2
 * and a max pooling (section 3.3), with the first weights of torchvision.
 */
#include <math.h>

#include "build_impl.h"

/* How a block's input reaches its end where the shape changes. */
typedef enum shortcut {
    OPTION_A, /* every second pixel, and zeros for the new channels: no parameters */
    OPTION_B  /* a 1x1 convolution and batch norm */
} shortcut;

typedef struct resnet_form {
    int width, stages, blocks; /* channels of the first stage; blocks in a stage */
    shortcut option;
    bool photographs;
} resnet_form;

/*
 * First weights of photographs' nets: normal, of variance 2 / fan_out. PyTorch's name for them is
 * kaiming_normal_(mode="fan_out").
 */
static lathe_layer *conv(lathe_model *model, const resnet_form *form, int in, int out, int kernel, int stride)
{
    lathe_nn_conv2d_opts opts = { .stride = stride, .padding = kernel / 2, .no_bias = true };
    if (form->photographs)
        opts.weight_init = (lathe_init){ LATHE_INIT_NORMAL, sqrt(2.0 / (out * kernel * kernel)) };
    return lathe_nn_conv2d(model, in, out, kernel, &opts);
}

static lathe_layer *basic_block(lathe_model *model, const resnet_form *form, int in, int out, int stride)
{
    lathe_layer *around = NULL;
    if (stride != 1 || in != out)
        around = form->option == OPTION_A ? lathe_nn_subsample(model, stride, out) :
                                            lathe_nn_sequential(model,
                                                conv(model, form, in, out, 1, stride),
                                                lathe_nn_batch_norm(model, out, NULL),
                                                NULL);
    return lathe_nn_residual(model,
        lathe_nn_sequential(model,
            conv(model, form, in, out, 3, stride),
            lathe_nn_batch_norm(model, out, NULL),
            lathe_nn_relu(model),
            conv(model, form, out, out, 3, 1),
            lathe_nn_batch_norm(model, out, NULL),
            NULL),
        around);
}

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec, const resnet_form *form)
{
    int kernel = form->photographs ? 7 : 3, stride = form->photographs ? 2 : 1, channels = form->width;
    lathe_layer *net = lathe_nn_sequential(model,
        conv(model, form, spec->channels, channels, kernel, stride),
        lathe_nn_batch_norm(model, channels, NULL),
        lathe_nn_relu(model),
        NULL);
    if (form->photographs)
        lathe_nn_append(net, lathe_nn_max_pool2d(model, 3, &(lathe_pool_opts){ .stride = 2, .padding = 1 }));
    for (int stage = 0; stage < form->stages; stage++)
        for (int i = 0; i < form->blocks; i++) {
            int out = form->width << stage;
            lathe_nn_append(net, basic_block(model, form, channels, out, stage && !i ? 2 : 1));
            lathe_nn_append(net, lathe_nn_relu(model));
            channels = out;
        }
    lathe_nn_append(net, lathe_nn_global_avg_pool(model));
    lathe_nn_append(net, lathe_nn_linear(model, channels, spec->classes, NULL));
    return lathe_model_status(model) ? NULL : net;
}

/* The form with 16 channels for 32x32 pictures, of 6 * blocks + 2 layers. */
static lathe_layer *build_small(lathe_model *model, const lathe_model_spec *spec, int blocks)
{
    return build(model,
        spec,
        &(resnet_form){ .width = 16, .stages = 3, .blocks = blocks, .option = OPTION_A });
}

static lathe_layer *resnet8(lathe_model *model, const lathe_model_spec *spec)
{
    return build_small(model, spec, 1);
}
static lathe_layer *resnet14(lathe_model *model, const lathe_model_spec *spec)
{
    return build_small(model, spec, 2);
}
static lathe_layer *resnet20(lathe_model *model, const lathe_model_spec *spec)
{
    return build_small(model, spec, 3);
}
static lathe_layer *resnet56(lathe_model *model, const lathe_model_spec *spec)
{
    return build_small(model, spec, 9);
}

/* From this side on, pictures are photographs: a stem of stride 4 leaves 16 x 16 pixels to the stages. */
enum { PHOTOGRAPH = 64 };

static lathe_layer *resnet18(lathe_model *model, const lathe_model_spec *spec)
{
    bool photographs = spec->height >= PHOTOGRAPH && spec->width >= PHOTOGRAPH;
    return build(model,
        spec,
        &(resnet_form){ .width = 64,
            .stages = 4,
            .blocks = 2,
            .option = OPTION_B,
            .photographs = photographs });
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
    .summary = "residual network, 18 layers, 64 to 512 channels; from 64x64 on with a 7x7 stem and pooling",
    .native = { 3, 32, 32, 10 },
    .build = resnet18,
};
