#include <stdlib.h>
#include <string.h>

#include "support/conv2d_test.h"

/*
 * x = 1 2 3 w = 1 0 bias 10 y = 1+5 2+6 = 16 18
 *     4 5 6       0 1                  4+8 5+9   22 24
 *     7 8 9
 * with gy all 1: gx counts each place's weights: 1 1 0 / 1 2 1 / 0 1 1; gw sums the four windows: 12 16 / 24
 * 28; gbias 4.
 */
static void a_case_by_hand(void **state)
{
    (void)state;
    conv2d_setup s = { 1, 1, 3, 3, 1, 2, 2, 1, 0, 1, 1, 1 };
    conv2d_numbers n = conv2d_numbers_new(&s, NULL);
    for (int i = 0; i < 9; i++) n.x[i] = (lathe_real)(i + 1);
    n.w[0] = n.w[3] = 1;
    n.bias[0] = 10;
    for (int i = 0; i < 4; i++) n.gy[i] = 1;
    conv2d_run(&s, LATHE_BATCHED, &n);
    assert_close("y", n.y, (double[]){ 16, 18, 22, 24 }, 4, 0, 0);
    assert_close("gx", n.gx, (double[]){ 1, 1, 0, 1, 2, 1, 0, 1, 1 }, 9, 0, 0);
    assert_close("gw", n.gw, (double[]){ 12, 16, 24, 28 }, 4, 0, 0);
    assert_close("gbias", n.gbias, (double[]){ 4 }, 1, 0, 0);
    conv2d_numbers_free(&n);
}

static void chosen_shapes_agree_with_the_twin(void **state)
{
    (void)state;
    static const conv2d_setup chosen[] = {
        /* B, C, H, W, O, kh, kw, stride, padding, dilation, groups, bias */
        { 33, 1, 28, 28, 6, 5, 5, 1, 2, 1, 1, 1 }, /* LeNet */
        { 16, 6, 14, 14, 16, 5, 5, 1, 0, 1, 1, 1 },
        { 17, 16, 8, 8, 32, 3, 3, 2, 1, 1, 1, 0 }, /* ResNet */
        { 16, 32, 4, 4, 16, 3, 3, 1, 1, 1, 1, 0 },
        { 15, 3, 9, 9, 13, 3, 3, 1, 1, 1, 1, 1 },
        { 16, 24, 6, 6, 24, 3, 3, 1, 1, 1, 24, 1 }, /* depthwise */
        { 16, 24, 7, 7, 24, 3, 3, 2, 1, 1, 24, 1 },
        { 2, 2, 3, 1024, 2, 1, 1, 65536, 0, 1, 2, 1 }, /* steps far beyond the image */
        { 2, 2, 9, 9, 2, 3, 3, 1 << 20, 1, 1, 2, 1 },
        { 16, 12, 5, 5, 24, 3, 3, 1, 1, 1, 4, 1 },
        { 16, 40, 3, 3, 30, 1, 1, 1, 0, 1, 1, 1 }, /* pointwise */
        { 16, 12, 8, 8, 24, 1, 1, 2, 0, 1, 1, 0 },
        { 33, 20, 4, 5, 70, 1, 1, 1, 0, 1, 1, 1 },
        { 33, 32, 4, 5, 64, 1, 1, 1, 0, 1, 2, 1 },
        { 17, 3, 50, 40, 3, 5, 5, 1, 2, 1, 3,
            1 }, /* depthwise: several bands of a plane, more taps than sums */
        { 16, 2, 9, 300, 2, 3, 3, 1, 1, 1, 2, 1 },  /* bands of one row */
        { 3, 2, 4, 600, 2, 3, 3, 1, 1, 1, 2, 0 },   /* rows too long for a panel */
        { 2, 2, 20, 24, 2, 17, 17, 1, 8, 1, 2, 1 }, /* more taps in a row than a panel knows */
        { 2, 3, 30, 31, 3, 3, 3, 2, 1, 2, 3, 1 },
        { 2, 2, 20, 19, 2, 4, 3, 3, 2, 1, 2, 1 },
        { 1, 3, 5, 5, 3, 2, 2, 5, 0, 1, 3, 1 },     /* places that no tap reaches */
        { 2, 3, 20, 20, 9, 11, 11, 4, 2, 1, 1, 1 }, /* AlexNet */
        { 3, 2, 30, 30, 4, 28, 28, 1, 0, 1, 1, 1 }, /* many weights a channel */
        { 1, 150, 2, 2, 5, 3, 3, 1, 1, 1, 1, 1 },   /* more strips than a part holds */
        { 1, 2, 3, 40, 2, 1, 7, 1, 3, 1, 1, 1 },
        { 1, 2, 40, 3, 2, 7, 1, 1, 3, 1, 1, 1 },
        { 1, 4, 12, 13, 4, 3, 3, 2, 4, 4, 1, 1 },    /* dilation a multiple of the stride */
        { 1, 4, 13, 12, 4, 3, 3, 4, 4, 6, 1, 1 },    /* a common divisor */
        { 1, 2, 5, 5, 3, 2, 2, 5, 0, 1, 1, 1 },      /* stride > kernel: places that no tap reaches */
        { 200, 2, 4, 4, 3, 3, 3, 1, 1, 1, 1, 1 },    /* several chunks of blocks */
        { 2, 170, 12, 60, 17, 3, 3, 1, 1, 1, 1, 1 }, /* on channels: several chunks, and windows of a row */
        { 3, 600, 3, 4, 33, 1, 1, 1, 0, 1, 1, 1 },   /* chunks of a product */
        { 2, 32, 9, 5, 48, 3, 3, 2, 1, 1, 2, 1 },    /* groups of whole sixteens */
        { 1, 1, 20, 18, 20, 7, 7, 2, 3, 1, 1, 1 },
        { 1, 2, 33, 31, 40, 3, 3, 2, 1, 1, 1, 0 },
        { 2, 4, 15, 2, 50, 3, 3, 1, 1, 1, 1, 1 },
        { 1, 17, 70, 66, 15, 5, 3, 1, 2, 1, 1, 1 },
    };
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) conv2d_check(&chosen[i], NULL, i);
}

static void random_shapes_agree_with_the_twin(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    int done = 0;
    for (uint64_t seed = 0; done < 120; seed++) {
        int groups = random_int(seed, 0, 0, 3) ? 1 : random_int(seed, 1, 1, 4);
        conv2d_setup s = { batches[random_int(seed, 2, 0, 4)], groups * random_int(seed, 3, 1, 5),
            random_int(seed, 4, 1, 12), random_int(seed, 5, 1, 17), groups * random_int(seed, 6, 1, 9),
            random_int(seed, 7, 1, 5), random_int(seed, 8, 1, 5), random_int(seed, 9, 1, 4),
            random_int(seed, 10, 0, 3), random_int(seed, 11, 1, 3), groups, random_int(seed, 12, 0, 1) };
        if (s.height + 2 * s.padding <= s.dilation * (s.kernel_height - 1)) continue;
        if (s.width + 2 * s.padding <= s.dilation * (s.kernel_width - 1)) continue;
        conv2d_check(&s, NULL, seed);
        done++;
    }
}

/* Several columns at each edge, in tiles of every number of filters, and rows that tiles do not fill. */
static void edges_agree_with_the_twin(void **state)
{
    (void)state;
    for (int filters = 1, i = 0; filters <= 15; filters += filters < 8 ? 1 : 3)
        for (int width = 5; width <= 14; width += 3, i++) {
            conv2d_setup s = { 17, filters, 3, width, filters, 2, 5, 1 + i % 2, i % 5, 1 + i % 3 / 2, 1, 1 };
            if (s.width + 2 * s.padding <= s.dilation * 4) continue;
            conv2d_check(&s, NULL, (uint64_t)i);
        }
}

/* Channels enough for several blocks, images enough for several windows. */
static void random_large_shapes_agree_with_the_twin(void **state)
{
    (void)state;
    int done = 0;
    for (uint64_t seed = 5000; done < 20; seed++) {
        int groups = random_int(seed, 0, 0, 3) ? 1 : 16 * random_int(seed, 1, 1, 2), of = groups > 1 ? 1 : 36;
        int size = random_int(seed, 2, 0, 5) ? 20 : 70;
        conv2d_setup s = { random_int(seed, 3, 1, 3), groups * random_int(seed, 4, 1, of),
            random_int(seed, 5, 1, size), random_int(seed, 6, 1, size), groups * random_int(seed, 7, 1, of),
            random_int(seed, 8, 1, 7), random_int(seed, 9, 1, 7), random_int(seed, 10, 1, 3),
            random_int(seed, 11, 0, 3), random_int(seed, 12, 1, 2), groups, random_int(seed, 13, 0, 1) };
        if (size == 70) s.channels = groups * random_int(seed, 4, 1, 3);
        if (s.height + 2 * s.padding <= s.dilation * (s.kernel_height - 1)) continue;
        if (s.width + 2 * s.padding <= s.dilation * (s.kernel_width - 1)) continue;
        if (groups > 1) s.channels = s.filters = groups;
        conv2d_check(&s, NULL, seed);
        done++;
    }
}

static void take_golden(const char *prefix, const char *name, lathe_real *to, size_t count)
{
    char full[64];
    size_t found;
    snprintf(full, sizeof full, "%s%s", prefix, name);
    double *values = golden("conv2d.txt", full, &found);
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++) to[i] = (lathe_real)values[i];
    free(values);
}

static void compare_golden(const char *prefix, const char *name, const lathe_real *got, size_t count)
{
    char full[64];
    size_t found;
    snprintf(full, sizeof full, "%s%s", prefix, name);
    double *values = golden("conv2d.txt", full, &found);
    assert_int_equal(found, count);
    assert_close(full, got, values, count, conv2d_relative, 4 * conv2d_relative);
    free(values);
}

static void golden_values_from_pytorch(void **state)
{
    (void)state;
    size_t count;
    double *cases = golden("conv2d.txt", "cases", &count);
    for (int i = 0; i < (int)cases[0]; i++) {
        char prefix[32], name[40];
        snprintf(prefix, sizeof prefix, "case%d.", i);
        snprintf(name, sizeof name, "%ssetup", prefix);
        double *v = golden("conv2d.txt", name, &count);
        assert_int_equal(count, 12);
        conv2d_setup s = { (int)v[0], (int)v[1], (int)v[2], (int)v[3], (int)v[4], (int)v[5], (int)v[6],
            (int)v[7], (int)v[8], (int)v[9], (int)v[10], (int)v[11] };
        free(v);
        conv2d_numbers n = conv2d_numbers_new(&s, NULL);
        take_golden(prefix, "x", n.x, n.x_count);
        take_golden(prefix, "w", n.w, n.w_count);
        take_golden(prefix, "gy", n.gy, n.y_count);
        if (s.bias) take_golden(prefix, "bias", n.bias, (size_t)s.filters);
        conv2d_run(&s, LATHE_BATCHED, &n);
        compare_golden(prefix, "y", n.y, n.y_count);
        compare_golden(prefix, "gx", n.gx, n.x_count);
        compare_golden(prefix, "gw", n.gw, n.w_count);
        if (s.bias) compare_golden(prefix, "gbias", n.gbias, (size_t)s.filters);
        conv2d_numbers_free(&n);
    }
    free(cases);
}

static void gradient_check(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    int done = 0;
    for (uint64_t seed = 1000; done < 24; seed++) {
        int groups = random_int(seed, 1, 1, 2), size = random_int(seed, 4, 1, 5),
            kernel = random_int(seed, 7, 1, 3);
        lathe_conv2d_opts opts = { .stride = random_int(seed, 9, 1, 3),
            .padding = random_int(seed, 10, 0, 2),
            .dilation = random_int(seed, 11, 1, 2),
            .groups = groups };
        if (size + 2 * opts.padding <= opts.dilation * (kernel - 1)) continue;
        int channels = random_int(seed, 3, 1, 2), filters = groups * random_int(seed, 6, 1, 2);
        lathe_leaf leaves[3] = {
            { .layout = LATHE_BATCHED, .shape = { 4, { batches[done % 5], groups * channels, size, size } } },
            { .layout = LATHE_PLAIN, .shape = { 4, { filters, channels, kernel, kernel } } },
            { .layout = LATHE_PLAIN, .shape = { 1, { filters } } },
        };
        assert_gradient("conv2d", conv2d_function, &opts, leaves, done % 2 ? 3 : 2);
        done++;
    }
}

/* The same weights twice: the second gradient is added to the first. */
static lathe_tensor *twice_function(void *context, lathe_tensor *const *leaves, int count)
{
    return conv2d_function(context,
        (lathe_tensor *[]){ conv2d_function(context, leaves, count), leaves[1], leaves[2] }, count);
}

static void gradients_add_up(void **state)
{
    (void)state;
    lathe_conv2d_opts opts = { .padding = 1, .stride = 2 };
    lathe_leaf leaves[3] = {
        { .layout = LATHE_BATCHED, .shape = { 4, { 3, 2, 5, 5 } } },
        { .layout = LATHE_PLAIN, .shape = { 4, { 2, 2, 3, 3 } } },
        { .layout = LATHE_PLAIN, .shape = { 1, { 2 } } },
    };
    assert_gradient("conv2d", twice_function, &opts, leaves, 3);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    static const conv2d_setup cases[] = { { 64, 1, 28, 28, 6, 5, 5, 1, 2, 1, 1, 1 },
        { 33, 16, 9, 9, 32, 3, 3, 2, 1, 1, 1, 1 }, { 40, 8, 6, 6, 8, 3, 3, 1, 1, 1, 8, 1 },
        { 70, 20, 5, 5, 100, 1, 1, 1, 0, 1, 1, 1 }, { 1, 20, 60, 50, 40, 3, 3, 1, 1, 1, 1, 1 },
        { 3, 64, 9, 9, 80, 3, 3, 2, 1, 1, 2, 1 } };
    for (size_t i = 0; i < 3 * (sizeof cases / sizeof *cases); i++) {
        const conv2d_setup *s = &cases[i / 3];
        lathe_layout layout = conv2d_layouts[i % 3];
        conv2d_numbers one = conv2d_numbers_new(s, NULL), n = conv2d_numbers_new(s, NULL);
        conv2d_fill(s, &one, i);
        conv2d_fill(s, &n, i);
        for (int threads = 1; threads <= 4; threads++) {
            assert_int_equal(lathe_threads_set(NULL, threads), LATHE_OK);
            conv2d_run(s, layout, threads == 1 ? &one : &n);
            if (threads == 1) continue;
            assert_memory_equal(n.y, one.y, n.y_count * sizeof *n.y);
            assert_memory_equal(n.gx, one.gx, n.x_count * sizeof *n.x);
            assert_memory_equal(n.gw, one.gw, n.w_count * sizeof *n.w);
            assert_memory_equal(n.gbias, one.gbias, (size_t)s->filters * sizeof *n.gbias);
        }
        conv2d_numbers_free(&one);
        conv2d_numbers_free(&n);
    }
    lathe_threads_set(NULL, 0);
}

static void expect_failure(lathe_shape x_shape, lathe_layout x_layout, lathe_shape w_shape, int biases,
    lathe_conv2d_opts opts, lathe_status status, const char *fragment)
{
    lathe_error_clear();
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, x_layout, x_shape, NULL),
                 *w = lathe_tape_leaf(tape, LATHE_PLAIN, w_shape, NULL);
    lathe_tensor *bias =
        biases ? lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { biases } }, NULL) : NULL;
    assert_null(lathe_conv2d(x, w, bias, &opts));
    assert_int_equal(lathe_tape_status(tape), status);
    assert_failed(status, fragment);
    lathe_tape_free(tape);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    const lathe_shape x = { 4, { 2, 3, 8, 8 } }, w = { 4, { 4, 3, 3, 3 } };
    const lathe_conv2d_opts plain = { 0 };
    expect_failure((lathe_shape){ 2, { 2, 3 } }, LATHE_BATCHED, w, 0, plain, LATHE_ESHAPE,
        "lathe_conv2d: x is batched [2, 3]");
    expect_failure(x, LATHE_PLAIN, w, 0, plain, LATHE_ESHAPE, "x is plain [2, 3, 8, 8]");
    expect_failure(x, LATHE_BATCHED, (lathe_shape){ 2, { 4, 3 } }, 0, plain, LATHE_ESHAPE,
        "weight is plain [4, 3]");
    expect_failure(x, LATHE_BATCHED, w, 5, plain, LATHE_ESHAPE, "bias is [5], weight has 4 filters");
    expect_failure(x, LATHE_BATCHED, (lathe_shape){ 4, { 4, 2, 3, 3 } }, 0, plain, LATHE_ESHAPE,
        "x has 3 channels in 1 group, weight expects 2 a group");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .groups = 2 }, LATHE_ESHAPE,
        "3 channels and 4 filters cannot be cut into 2 groups");
    expect_failure(x, LATHE_BATCHED, (lathe_shape){ 4, { 4, 3, 9, 3 } }, 0, plain, LATHE_ESHAPE,
        "a 9 x 3 kernel with dilation 1 does not fit a 8 x 8 image with padding 0");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .dilation = 4 }, LATHE_ESHAPE,
        "with dilation 4 does not fit");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .stride = -1 }, LATHE_EARG,
        "lathe_conv2d: stride = -1 is not legal: [1, 1048576]");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .padding = -1 }, LATHE_EARG,
        "lathe_conv2d: padding = -1 is not legal: [0, 1048576]");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .dilation = 2000000000 }, LATHE_EARG,
        "lathe_conv2d: dilation = 2000000000 is not legal: [1, 1048576]");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .groups = -3 }, LATHE_EARG,
        "lathe_conv2d: groups = -3 is not legal: [1, 1048576]");
    lathe_error_clear();
    assert_null(lathe_conv2d(NULL, NULL, NULL, NULL));
    assert_failed(LATHE_EARG, "lathe_conv2d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_by_hand),
        cmocka_unit_test(chosen_shapes_agree_with_the_twin),
        cmocka_unit_test(random_shapes_agree_with_the_twin),
        cmocka_unit_test(edges_agree_with_the_twin),
        cmocka_unit_test(random_large_shapes_agree_with_the_twin),
        cmocka_unit_test(golden_values_from_pytorch),
        cmocka_unit_test(gradient_check),
        cmocka_unit_test(gradients_add_up),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
