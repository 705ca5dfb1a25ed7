/* VGG (Simonyan, Zisserman 2014), configuration A with batch norm, as torchvision has it. */
#include "build_impl.h"

typedef struct vgg_opts {
    double dropout;
    int hidden;
} vgg_opts;

enum { CONVS = 8, POOLED = 7 };

/* Eight 3x3 convolutions; five times the picture is halved. */
static lathe_layer *build_features(lathe_model *model, const lathe_model_spec *spec)
{
    static const struct {
        int out;
        bool halve; /* after it */
    } convs[CONVS] = { { 64, true },
        { 128, true },
        { 256, false },
        { 256, true },
        { 512, false },
        { 512, true },
        { 512, false },
        { 512, true } };
    lathe_layer *features = lathe_nn_sequential(model, NULL);
    lathe_extent extent = { spec->channels, spec->height, spec->width };
    for (int i = 0; i < CONVS; i++) {
        int out = convs[i].out;
        lathe_nn_append(features,
            lathe_nn_conv2d(model,
                extent.channels,
                out,
                3,
                &(lathe_nn_conv2d_opts){ .padding = 1,
                    .weight_init = lathe_init_fan_out(out, 3),
                    .bias_init = { LATHE_INIT_CONSTANT } }));
        lathe_nn_append(features, lathe_nn_batch_norm(model, out, NULL));
        lathe_nn_append(features, lathe_nn_relu(model));
        if (convs[i].halve) lathe_nn_append(features, lathe_nn_max_pool2d(model, 2, NULL));
        extent = lathe_extent_after(extent, out, convs[i].halve ? 2 : 1, convs[i].halve ? 2 : 1, 0);
    }
    lathe_extent_features(model, "vgg11_bn", spec, extent);
    return features;
}

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    const vgg_opts *opts = spec->opts;
    lathe_layer *features = build_features(model, spec), *net = lathe_nn_sequential(model, NULL);
    lathe_layer *classifier = lathe_nn_sequential(model,
        lathe_linear_normal(model, 512 * POOLED * POOLED, opts->hidden, 0.01),
        lathe_nn_relu(model),
        lathe_nn_dropout(model, opts->dropout),
        lathe_linear_normal(model, opts->hidden, opts->hidden, 0.01),
        lathe_nn_relu(model),
        lathe_nn_dropout(model, opts->dropout),
        lathe_linear_normal(model, opts->hidden, spec->classes, 0.01),
        NULL);
    if (lathe_model_status(model)) return NULL;
    lathe_layer_add(net, features, "features");
    lathe_layer_add(net, lathe_nn_adaptive_avg_pool2d(model, POOLED, POOLED), "avgpool");
    lathe_layer_add(net, lathe_nn_flatten(model), "flatten");
    lathe_layer_add(net, classifier, "classifier");
    return lathe_model_status(model) ? NULL : net;
}

static const lathe_field fields[] = {
    { .name = "dropout",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(vgg_opts, dropout),
        .preset = { 0.5 },
        .max = 1,
        .below_max = true,
        .help = "probability of a zero after each of the two hidden linear layers" },
    { .name = "hidden",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(vgg_opts, hidden),
        .preset = { 4096 },
        .min = 1,
        .max = HUGE_VAL,
        .help = "units of each of the two hidden linear layers" },
    { 0 },
};

const lathe_model_type lathe_vgg11_bn_model = {
    .name = "vgg11_bn",
    .summary = "VGG with batch norm for photographs: eight 3x3 convolutions, three linear layers",
    .native = { 3, 224, 224, 1000 },
    .input = LATHE_INPUT_224,
    .fields = fields,
    .opts_size = sizeof(vgg_opts),
    .build = build,
};
