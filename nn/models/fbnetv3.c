/*
 * FBNetV3 (Dai et al. 2021, arXiv 2006.02049). Two definitions are published. timm's are fbnetv3_b, _d and
 * _g. Those of mobile-vision are fbnetv3_a0 and fbnetv3_a, which timm lacks, and mv_fbnetv3_b, _d and _g. The
 * two differ in the names of tensors, in first weights, and in some paddings. fbnetv3-tiny is a table for
 * pictures of 32 to 64 pixels.
 */
#include <stdio.h>

#include "inverted_impl.h"

/* Whether a row begins a stage. */
typedef enum begins {
    NO,
    IN_TIMM, /* mobile-vision has one stage where timm has two */
    YES
} begins;

/* Blocks of a net; the first has the stride. */
typedef struct row {
    begins begins;
    int kernel, stride, expand, out, blocks;
    bool squeeze;
    bool less_padding; /* of the first block, by mobile-vision */
} row;

typedef struct fbnet {
    const char *name;
    const row *rows; /* up to one without blocks */
    int stem, stem_stride;
    int expand, last; /* of the head: how much wider than its input, then its features */
    lathe_school school;
} fbnet;

static const row a0_rows[] = {
    { YES, 3, 1, 1, 12, 1, false },
    { YES, 3, 2, 4, 24, 1, false },
    { NO, 3, 1, 2, 24, 2, false },
    { YES, 3, 2, 4, 40, 1, true },
    { NO, 3, 1, 2, 40, 2, true },
    { YES, 5, 2, 4, 72, 1, false },
    { NO, 3, 1, 3, 72, 2, false },
    { IN_TIMM, 3, 1, 4, 104, 1, true },
    { NO, 5, 1, 3, 104, 3, true },
    { YES, 3, 2, 4, 176, 1, true },
    { NO, 3, 1, 4, 176, 3, true },
    { NO, 3, 1, 5, 208, 1, true },
    { NO },
};

/* a and b differ in the size of their pictures. */
static const row b_rows[] = {
    { YES, 3, 1, 1, 16, 2, false },
    { YES, 5, 2, 4, 24, 1, false },
    { NO, 5, 1, 2, 24, 3, false },
    { YES, 5, 2, 5, 40, 1, true },
    { NO, 5, 1, 3, 40, 4, true },
    { YES, 5, 2, 5, 72, 1, false, .less_padding = true },
    { NO, 3, 1, 3, 72, 4, false },
    { IN_TIMM, 3, 1, 5, 120, 1, true },
    { NO, 5, 1, 3, 120, 5, true },
    { YES, 3, 2, 6, 184, 1, true, .less_padding = true },
    { NO, 5, 1, 4, 184, 5, true },
    { NO, 5, 1, 6, 224, 1, true },
    { NO },
};

static const row d_rows[] = {
    { YES, 3, 1, 1, 16, 2, false },
    { YES, 3, 2, 5, 24, 1, false },
    { NO, 3, 1, 2, 24, 5, false },
    { YES, 5, 2, 4, 40, 1, true },
    { NO, 3, 1, 3, 40, 4, true },
    { YES, 3, 2, 5, 72, 1, false },
    { NO, 3, 1, 3, 72, 4, false },
    { IN_TIMM, 3, 1, 5, 128, 1, true },
    { NO, 5, 1, 3, 128, 6, true },
    { YES, 3, 2, 6, 208, 1, true },
    { NO, 5, 1, 5, 208, 5, true },
    { NO, 5, 1, 6, 240, 1, true },
    { NO },
};

static const row g_rows[] = {
    { YES, 3, 1, 1, 24, 3, false },
    { YES, 5, 2, 4, 40, 1, false },
    { NO, 5, 1, 2, 40, 4, false },
    { YES, 5, 2, 4, 56, 1, true },
    { NO, 5, 1, 3, 56, 4, true },
    { YES, 5, 2, 5, 104, 1, false },
    { NO, 3, 1, 3, 104, 4, false },
    { IN_TIMM, 3, 1, 5, 160, 1, true },
    { NO, 5, 1, 3, 160, 8, true },
    { YES, 3, 2, 6, 264, 1, true },
    { NO, 5, 1, 5, 264, 6, true },
    { NO, 5, 1, 6, 288, 2, true },
    { NO },
};

static const row tiny_rows[] = {
    { YES, 3, 1, 1, 16, 1, false },
    { YES, 3, 2, 4, 24, 1, false },
    { NO, 3, 1, 2, 24, 1, false },
    { YES, 5, 2, 4, 40, 1, true },
    { NO, 5, 1, 3, 40, 2, true },
    { YES, 3, 2, 4, 64, 1, true },
    { NO, 5, 1, 3, 64, 2, true },
    { NO, 3, 1, 4, 96, 1, true },
    { NO },
};

/* As lathe_channels, but at least 0.95 of what is wanted: the rule of both definitions. */
static int channels_for(double wanted)
{
    int channels = (int)(wanted + 4) / 8 * 8;
    if (channels < 8) channels = 8;
    return channels < 0.95 * wanted ? channels + 8 : channels;
}

/* A quarter of the block's input, which mobile-vision computes in the rounded numbers of this line. */
static int squeezed(int wide, int expand) { return channels_for((int)(wide * (0.25 / expand))); }

/*
 * The blocks that are kept, at the end of `to`. timm has a sequential for each stage. mobile-vision calls
 * block 0 of stage 2 xif2_0. Returns the channels of the last one.
 */
static int append_blocks(lathe_layer *to, const fbnet *net, const lathe_inverted_form *form, int kept,
    double drop_step)
{
    lathe_layer *stage = to;
    bool timm = net->school == LATHE_TIMM;
    int in = net->stem, number = 0, stages = 0, place = 0;
    for (const row *r = net->rows; r->blocks && number < kept; r++) {
        if (r->begins == YES || (r->begins == IN_TIMM && timm)) {
            stages++, place = 0;
            if (timm) stage = lathe_nn_append(to, lathe_nn_sequential(to->model, NULL));
        }
        for (int i = 0; stage && i < r->blocks && number < kept; i++, number++) {
            char name[32];
            const lathe_inverted_block block = { .in = in,
                .wide = channels_for(in * r->expand),
                .out = r->out,
                .kernel = r->kernel,
                .stride = i ? 1 : r->stride,
                .squeezed = r->squeeze ? squeezed(channels_for(in * r->expand), r->expand) : 0,
                .less_padding = r->less_padding && !timm,
                .drop = drop_step * number };
            snprintf(name, sizeof name, "xif%d_%d", stages, place++);
            lathe_layer_add(stage, lathe_inverted(to->model, form, &block), timm ? NULL : name);
            in = r->out;
        }
    }
    return in;
}

static int stages_of(const fbnet *net)
{
    int stages = 0;
    for (const row *r = net->rows; r->blocks; r++) stages += r->begins == YES;
    return stages;
}

static int blocks_of(const fbnet *net)
{
    int blocks = 0;
    for (const row *r = net->rows; r->blocks; r++) blocks += r->blocks;
    return blocks;
}

/* A 1x1 convolution of one pixel. */
static lathe_layer *pixel(lathe_model *model, int in, int out)
{
    return lathe_nn_conv2d(model,
        in,
        out,
        1,
        &(lathe_nn_conv2d_opts){ .no_bias = true, .weight_init = lathe_init_fan_out(out, 1) });
}

/* timm: conv_stem, bn1, blocks, conv_head, classifier. */
static void add_timm(lathe_layer *whole, const lathe_model_spec *spec, const fbnet *net,
    const lathe_inverted_form *form, int kept)
{
    lathe_model *model = whole->model;
    const lathe_net_opts *opts = spec->opts;
    int all = blocks_of(net);
    lathe_layer *blocks = lathe_nn_sequential(model, NULL), *widen = lathe_nn_sequential(model, NULL),
                *last = lathe_nn_sequential(model, NULL);
    if (!blocks || !widen || !last) return;
    lathe_add_unit(whole,
        form,
        spec->channels,
        net->stem,
        3,
        net->stem_stride,
        (lathe_unit_names){ "", { "conv_stem", "bn1", "act1" } });
    int channels = append_blocks(blocks, net, form, kept, opts->drop_path / (all + 1));
    lathe_layer_add(whole, blocks, "blocks");
    if (kept == all) {
        lathe_add_unit(last,
            form,
            channels,
            net->expand * channels,
            1,
            1,
            (lathe_unit_names){ NULL, { "conv", "bn1", "act" } });
        lathe_nn_append(blocks, last);
    }
    lathe_layer_add(whole, lathe_nn_adaptive_avg_pool2d(model, 1, 1), "global_pool");
    if (kept == all) {
        lathe_layer_add(whole, pixel(model, net->expand * channels, net->last), "conv_head");
        lathe_layer_add(whole, lathe_nn_hardswish(model), "act2");
        channels = net->last;
    }
    lathe_layer_add(whole, lathe_nn_flatten(model), "flatten");
    lathe_layer_add(whole, lathe_nn_dropout(model, opts->dropout), "dropout");
    lathe_layer_add(whole, lathe_linear_fan_out(model, channels, spec->classes), "classifier");
}

/* The last stage of mobile-vision: 1x1 to wide channels, each channel's mean, 1x1 to features. */
static lathe_layer *pool_stage(lathe_model *model, const fbnet *net, const lathe_inverted_form *form, int in)
{
    lathe_layer *stage = lathe_nn_sequential(model, NULL), *narrow = lathe_nn_sequential(model, NULL);
    lathe_add_unit(stage,
        form,
        in,
        net->expand * in,
        1,
        1,
        (lathe_unit_names){ "pw", { "conv", "bn", "relu" } });
    lathe_layer_add(stage, lathe_nn_adaptive_avg_pool2d(model, 1, 1), "dw");
    lathe_layer_add(narrow, pixel(model, net->expand * in, net->last), "conv");
    lathe_layer_add(narrow, lathe_nn_hardswish(model), "relu");
    lathe_layer_add(stage, narrow, "pwl");
    return stage;
}

/* mobile-vision: backbone.stages.xif0_0 is the stem; blocks follow; head.conv. */
static void add_mobile_vision(lathe_layer *whole, const lathe_model_spec *spec, const fbnet *net,
    const lathe_inverted_form *form, int kept)
{
    lathe_model *model = whole->model;
    const lathe_net_opts *opts = spec->opts;
    int all = blocks_of(net);
    lathe_layer *backbone = lathe_nn_sequential(model, NULL), *stages = lathe_nn_sequential(model, NULL),
                *head = lathe_nn_sequential(model, NULL);
    if (!backbone || !stages || !head) return;
    lathe_add_unit(stages,
        form,
        spec->channels,
        net->stem,
        3,
        net->stem_stride,
        (lathe_unit_names){ "xif0_0", { "conv", "bn", "relu" } });
    int channels = append_blocks(stages, net, form, kept, opts->drop_path / (all + 1));
    if (kept == all) {
        char name[32];
        snprintf(name, sizeof name, "xif%d_0", stages_of(net) + 1);
        lathe_layer_add(stages, pool_stage(model, net, form, channels), name);
        channels = net->last;
    }
    lathe_layer_add(backbone, stages, "stages");
    lathe_layer_add(whole, backbone, "backbone");
    lathe_layer_add(head, lathe_nn_adaptive_avg_pool2d(model, 1, 1), "avg_pool");
    lathe_layer_add(head, lathe_nn_dropout(model, opts->dropout), "dropout");
    lathe_layer_add(head, lathe_nn_conv2d(model, channels, spec->classes, 1, NULL), "conv");
    lathe_layer_add(head, lathe_nn_flatten(model), "flatten");
    lathe_layer_add(whole, head, "head");
}

/* The picture after the blocks that are kept. */
static lathe_extent extent_of(const fbnet *net, const lathe_model_spec *spec, int kept)
{
    int number = 0;
    lathe_extent extent = { spec->channels, spec->height, spec->width };
    extent = lathe_extent_after(extent, net->stem, 3, net->stem_stride, 1);
    for (const row *r = net->rows; r->blocks && number < kept; number += (r++)->blocks) {
        int less = r->less_padding && net->school == LATHE_MOBILE_VISION;
        extent = lathe_extent_after(extent, r->out, r->kernel, r->stride, r->kernel / 2 - less);
    }
    return extent;
}

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec, const fbnet *net)
{
    const lathe_inverted_form form = { .school = net->school,
        .squeeze_activation = "hardswish",
        .gate = "hardsigmoid",
        .activation = lathe_nn_hardswish };
    int kept = lathe_blocks_kept(model, net->name, spec, blocks_of(net));
    lathe_extent_features(model, net->name, spec, extent_of(net, spec, kept));
    lathe_layer *whole = lathe_nn_sequential(model, NULL);
    if (!whole) return NULL;
    (net->school == LATHE_TIMM ? add_timm : add_mobile_vision)(whole, spec, net, &form, kept);
    return lathe_model_status(model) ? NULL : whole;
}

static lathe_layer *timm_b(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, &(fbnet){ "fbnetv3_b", b_rows, 16, 2, 6, 1984, LATHE_TIMM });
}

static lathe_layer *timm_d(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, &(fbnet){ "fbnetv3_d", d_rows, 24, 2, 6, 1984, LATHE_TIMM });
}

static lathe_layer *timm_g(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, &(fbnet){ "fbnetv3_g", g_rows, 32, 2, 6, 1984, LATHE_TIMM });
}

static lathe_layer *a0(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, &(fbnet){ "fbnetv3_a0", a0_rows, 12, 2, 5, 1984, LATHE_MOBILE_VISION });
}

static lathe_layer *a(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, &(fbnet){ "fbnetv3_a", b_rows, 16, 2, 6, 1984, LATHE_MOBILE_VISION });
}

static lathe_layer *b(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, &(fbnet){ "mv_fbnetv3_b", b_rows, 16, 2, 6, 1984, LATHE_MOBILE_VISION });
}

static lathe_layer *d(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, &(fbnet){ "mv_fbnetv3_d", d_rows, 24, 2, 6, 1984, LATHE_MOBILE_VISION });
}

static lathe_layer *g(lathe_model *model, const lathe_model_spec *spec)
{
    return build(model, spec, &(fbnet){ "mv_fbnetv3_g", g_rows, 32, 2, 6, 1984, LATHE_MOBILE_VISION });
}

/* From this side on, the first convolution halves the picture. */
enum { TINY_HALVED = 48 };

static lathe_layer *tiny(lathe_model *model, const lathe_model_spec *spec)
{
    int stride = spec->height >= TINY_HALVED && spec->width >= TINY_HALVED ? 2 : 1;
    return build(model, spec, &(fbnet){ "fbnetv3-tiny", tiny_rows, 16, stride, 4, 512, LATHE_MOBILE_VISION });
}

static const lathe_field fields[] = { LATHE_FIELD_BLOCKS,
    LATHE_FIELD_DROPOUT(0),
    LATHE_FIELD_DROP_PATH(0),
    { 0 } };

const lathe_model_type lathe_fbnetv3_a0_model = {
    .name = "fbnetv3_a0",
    .summary = "FBNetV3-A0 as mobile-vision has it, 6.3 million parameters",
    .native = { 3, 224, 224, 1000 },
    .input = { 224, 0.875, "bilinear", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = a0,
};

const lathe_model_type lathe_fbnetv3_a_model = {
    .name = "fbnetv3_a",
    .summary = "FBNetV3-A as mobile-vision has it, 8.6 million parameters",
    .native = { 3, 224, 224, 1000 },
    .input = { 224, 224. / 242, "bilinear", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = a,
};

const lathe_model_type lathe_fbnetv3_b_model = {
    .name = "fbnetv3_b",
    .summary = "FBNetV3-B as timm has it, 8.6 million parameters",
    .native = { 3, 256, 256, 1000 },
    .input = { 256, 0.95, "bilinear", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = timm_b,
};

const lathe_model_type lathe_fbnetv3_d_model = {
    .name = "fbnetv3_d",
    .summary = "FBNetV3-D as timm has it, 10.3 million parameters",
    .native = { 3, 256, 256, 1000 },
    .input = { 256, 0.95, "bilinear", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = timm_d,
};

const lathe_model_type lathe_fbnetv3_g_model = {
    .name = "fbnetv3_g",
    .summary = "FBNetV3-G as timm has it, 16.6 million parameters",
    .native = { 3, 288, 288, 1000 },
    .input = { 288, 0.95, "bilinear", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = timm_g,
};

const lathe_model_type lathe_mv_fbnetv3_b_model = {
    .name = "mv_fbnetv3_b",
    .summary = "FBNetV3-B as mobile-vision has it, 8.6 million parameters",
    .native = { 3, 248, 248, 1000 },
    .input = { 248, 248. / 266, "bilinear", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = b,
};

const lathe_model_type lathe_mv_fbnetv3_d_model = {
    .name = "mv_fbnetv3_d",
    .summary = "FBNetV3-D as mobile-vision has it, 10.3 million parameters",
    .native = { 3, 248, 248, 1000 },
    .input = { 248, 248. / 277, "bilinear", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = d,
};

const lathe_model_type lathe_mv_fbnetv3_g_model = {
    .name = "mv_fbnetv3_g",
    .summary = "FBNetV3-G as mobile-vision has it, 16.6 million parameters",
    .native = { 3, 320, 320, 1000 },
    .input = { 320, 320. / 325, "bilinear", LATHE_IMAGENET_MEAN, LATHE_IMAGENET_STD },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = g,
};

const lathe_model_type lathe_fbnetv3_tiny_model = {
    .name = "fbnetv3-tiny",
    .summary = "an FBNetV3 for pictures of 32 to 64 pixels, 16 to 96 channels",
    .native = { 3, 32, 32, 10 },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = tiny,
};
