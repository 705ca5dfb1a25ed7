/* SqueezeNet 1.1 (Iandola et al. 2016) as torchvision has it. */
#include "build_impl.h"

extern const lathe_layer_type lathe_concat_layer;

static lathe_layer *conv(lathe_model *model, int in, int out, int kernel, int padding)
{
    return lathe_nn_conv2d(model,
        in,
        out,
        kernel,
        &(lathe_nn_conv2d_opts){ .padding = padding,
            .weight_init = { LATHE_INIT_KAIMING_UNIFORM },
            .bias_init = { LATHE_INIT_CONSTANT } });
}

static lathe_layer *add(lathe_layer *to, lathe_layer *layer, const char *name)
{
    return to ? lathe_layer_add(to, layer, name) : NULL;
}

/* 1x1 to `squeezed` channels, then 1x1 and 3x3 side by side, each to `expanded` channels. */
static lathe_layer *fire(lathe_model *model, int in, int squeezed, int expanded)
{
    lathe_layer *one = lathe_nn_sequential(model, NULL), *three = lathe_nn_sequential(model, NULL),
                *both = lathe_layer_new(model, &lathe_concat_layer),
                *whole = lathe_nn_sequential(model, NULL);
    add(one, conv(model, squeezed, expanded, 1, 0), "expand1x1");
    add(one, lathe_nn_relu(model), "expand1x1_activation");
    add(three, conv(model, squeezed, expanded, 3, 1), "expand3x3");
    add(three, lathe_nn_relu(model), "expand3x3_activation");
    add(both, one, "");
    add(both, three, "");
    add(whole, conv(model, in, squeezed, 1, 0), "squeeze");
    add(whole, lathe_nn_relu(model), "squeeze_activation");
    add(whole, both, "");
    return whole;
}

enum { STEM = 64 };

/* Layers from the stem to fire module number `kept`. Returns the channels of the last one. */
static int append_features(lathe_layer *features, lathe_model *model, const lathe_model_spec *spec, int kept)
{
    static const struct {
        int squeezed, expanded;
        bool pool; /* before it */
    } modules[] = { { 16, 64, true },
        { 16, 64, false },
        { 32, 128, true },
        { 32, 128, false },
        { 48, 192, true },
        { 48, 192, false },
        { 64, 256, false },
        { 64, 256, false } };
    lathe_extent extent = { spec->channels, spec->height, spec->width };
    extent = lathe_extent_after(extent, STEM, 3, 2, 0);
    lathe_nn_append(features,
        lathe_nn_conv2d(model,
            spec->channels,
            STEM,
            3,
            &(lathe_nn_conv2d_opts){ .stride = 2,
                .weight_init = { LATHE_INIT_KAIMING_UNIFORM },
                .bias_init = { LATHE_INIT_CONSTANT } }));
    lathe_nn_append(features, lathe_nn_relu(model));
    int channels = STEM;
    for (int i = 0; i < kept; i++) {
        if (modules[i].pool) {
            extent = lathe_extent_after_ceil(extent, 3, 2);
            lathe_nn_append(features,
                lathe_nn_max_pool2d(model, 3, &(lathe_pool_opts){ .stride = 2, .ceil_mode = true }));
        }
        lathe_nn_append(features, fire(model, channels, modules[i].squeezed, modules[i].expanded));
        channels = 2 * modules[i].expanded;
    }
    lathe_extent_features(model, "squeezenet1_1", spec, extent);
    return channels;
}

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    const lathe_net_opts *opts = spec->opts;
    lathe_layer *features = lathe_nn_sequential(model, NULL);
    int channels = append_features(features, model, spec, lathe_blocks_kept(model, "squeezenet1_1", spec, 8));
    lathe_layer *classifier = lathe_nn_sequential(model,
        lathe_nn_dropout(model, opts->dropout),
        lathe_nn_conv2d(model,
            channels,
            spec->classes,
            1,
            &(lathe_nn_conv2d_opts){ .weight_init = { LATHE_INIT_NORMAL, 0.01 },
                .bias_init = { LATHE_INIT_CONSTANT } }),
        lathe_nn_relu(model),
        lathe_nn_global_avg_pool(model),
        NULL);
    lathe_layer *net = lathe_nn_sequential(model, NULL);
    add(net, features, "features");
    add(net, classifier, "classifier");
    return lathe_model_status(model) ? NULL : net;
}

static const lathe_field fields[] = { LATHE_FIELD_BLOCKS, LATHE_FIELD_DROPOUT(0.5), { 0 } };

const lathe_model_type lathe_squeezenet1_1_model = {
    .name = "squeezenet1_1",
    .summary = "SqueezeNet 1.1 for photographs: fire modules, 64 to 512 channels, 1.2 million parameters",
    .native = { 3, 224, 224, 1000 },
    .input = LATHE_INPUT_224,
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = build,
};
