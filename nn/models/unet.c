/*
 * U-Net (Ronneberger, Fischer, Brox 2015) for small pictures: three levels of 16, 32 and 64 channels, batch
 * norm, convolutions that keep the picture's size. Its output is [B, classes, H, W], scores of each pixel.
 */
#include "build_impl.h"

enum { LEVELS = 3, WIDTH = 16 };

/* Two 3x3 convolutions with batch norm and ReLU at the end of `net`. */
static void append_double_conv(lathe_layer *net, lathe_model *model, int in, int out)
{
    for (int i = 0; i < 2; i++, in = out) {
        lathe_nn_append(net,
            lathe_nn_conv2d(model, in, out, 3, &(lathe_nn_conv2d_opts){ .padding = 1, .no_bias = true }));
        lathe_nn_append(net, lathe_nn_batch_norm(model, out, NULL));
        lathe_nn_append(net, lathe_nn_relu(model));
    }
}

/* Levels `level` and below, appended to `net`: [B, in, H, W] to [B, WIDTH << level, H, W]. */
static void append_levels(lathe_layer *net, lathe_model *model, int in, int level)
{
    int width = WIDTH << level;
    append_double_conv(net, model, in, width);
    if (level + 1 == LEVELS) return;
    lathe_layer *below = lathe_nn_sequential(model, lathe_nn_max_pool2d(model, 2, NULL), NULL);
    append_levels(below, model, width, level + 1);
    lathe_nn_append(below,
        lathe_nn_conv_transpose2d(model,
            2 * width,
            width,
            2,
            &(lathe_nn_conv_transpose2d_opts){ .stride = 2 }));
    lathe_nn_append(net, lathe_nn_concat(model, lathe_nn_identity(model), below, NULL));
    append_double_conv(net, model, 2 * width, width);
}

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    int multiple = 1 << (LEVELS - 1);
    if (spec->height % multiple || spec->width % multiple)
        return lathe_model_fail(model,
            LATHE_ESHAPE,
            "unet: an input of %d x %d does not halve evenly; its sides must be multiples of %d",
            spec->height,
            spec->width,
            multiple);
    lathe_layer *net = lathe_nn_sequential(model, NULL);
    append_levels(net, model, spec->channels, 0);
    lathe_nn_append(net, lathe_nn_conv2d(model, WIDTH, spec->classes, 1, NULL));
    return lathe_model_status(model) ? NULL : net;
}

const lathe_model_type lathe_unet_model = {
    .name = "unet",
    .summary = "U-Net with 16, 32 and 64 channels: a class for each pixel",
    .native = { 1, 64, 64, 2 },
    .build = build,
};
