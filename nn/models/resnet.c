/*
 * Residual networks (He, Zhang, Ren, Sun 2015): a stem, then stages of residual blocks, each stage but the
 * first halving the picture and doubling the channels, then each channel's mean and a linear layer. For small
 * pictures the stem is a 3x3 convolution (section 4.2). For photographs it is a 7x7 convolution of stride 2
 * and a max pooling (section 3.3), with the first weights of torchvision.
 *
 * Layers of the nets up to resnet18 have numbers as paths, which decide their first weights, and the
 * published names as aliases. resnet34 and resnet50 have the published names as paths.
 */
#include <stdio.h>

#include "build_impl.h"

static const lathe_field fields[] = { LATHE_FIELD_BLOCKS, { 0 } };

/* How a block's input reaches its end where the shape changes. */
typedef enum shortcut {
    OPTION_A, /* every second pixel, and zeros for the new channels: no parameters */
    OPTION_B  /* a 1x1 convolution and batch norm */
} shortcut;

typedef struct resnet_form {
    const char *name, *head; /* the model's name; the published name of its linear layer */
    int width, stages;       /* channels of the first stage */
    int blocks[4];           /* of each stage */
    int expansion; /* of bottlenecks: channels of a block's result over its width; 0: basic blocks */
    shortcut option;
    bool photographs, named; /* named: paths are the published names */
} resnet_form;

/* A block's place and size. `name` is its published path, "layer1.0". */
typedef struct resnet_block {
    char name[32];
    int in, width, out, stride;
} resnet_block;

/* Add `part`, a part of `owner` ("layer1.0"; "": the net), as "conv1" or as the next number with an alias. */
static void put(lathe_layer *layer, const resnet_form *form, lathe_layer *part, const char *owner,
    const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s%s%s", owner, *owner ? "." : "", name);
    if (form->named) lathe_layer_add(layer, part, name);
    else lathe_layer_alias(lathe_nn_append(layer, part), path);
}

static lathe_layer *conv(lathe_model *model, const resnet_form *form, int in, int out, int kernel, int stride)
{
    lathe_nn_conv2d_opts opts = { .stride = stride, .padding = kernel / 2, .no_bias = true };
    if (form->photographs) opts.weight_init = lathe_init_fan_out(out, kernel);
    return lathe_nn_conv2d(model, in, out, kernel, &opts);
}

/* 3x3 and 3x3, or a bottleneck of 1x1, 3x3 and 1x1. The last 3x3 but one, or the only one, has the stride. */
static lathe_layer *body(lathe_model *model, const resnet_form *form, const resnet_block *block)
{
    lathe_layer *body = lathe_nn_sequential(model, NULL);
    int convs = form->expansion ? 3 : 2, in = block->in;
    for (int i = 0; i < convs; i++) {
        char conv_name[16], norm_name[16], relu_name[16];
        snprintf(conv_name, sizeof conv_name, "conv%d", i + 1);
        snprintf(norm_name, sizeof norm_name, "bn%d", i + 1);
        snprintf(relu_name, sizeof relu_name, "relu%d", i + 1);
        int kernel = convs == 3 && i != 1 ? 1 : 3, out = i + 1 < convs ? block->width : block->out;
        int stride = i == convs - 2 ? block->stride : 1;
        put(body, form, conv(model, form, in, out, kernel, stride), block->name, conv_name);
        put(body, form, lathe_nn_batch_norm(model, out, NULL), block->name, norm_name);
        if (i + 1 < convs) put(body, form, lathe_nn_relu(model), block->name, relu_name);
        in = out;
    }
    return body;
}

/* NULL where the block's input is added as it is. */
static lathe_layer *around(lathe_model *model, const resnet_form *form, const resnet_block *block)
{
    if (block->stride == 1 && block->in == block->out) return NULL;
    if (form->option == OPTION_A) return lathe_nn_subsample(model, block->stride, block->out);
    char name[64];
    snprintf(name, sizeof name, "%s.downsample", block->name);
    lathe_layer *way = lathe_nn_sequential(model, NULL);
    put(way, form, conv(model, form, block->in, block->out, 1, block->stride), name, "0");
    put(way, form, lathe_nn_batch_norm(model, block->out, NULL), name, "1");
    return way;
}

/* A block and its relu at the end of `stage`: as one layer if named, otherwise as two. */
static void append_block(lathe_layer *stage, lathe_model *model, const resnet_form *form,
    const resnet_block *block)
{
    lathe_layer *inner = body(model, form, block), *outer = around(model, form, block);
    if (!form->named) {
        lathe_nn_append(stage, lathe_nn_residual(model, inner, outer));
        lathe_nn_append(stage, lathe_nn_relu(model));
        return;
    }
    lathe_layer *whole = lathe_nn_sequential(model, NULL);
    lathe_layer_add(whole, lathe_nn_residual_named(model, inner, outer, "downsample"), "");
    lathe_layer_add(whole, lathe_nn_relu(model), "relu");
    lathe_nn_append(stage, whole);
}

/* The first `left` blocks. Returns the channels of the last one. */
static int append_stages(lathe_layer *net, lathe_model *model, const resnet_form *form, int left)
{
    int channels = form->width;
    for (int stage = 0; stage < form->stages && left; stage++) {
        char name[16];
        snprintf(name, sizeof name, "layer%d", stage + 1);
        lathe_layer *layer = form->named ? lathe_nn_sequential(model, NULL) : net;
        for (int i = 0; i < form->blocks[stage] && left; i++, left--) {
            int width = form->width << stage;
            resnet_block block = { .in = channels,
                .width = width,
                .out = form->expansion ? width * form->expansion : width,
                .stride = stage && !i ? 2 : 1 };
            snprintf(block.name, sizeof block.name, "%s.%d", name, i);
            append_block(layer, model, form, &block);
            channels = block.out;
        }
        if (form->named) lathe_layer_add(net, layer, name);
    }
    return channels;
}

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec, const resnet_form *form)
{
    int kernel = form->photographs ? 7 : 3, stride = form->photographs ? 2 : 1, all = 0;
    for (int stage = 0; stage < form->stages; stage++) all += form->blocks[stage];
    int kept = lathe_blocks_kept(model, form->name, spec, all);
    lathe_layer *net = lathe_nn_sequential(model, NULL);
    put(net, form, conv(model, form, spec->channels, form->width, kernel, stride), "", "conv1");
    put(net, form, lathe_nn_batch_norm(model, form->width, NULL), "", "bn1");
    put(net, form, lathe_nn_relu(model), "", "relu");
    if (form->photographs)
        put(net,
            form,
            lathe_nn_max_pool2d(model, 3, &(lathe_pool_opts){ .stride = 2, .padding = 1 }),
            "",
            "maxpool");
    int channels = append_stages(net, model, form, kept);
    put(net, form, lathe_nn_global_avg_pool(model), "", "avgpool");
    put(net, form, lathe_nn_linear(model, channels, spec->classes, NULL), "", form->head);
    return lathe_model_status(model) ? NULL : net;
}

/* ---- for 32x32 pictures, of 6 * blocks + 2 layers ------------------------------------------------------ */

static lathe_layer *build_small(lathe_model *model, const lathe_model_spec *spec, const char *name,
    int blocks)
{
    return build(model,
        spec,
        &(resnet_form){ .name = name,
            .head = "linear",
            .width = 16,
            .stages = 3,
            .blocks = { blocks, blocks, blocks },
            .option = OPTION_A });
}

static lathe_layer *resnet8(lathe_model *model, const lathe_model_spec *spec)
{
    return build_small(model, spec, "resnet8", 1);
}
static lathe_layer *resnet14(lathe_model *model, const lathe_model_spec *spec)
{
    return build_small(model, spec, "resnet14", 2);
}
static lathe_layer *resnet20(lathe_model *model, const lathe_model_spec *spec)
{
    return build_small(model, spec, "resnet20", 3);
}
static lathe_layer *resnet32(lathe_model *model, const lathe_model_spec *spec)
{
    return build_small(model, spec, "resnet32", 5);
}
static lathe_layer *resnet44(lathe_model *model, const lathe_model_spec *spec)
{
    return build_small(model, spec, "resnet44", 7);
}
static lathe_layer *resnet56(lathe_model *model, const lathe_model_spec *spec)
{
    return build_small(model, spec, "resnet56", 9);
}
static lathe_layer *resnet110(lathe_model *model, const lathe_model_spec *spec)
{
    return build_small(model, spec, "resnet110", 18);
}

const lathe_model_type lathe_resnet8_model = {
    .name = "resnet8",
    .summary = "residual network, 8 layers, 16 to 64 channels, shortcuts without parameters",
    .native = { 3, 32, 32, 10 },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = resnet8,
};

const lathe_model_type lathe_resnet14_model = {
    .name = "resnet14",
    .summary = "residual network, 14 layers, 16 to 64 channels, shortcuts without parameters",
    .native = { 3, 32, 32, 10 },
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = resnet14,
};

/* The pictures of the published weights: as they are, normalised by ImageNet's numbers. */
#define CIFAR_INPUT \
    { \
        .size = 32, .crop = 1, .interpolation = "bilinear", .mean = LATHE_IMAGENET_MEAN, \
        .std = LATHE_IMAGENET_STD \
    }

const lathe_model_type lathe_resnet20_model = {
    .name = "resnet20",
    .summary = "residual network, 20 layers, 16 to 64 channels, shortcuts without parameters",
    .native = { 3, 32, 32, 10 },
    .input = CIFAR_INPUT,
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = resnet20,
};

const lathe_model_type lathe_resnet32_model = {
    .name = "resnet32",
    .summary = "residual network, 32 layers, 16 to 64 channels, shortcuts without parameters",
    .native = { 3, 32, 32, 10 },
    .input = CIFAR_INPUT,
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = resnet32,
};

const lathe_model_type lathe_resnet44_model = {
    .name = "resnet44",
    .summary = "residual network, 44 layers, 16 to 64 channels, shortcuts without parameters",
    .native = { 3, 32, 32, 10 },
    .input = CIFAR_INPUT,
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = resnet44,
};

const lathe_model_type lathe_resnet56_model = {
    .name = "resnet56",
    .summary = "residual network, 56 layers, 16 to 64 channels, shortcuts without parameters",
    .native = { 3, 32, 32, 10 },
    .input = CIFAR_INPUT,
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = resnet56,
};

const lathe_model_type lathe_resnet110_model = {
    .name = "resnet110",
    .summary = "residual network, 110 layers, 16 to 64 channels, shortcuts without parameters",
    .native = { 3, 32, 32, 10 },
    .input = CIFAR_INPUT,
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = resnet110,
};

/* ---- for photographs ----------------------------------------------------------------------------------- */

/* From this side on, pictures are photographs: a stem of stride 4 leaves 16 x 16 pixels to the stages. */
enum { PHOTOGRAPH = 64 };

static lathe_layer *resnet18(lathe_model *model, const lathe_model_spec *spec)
{
    bool photographs = spec->height >= PHOTOGRAPH && spec->width >= PHOTOGRAPH;
    return build(model,
        spec,
        &(resnet_form){ .name = "resnet18",
            .head = "fc",
            .width = 64,
            .stages = 4,
            .blocks = { 2, 2, 2, 2 },
            .option = OPTION_B,
            .photographs = photographs });
}

/* The form of torchvision's resnets, paths included. */
static lathe_layer *build_large(lathe_model *model, const lathe_model_spec *spec, const char *name,
    int expansion)
{
    return build(model,
        spec,
        &(resnet_form){ .name = name,
            .head = "fc",
            .width = 64,
            .stages = 4,
            .blocks = { 3, 4, 6, 3 },
            .expansion = expansion,
            .option = OPTION_B,
            .photographs = true,
            .named = true });
}

static lathe_layer *resnet34(lathe_model *model, const lathe_model_spec *spec)
{
    return build_large(model, spec, "resnet34", 0);
}
static lathe_layer *resnet50(lathe_model *model, const lathe_model_spec *spec)
{
    return build_large(model, spec, "resnet50", 4);
}

const lathe_model_type lathe_resnet18_model = {
    .name = "resnet18",
    .summary = "residual network, 18 layers, 64 to 512 channels; from 64x64 on with a 7x7 stem and pooling",
    .native = { 3, 32, 32, 10 },
    .input = LATHE_INPUT_224,
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = resnet18,
};

const lathe_model_type lathe_resnet34_model = {
    .name = "resnet34",
    .summary = "residual network for photographs, 34 layers, 64 to 512 channels",
    .native = { 3, 224, 224, 1000 },
    .input = LATHE_INPUT_224,
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = resnet34,
};

const lathe_model_type lathe_resnet50_model = {
    .name = "resnet50",
    .summary = "residual network for photographs, 50 layers, bottlenecks, 256 to 2048 channels",
    .native = { 3, 224, 224, 1000 },
    .input = LATHE_INPUT_224,
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = resnet50,
};
