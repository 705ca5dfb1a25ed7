/* Convolution with settings of single axes and sides, and with TensorFlow's padding. */
#include <stdlib.h>

#include "support/conv2d_test.h"

typedef struct beside_case {
    conv2d_setup s;
    conv2d_beside b;
} beside_case;

static void chosen_settings_agree_with_the_twin(void **state)
{
    (void)state;
    static const beside_case chosen[] = {
        /* B, C, H, W, O, kh, kw, stride, padding, dilation, groups, bias
         * stride_width, dilation_width, { top, bottom, left, right }, same */
        { { 2, 3, 65, 64, 32, 3, 3, 2, 0, 1, 1, 0 }, { 0, 0, { 0, 0, 0, 0 }, true } }, /* a stem */
        { { 2, 3, 64, 65, 32, 3, 3, 2, 0, 1, 1, 0 }, { 0, 0, { 0, 1, 0, 1 }, false } },
        { { 17, 32, 8, 9, 32, 3, 3, 1, 0, 1, 32, 0 }, { 0, 0, { 0, 0, 0, 0 }, true } }, /* depthwise */
        { { 2, 40, 28, 29, 40, 3, 3, 2, 0, 1, 40, 1 }, { 0, 0, { 0, 0, 0, 0 }, true } },
        { { 2, 40, 15, 14, 40, 5, 5, 2, 0, 1, 40, 0 }, { 0, 0, { 0, 0, 0, 0 }, true } },
        { { 2, 24, 14, 15, 24, 5, 5, 2, 1, 1, 24, 0 }, { 0, 0, { 0, 1, 1, 2 }, false } },
        { { 2, 20, 14, 11, 20, 3, 5, 1, 0, 1, 20, 0 }, { 2, 0, { 1, 1, 2, 1 }, false } },
        { { 2, 40, 7, 7, 70, 1, 1, 1, 0, 1, 1, 1 }, { 0, 0, { 0, 0, 0, 0 }, true } }, /* pointwise */
        { { 2, 40, 9, 8, 33, 1, 1, 2, 0, 1, 1, 1 }, { 0, 0, { 0, 0, 0, 0 }, true } },
        { { 2, 17, 6, 7, 33, 1, 1, 1, 0, 1, 1, 1 }, { 0, 0, { 1, 0, 0, 2 }, false } },
        { { 2, 32, 16, 17, 48, 3, 3, 1, 0, 1, 1, 1 }, { 0, 0, { 0, 0, 0, 0 }, true } },
        { { 2, 32, 16, 17, 48, 3, 3, 1, 0, 1, 2, 1 }, { 0, 0, { 2, 0, 1, 0 }, false } },
        { { 1, 5, 11, 12, 7, 4, 2, 3, 0, 1, 1, 1 }, { 0, 0, { 0, 0, 0, 0 }, true } },  /* even kernels */
        { { 1, 5, 11, 12, 7, 3, 3, 2, 0, 3, 1, 1 }, { 0, 0, { 0, 0, 0, 0 }, true } },  /* dilated */
        { { 1, 5, 11, 12, 7, 3, 3, 1, 1, 1, 1, 1 }, { 3, 2, { 0, 0, 1, 1 }, false } }, /* of single axes */
        { { 1, 5, 12, 11, 7, 3, 3, 3, 1, 2, 1, 1 }, { 1, 1, { 1, 0, 0, 0 }, false } },
        { { 3, 18, 9, 20, 20, 1, 7, 1, 0, 1, 1, 0 }, { 0, 0, { 0, 0, 3, 3 }, false } }, /* 1 x 7 */
        { { 3, 18, 20, 9, 20, 7, 1, 2, 0, 1, 1, 0 }, { 1, 0, { 3, 3, 0, 0 }, false } },
        { { 1, 2, 5, 5, 3, 2, 2, 5, 0, 1, 1, 1 },
            { 4, 0, { 0, 0, 0, 0 }, true } }, /* strides above the kernel */
        { { 1, 2, 3, 4, 3, 2, 2, 1, 0, 1, 1, 1 }, { 0, 0, { 5, 6, 0, 9 }, false } }, /* rows of zeros alone */
        { { 1, 2, 6, 5, 4, 3, 3, 5, 1, 1, 2, 1 }, { 1, 0, { 0, 2, 0, 0 }, false } },
    };
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++)
        conv2d_check(&chosen[i].s, &chosen[i].b, 7000 + i);
}

static void random_settings_agree_with_the_twin(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17 };
    int done = 0;
    for (uint64_t seed = 8000; done < 80; seed++) {
        int kind = random_int(seed, 0, 0, 3), groups = kind == 0 ? 20 : kind == 1 ? 2 : 1;
        int of = kind == 0 ? 1 : 5;
        conv2d_setup s = { batches[random_int(seed, 2, 0, 3)], groups * random_int(seed, 3, 1, of),
            random_int(seed, 4, 1, 12), random_int(seed, 5, 1, 17), groups * random_int(seed, 6, 1, of),
            random_int(seed, 7, 1, 5), random_int(seed, 8, 1, 5), random_int(seed, 9, 1, 4), 0,
            random_int(seed, 11, 1, 3), groups, random_int(seed, 12, 0, 1) };
        conv2d_beside b = { .stride_width = random_int(seed, 13, 0, 4),
            .dilation_width = random_int(seed, 14, 0, 3),
            .same = random_int(seed, 15, 0, 1) };
        if (!b.same) {
            s.padding = random_int(seed, 10, 0, 1);
            b.sides = (lathe_sides){ random_int(seed, 16, 0, 3), random_int(seed, 17, 0, 3),
                random_int(seed, 18, 0, 3), random_int(seed, 19, 0, 3) };
        }
        conv2d_numbers n = conv2d_numbers_new(&s, &b);
        bool fits = n.rows.results > 0 && n.columns.results > 0;
        conv2d_numbers_free(&n);
        if (!fits) continue;
        conv2d_check(&s, &b, seed);
        done++;
    }
}

/* As torch.nn.functional.conv2d after torch.nn.functional.pad; `same` padded as timm does it. */
static void golden_values_from_pytorch(void **state)
{
    (void)state;
    size_t count;
    double *cases = golden("conv2d.txt", "sides", &count);
    for (int i = 0; i < (int)cases[0]; i++) {
        char name[32], setup[40];
        snprintf(name, sizeof name, "sides%d", i);
        snprintf(setup, sizeof setup, "%s.setup", name);
        double *v = golden("conv2d.txt", setup, &count);
        assert_int_equal(count, 17);
        int n[17];
        for (int k = 0; k < 17; k++) n[k] = (int)v[k];
        free(v);
        lathe_conv2d_opts opts = { .stride = n[7],
            .stride_width = n[8],
            .dilation = n[9],
            .dilation_width = n[10],
            .groups = n[11],
            .padding_sides = { n[12], n[13], n[14], n[15] },
            .same = n[16] };
        char x[40], w[40];
        snprintf(x, sizeof x, "%s.x", name);
        snprintf(w, sizeof w, "%s.w", name);
        lathe_leaf leaves[2] = {
            golden_leaf("conv2d.txt", x, LATHE_BATCHED, (lathe_shape){ 4, { n[0], n[1], n[2], n[3] } }),
            golden_leaf("conv2d.txt", w, LATHE_PLAIN, (lathe_shape){ 4, { n[4], n[1] / n[11], n[5], n[6] } })
        };
        assert_golden("conv2d.txt", name, conv2d_function, &opts, leaves, 2, conv2d_relative,
            4 * conv2d_relative);
        free_leaves(leaves, 2);
    }
    free(cases);
}

static void gradient_check(void **state)
{
    (void)state;
    int done = 0;
    for (uint64_t seed = 9000; done < 24; seed++) {
        lathe_conv2d_opts opts = { .stride = random_int(seed, 9, 1, 3),
            .stride_width = random_int(seed, 10, 0, 3),
            .dilation_width = random_int(seed, 11, 0, 2),
            .same = done % 2 };
        if (!opts.same)
            opts.padding_sides = (lathe_sides){ random_int(seed, 12, 0, 2), random_int(seed, 13, 0, 2),
                random_int(seed, 14, 2, 3), random_int(seed, 15, 0, 2) };
        int channels = random_int(seed, 3, 1, 2), filters = random_int(seed, 6, 1, 2);
        int kernel_height = random_int(seed, 7, 1, 2), kernel_width = random_int(seed, 8, 1, 3);
        lathe_leaf leaves[3] = {
            { .layout = LATHE_BATCHED,
                .shape = { 4,
                    { test_batches[done % 5], channels, random_int(seed, 4, 2, 5),
                        random_int(seed, 5, 2, 5) } } },
            { .layout = LATHE_PLAIN, .shape = { 4, { filters, channels, kernel_height, kernel_width } } },
            { .layout = LATHE_PLAIN, .shape = { 1, { filters } } },
        };
        assert_gradient("conv2d", conv2d_function, &opts, leaves, done % 3 ? 3 : 2);
        done++;
    }
}

static void expect_failure(lathe_conv2d_opts opts, lathe_status status, const char *fragment)
{
    lathe_error_clear();
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 8, 7 } }, NULL),
                 *w = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 4, { 4, 3, 3, 5 } }, NULL);
    assert_null(lathe_conv2d(x, w, NULL, &opts));
    assert_failed(status, fragment);
    lathe_tape_free(tape);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    expect_failure((lathe_conv2d_opts){ .stride_width = -1 }, LATHE_EARG,
        "lathe_conv2d: stride_width = -1 is not legal: [0, 1048576]");
    expect_failure((lathe_conv2d_opts){ .dilation_width = -1 }, LATHE_EARG,
        "lathe_conv2d: dilation_width = -1 is not legal: [0, 1048576]");
    expect_failure((lathe_conv2d_opts){ .padding_sides = { .top = -1 } }, LATHE_EARG,
        "lathe_conv2d: padding_sides.top = -1 is not legal: [0, 1048576]");
    expect_failure((lathe_conv2d_opts){ .padding_sides = { .bottom = -1 } }, LATHE_EARG,
        "padding_sides.bottom = -1 is not legal");
    expect_failure((lathe_conv2d_opts){ .padding_sides = { .left = -1 } }, LATHE_EARG,
        "padding_sides.left = -1 is not legal");
    expect_failure((lathe_conv2d_opts){ .padding_sides = { .right = 2000000 } }, LATHE_EARG,
        "padding_sides.right = 2000000 is not legal");
    expect_failure((lathe_conv2d_opts){ .same = true, .padding = 1 }, LATHE_EARG,
        "same chooses the padding, but padding is given, too");
    expect_failure((lathe_conv2d_opts){ .same = true, .padding_sides = { .left = 1 } }, LATHE_EARG,
        "same chooses the padding, but padding is given, too");
    expect_failure((lathe_conv2d_opts){ .same = true, .dilation = 600000 }, LATHE_EARG,
        "same would pad a 8 x 7 image by more than 1048576");
    expect_failure((lathe_conv2d_opts){ .padding_sides = { .left = 1 }, .dilation_width = 2 }, LATHE_ESHAPE,
        "a 3 x 5 kernel with dilation 1 x 2 does not fit a 8 x 7 image with padding top 0, bottom 0, left 1, "
        "right 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_settings_agree_with_the_twin),
        cmocka_unit_test(random_settings_agree_with_the_twin),
        cmocka_unit_test(golden_values_from_pytorch),
        cmocka_unit_test(gradient_check),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
