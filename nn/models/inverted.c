#include "inverted_impl.h"

#include "../layers/squeeze_excite.h"

extern const lathe_layer_type lathe_squeeze_excite_layer;

/* In the order of a block. */
enum { EXPAND, DEPTHWISE, PROJECT, UNITS };

static const lathe_unit_names names_of[][UNITS] = {
    [LATHE_TORCHVISION] = { { NULL } },
    [LATHE_TIMM] = { { "", { "conv_pw", "bn1", "act1" } },
        { "", { "conv_dw", "bn2", "act2" } },
        { "", { "conv_pwl", "bn3" } } },
    [LATHE_MOBILE_VISION] = { { "pw", { "conv", "bn", "relu" } },
        { "dw", { "conv", "bn", "relu" } },
        { "pwl", { "conv", "bn" } } },
};

/* timm's names in a block without the first 1x1. */
static const lathe_unit_names separable_names[UNITS] = {
    [DEPTHWISE] = { "", { "conv_dw", "bn1", "act1" } },
    [PROJECT] = { "", { "conv_pw", "bn2" } },
};

/* What a net's form says of each of its convolutions. */
static lathe_conv_norm_opts unit_opts(const lathe_inverted_form *form, int out, int kernel, int groups,
    lathe_unit_names names)
{
    /* timm counts the outputs of one group, torchvision those of all */
    int fan_out = form->school == LATHE_TIMM ? out / groups : out;
    return (lathe_conv_norm_opts){ .kernel = kernel,
        .groups = groups,
        .same = form->same,
        .eps = form->eps,
        .momentum = form->momentum,
        .init = lathe_init_fan_out(fan_out, kernel),
        .name = { names.part[0], names.part[1], names.part[2] } };
}

void lathe_add_unit(lathe_layer *to, const lathe_inverted_form *form, int in, int out, int kernel, int stride,
    lathe_unit_names names)
{
    if (!to) return;
    lathe_conv_norm_opts opts = unit_opts(form, out, kernel, 1, names);
    opts.stride = stride;
    opts.activation = form->activation(to->model);
    lathe_layer_add(to, lathe_conv_norm(to->model, in, out, &opts), names.whole);
}

/* mobile-vision's, whose tensors are se.se.0.conv.weight and se.se.1.weight. */
static lathe_layer *nested_squeeze_excite(lathe_model *model, const lathe_inverted_form *form, int channels,
    int squeezed)
{
    lathe_layer *whole = lathe_nn_sequential(model, NULL), *first = lathe_nn_sequential(model, NULL),
                *inner = lathe_layer_new(model, &lathe_squeeze_excite_layer);
    if (!whole || !first || !inner) return NULL;
    lathe_layer_add(first,
        lathe_nn_conv2d(model,
            channels,
            squeezed,
            1,
            &(lathe_nn_conv2d_opts){ .weight_init = lathe_init_fan_out(squeezed, 1),
                .bias_init = { LATHE_INIT_CONSTANT } }),
        "conv");
    lathe_layer_add(inner, first, "0");
    lathe_layer_add(inner, lathe_nn_activation(model, form->squeeze_activation), "relu");
    lathe_layer_add(inner, lathe_nn_conv2d(model, squeezed, channels, 1, NULL), "1");
    lathe_layer_add(inner, lathe_nn_activation(model, form->gate), "2");
    lathe_layer_add(whole, inner, "se");
    return whole;
}

static lathe_layer *squeeze_excite(lathe_model *model, const lathe_inverted_form *form, int channels,
    int squeezed)
{
    bool timm = form->school == LATHE_TIMM;
    if (form->school == LATHE_MOBILE_VISION) return nested_squeeze_excite(model, form, channels, squeezed);
    return lathe_nn_squeeze_excite(model,
        channels,
        squeezed,
        &(lathe_squeeze_excite_opts){ .activation = form->squeeze_activation,
            .gate = form->gate,
            .squeeze_name = timm ? "conv_reduce" : NULL,
            .expand_name = timm ? "conv_expand" : NULL,
            .squeeze_init = lathe_init_fan_out(squeezed, 1),
            .expand_init = lathe_init_fan_out(channels, 1),
            .bias_init = { LATHE_INIT_CONSTANT } });
}

/* The layers of a block, without its addition, at the end of `units`. */
static void append_units(lathe_layer *units, const lathe_inverted_form *form, const lathe_inverted_block *b)
{
    lathe_model *model = units->model;
    bool expands = b->wide != b->in;
    const lathe_unit_names *names = names_of[form->school];
    if (form->school == LATHE_TIMM && !expands) names = separable_names;
    if (expands) lathe_add_unit(units, form, b->in, b->wide, 1, 1, names[EXPAND]);
    lathe_conv_norm_opts opts = unit_opts(form, b->wide, b->kernel, b->wide, names[DEPTHWISE]);
    opts.stride = b->stride;
    opts.less_padding = b->less_padding;
    opts.activation = form->activation(model);
    lathe_layer_add(units, lathe_conv_norm(model, b->wide, b->wide, &opts), names[DEPTHWISE].whole);
    if (b->squeezed)
        lathe_layer_add(units,
            squeeze_excite(model, form, b->wide, b->squeezed),
            form->school == LATHE_TORCHVISION ? NULL : "se");
    opts = unit_opts(form, b->out, 1, 1, names[PROJECT]);
    /* mobile-vision begins with blocks that change nothing (Goyal et al. 2017, section 5.1) */
    opts.zero_norm = form->school == LATHE_MOBILE_VISION && b->stride == 1 && b->in == b->out;
    lathe_layer_add(units, lathe_conv_norm(model, b->wide, b->out, &opts), names[PROJECT].whole);
}

lathe_layer *lathe_inverted(lathe_model *model, const lathe_inverted_form *form,
    const lathe_inverted_block *b)
{
    lathe_layer *body = lathe_nn_sequential(model, NULL), *units = lathe_nn_sequential(model, NULL);
    if (!body || !units) return NULL;
    lathe_layer_add(body, units, form->school == LATHE_TORCHVISION ? "block" : "");
    append_units(units, form, b);
    if (b->stride != 1 || b->in != b->out) return body;
    lathe_layer_add(body, lathe_nn_stochastic_depth(model, b->drop, LATHE_DEPTH_ROW), "stochastic_depth");
    return lathe_nn_residual_named(model, body, NULL, NULL);
}

lathe_layer *lathe_linear_fan_out(lathe_model *model, int in, int classes)
{
    return lathe_nn_linear(model,
        in,
        classes,
        &(lathe_nn_linear_opts){ .weight_init = { LATHE_INIT_UNIFORM, 1 / sqrt(classes) },
            .bias_init = { LATHE_INIT_CONSTANT } });
}
