/* Each layer: settings reach the operation, parameters have PyTorch's names and first numbers, wrong
 * arguments are refused. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

typedef struct layer_case {
    const char *type, *settings;
    lathe_layer *(*make)(lathe_model *model);
    lathe_tensor *(*operation)(lathe_layer *layer, lathe_tensor *x); /* what its forward must equal */
    lathe_shape in, out;
    int parameters; /* numbers */
} layer_case;

static lathe_layer *make_conv(lathe_model *m)
{
    return lathe_nn_conv2d(m, 4, 6, 3,
        &(lathe_nn_conv2d_opts){ .stride = 2, .padding = 3, .dilation = 2, .groups = 2 });
}

static lathe_tensor *conv(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_conv2d(x, lathe_nn_find(layer, "weight"), lathe_nn_find(layer, "bias"),
        &(lathe_conv2d_opts){ .stride = 2, .padding = 3, .dilation = 2, .groups = 2 });
}

static lathe_layer *make_bare_conv(lathe_model *m)
{
    return lathe_nn_conv2d(m, 4, 3, 1, &(lathe_nn_conv2d_opts){ .no_bias = true });
}
static lathe_tensor *bare_conv(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_conv2d(x, lathe_nn_find(layer, "weight"), NULL, NULL);
}
static lathe_layer *make_linear(lathe_model *m) { return lathe_nn_linear(m, 5, 3, NULL); }

static lathe_tensor *linear(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_linear(x, lathe_nn_find(layer, "weight"), lathe_nn_find(layer, "bias"));
}

static lathe_layer *make_bare_linear(lathe_model *m)
{
    return lathe_nn_linear(m, 5, 3, &(lathe_nn_linear_opts){ .no_bias = true });
}
static lathe_tensor *bare_linear(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_linear(x, lathe_nn_find(layer, "weight"), NULL);
}
static lathe_layer *make_norm(lathe_model *m)
{
    return lathe_nn_batch_norm(m, 4, &(lathe_batch_norm_opts){ .eps = 0.5, .momentum = 0.25 });
}

static lathe_tensor *norm(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_batch_norm(x, lathe_nn_find(layer, "weight"), lathe_nn_find(layer, "bias"),
        lathe_nn_find(layer, "running_mean"), lathe_nn_find(layer, "running_var"),
        &(lathe_batch_norm_opts){ .eps = 0.5, .momentum = 0.25 });
}

static lathe_layer *make_response(lathe_model *m)
{
    return lathe_nn_local_response_norm(m, 3,
        &(lathe_local_response_norm_opts){ .alpha = 2, .within_channel = true });
}

static lathe_tensor *response(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_local_response_norm(x,
        &(lathe_local_response_norm_opts){ .size = 3, .alpha = 2, .within_channel = true });
}

static lathe_tensor *relu(lathe_layer *layer, lathe_tensor *x) { return (void)layer, lathe_relu(x); }
static lathe_tensor *gelu(lathe_layer *layer, lathe_tensor *x) { return (void)layer, lathe_gelu(x); }
static lathe_tensor *silu(lathe_layer *layer, lathe_tensor *x) { return (void)layer, lathe_silu(x); }
static lathe_tensor *sigmoid(lathe_layer *layer, lathe_tensor *x) { return (void)layer, lathe_sigmoid(x); }
static lathe_tensor *hyperbolic(lathe_layer *layer, lathe_tensor *x) { return (void)layer, lathe_tanh(x); }
static lathe_layer *make_leaky(lathe_model *m) { return lathe_nn_leaky_relu(m, 0.2); }
static lathe_tensor *leaky(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_leaky_relu(x, 0.2);
}
static lathe_tensor *relu6(lathe_layer *layer, lathe_tensor *x) { return (void)layer, lathe_relu6(x); }
static lathe_tensor *hardswish(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_hardswish(x);
}
static lathe_tensor *hardsigmoid(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_hardsigmoid(x);
}
static lathe_layer *make_clip(lathe_model *m) { return lathe_nn_clip(m, -0.5, 0.75); }
static lathe_tensor *clip(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_clip(x, -0.5, 0.75);
}
static lathe_layer *make_elu(lathe_model *m) { return lathe_nn_elu(m, 0); }
static lathe_tensor *elu(lathe_layer *layer, lathe_tensor *x) { return (void)layer, lathe_elu(x, 1); }
static lathe_layer *make_softplus(lathe_model *m) { return lathe_nn_softplus(m, 0.5, 0.25); }
static lathe_tensor *softplus(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_softplus(x, 0.5, 0.25);
}
static lathe_layer *make_dropout(lathe_model *m) { return lathe_nn_dropout(m, 0.3); }
static lathe_tensor *dropout(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_dropout(x, 0.3);
}
static lathe_layer *make_depth(lathe_model *m)
{
    return lathe_nn_stochastic_depth(m, 0.3, LATHE_DEPTH_BATCH);
}
static lathe_tensor *depth(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_stochastic_depth(x, 0.3, LATHE_DEPTH_BATCH);
}
static lathe_layer *make_rows(lathe_model *m) { return lathe_nn_stochastic_depth(m, 0.5, LATHE_DEPTH_ROW); }
static lathe_tensor *rows(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_stochastic_depth(x, 0.5, LATHE_DEPTH_ROW);
}

static lathe_layer *make_squeeze(lathe_model *m) { return lathe_nn_squeeze_excite(m, 4, 2, NULL); }
static lathe_tensor *squeeze(lathe_layer *layer, lathe_tensor *x)
{
    lathe_tensor *mean = lathe_adaptive_avg_pool2d(x, 1, 1);
    lathe_tensor *few =
        lathe_conv2d(mean, lathe_nn_find(layer, "fc1.weight"), lathe_nn_find(layer, "fc1.bias"), NULL);
    return lathe_mul(x,
        lathe_sigmoid(lathe_conv2d(lathe_relu(few), lathe_nn_find(layer, "fc2.weight"),
            lathe_nn_find(layer, "fc2.bias"), NULL)));
}

static lathe_layer *make_timms(lathe_model *m)
{
    return lathe_nn_squeeze_excite(m, 4, 3,
        &(lathe_squeeze_excite_opts){ .activation = "silu",
            .gate = "hardsigmoid",
            .squeeze_name = "conv_reduce",
            .expand_name = "conv_expand",
            .squeeze_init = { LATHE_INIT_CONSTANT, 0.5 },
            .expand_init = { LATHE_INIT_CONSTANT, 2 },
            .bias_init = { LATHE_INIT_CONSTANT, 0.25 } });
}

static lathe_tensor *timms(lathe_layer *layer, lathe_tensor *x)
{
    lathe_tensor *reduce = lathe_nn_find(layer, "conv_reduce.weight"),
                 *expand = lathe_nn_find(layer, "conv_expand.weight");
    assert_true(reduce->data[0] == (lathe_real)0.5 && expand->data[0] == 2);
    lathe_tensor *few = lathe_conv2d(lathe_adaptive_avg_pool2d(x, 1, 1), reduce,
        lathe_nn_find(layer, "conv_reduce.bias"), NULL);
    return lathe_mul(x,
        lathe_hardsigmoid(
            lathe_conv2d(lathe_silu(few), expand, lathe_nn_find(layer, "conv_expand.bias"), NULL)));
}

static lathe_layer *make_named(lathe_model *m) { return lathe_nn_activation(m, "hardswish"); }
static lathe_layer *make_prelu(lathe_model *m) { return lathe_nn_prelu(m, 4, 0.5); }
static lathe_layer *make_one_prelu(lathe_model *m) { return lathe_nn_prelu(m, 1, 0); }
static lathe_tensor *prelu(lathe_layer *layer, lathe_tensor *x)
{
    const lathe_tensor *slopes = lathe_nn_find(layer, "weight");
    assert_true(slopes->data[0] == (slopes->stored == 1 ? (lathe_real)0.25 : (lathe_real)0.5));
    return lathe_prelu(x, lathe_nn_find(layer, "weight"));
}
static lathe_layer *make_shuffle(lathe_model *m) { return lathe_nn_channel_shuffle(m, 2); }
static lathe_tensor *shuffle(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_channel_shuffle(x, 2);
}
static lathe_tensor *identity(lathe_layer *layer, lathe_tensor *x) { return (void)layer, x; }

static const lathe_pool_opts pool_opts = { .kernel = 3,
    .stride = 2,
    .padding = 1,
    .ceil_mode = true,
    .exclude_padding = true };
static lathe_layer *make_max(lathe_model *m) { return lathe_nn_max_pool2d(m, 3, &pool_opts); }
static lathe_tensor *max_pool(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_max_pool2d(x, &pool_opts);
}
static lathe_layer *make_avg(lathe_model *m) { return lathe_nn_avg_pool2d(m, 3, &pool_opts); }
static lathe_tensor *avg_pool(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_avg_pool2d(x, &pool_opts);
}
static lathe_layer *make_half(lathe_model *m) { return lathe_nn_max_pool2d(m, 2, NULL); }

static lathe_tensor *half(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_max_pool2d(x, &(lathe_pool_opts){ .kernel = 2, .stride = 2 });
}

static lathe_layer *make_adaptive(lathe_model *m) { return lathe_nn_adaptive_avg_pool2d(m, 2, 3); }
static lathe_tensor *adaptive(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_adaptive_avg_pool2d(x, 2, 3);
}
static lathe_tensor *global(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_flatten(lathe_adaptive_avg_pool2d(x, 1, 1));
}
static lathe_tensor *flat(lathe_layer *layer, lathe_tensor *x) { return (void)layer, lathe_flatten(x); }
static lathe_layer *make_reshape(lathe_model *m)
{
    return lathe_nn_reshape(m, (lathe_shape){ 2, { -1, 10 } });
}

static lathe_tensor *reshape(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_reshape(x, (lathe_shape){ 3, { x->shape.dim[0], 14, 10 } });
}

static lathe_layer *make_subsample(lathe_model *m) { return lathe_nn_subsample(m, 2, 8); }
static lathe_tensor *subsample(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_subsample(x, 2, 8);
}
static lathe_layer *make_transposed(lathe_model *m)
{
    return lathe_nn_conv_transpose2d(m, 4, 6, 3,
        &(lathe_nn_conv_transpose2d_opts){ .stride = 2, .padding = 1, .output_padding = 1, .groups = 2 });
}

static lathe_tensor *transposed(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_conv_transpose2d(x, lathe_nn_find(layer, "weight"), lathe_nn_find(layer, "bias"),
        &(lathe_conv_transpose2d_opts){ .stride = 2, .padding = 1, .output_padding = 1, .groups = 2 });
}

static lathe_layer *make_upsample(lathe_model *m) { return lathe_nn_upsample(m, 2, NULL); }
static lathe_tensor *upsample(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_upsample(x, 14, 10, NULL);
}
static const lathe_upsample_opts aligned = { LATHE_UPSAMPLE_BILINEAR, true };
static lathe_layer *make_bilinear(lathe_model *m) { return lathe_nn_upsample(m, 3, &aligned); }
static lathe_tensor *bilinear(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_upsample(x, 21, 15, &aligned);
}
static lathe_tensor *softmax(lathe_layer *layer, lathe_tensor *x) { return (void)layer, lathe_softmax(x); }
static lathe_tensor *log_softmax(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_log_softmax(x);
}

#define PICTURE \
    { \
        4, { 3, 4, 7, 5 } \
    }
#define ROW \
    { \
        2, { 3, 5 } \
    }

static const layer_case cases[] = { { "conv2d", "4 -> 6, 3x3, stride 2, padding 3, dilation 2, groups 2",
                                        make_conv, conv, PICTURE, { 4, { 3, 6, 5, 4 } }, 114 },
    { "conv2d", "4 -> 3, 1x1, no bias", make_bare_conv, bare_conv, PICTURE, { 4, { 3, 3, 7, 5 } }, 12 },
    { "linear", "5 -> 3", make_linear, linear, ROW, { 2, { 3, 3 } }, 18 },
    { "linear", "5 -> 3, no bias", make_bare_linear, bare_linear, ROW, { 2, { 3, 3 } }, 15 },
    { "batch_norm", "4, eps 0.5, momentum 0.25", make_norm, norm, PICTURE, PICTURE, 8 },
    { "local_response_norm", "3x3 within channel", make_response, response, PICTURE, PICTURE, 0 },
    { "relu", "", lathe_nn_relu, relu, PICTURE, PICTURE, 0 },
    { "gelu", "", lathe_nn_gelu, gelu, PICTURE, PICTURE, 0 },
    { "silu", "", lathe_nn_silu, silu, PICTURE, PICTURE, 0 },
    { "sigmoid", "", lathe_nn_sigmoid, sigmoid, PICTURE, PICTURE, 0 },
    { "tanh", "", lathe_nn_tanh, hyperbolic, PICTURE, PICTURE, 0 },
    { "leaky_relu", "slope 0.2", make_leaky, leaky, PICTURE, PICTURE, 0 },
    { "relu6", "", lathe_nn_relu6, relu6, PICTURE, PICTURE, 0 },
    { "hardswish", "", lathe_nn_hardswish, hardswish, PICTURE, PICTURE, 0 },
    { "hardsigmoid", "", lathe_nn_hardsigmoid, hardsigmoid, PICTURE, PICTURE, 0 },
    { "clip", "-0.5 to 0.75", make_clip, clip, PICTURE, PICTURE, 0 },
    { "elu", "alpha 1", make_elu, elu, PICTURE, PICTURE, 0 },
    { "softplus", "beta 0.5, threshold 0.25", make_softplus, softplus, PICTURE, PICTURE, 0 },
    { "dropout", "p 0.3", make_dropout, dropout, PICTURE, PICTURE, 0 },
    { "stochastic_depth", "p 0.3, batch", make_depth, depth, PICTURE, PICTURE, 0 },
    { "stochastic_depth", "p 0.5", make_rows, rows, PICTURE, PICTURE, 0 },
    { "squeeze_excite", "4 -> 2 -> 4, relu, sigmoid", make_squeeze, squeeze, PICTURE, PICTURE, 22 },
    { "squeeze_excite", "4 -> 3 -> 4, silu, hardsigmoid", make_timms, timms, PICTURE, PICTURE, 31 },
    { "hardswish", "", make_named, hardswish, PICTURE, PICTURE, 0 },
    { "prelu", "4 slopes", make_prelu, prelu, PICTURE, PICTURE, 4 },
    { "prelu", "1 slope", make_one_prelu, prelu, PICTURE, PICTURE, 1 },
    { "channel_shuffle", "2 groups", make_shuffle, shuffle, PICTURE, PICTURE, 0 },
    { "identity", "", lathe_nn_identity, identity, PICTURE, PICTURE, 0 },
    { "max_pool2d", "3x3, stride 2, padding 1 excluded, ceil mode", make_max, max_pool, PICTURE,
        { 4, { 3, 4, 4, 3 } }, 0 },
    { "avg_pool2d", "3x3, stride 2, padding 1 excluded, ceil mode", make_avg, avg_pool, PICTURE,
        { 4, { 3, 4, 4, 3 } }, 0 },
    { "max_pool2d", "2x2, stride 2", make_half, half, PICTURE, { 4, { 3, 4, 3, 2 } }, 0 },
    { "adaptive_avg_pool2d", "to 2x3", make_adaptive, adaptive, PICTURE, { 4, { 3, 4, 2, 3 } }, 0 },
    { "global_avg_pool", "", lathe_nn_global_avg_pool, global, PICTURE, { 2, { 3, 4 } }, 0 },
    { "flatten", "", lathe_nn_flatten, flat, PICTURE, { 2, { 3, 140 } }, 0 },
    { "reshape", "to [-1, 10]", make_reshape, reshape, PICTURE, { 3, { 3, 14, 10 } }, 0 },
    { "subsample", "stride 2, to 8 channels", make_subsample, subsample, PICTURE, { 4, { 3, 8, 4, 3 } }, 0 },
    { "conv_transpose2d", "4 -> 6, 3x3, stride 2, padding 1, output padding 1, groups 2", make_transposed,
        transposed, PICTURE, { 4, { 3, 6, 14, 10 } }, 114 },
    { "upsample", "times 2, nearest", make_upsample, upsample, PICTURE, { 4, { 3, 4, 14, 10 } }, 0 },
    { "upsample", "times 3, bilinear, align corners", make_bilinear, bilinear, PICTURE,
        { 4, { 3, 4, 21, 15 } }, 0 },
    { "softmax", "", lathe_nn_softmax, softmax, ROW, ROW, 0 },
    { "log_softmax", "", lathe_nn_log_softmax, log_softmax, ROW, ROW, 0 } };

/* The forward of one case in this mode, by the layer or by its operation; the caller frees the numbers. */
static lathe_real *run(const layer_case *c, lathe_mode mode, bool by_layer)
{
    lathe_model *model = lathe_model_new();
    lathe_layer *layer = c->make(model);
    assert_int_equal(lathe_nn_init(layer, 3), LATHE_OK);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, mode);
    size_t count = lathe_shape_count(&c->in), results = lathe_shape_count(&c->out);
    lathe_real *values = malloc(count * sizeof *values), *result = malloc(results * sizeof *result);
    fill_normal(values, count, 9);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, c->in, values);
    lathe_tensor *y = by_layer ? lathe_nn_forward(layer, x) : c->operation(layer, x);
    if (!y) fail_msg("%s: %s", c->type, lathe_error_message());
    assert_true(lathe_shape_equal(&y->shape, &c->out));
    lathe_tensor_read(y, result, results);
    free(values);
    lathe_tape_free(tape);
    lathe_model_free(model);
    return result;
}

static void test_forward(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int mode = LATHE_EVAL; mode <= LATHE_TRAIN; mode++) {
            lathe_real *got = run(&cases[i], (lathe_mode)mode, true),
                       *want = run(&cases[i], (lathe_mode)mode, false);
            assert_memory_equal(got, want, lathe_shape_count(&cases[i].out) * sizeof *got);
            free(got), free(want);
        }
}

static void test_description(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_model *model = lathe_model_new();
        lathe_layer *layer = cases[i].make(model);
        lathe_nn_init(layer, 1);
        char text[LATHE_SUMMARY_TEXT] = "";
        if (layer->type->describe) layer->type->describe(layer, text, sizeof text);
        assert_string_equal(layer->type->name, cases[i].type);
        assert_string_equal(text, cases[i].settings);
        int numbers = 0;
        for (int p = 0; p < lathe_nn_params(layer)->count; p++)
            numbers += (int)lathe_nn_params(layer)->tensor[p]->stored;
        assert_int_equal(numbers, cases[i].parameters);
        lathe_model_free(model);
    }
}

static void check_bound(lathe_tensor *tensor, double bound)
{
    double largest = 0;
    for (size_t i = 0; i < tensor->stored; i++) largest = fmax(largest, fabs((double)tensor->data[i]));
    if (!(largest <= bound * (1 + 1e-6) && largest > 0.9 * bound))
        fail_msg("%s reaches %g, the bound is %g", tensor->name, largest, bound);
}

/* PyTorch: weights and biases of convolutions and linear layers uniform on +-1/sqrt(fan_in); norms 1 and 0.
 */
static void test_first_numbers(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model,
        lathe_nn_conv2d(model, 8, 64, 3, &(lathe_nn_conv2d_opts){ .groups = 2 }),
        lathe_nn_batch_norm(model, 64, NULL), lathe_nn_linear(model, 50, 60, NULL),
        lathe_nn_linear(model, 50, 60,
            &(lathe_nn_linear_opts){ .weight_init = { LATHE_INIT_CONSTANT, 2 },
                .bias_init = { LATHE_INIT_CONSTANT, 3 } }),
        lathe_nn_conv_transpose2d(model, 40, 20, 3, &(lathe_nn_conv_transpose2d_opts){ .groups = 2 }), NULL);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    check_bound(lathe_nn_find(net, "0.weight"), 1 / sqrt(36));
    check_bound(lathe_nn_find(net, "0.bias"), 1 / sqrt(36));
    check_bound(lathe_nn_find(net, "4.weight"),
        1 / sqrt(90)); /* a transposed one's fan_in is that of its gradient, as in PyTorch */
    check_bound(lathe_nn_find(net, "4.bias"), 1 / sqrt(90));
    check_bound(lathe_nn_find(net, "2.weight"), 1 / sqrt(50));
    check_bound(lathe_nn_find(net, "2.bias"), 1 / sqrt(50));
    assert_true(lathe_nn_find(net, "1.weight")->data[63] == 1 && lathe_nn_find(net, "1.bias")->data[63] == 0);
    assert_true(lathe_nn_find(net, "1.running_mean")->data[63] == 0 &&
        lathe_nn_find(net, "1.running_var")->data[63] == 1);
    assert_true(lathe_nn_find(net, "3.weight")->data[7] == 2 && lathe_nn_find(net, "3.bias")->data[7] == 3);
    lathe_model_free(model);
}

static lathe_layer *bad_channels(lathe_model *m) { return lathe_nn_conv2d(m, 0, 6, 3, NULL); }
static lathe_layer *bad_out(lathe_model *m) { return lathe_nn_conv2d(m, 1, -6, 3, NULL); }
static lathe_layer *bad_kernel(lathe_model *m) { return lathe_nn_conv2d(m, 1, 6, 0, NULL); }
static lathe_layer *bad_stride(lathe_model *m)
{
    return lathe_nn_conv2d(m, 1, 6, 3, &(lathe_nn_conv2d_opts){ .stride = -1 });
}
static lathe_layer *bad_padding(lathe_model *m)
{
    return lathe_nn_conv2d(m, 1, 6, 3, &(lathe_nn_conv2d_opts){ .padding = -2 });
}
static lathe_layer *bad_dilation(lathe_model *m)
{
    return lathe_nn_conv2d(m, 1, 6, 3, &(lathe_nn_conv2d_opts){ .dilation = -1 });
}
static lathe_layer *bad_groups(lathe_model *m)
{
    return lathe_nn_conv2d(m, 4, 6, 3, &(lathe_nn_conv2d_opts){ .groups = 4 });
}
static lathe_layer *bad_features(lathe_model *m) { return lathe_nn_linear(m, 0, 6, NULL); }
static lathe_layer *bad_norm(lathe_model *m) { return lathe_nn_batch_norm(m, 0, NULL); }
static lathe_layer *bad_momentum(lathe_model *m)
{
    return lathe_nn_batch_norm(m, 2, &(lathe_batch_norm_opts){ .momentum = 1.5 });
}
static lathe_layer *bad_eps(lathe_model *m)
{
    return lathe_nn_batch_norm(m, 2, &(lathe_batch_norm_opts){ .eps = NAN });
}
static lathe_layer *bad_slope(lathe_model *m) { return lathe_nn_leaky_relu(m, INFINITY); }
static lathe_layer *bad_clip(lathe_model *m) { return lathe_nn_clip(m, 2, 1); }
static lathe_layer *no_clip(lathe_model *m) { return lathe_nn_clip(m, 0, NAN); }
static lathe_layer *bad_alpha(lathe_model *m) { return lathe_nn_elu(m, INFINITY); }
static lathe_layer *bad_threshold(lathe_model *m) { return lathe_nn_softplus(m, 0, NAN); }
static lathe_layer *bad_p(lathe_model *m) { return lathe_nn_dropout(m, 1); }
static lathe_layer *no_slopes(lathe_model *m) { return lathe_nn_prelu(m, 0, 0); }
static lathe_layer *bad_first_slope(lathe_model *m) { return lathe_nn_prelu(m, 1, NAN); }
static lathe_layer *bad_shuffle(lathe_model *m) { return lathe_nn_channel_shuffle(m, 0); }
static lathe_layer *bad_depth(lathe_model *m) { return lathe_nn_stochastic_depth(m, 1.25, LATHE_DEPTH_ROW); }
static lathe_layer *bad_depth_mode(lathe_model *m)
{
    return lathe_nn_stochastic_depth(m, 0, (lathe_depth_mode)2);
}
static lathe_layer *bad_squeezed(lathe_model *m) { return lathe_nn_squeeze_excite(m, 4, 0, NULL); }
static lathe_layer *bad_gate(lathe_model *m)
{
    return lathe_nn_squeeze_excite(m, 4, 2, &(lathe_squeeze_excite_opts){ .gate = "hardsigmoit" });
}
static lathe_layer *one_name(lathe_model *m)
{
    return lathe_nn_squeeze_excite(m, 4, 2, &(lathe_squeeze_excite_opts){ .expand_name = "fc1" });
}
static lathe_layer *bad_pool(lathe_model *m) { return lathe_nn_max_pool2d(m, 0, NULL); }
static lathe_layer *bad_pool_padding(lathe_model *m)
{
    return lathe_nn_avg_pool2d(m, 3, &(lathe_pool_opts){ .padding = 2 });
}
static lathe_layer *two_kernels(lathe_model *m)
{
    return lathe_nn_max_pool2d(m, 3, &(lathe_pool_opts){ .kernel = 2 });
}
static lathe_layer *bad_adaptive(lathe_model *m) { return lathe_nn_adaptive_avg_pool2d(m, 0, 1); }
static lathe_layer *bad_reshape(lathe_model *m)
{
    return lathe_nn_reshape(m, (lathe_shape){ 2, { -1, -1 } });
}
static lathe_layer *bad_rank(lathe_model *m) { return lathe_nn_reshape(m, (lathe_shape){ 0, { 0 } }); }
static lathe_layer *bad_subsample(lathe_model *m) { return lathe_nn_subsample(m, 0, 4); }
static lathe_layer *bad_transposed(lathe_model *m) { return lathe_nn_conv_transpose2d(m, 4, 6, 0, NULL); }
static lathe_layer *bad_transposed_groups(lathe_model *m)
{
    return lathe_nn_conv_transpose2d(m, 4, 6, 3, &(lathe_nn_conv_transpose2d_opts){ .groups = 4 });
}
static lathe_layer *bad_output_padding(lathe_model *m)
{
    return lathe_nn_conv_transpose2d(m, 4, 6, 3,
        &(lathe_nn_conv_transpose2d_opts){ .stride = 2, .output_padding = 2 });
}
static lathe_layer *bad_scale(lathe_model *m) { return lathe_nn_upsample(m, 0, NULL); }
static lathe_layer *bad_mode(lathe_model *m)
{
    return lathe_nn_upsample(m, 2, &(lathe_upsample_opts){ .mode = (lathe_upsample_mode)3 });
}
static lathe_layer *even_window(lathe_model *m) { return lathe_nn_local_response_norm(m, 4, NULL); }

static void test_wrong_arguments(void **state)
{
    (void)state;
    static const struct {
        lathe_layer *(*make)(lathe_model *model);
        lathe_status status;
        const char *message;
    } mistakes[] = {
        { bad_channels, LATHE_EARG, "lathe_nn_conv2d: in_channels is 0; it must be at least 1" },
        { bad_out, LATHE_EARG, "out_channels is -6" },
        { bad_kernel, LATHE_EARG, "kernel is 0" },
        { bad_stride, LATHE_EARG, "stride is -1" },
        { bad_padding, LATHE_EARG, "padding is -2; it must be at least 0" },
        { bad_dilation, LATHE_EARG, "dilation is -1" },
        { bad_groups, LATHE_EARG, "4 groups do not divide 4 input and 6 output channels" },
        { bad_features, LATHE_EARG, "lathe_nn_linear: in_features is 0" },
        { bad_norm, LATHE_EARG, "lathe_nn_batch_norm: channels is 0" },
        { bad_momentum, LATHE_EARG, "momentum = 1.5 in (0, 1]" },
        { bad_eps, LATHE_EARG, "eps = nan must be above 0" },
        { bad_slope, LATHE_EARG, "slope is inf" },
        { bad_clip, LATHE_EARG, "lathe_nn_clip: min is 2, above max, 1" },
        { no_clip, LATHE_EARG, "lathe_nn_clip: max is nan; it must be finite" },
        { bad_alpha, LATHE_EARG, "lathe_nn_elu: alpha is inf" },
        { bad_threshold, LATHE_EARG, "lathe_nn_softplus: threshold is nan" },
        { bad_p, LATHE_EARG, "p = 1 is outside [0, 1)" },
        { no_slopes, LATHE_EARG, "lathe_nn_prelu: slopes is 0; it must be at least 1" },
        { bad_first_slope, LATHE_EARG, "lathe_nn_prelu: init is nan; it must be finite" },
        { bad_shuffle, LATHE_EARG, "lathe_nn_channel_shuffle: groups is 0" },
        { bad_depth, LATHE_EARG, "lathe_nn_stochastic_depth: p = 1.25 is outside [0, 1]" },
        { bad_depth_mode, LATHE_EARG, "lathe_nn_stochastic_depth: mode 2 is unknown" },
        { bad_squeezed, LATHE_EARG, "lathe_nn_squeeze_excite: squeezed is 0; it must be at least 1" },
        { bad_gate, LATHE_ENAME, "unknown gate 'hardsigmoit'; did you mean hardsigmoid?" },
        { one_name, LATHE_EARG, "fc1" },
        { bad_pool, LATHE_EARG, "lathe_nn_max_pool2d: kernel is 0" },
        { bad_pool_padding, LATHE_EARG, "padding is 2; it must be at most half of the kernel, 3" },
        { two_kernels, LATHE_EARG, "kernel is 3, but opts->kernel is 2" },
        { bad_adaptive, LATHE_EARG, "height is 0" },
        { bad_reshape, LATHE_ESHAPE, "[-1, -1] is not a shape" },
        { bad_rank, LATHE_ESHAPE, "[] is not a shape" },
        { bad_subsample, LATHE_EARG, "stride is 0" },
        { bad_transposed, LATHE_EARG, "lathe_nn_conv_transpose2d: kernel is 0" },
        { bad_transposed_groups, LATHE_EARG, "4 groups do not divide 4 input and 6 output channels" },
        { bad_output_padding, LATHE_EARG, "output_padding is 2; it must be below the stride, 2" },
        { bad_scale, LATHE_EARG, "lathe_nn_upsample: scale is 0" },
        { bad_mode, LATHE_EARG, "lathe_nn_upsample: mode 3 is unknown" },
        { even_window, LATHE_EARG, "size is 4; it must be odd" },
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        lathe_model *model = lathe_model_new();
        assert_null(lathe_nn_sequential(model, mistakes[i].make(model), lathe_nn_relu(model), NULL));
        assert_failed(mistakes[i].status, mistakes[i].message);
        assert_int_equal(lathe_model_status(model), mistakes[i].status);
        lathe_model_free(model);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(cases[i].make(NULL));
        assert_failed(LATHE_EARG, "model is NULL");
    }
}

/* Layers with tests of their own, in other files. */
static const char *const elsewhere[] = { "sequential", "residual", "concat", "channel_scale", "group_norm",
    "instance_norm", "layer_norm", "layer_norm2d" };

static bool is_tested(const char *name)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (!strcmp(cases[i].type, name)) return true;
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
        if (!strcmp(elsewhere[i], name)) return true;
    return false;
}

static void test_registry(void **state)
{
    (void)state;
    int count = 0;
    for (const lathe_layer_type *type; (type = lathe_layer_at(count)); count++) {
        assert_non_null(type->summary);
        if (count) assert_true(strcmp(lathe_layer_at(count - 1)->name, type->name) < 0);
        if (!is_tested(type->name)) fail_msg("layer %s is not tested", type->name);
    }
    assert_null(lathe_layer_at(-1));
    assert_true(count > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_description),
        cmocka_unit_test(test_first_numbers),
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
