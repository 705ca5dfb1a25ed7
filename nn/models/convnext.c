/*
 * ConvNeXt (Liu et al. 2022, arXiv 2201.03545) as torchvision has it. Its linear layers of each pixel's
 * channels are 1x1 convolutions here, whose weights are matrices.
 */
#include "../layers/channel_scale.h"
#include "../layers/layer_norm.h"
#include "build_impl.h"

enum { STAGES = 4 };

static const int widths[STAGES] = { 96, 192, 384, 768 }, depths[STAGES] = { 3, 3, 9, 3 };

static lathe_layer *conv(lathe_model *model, int in, int out, int kernel, lathe_nn_conv2d_opts opts)
{
    opts.weight_init = (lathe_init){ LATHE_INIT_NORMAL, 0.02 };
    opts.bias_init = (lathe_init){ LATHE_INIT_CONSTANT };
    return lathe_nn_conv2d(model, in, out, kernel, &opts);
}

static lathe_layer *norm(lathe_model *model, int channels)
{
    return lathe_nn_layer_norm2d(model, channels, 1e-6);
}

/* x + scale * (7x7 depthwise, norm, 1x1 to four times the channels, GELU, 1x1 back). */
static lathe_layer *block(lathe_model *model, int channels, double drop)
{
    const lathe_nn_conv2d_opts depthwise = { .padding = 3, .groups = channels }, matrix = { .matrix = true };
    lathe_layer *body = lathe_nn_sequential(model, NULL), *inner = lathe_nn_sequential(model, NULL);
    if (!body || !inner) return NULL;
    lathe_layer_add(inner, conv(model, channels, channels, 7, depthwise), "0");
    lathe_layer_add(inner, norm(model, channels), "2");
    lathe_layer_add(inner, conv(model, channels, 4 * channels, 1, matrix), "3");
    lathe_layer_add(inner, lathe_nn_gelu(model), "4");
    lathe_layer_add(inner, conv(model, 4 * channels, channels, 1, matrix), "5");
    lathe_layer_add(body, inner, "block");
    lathe_layer_add(body, lathe_nn_channel_scale(model, channels, 1e-6, "layer_scale"), "");
    lathe_layer_add(body, lathe_nn_stochastic_depth(model, drop, LATHE_DEPTH_ROW), "stochastic_depth");
    return lathe_nn_residual_named(model, body, NULL, NULL);
}

/* The blocks that are kept, at the end of `features`. Between stages a convolution halves the picture. */
static int append_stages(lathe_layer *features, lathe_model *model, int kept, int all, double drop_path)
{
    int number = 0, s = 0;
    for (; s < STAGES && number < kept; s++) {
        lathe_layer *stage = lathe_nn_sequential(model, NULL);
        if (s)
            lathe_nn_append(features,
                lathe_nn_sequential(model,
                    norm(model, widths[s - 1]),
                    conv(model, widths[s - 1], widths[s], 2, (lathe_nn_conv2d_opts){ .stride = 2 }),
                    NULL));
        for (int i = 0; i < depths[s] && number < kept; i++, number++)
            lathe_nn_append(stage, block(model, widths[s], drop_path * number / (all - 1)));
        lathe_nn_append(features, stage);
    }
    return widths[s - 1];
}

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    const lathe_net_opts *opts = spec->opts;
    int all = 0;
    for (int s = 0; s < STAGES; s++) all += depths[s];
    int kept = lathe_blocks_kept(model, "convnext_tiny", spec, all);
    lathe_extent extent = { widths[0], spec->height, spec->width };
    extent = lathe_extent_after(extent, widths[0], 4, 4, 0);
    for (int s = 1, last = depths[0]; s < STAGES && last < kept; last += depths[s++])
        extent = lathe_extent_after(extent, widths[s], 2, 2, 0);
    lathe_extent_features(model, "convnext_tiny", spec, extent);
    lathe_layer *net = lathe_nn_sequential(model, NULL);
    lathe_layer *features = lathe_nn_sequential(model,
        lathe_nn_sequential(model,
            conv(model, spec->channels, widths[0], 4, (lathe_nn_conv2d_opts){ .stride = 4 }),
            norm(model, widths[0]),
            NULL),
        NULL);
    if (!net || !features) return NULL;
    int channels = append_stages(features, model, kept, all, opts->drop_path);
    lathe_layer_add(net, features, "features");
    lathe_layer_add(net, lathe_nn_adaptive_avg_pool2d(model, 1, 1), "avgpool");
    lathe_layer_add(net,
        lathe_nn_sequential(model,
            norm(model, channels),
            lathe_nn_flatten(model),
            lathe_linear_normal(model, channels, spec->classes, 0.02),
            NULL),
        "classifier");
    return lathe_model_status(model) ? NULL : net;
}

static const lathe_field fields[] = { LATHE_FIELD_BLOCKS, LATHE_FIELD_DROP_PATH(0.1), { 0 } };

const lathe_model_type lathe_convnext_tiny_model = {
    .name = "convnext_tiny",
    .summary = "ConvNeXt: 7x7 depthwise convolutions and layer norms, 28.6 million parameters",
    .native = { 3, 224, 224, 1000 },
    .input = { 224, 224. / 236, "bilinear", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = build,
};
