/*
 * Depthwise separable convolutions: MobileNet (Howard et al. 2017) as Keras has it, MobileNet v2 (Sandler et
 * al. 2018) as torchvision has it, and a net small enough for 32x32 pictures.
 */
#include "build_impl.h"

/* ---- MobileNet ----------------------------------------------------------------------------------------- */

/* A convolution with its norm and relu6. Keras pads as TensorFlow does and begins with Glorot's weights. */
static lathe_layer *keras_conv(lathe_model *model, int in, int out, int kernel, int stride, int groups)
{
    return lathe_conv_norm(model,
        in,
        out,
        &(lathe_conv_norm_opts){ .kernel = kernel,
            .stride = stride,
            .groups = groups,
            .same = true,
            .eps = 1e-3,
            .momentum = 0.01,
            .init = { LATHE_INIT_XAVIER_UNIFORM },
            .activation = lathe_nn_relu6(model),
            .name = { "conv", "bn", "relu" } });
}

/* Channels of a layer of the paper's net, for the option `width`. */
static int scaled(int channels, double width)
{
    int n = (int)(channels * width);
    return n < 1 ? 1 : n;
}

static lathe_layer *mobilenet_v1(lathe_model *model, const lathe_model_spec *spec)
{
    static const int widths[] = { 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024 };
    const lathe_net_opts *opts = spec->opts;
    int blocks = lathe_blocks_kept(model, "mobilenet_v1", spec, sizeof widths / sizeof widths[0]);
    int in = scaled(32, opts->width);
    lathe_layer *features = lathe_nn_sequential(model, keras_conv(model, spec->channels, in, 3, 2, 1), NULL);
    for (int i = 0; i < blocks; i++) {
        bool halve = i == 1 || i == 3 || i == 5 || i == 11;
        int out = scaled(widths[i], opts->width);
        lathe_layer *block = lathe_nn_sequential(model, NULL);
        lathe_layer *depthwise = keras_conv(model, in, in, 3, halve ? 2 : 1, in);
        lathe_layer *pointwise = keras_conv(model, in, out, 1, 1, 1);
        if (lathe_model_status(model)) return NULL;
        lathe_layer_add(block, depthwise, "depthwise");
        lathe_layer_add(block, pointwise, "pointwise");
        lathe_nn_append(features, block);
        in = out;
    }
    const lathe_nn_linear_opts glorot = { .weight_init = { LATHE_INIT_XAVIER_UNIFORM },
        .bias_init = { LATHE_INIT_CONSTANT } };
    lathe_layer *head = lathe_nn_linear(model, in, spec->classes, &glorot);
    return lathe_net_of(model, features, lathe_nn_dropout(model, opts->dropout), head, "classifier");
}

static const lathe_field v1_fields[] = { LATHE_FIELD_BLOCKS,
    LATHE_FIELD_DROPOUT(0.001),
    LATHE_FIELD_WIDTH,
    { 0 } };

const lathe_model_type lathe_mobilenet_v1_model = {
    .name = "mobilenet_v1",
    .summary = "MobileNet for photographs: depthwise and pointwise convolutions, 32 to 1024 channels",
    .native = { 3, 224, 224, 1000 },
    .input = { .size = 224,
        .crop = 0.875,
        .interpolation = "bilinear",
        .mean = { 0.5, 0.5, 0.5 },
        .std = { 0.5, 0.5, 0.5 } },
    .fields = v1_fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = mobilenet_v1,
};

/* ---- MobileNet v2 -------------------------------------------------------------------------------------- */

static lathe_layer *conv6(lathe_model *model, int in, int out, int kernel, int stride, int groups)
{
    return lathe_conv_norm(model,
        in,
        out,
        &(lathe_conv_norm_opts){ .kernel = kernel,
            .stride = stride,
            .groups = groups,
            .activation = lathe_nn_relu6(model) });
}

/* An inverted residual block: 1x1 to `expansion` as many channels, 3x3 depthwise, 1x1 without activation. */
static lathe_layer *inverted_residual(lathe_model *model, int in, int out, int expansion, int stride)
{
    int wide = in * expansion;
    lathe_layer *body = lathe_nn_sequential(model, NULL), *conv = lathe_nn_sequential(model, NULL);
    if (expansion > 1) lathe_nn_append(conv, conv6(model, in, wide, 1, 1, 1));
    lathe_nn_append(conv, conv6(model, wide, wide, 3, stride, wide));
    lathe_append_conv_norm(conv, wide, out, &(lathe_conv_norm_opts){ 0 });
    lathe_layer_add(body, conv, "conv");
    return stride == 1 && in == out ? lathe_nn_residual_named(model, body, NULL, NULL) : body;
}

static lathe_layer *mobilenet_v2(lathe_model *model, const lathe_model_spec *spec)
{
    static const struct {
        int expansion, out, blocks, stride;
    } stages[] = { { 1, 16, 1, 1 },
        { 6, 24, 2, 2 },
        { 6, 32, 3, 2 },
        { 6, 64, 4, 2 },
        { 6, 96, 3, 1 },
        { 6, 160, 3, 2 },
        { 6, 320, 1, 1 } };
    enum { BLOCKS = 17 };
    const lathe_net_opts *opts = spec->opts;
    int left = lathe_blocks_kept(model, "mobilenet_v2", spec, BLOCKS), in = lathe_channels(32 * opts->width);
    bool whole = left == BLOCKS;
    lathe_layer *features = lathe_nn_sequential(model, conv6(model, spec->channels, in, 3, 2, 1), NULL);
    for (int stage = 0; left; stage++)
        for (int i = 0; i < stages[stage].blocks && left; i++, left--) {
            int out = lathe_channels(stages[stage].out * opts->width);
            lathe_nn_append(features,
                inverted_residual(model, in, out, stages[stage].expansion, i ? 1 : stages[stage].stride));
            in = out;
        }
    if (whole) {
        int out = lathe_channels(1280 * fmax(1, opts->width));
        lathe_nn_append(features, conv6(model, in, out, 1, 1, 1));
        in = out;
    }
    lathe_layer *classifier = lathe_nn_sequential(model,
        lathe_nn_dropout(model, opts->dropout),
        lathe_linear_normal(model, in, spec->classes, 0.01),
        NULL);
    return lathe_net_of(model, features, NULL, classifier, "classifier");
}

static const lathe_field v2_fields[] = { LATHE_FIELD_BLOCKS,
    LATHE_FIELD_DROPOUT(0.2),
    LATHE_FIELD_WIDTH,
    { 0 } };

const lathe_model_type lathe_mobilenet_v2_model = {
    .name = "mobilenet_v2",
    .summary = "MobileNet v2 for photographs: inverted residual blocks, 32 to 1280 channels",
    .native = { 3, 224, 224, 1000 },
    .input = LATHE_INPUT_224,
    .fields = v2_fields,
    .opts_size = sizeof(lathe_net_opts),
    .build = mobilenet_v2,
};

/* ---- for small pictures -------------------------------------------------------------------------------- */

static void add_conv(lathe_layer *net, lathe_model *model, int in, int out, const lathe_nn_conv2d_opts *opts,
    int kernel)
{
    lathe_nn_append(net, lathe_nn_conv2d(model, in, out, kernel, opts));
    lathe_nn_append(net, lathe_nn_batch_norm(model, out, NULL));
    lathe_nn_append(net, lathe_nn_relu(model));
}

static lathe_layer *tiny(lathe_model *model, const lathe_model_spec *spec)
{
    static const struct {
        int in, out, stride;
    } stages[] = { { 32, 64, 1 }, { 64, 128, 2 }, { 128, 128, 1 }, { 128, 256, 2 }, { 256, 256, 1 } };
    const lathe_nn_conv2d_opts stem = { .padding = 1, .no_bias = true }, pointwise = { .no_bias = true };
    lathe_layer *net = lathe_nn_sequential(model, NULL);
    add_conv(net, model, spec->channels, 32, &stem, 3);
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        int in = stages[i].in;
        const lathe_nn_conv2d_opts depthwise = { .stride = stages[i].stride,
            .padding = 1,
            .groups = in,
            .no_bias = true };
        add_conv(net, model, in, in, &depthwise, 3);
        add_conv(net, model, in, stages[i].out, &pointwise, 1);
    }
    lathe_nn_append(net, lathe_nn_global_avg_pool(model));
    lathe_nn_append(net, lathe_nn_linear(model, 256, spec->classes, NULL));
    return lathe_model_status(model) ? NULL : net;
}

const lathe_model_type lathe_mobilenet_tiny_model = {
    .name = "mobilenet-tiny",
    .summary = "depthwise separable convolutions, 32 to 256 channels",
    .native = { 3, 32, 32, 10 },
    .build = tiny,
};
