/*
 * EfficientNet (Tan, Le 2019, arXiv 1905.11946): one table of stages, made wider and deeper. efficientnet_b*
 * are torchvision's, tf_efficientnet_b* timm's, which pad as TensorFlow does. efficientnet-tiny is a table
 * for pictures of 32 to 64 pixels.
 */
#include <string.h>

#include "inverted_impl.h"

typedef struct stage {
    int kernel, stride, expand, out, blocks;
} stage;

enum { STAGES = 7 };

/* Table 1 of the paper. */
static const stage stages[STAGES] = {
    { 3, 1, 1, 16, 1 },
    { 3, 2, 6, 24, 2 },
    { 5, 2, 6, 40, 2 },
    { 3, 2, 6, 80, 3 },
    { 5, 1, 6, 112, 3 },
    { 5, 2, 6, 192, 4 },
    { 3, 1, 6, 320, 1 },
};

/* The family; torchvision's names lack the "tf_". */
static const struct {
    const char *name;
    double width, depth;
} scales[] = {
    { "tf_efficientnet_b0", 1, 1 },
    { "tf_efficientnet_b1", 1, 1.1 },
    { "tf_efficientnet_b2", 1.1, 1.2 },
    { "tf_efficientnet_b3", 1.2, 1.4 },
    { "tf_efficientnet_b4", 1.4, 1.8 },
    { "tf_efficientnet_b5", 1.6, 2.2 },
    { "tf_efficientnet_b6", 1.8, 2.6 },
    { "tf_efficientnet_b7", 2, 3.1 },
};

/* A net of this file. */
typedef struct efficientnet {
    const char *name;
    const stage *stages;
    int count; /* of stages */
    double width, depth;
    int stem, stem_stride, last; /* channels of the first and the last convolution */
    lathe_inverted_form form;
} efficientnet;

static int blocks_of(const efficientnet *net, int index)
{
    return (int)ceil(net->stages[index].blocks * net->depth);
}

/* The blocks that are kept, at the end of `to`, a sequential each stage. Returns the last one's channels. */
static int append_stages(lathe_layer *to, const efficientnet *net, int kept, int all, double drop_path)
{
    lathe_model *model = to->model;
    int in = net->stem, number = 0;
    for (int s = 0; s < net->count && number < kept; s++) {
        const stage *st = &net->stages[s];
        lathe_layer *part = lathe_nn_sequential(model, NULL);
        for (int i = 0; i < blocks_of(net, s) && number < kept; i++, number++) {
            const lathe_inverted_block block = { .in = in,
                .wide = in * st->expand,
                .out = lathe_channels(st->out * net->width),
                .kernel = st->kernel,
                .stride = i ? 1 : st->stride,
                .squeezed = in / 4,
                .drop = drop_path * number / all };
            lathe_nn_append(part, lathe_inverted(model, &net->form, &block));
            in = block.out;
        }
        lathe_nn_append(to, part);
    }
    return in;
}

/* Names of the parts of a net. */
typedef struct part_names {
    const char *features, *blocks, *classifier; /* "": parts of the net itself */
    lathe_unit_names stem, head;
} part_names;

static const part_names names_of[] = {
    [LATHE_TORCHVISION] = { "features", "", "classifier" },
    [LATHE_TIMM] = { "",
        "blocks",
        "",
        { "", { "conv_stem", "bn1", "act1" } },
        { "", { "conv_head", "bn2", "act2" } } },
};

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec, const efficientnet *net)
{
    const lathe_net_opts *opts = spec->opts;
    const part_names *names = &names_of[net->form.school];
    int all = 0;
    for (int s = 0; s < net->count; s++) all += blocks_of(net, s);
    int kept = lathe_blocks_kept(model, net->name, spec, all);
    lathe_layer *whole = lathe_nn_sequential(model, NULL), *features = lathe_nn_sequential(model, NULL),
                *blocks = names->features[0] ? features : lathe_nn_sequential(model, NULL),
                *classifier = lathe_nn_sequential(model, NULL);
    if (!whole || !features || !blocks || !classifier) return NULL;
    lathe_layer_add(whole, features, names->features);
    lathe_add_unit(features, &net->form, spec->channels, net->stem, 3, net->stem_stride, names->stem);
    int channels = append_stages(blocks, net, kept, all, opts->drop_path);
    if (blocks != features) lathe_layer_add(features, blocks, names->blocks);
    if (kept == all) {
        lathe_add_unit(features, &net->form, channels, net->last, 1, 1, names->head);
        channels = net->last;
    }
    lathe_layer_add(whole, lathe_nn_global_avg_pool(model), "avgpool");
    lathe_layer_add(classifier, lathe_nn_dropout(model, opts->dropout), names->features[0] ? "0" : "dropout");
    lathe_layer_add(classifier,
        lathe_linear_fan_out(model, channels, spec->classes),
        names->features[0] ? "1" : "classifier");
    lathe_layer_add(whole, classifier, names->classifier);
    return lathe_model_status(model) ? NULL : whole;
}

/* Member `index` of the family. */
static lathe_layer *build_scaled(lathe_model *model, const lathe_model_spec *spec, int index,
    const lathe_inverted_form *form)
{
    double width = scales[index].width;
    return build(model,
        spec,
        &(efficientnet){ .name = scales[index].name + (form->same ? 0 : strlen("tf_")),
            .stages = stages,
            .count = STAGES,
            .width = width,
            .depth = scales[index].depth,
            .stem = lathe_channels(32 * width),
            .stem_stride = 2,
            .last = 4 * lathe_channels(320 * width),
            .form = *form });
}

/* torchvision's norms: from b5 on as TensorFlow has them. */
static lathe_layer *torchvision(lathe_model *model, const lathe_model_spec *spec, int index)
{
    const lathe_inverted_form form = { .school = LATHE_TORCHVISION,
        .eps = index < 5 ? 0 : 1e-3,
        .momentum = index < 5 ? 0 : 0.01,
        .squeeze_activation = "silu",
        .gate = "sigmoid",
        .activation = lathe_nn_silu };
    return build_scaled(model, spec, index, &form);
}

static lathe_layer *timm(lathe_model *model, const lathe_model_spec *spec, int index)
{
    const lathe_inverted_form form = { .school = LATHE_TIMM,
        .same = true,
        .eps = 1e-3,
        .momentum = 0.01,
        .squeeze_activation = "silu",
        .gate = "sigmoid",
        .activation = lathe_nn_silu };
    return build_scaled(model, spec, index, &form);
}

static lathe_layer *b0(lathe_model *m, const lathe_model_spec *s) { return torchvision(m, s, 0); }
static lathe_layer *b1(lathe_model *m, const lathe_model_spec *s) { return torchvision(m, s, 1); }
static lathe_layer *b2(lathe_model *m, const lathe_model_spec *s) { return torchvision(m, s, 2); }
static lathe_layer *b3(lathe_model *m, const lathe_model_spec *s) { return torchvision(m, s, 3); }
static lathe_layer *b4(lathe_model *m, const lathe_model_spec *s) { return torchvision(m, s, 4); }
static lathe_layer *b5(lathe_model *m, const lathe_model_spec *s) { return torchvision(m, s, 5); }
static lathe_layer *b6(lathe_model *m, const lathe_model_spec *s) { return torchvision(m, s, 6); }
static lathe_layer *b7(lathe_model *m, const lathe_model_spec *s) { return torchvision(m, s, 7); }
static lathe_layer *tf_b0(lathe_model *m, const lathe_model_spec *s) { return timm(m, s, 0); }
static lathe_layer *tf_b1(lathe_model *m, const lathe_model_spec *s) { return timm(m, s, 1); }
static lathe_layer *tf_b2(lathe_model *m, const lathe_model_spec *s) { return timm(m, s, 2); }
static lathe_layer *tf_b3(lathe_model *m, const lathe_model_spec *s) { return timm(m, s, 3); }
static lathe_layer *tf_b4(lathe_model *m, const lathe_model_spec *s) { return timm(m, s, 4); }
static lathe_layer *tf_b5(lathe_model *m, const lathe_model_spec *s) { return timm(m, s, 5); }
static lathe_layer *tf_b6(lathe_model *m, const lathe_model_spec *s) { return timm(m, s, 6); }
static lathe_layer *tf_b7(lathe_model *m, const lathe_model_spec *s) { return timm(m, s, 7); }

/* Options by the dropout of the paper's code. */
static const lathe_field fields_2[] = { LATHE_FIELD_BLOCKS,
    LATHE_FIELD_DROPOUT(0.2),
    LATHE_FIELD_DROP_PATH(0.2),
    { 0 } };
static const lathe_field fields_3[] = { LATHE_FIELD_BLOCKS,
    LATHE_FIELD_DROPOUT(0.3),
    LATHE_FIELD_DROP_PATH(0.2),
    { 0 } };
static const lathe_field fields_4[] = { LATHE_FIELD_BLOCKS,
    LATHE_FIELD_DROPOUT(0.4),
    LATHE_FIELD_DROP_PATH(0.2),
    { 0 } };
static const lathe_field fields_5[] = { LATHE_FIELD_BLOCKS,
    LATHE_FIELD_DROPOUT(0.5),
    LATHE_FIELD_DROP_PATH(0.2),
    { 0 } };

const lathe_model_type lathe_efficientnet_b0_model = {
    .name = "efficientnet_b0",
    .summary = "EfficientNet-B0 as torchvision has it, 5.3 million parameters",
    .native = { 3, 224, 224, 1000 },
    .input = { 224, 224. / 256, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_2,
    .opts_size = sizeof(lathe_net_opts),
    .build = b0,
};

const lathe_model_type lathe_efficientnet_b1_model = {
    .name = "efficientnet_b1",
    .summary = "EfficientNet-B1 as torchvision has it, 7.8 million parameters",
    .native = { 3, 240, 240, 1000 },
    .input = { 240, 240. / 255, "bilinear", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_2,
    .opts_size = sizeof(lathe_net_opts),
    .build = b1,
};

const lathe_model_type lathe_efficientnet_b2_model = {
    .name = "efficientnet_b2",
    .summary = "EfficientNet-B2 as torchvision has it, 9.1 million parameters",
    .native = { 3, 288, 288, 1000 },
    .input = { 288, 1, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_3,
    .opts_size = sizeof(lathe_net_opts),
    .build = b2,
};

const lathe_model_type lathe_efficientnet_b3_model = {
    .name = "efficientnet_b3",
    .summary = "EfficientNet-B3 as torchvision has it, 12.2 million parameters",
    .native = { 3, 300, 300, 1000 },
    .input = { 300, 300. / 320, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_3,
    .opts_size = sizeof(lathe_net_opts),
    .build = b3,
};

const lathe_model_type lathe_efficientnet_b4_model = {
    .name = "efficientnet_b4",
    .summary = "EfficientNet-B4 as torchvision has it, 19.3 million parameters",
    .native = { 3, 380, 380, 1000 },
    .input = { 380, 380. / 384, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_4,
    .opts_size = sizeof(lathe_net_opts),
    .build = b4,
};

const lathe_model_type lathe_efficientnet_b5_model = {
    .name = "efficientnet_b5",
    .summary = "EfficientNet-B5 as torchvision has it, 30.4 million parameters",
    .native = { 3, 456, 456, 1000 },
    .input = { 456, 1, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_4,
    .opts_size = sizeof(lathe_net_opts),
    .build = b5,
};

const lathe_model_type lathe_efficientnet_b6_model = {
    .name = "efficientnet_b6",
    .summary = "EfficientNet-B6 as torchvision has it, 43.0 million parameters",
    .native = { 3, 528, 528, 1000 },
    .input = { 528, 1, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_5,
    .opts_size = sizeof(lathe_net_opts),
    .build = b6,
};

const lathe_model_type lathe_efficientnet_b7_model = {
    .name = "efficientnet_b7",
    .summary = "EfficientNet-B7 as torchvision has it, 66.3 million parameters",
    .native = { 3, 600, 600, 1000 },
    .input = { 600, 1, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_5,
    .opts_size = sizeof(lathe_net_opts),
    .build = b7,
};

const lathe_model_type lathe_tf_efficientnet_b0_model = {
    .name = "tf_efficientnet_b0",
    .summary = "EfficientNet-B0 as timm has TensorFlow's, 5.3 million parameters",
    .native = { 3, 224, 224, 1000 },
    .input = { 224, 0.875, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_2,
    .opts_size = sizeof(lathe_net_opts),
    .build = tf_b0,
};

const lathe_model_type lathe_tf_efficientnet_b1_model = {
    .name = "tf_efficientnet_b1",
    .summary = "EfficientNet-B1 as timm has TensorFlow's, 7.8 million parameters",
    .native = { 3, 240, 240, 1000 },
    .input = { 240, 0.882, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_2,
    .opts_size = sizeof(lathe_net_opts),
    .build = tf_b1,
};

const lathe_model_type lathe_tf_efficientnet_b2_model = {
    .name = "tf_efficientnet_b2",
    .summary = "EfficientNet-B2 as timm has TensorFlow's, 9.1 million parameters",
    .native = { 3, 260, 260, 1000 },
    .input = { 260, 0.89, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_3,
    .opts_size = sizeof(lathe_net_opts),
    .build = tf_b2,
};

const lathe_model_type lathe_tf_efficientnet_b3_model = {
    .name = "tf_efficientnet_b3",
    .summary = "EfficientNet-B3 as timm has TensorFlow's, 12.2 million parameters",
    .native = { 3, 300, 300, 1000 },
    .input = { 300, 0.904, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_3,
    .opts_size = sizeof(lathe_net_opts),
    .build = tf_b3,
};

const lathe_model_type lathe_tf_efficientnet_b4_model = {
    .name = "tf_efficientnet_b4",
    .summary = "EfficientNet-B4 as timm has TensorFlow's, 19.3 million parameters",
    .native = { 3, 380, 380, 1000 },
    .input = { 380, 0.922, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_4,
    .opts_size = sizeof(lathe_net_opts),
    .build = tf_b4,
};

const lathe_model_type lathe_tf_efficientnet_b5_model = {
    .name = "tf_efficientnet_b5",
    .summary = "EfficientNet-B5 as timm has TensorFlow's, 30.4 million parameters",
    .native = { 3, 456, 456, 1000 },
    .input = { 456, 0.934, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_4,
    .opts_size = sizeof(lathe_net_opts),
    .build = tf_b5,
};

const lathe_model_type lathe_tf_efficientnet_b6_model = {
    .name = "tf_efficientnet_b6",
    .summary = "EfficientNet-B6 as timm has TensorFlow's, 43.0 million parameters",
    .native = { 3, 528, 528, 1000 },
    .input = { 528, 0.942, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_5,
    .opts_size = sizeof(lathe_net_opts),
    .build = tf_b6,
};

const lathe_model_type lathe_tf_efficientnet_b7_model = {
    .name = "tf_efficientnet_b7",
    .summary = "EfficientNet-B7 as timm has TensorFlow's, 66.3 million parameters",
    .native = { 3, 600, 600, 1000 },
    .input = { 600, 0.949, "bicubic", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields_5,
    .opts_size = sizeof(lathe_net_opts),
    .build = tf_b7,
};

/* ---- for small pictures -------------------------------------------------------------------------------- */

static const stage tiny_stages[] = {
    { 3, 1, 1, 16, 1 },
    { 3, 2, 4, 24, 2 },
    { 5, 2, 4, 40, 2 },
    { 3, 1, 4, 64, 2 },
    { 5, 2, 4, 96, 2 },
};

/* From this side on, the first convolution halves the picture. */
enum { TINY_HALVED = 48 };

static lathe_layer *tiny(lathe_model *model, const lathe_model_spec *spec)
{
    bool halves = spec->height >= TINY_HALVED && spec->width >= TINY_HALVED;
    return build(model,
        spec,
        &(efficientnet){ .name = "efficientnet-tiny",
            .stages = tiny_stages,
            .count = sizeof tiny_stages / sizeof tiny_stages[0],
            .width = 1,
            .depth = 1,
            .stem = 16,
            .stem_stride = halves ? 2 : 1,
            .last = 256,
            .form = { .school = LATHE_TORCHVISION,
                .squeeze_activation = "silu",
                .gate = "sigmoid",
                .activation = lathe_nn_silu } });
}

static const lathe_field fields_tiny[] = { LATHE_FIELD_BLOCKS,
    LATHE_FIELD_DROPOUT(0),
    LATHE_FIELD_DROP_PATH(0),
    { 0 } };

const lathe_model_type lathe_efficientnet_tiny_model = {
    .name = "efficientnet-tiny",
    .summary = "an EfficientNet for pictures of 32 to 64 pixels, 16 to 96 channels",
    .native = { 3, 32, 32, 10 },
    .fields = fields_tiny,
    .opts_size = sizeof(lathe_net_opts),
    .build = tiny,
};
