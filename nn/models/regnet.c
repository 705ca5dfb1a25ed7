/* RegNetY (Radosavovic et al. 2020) of 400 million multiply-adds, as torchvision has it. */
#include <stdio.h>

#include "build_impl.h"

enum { STEM = 32, GROUP_WIDTH = 8, SHARE = 4 }; /* squeeze and excitation: a quarter of the block's input */

static lathe_layer *conv(lathe_model *model, int in, int out, int kernel, int stride, int groups,
    bool activated)
{
    return lathe_conv_norm(model,
        in,
        out,
        &(lathe_conv_norm_opts){ .kernel = kernel,
            .stride = stride,
            .groups = groups,
            .activation = activated ? lathe_nn_relu(model) : NULL });
}

/* 1x1, 3x3 in groups, squeeze and excitation, 1x1; then the shortcut is added. */
static lathe_layer *block(lathe_model *model, int in, int out, int stride)
{
    int squeezed = (in + SHARE / 2) / SHARE;
    const lathe_squeeze_excite_opts excite = { .squeeze_init = lathe_init_fan_out(squeezed, 1),
        .expand_init = lathe_init_fan_out(out, 1) };
    lathe_layer *inner = lathe_nn_sequential(model, NULL), *body = lathe_nn_sequential(model, NULL),
                *whole = lathe_nn_sequential(model, NULL), *around = NULL;
    const struct {
        lathe_layer *layer;
        const char *name;
    } parts[] = { { conv(model, in, out, 1, 1, 1, true), "a" },
        { conv(model, out, out, 3, stride, out / GROUP_WIDTH, true), "b" },
        { lathe_nn_squeeze_excite(model, out, squeezed, &excite), "se" },
        { conv(model, out, out, 1, 1, 1, false), "c" } };
    if (lathe_model_status(model)) return NULL;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        lathe_layer_add(inner, parts[i].layer, parts[i].name);
    lathe_layer_add(body, inner, "f");
    if (stride != 1 || in != out) around = conv(model, in, out, 1, stride, 1, false);
    lathe_layer_add(whole, lathe_nn_residual_named(model, body, around, "proj"), "");
    lathe_layer_add(whole, lathe_nn_relu(model), "activation");
    return whole;
}

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    /* torchvision computes them from depth 16, w_0 48, w_a 27.89 and w_m 2.09. */
    static const struct {
        int width, blocks;
    } stages[] = { { 48, 1 }, { 104, 3 }, { 208, 6 }, { 440, 6 } };
    enum { BLOCKS = 16 };
    int left = lathe_blocks_kept(model, "regnet_y_400mf", spec, BLOCKS), in = STEM;
    lathe_layer *trunk = lathe_nn_sequential(model, NULL);
    for (int stage = 0; left; stage++) {
        char name[32];
        lathe_layer *blocks = lathe_nn_sequential(model, NULL);
        for (int i = 0; i < stages[stage].blocks && left; i++, left--) {
            snprintf(name, sizeof name, "block%d-%d", stage + 1, i);
            lathe_layer *one = block(model, in, stages[stage].width, i ? 1 : 2);
            if (!one) return NULL;
            lathe_layer_add(blocks, one, name);
            in = stages[stage].width;
        }
        snprintf(name, sizeof name, "block%d", stage + 1);
        lathe_layer_add(trunk, blocks, name);
    }
    lathe_layer *net = lathe_nn_sequential(model, NULL),
                *stem = conv(model, spec->channels, STEM, 3, 2, 1, true);
    lathe_layer *pool = lathe_nn_global_avg_pool(model),
                *head = lathe_linear_normal(model, in, spec->classes, 0.01);
    if (lathe_model_status(model)) return NULL;
    lathe_layer_add(net, stem, "stem");
    lathe_layer_add(net, trunk, "trunk_output");
    lathe_layer_add(net, pool, "avgpool");
    lathe_layer_add(net, head, "fc");
    return lathe_model_status(model) ? NULL : net;
}

static const lathe_field fields[] = { LATHE_FIELD_BLOCKS, { 0 } };

const lathe_model_type lathe_regnet_y_400mf_model = {
    .name = "regnet_y_400mf",
    .summary =
        "RegNetY for photographs: bottlenecks in groups with squeeze and excitation, 48 to 440 channels",
    .native = { 3, 224, 224, 1000 },
    .input = LATHE_INPUT_224,
    .fields = fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = build,
};
