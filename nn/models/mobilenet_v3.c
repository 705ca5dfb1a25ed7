/* MobileNetV3 (Howard et al. 2019, arXiv 1905.02244) as torchvision has it. */
#include "inverted_impl.h"

typedef struct row {
    int kernel, wide, out;
    bool squeeze, hard; /* hardswish, not ReLU */
    int stride;
} row;

typedef struct mobilenet_v3_form {
    const char *name;
    const row *rows;
    int blocks, hidden; /* hidden: width of the layer before the last one */
} mobilenet_v3_form;

/* Table 1 of the paper. */
static const row large_rows[] = {
    { 3, 16, 16, false, false, 1 },
    { 3, 64, 24, false, false, 2 },
    { 3, 72, 24, false, false, 1 },
    { 5, 72, 40, true, false, 2 },
    { 5, 120, 40, true, false, 1 },
    { 5, 120, 40, true, false, 1 },
    { 3, 240, 80, false, true, 2 },
    { 3, 200, 80, false, true, 1 },
    { 3, 184, 80, false, true, 1 },
    { 3, 184, 80, false, true, 1 },
    { 3, 480, 112, true, true, 1 },
    { 3, 672, 112, true, true, 1 },
    { 5, 672, 160, true, true, 2 },
    { 5, 960, 160, true, true, 1 },
    { 5, 960, 160, true, true, 1 },
};

/* Table 2. */
static const row small_rows[] = {
    { 3, 16, 16, true, false, 2 },
    { 3, 72, 24, false, false, 2 },
    { 3, 88, 24, false, false, 1 },
    { 5, 96, 40, true, true, 2 },
    { 5, 240, 40, true, true, 1 },
    { 5, 240, 40, true, true, 1 },
    { 5, 120, 48, true, true, 1 },
    { 5, 144, 48, true, true, 1 },
    { 5, 288, 96, true, true, 2 },
    { 5, 576, 96, true, true, 1 },
    { 5, 576, 96, true, true, 1 },
};

static const mobilenet_v3_form large = { "mobilenet_v3_large", large_rows, 15, 1280 };
static const mobilenet_v3_form small = { "mobilenet_v3_small", small_rows, 11, 1024 };

/* The blocks that are kept, at the end of `features`. Returns the channels of the last one. */
static int append_blocks(lathe_layer *features, const mobilenet_v3_form *net, lathe_inverted_form form,
    int kept, double width, int in)
{
    for (int i = 0; features && i < kept; i++) {
        const row *r = &net->rows[i];
        const lathe_inverted_block block = { .in = in,
            .wide = lathe_channels(width * r->wide),
            .out = lathe_channels(width * r->out),
            .kernel = r->kernel,
            .stride = r->stride,
            .squeezed = r->squeeze ? lathe_channels((double)(lathe_channels(width * r->wide) / 4)) : 0 };
        form.activation = r->hard ? lathe_nn_hardswish : lathe_nn_relu;
        lathe_nn_append(features, lathe_inverted(features->model, &form, &block));
        in = block.out;
    }
    return in;
}

static lathe_layer *classifier(lathe_model *model, int in, int hidden, int classes, double dropout)
{
    return lathe_nn_sequential(model,
        lathe_linear_normal(model, in, hidden, 0.01),
        lathe_nn_hardswish(model),
        lathe_nn_dropout(model, dropout),
        lathe_linear_normal(model, hidden, classes, 0.01),
        NULL);
}

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec, const mobilenet_v3_form *net)
{
    const lathe_net_opts *opts = spec->opts;
    const lathe_inverted_form form = { .school = LATHE_TORCHVISION,
        .eps = 1e-3,
        .momentum = 0.01,
        .squeeze_activation = "relu",
        .gate = "hardsigmoid",
        .activation = lathe_nn_hardswish };
    const lathe_unit_names numbers = { NULL };
    int kept = lathe_blocks_kept(model, net->name, spec, net->blocks),
        channels = lathe_channels(16 * opts->width);
    lathe_layer *all = lathe_nn_sequential(model, NULL), *features = lathe_nn_sequential(model, NULL);
    lathe_add_unit(features, &form, spec->channels, channels, 3, 2, numbers);
    channels = append_blocks(features, net, form, kept, opts->width, channels);
    if (kept == net->blocks) {
        lathe_add_unit(features, &form, channels, 6 * channels, 1, 1, numbers);
        channels *= 6;
    }
    lathe_layer_add(all, features, "features");
    lathe_layer_add(all, lathe_nn_global_avg_pool(model), "avgpool");
    lathe_layer_add(all,
        classifier(model, channels, lathe_channels(net->hidden * opts->width), spec->classes, opts->dropout),
        "classifier");
    return lathe_model_status(model) ? NULL : all;
}

static lathe_layer *build_large(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, &large);
}

static lathe_layer *build_small(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, &small);
}

static const lathe_field fields[] = { LATHE_FIELD_BLOCKS,
    LATHE_FIELD_DROPOUT(0.2),
    LATHE_FIELD_WIDTH,
    { 0 } };

const lathe_model_type lathe_mobilenet_v3_large_model = {
    .name = "mobilenet_v3_large",
    .summary = "inverted residuals with squeeze and excitation for photographs, 5.5 million parameters",
    .native = { 3, 224, 224, 1000 },
    .input = { 224, 224. / 232, "bilinear", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = build_large,
};

const lathe_model_type lathe_mobilenet_v3_small_model = {
    .name = "mobilenet_v3_small",
    .summary = "inverted residuals with squeeze and excitation for photographs, 2.5 million parameters",
    .native = { 3, 224, 224, 1000 },
    .input = LATHE_INPUT_224,
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = build_small,
};
