/* Depthwise separable convolutions (Howard et al. 2017) in a net small enough for 32x32 pictures. */
#include "build_impl.h"

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
