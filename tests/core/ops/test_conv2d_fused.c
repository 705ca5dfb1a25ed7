/* Convolution with what follows it, in one operation. */
#include <string.h>

#include "support/conv2d_test.h"

static lathe_tensor *conv_relu_function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_conv2d_relu(leaves[0], leaves[1], leaves[2], context);
}

/* Biases that keep every other filter above 0, the rest below, far from the kink. */
static void gradient_check_with_relu(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    static const lathe_real bias[4] = { 30, -30, 30, -30 };
    for (uint64_t i = 0; i < 20; i++) {
        int size = random_int(i, 4, 2, 5), kernel = random_int(i, 7, 1, 2), channels = random_int(i, 3, 1, 2);
        lathe_conv2d_opts opts = { .stride = random_int(i, 9, 1, 3), .padding = random_int(i, 10, 0, 2) };
        int filters = random_int(i, 6, 1, 4);
        lathe_leaf leaves[3] = {
            { .layout = LATHE_BATCHED, .shape = { 4, { batches[i % 5], channels, size, size } } },
            { .layout = LATHE_PLAIN, .shape = { 4, { filters, channels, kernel, kernel } } },
            { .layout = LATHE_PLAIN, .shape = { 1, { filters } }, .values = bias },
        };
        assert_gradient("conv2d_relu", conv_relu_function, &opts, leaves, 3);
    }
}

static lathe_tensor *conv_relu6_function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_conv2d_relu6(leaves[0], leaves[1], leaves[2], context);
}

/* Small weights, and biases that keep filters between 0 and 6, below, and above. */
static void gradient_check_with_relu6(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    static const lathe_real bias[4] = { 3, -30, 2, 30 };
    lathe_real weights[4 * 2 * 2 * 2];
    for (int i = 0; i < 32; i++) weights[i] = (lathe_real)(0.05 * (i * 7 % 5 - 2.5) / 2.5);
    for (uint64_t i = 0; i < 20; i++) {
        int size = random_int(i, 4, 2, 5), kernel = random_int(i, 7, 1, 2), channels = random_int(i, 3, 1, 2);
        lathe_conv2d_opts opts = { .stride = random_int(i, 9, 1, 3), .padding = random_int(i, 10, 0, 2) };
        int filters = random_int(i, 6, 1, 4);
        lathe_leaf leaves[3] = {
            { .layout = LATHE_BATCHED, .shape = { 4, { batches[i % 5], channels, size, size } } },
            { .layout = LATHE_PLAIN,
                .shape = { 4, { filters, channels, kernel, kernel } },
                .values = weights },
            { .layout = LATHE_PLAIN, .shape = { 1, { filters } }, .values = bias },
        };
        assert_gradient("conv2d_relu6", conv_relu6_function, &opts, leaves, 3);
    }
}

/* Depthwise, 1 x 1 and 3 x 3 in both layouts: the numbers of relu6(conv2d(x)), bit for bit. */
static void relu6_is_the_same_in_one_operation(void **state)
{
    (void)state;
    for (int k = 0; k < 6; k++) {
        const int kernel = k / 2 ? 3 : 1, groups = k / 2 == 2 ? 18 : 1;
        lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 17, 18, 9, 8 } }, 1),
            normal_leaf(LATHE_PLAIN, (lathe_shape){ 4, { 18, 18 / groups, kernel, kernel } }, 2),
            normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 18 } }, 3) };
        const lathe_conv2d_opts opts = { .padding = kernel / 2, .groups = groups };
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tape_layout(tape, k % 2 ? LATHE_CHANNELS : LATHE_BATCHED);
        lathe_tensor *x[3];
        for (int i = 0; i < 3; i++)
            x[i] = lathe_tape_leaf(tape, i || !(k % 2) ? leaves[i].layout : LATHE_CHANNELS, leaves[i].shape,
                leaves[i].values);
        const lathe_tensor *want = lathe_relu6(lathe_conv2d(x[0], x[1], x[2], &opts)),
                           *got = lathe_conv2d_relu6(x[0], x[1], x[2], &opts);
        assert_non_null(want);
        assert_non_null(got);
        int sixes = 0;
        for (size_t i = 0; i < got->stored; i++) sixes += got->data[i] == 6;
        assert_true(sixes > 0);
        assert_memory_equal(got->data, want->data, got->stored * sizeof *got->data);
        lathe_tape_free(tape);
        free_leaves(leaves, 3);
    }
}

static lathe_tensor *conv_add_function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_conv2d_add(leaves[0], leaves[1], leaves[2], leaves[3], context);
}

static lathe_tensor *conv_add_relu_function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_conv2d_add_relu(leaves[0], leaves[1], leaves[2], leaves[3], context);
}

static void gradient_check_with_sum(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    static const lathe_real bias[4] = { 30, -30, 30, -30 };
    for (uint64_t i = 0; i < 20; i++) {
        int size = random_int(i, 4, 2, 5), kernel = random_int(i, 7, 1, 2), channels = random_int(i, 3, 1, 2);
        lathe_conv2d_opts opts = { .stride = random_int(i, 9, 1, 3), .padding = random_int(i, 10, 0, 2) };
        int filters = random_int(i, 6, 1, 4), batch = batches[i % 5];
        int results = (size + 2 * opts.padding - kernel) / opts.stride + 1;
        lathe_leaf leaves[4] = {
            { .layout = LATHE_BATCHED, .shape = { 4, { batch, channels, size, size } } },
            { .layout = LATHE_PLAIN, .shape = { 4, { filters, channels, kernel, kernel } } },
            { .layout = LATHE_PLAIN, .shape = { 1, { filters } }, .values = bias },
            { .layout = LATHE_BATCHED, .shape = { 4, { batch, filters, results, results } } },
        };
        assert_gradient("conv2d_add", conv_add_function, &opts, leaves, 4);
        assert_gradient("conv2d_add_relu", conv_add_relu_function, &opts, leaves, 4);
    }
}

/* base + conv2d(x), and relu of it, in one operation and in several: the same bits; base stays as it was. */
static void check_sum_in_one_operation(lathe_layout layout)
{
    enum { X = 17 * 3 * 6 * 6, W = 7 * 3 * 3 * 3, Y = 17 * 7 * 6 * 6 };
    static lathe_real x_values[X], w_values[W], base_values[Y], one[Y], several[Y];
    fill_normal(x_values, X, 1);
    fill_normal(w_values, W, 2);
    fill_normal(base_values, Y, 3);
    const lathe_conv2d_opts opts = { .padding = 1 };
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tape_layout(tape, layout);
    lathe_tensor *x = lathe_tape_leaf(tape, layout, (lathe_shape){ 4, { 17, 3, 6, 6 } }, x_values);
    lathe_tensor *w = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 4, { 7, 3, 3, 3 } }, w_values);
    lathe_tensor *base = lathe_tape_leaf(tape, layout, (lathe_shape){ 4, { 17, 7, 6, 6 } }, base_values);
    for (int relu = 0; relu < 2; relu++) {
        lathe_tensor *y = lathe_add(base, lathe_conv2d(x, w, NULL, &opts));
        lathe_tensor_read(relu ? lathe_relu(y) : y, several, Y);
        lathe_tensor_read((relu ? lathe_conv2d_add_relu : lathe_conv2d_add)(x, w, NULL, base, &opts), one, Y);
        assert_memory_equal(one, several, sizeof one);
    }
    lathe_tensor_read(base, one, Y);
    assert_memory_equal(one, base_values, sizeof one);
    assert_null(lathe_conv2d_add(x, w, NULL, x, &opts));
    assert_string_equal(lathe_tape_message(tape),
        "lathe_conv2d_add: base is [17, 3, 6, 6], the result is [17, 7, 6, 6]");
    lathe_tape_free(tape);
}

static void sum_is_the_same_in_one_operation(void **state)
{
    (void)state;
    check_sum_in_one_operation(LATHE_BATCHED);
    check_sum_in_one_operation(LATHE_CHANNELS);
}

/* relu(conv2d(x)) in one operation and in two: the same bits, forward and backward, and a kept gradient stays
 * as it came. */
static void check_relu_in_one_operation(lathe_layout layout)
{
    const conv2d_setup s = { 21, 5, 9, 8, 13, 3, 3, 2, 1, 1, 1, 1 };
    conv2d_numbers n[2] = { conv2d_numbers_new(&s, NULL), conv2d_numbers_new(&s, NULL) };
    for (int fused = 0; fused < 2; fused++) {
        conv2d_numbers *m = &n[fused];
        conv2d_fill(&s, m, 5);
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x = conv2d_images(tape, &s, layout, m->x);
        lathe_tensor *w =
            lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 4, { s.filters, s.channels, 3, 3 } }, m->w);
        lathe_tensor *bias = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { s.filters } }, m->bias);
        w->needs_grad = bias->needs_grad = true;
        const lathe_conv2d_opts opts = { .stride = 2, .padding = 1 };
        lathe_tensor *y =
            fused ? lathe_conv2d_relu(x, w, bias, &opts) : lathe_relu(lathe_conv2d(x, w, bias, &opts));
        y->keep_grad = fused;
        assert_int_equal(lathe_backward_from(y, m->gy, m->y_count), LATHE_OK);
        lathe_tensor_read(y, m->y, m->y_count);
        lathe_tensor_read_grad(x, m->gx, m->x_count);
        lathe_tensor_read_grad(w, m->gw, m->w_count);
        lathe_tensor_read_grad(bias, m->gbias, (size_t)s.filters);
        if (fused) {
            lathe_tensor_read_grad(y, n[0].gy, n[0].y_count);
            assert_memory_equal(n[0].gy, m->gy, m->y_count * sizeof *m->gy);
        }
        lathe_tape_free(tape);
    }
    assert_memory_equal(n[1].y, n[0].y, n[0].y_count * sizeof *n[0].y);
    assert_memory_equal(n[1].gx, n[0].gx, n[0].x_count * sizeof *n[0].x);
    assert_memory_equal(n[1].gw, n[0].gw, n[0].w_count * sizeof *n[0].w);
    assert_memory_equal(n[1].gbias, n[0].gbias, (size_t)s.filters * sizeof *n[0].gbias);
    conv2d_numbers_free(&n[0]);
    conv2d_numbers_free(&n[1]);
}

static void relu_is_the_same_in_one_operation(void **state)
{
    (void)state;
    check_relu_in_one_operation(LATHE_BATCHED);
    check_relu_in_one_operation(LATHE_CHANNELS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_check_with_relu),
        cmocka_unit_test(gradient_check_with_relu6),
        cmocka_unit_test(relu6_is_the_same_in_one_operation),
        cmocka_unit_test(gradient_check_with_sum),
        cmocka_unit_test(sum_is_the_same_in_one_operation),
        cmocka_unit_test(relu_is_the_same_in_one_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
