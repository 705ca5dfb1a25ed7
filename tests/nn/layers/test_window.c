/* Layers of convolution and pooling with settings of single axes and sides: these reach the operation and the
 * description. */
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

typedef struct window_case {
    const char *type, *settings;
    lathe_layer *(*make)(lathe_model *model);
    lathe_tensor *(*operation)(lathe_layer *layer, lathe_tensor *x); /* what its forward must equal */
    int out[3];
} window_case;

static lathe_layer *make_wide(lathe_model *m)
{
    return lathe_nn_conv2d(m, 4, 6, 1,
        &(lathe_nn_conv2d_opts){ .kernel_width = 5, .stride_width = 2, .padding_sides = { 0, 1, 2, 3 } });
}

static lathe_tensor *wide(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_conv2d(x, lathe_nn_find(layer, "weight"), lathe_nn_find(layer, "bias"),
        &(lathe_conv2d_opts){ .stride_width = 2, .padding_sides = { 0, 1, 2, 3 } });
}

static lathe_layer *make_same(lathe_model *m)
{
    return lathe_nn_conv2d(m, 4, 4, 3,
        &(lathe_nn_conv2d_opts){ .stride = 2,
            .dilation = 2,
            .dilation_width = 1,
            .groups = 4,
            .same = true,
            .no_bias = true });
}

static lathe_tensor *same(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_conv2d(x, lathe_nn_find(layer, "weight"), NULL,
        &(lathe_conv2d_opts){ .stride = 2, .dilation = 2, .dilation_width = 1, .groups = 4, .same = true });
}

static lathe_layer *make_transposed(lathe_model *m)
{
    return lathe_nn_conv_transpose2d(m, 4, 6, 3,
        &(lathe_nn_conv_transpose2d_opts){ .kernel_width = 2,
            .stride = 2,
            .stride_width = 3,
            .dilation_width = 2,
            .padding_sides = { 1, 0, 0, 2 } });
}

static lathe_tensor *transposed(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_conv_transpose2d(x, lathe_nn_find(layer, "weight"), lathe_nn_find(layer, "bias"),
        &(lathe_conv_transpose2d_opts){ .stride = 2,
            .stride_width = 3,
            .dilation_width = 2,
            .padding_sides = { 1, 0, 0, 2 } });
}

static const lathe_pool_opts wide_pool = { .kernel_width = 3,
    .stride = 1,
    .dilation_width = 2,
    .same = true },
                             sides_pool = { .padding_sides = { 0, 1, 0, 1 }, .exclude_padding = true };

static lathe_layer *make_max(lathe_model *m) { return lathe_nn_max_pool2d(m, 2, &wide_pool); }

static lathe_tensor *max_pool(lathe_layer *layer, lathe_tensor *x)
{
    lathe_pool_opts opts = wide_pool;
    opts.kernel = 2;
    return (void)layer, lathe_max_pool2d(x, &opts);
}

static lathe_layer *make_mean(lathe_model *m) { return lathe_nn_avg_pool2d(m, 2, &sides_pool); }

static lathe_tensor *mean(lathe_layer *layer, lathe_tensor *x)
{
    lathe_pool_opts opts = sides_pool;
    opts.kernel = 2;
    return (void)layer, lathe_avg_pool2d(x, &opts);
}

static lathe_layer *make_columns(lathe_model *m)
{
    return lathe_nn_max_pool2d(m, 2, &(lathe_pool_opts){ .kernel_width = 5 });
}

static lathe_tensor *columns(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_max_pool2d(x, &(lathe_pool_opts){ .kernel = 2, .kernel_width = 5 });
}

static const window_case cases[] = {
    { "max_pool2d", "2x3, stride 1, padding same, dilation 1x2", make_max, max_pool, { 4, 7, 5 } },
    { "max_pool2d", "2x5, stride 2x5", make_columns, columns, { 4, 3, 1 } },
    { "avg_pool2d", "2x2, stride 2, padding top 0 bottom 1 left 0 right 1 excluded", make_mean, mean,
        { 4, 4, 3 } },
    { "conv2d", "4 -> 6, 1x5, stride 1x2, padding top 0 bottom 1 left 2 right 3", make_wide, wide,
        { 6, 8, 3 } },
    { "conv2d", "4 -> 4, 3x3, stride 2, padding same, dilation 2x1, groups 4, no bias", make_same, same,
        { 4, 4, 3 } },
    { "conv_transpose2d", "4 -> 6, 3x2, stride 2x3, padding top 1 bottom 0 left 0 right 2, dilation 1x2",
        make_transposed, transposed, { 6, 14, 13 } },
};

enum { IN = 3 * 4 * 7 * 5 };

static void settings_reach_the_operation(void **state)
{
    (void)state;
    lathe_real values[IN];
    fill_normal(values, IN, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const window_case *c = &cases[i];
        lathe_model *model = lathe_model_new();
        lathe_layer *layer = c->make(model);
        if (!layer) fail_msg("%s", lathe_error_message());
        assert_int_equal(lathe_nn_init(layer, 5), LATHE_OK);
        assert_string_equal(layer->type->name, c->type);
        char text[200] = "";
        layer->type->describe(layer, text, sizeof text);
        assert_string_equal(text, c->settings);
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 3, 4, 7, 5 } }, values);
        lathe_tensor *y = lathe_nn_forward(layer, x), *want = c->operation(layer, x);
        if (!y || !want) fail_msg("%s", lathe_tape_message(tape));
        for (int k = 0; k < 3; k++) assert_int_equal(y->shape.dim[k + 1], c->out[k]);
        assert_memory_equal(y->data, want->data, y->stored * sizeof *y->data);
        lathe_tape_free(tape);
        lathe_model_free(model);
    }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        lathe_nn_conv2d_opts opts;
        const char *message;
    } mistakes[] = {
        { { .kernel_width = -1 }, "lathe_nn_conv2d: kernel_width is -1; it must be at least 0" },
        { { .stride_width = -1 }, "stride_width is -1" },
        { { .dilation_width = -2 }, "dilation_width is -2" },
        { { .padding_sides = { .top = -1 } }, "padding_sides.top is -1" },
        { { .padding_sides = { .bottom = -1 } }, "padding_sides.bottom is -1" },
        { { .padding_sides = { .left = -1 } }, "padding_sides.left is -1" },
        { { .padding_sides = { .right = -1 } }, "padding_sides.right is -1" },
        { { .same = true, .padding = 1 }, "same chooses the padding, but padding is given, too" },
        { { .same = true, .padding_sides = { .right = 1 } }, "same chooses the padding" },
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        lathe_error_clear();
        lathe_model *model = lathe_model_new();
        assert_null(lathe_nn_conv2d(model, 3, 4, 3, &mistakes[i].opts));
        assert_failed(LATHE_EARG, mistakes[i].message);
        lathe_model_free(model);
    }
}

static void mistakes_of_pools_are_named(void **state)
{
    (void)state;
    static const struct {
        lathe_pool_opts opts;
        const char *message;
    } mistakes[] = {
        { { .kernel_width = -1 }, "lathe_nn_avg_pool2d: kernel_width is -1; it must be at least 0" },
        { { .dilation = 2 }, "lathe_nn_avg_pool2d: dilation is 2; means have none" },
        { { .kernel_width = 1, .padding = 1 }, "padding is 1; it must be at most half of the kernel, 1" },
        { { .same = true, .padding = 1 }, "same chooses the padding, but padding is given, too" },
        { { .same = true, .ceil_mode = true }, "same chooses the padding, but ceil_mode is given, too" },
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        lathe_error_clear();
        lathe_model *model = lathe_model_new();
        assert_null(lathe_nn_avg_pool2d(model, 3, &mistakes[i].opts));
        assert_failed(LATHE_EARG, mistakes[i].message);
        lathe_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_reach_the_operation),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(mistakes_of_pools_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
