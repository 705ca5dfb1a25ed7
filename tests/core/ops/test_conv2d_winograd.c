/* Convolutions by Winograd's tiles: core/ops/conv_choice.c says which ones. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/conv2d_test.h"

/* B, C, H, W, O, kh, kw, stride, padding, dilation, groups, bias */
static const conv2d_setup taken[] = {
    { 17, 16, 8, 8, 32, 3, 3, 1, 1, 1, 1, 1 }, { 1, 32, 7, 9, 16, 3, 3, 1, 1, 1, 1, 1 }, /* odd sides */
    { 16, 24, 6, 5, 24, 3, 3, 1, 0, 1, 1, 0 }, { 15, 32, 5, 4, 22, 3, 3, 1, 2, 1, 1, 1 },
    { 3, 33, 3, 3, 29, 3, 3, 1, 0, 1, 1, 1 },   /* one result */
    { 2, 23, 1, 1, 24, 3, 3, 1, 1, 1, 1, 1 },   /* one place */
    { 2, 24, 1, 17, 23, 3, 3, 1, 2, 1, 1, 1 },  /* more rows of zeros than of the image */
    { 2, 64, 13, 27, 64, 3, 3, 1, 1, 1, 1, 0 }, /* strips that end within a row */
    { 1, 23, 70, 69, 24, 3, 3, 1, 1, 1, 1, 1 },
    { 33, 96, 4, 4, 80, 3, 3, 1, 1, 1, 1, 1 },  /* parts of the weights */
    { 1, 150, 8, 8, 32, 3, 3, 1, 1, 1, 1, 1 },  /* the sum over channels in pieces */
    { 1, 32, 8, 9, 290, 3, 3, 1, 1, 1, 1, 1 },  /* in pieces to the data */
    { 200, 16, 4, 4, 32, 3, 3, 1, 1, 1, 1, 1 }, /* several chunks of blocks */
    { 2, 32, 6, 7, 64, 3, 3, 1, 1, 1, 2, 1 },   /* groups */
    { 2, 32, 6, 7, 32, 3, 3, 1, 5, 1, 1, 1 },   /* tiles that see zeros alone */
    { 3, 40, 14, 15, 37, 3, 3, 1, 1, 1, 1, 1 }, /* with channels abreast, too */
    { 1, 150, 15, 13, 90, 3, 3, 1, 0, 1, 1, 1 }, { 2, 64, 13, 14, 32, 3, 3, 1, 2, 1, 2, 1 },
    { 17, 16, 8, 8, 32, 5, 5, 1, 2, 1, 1, 1 }, { 1, 32, 11, 13, 16, 5, 5, 1, 2, 1, 1, 1 }, /* odd sides */
    { 16, 20, 8, 9, 23, 5, 5, 1, 0, 1, 1, 0 }, { 3, 16, 9, 8, 17, 5, 5, 1, 1, 1, 1, 1 },
    { 15, 33, 8, 7, 22, 5, 5, 1, 3, 1, 1, 1 },  /* the sum over channels in pieces */
    { 1, 23, 4, 20, 24, 5, 5, 1, 2, 1, 1, 1 },  /* strips of several rows */
    { 2, 16, 41, 27, 40, 5, 5, 1, 2, 1, 1, 1 }, /* strips that end within a row */
    { 200, 16, 8, 8, 16, 5, 5, 1, 2, 1, 1, 1 }, /* many leaves */
    { 2, 36, 10, 9, 64, 5, 5, 1, 2, 1, 2, 1 },  /* groups */
    { 1, 96, 12, 8, 80, 5, 5, 1, 2, 1, 1, 1 },  /* parts of the weights */
};

static void chosen_shapes_agree_with_the_twin(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) conv2d_check(&taken[i], NULL, 9000 + i);
}

static void random_shapes_agree_with_the_twin(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17 };
    for (uint64_t seed = 9100; seed < 9130; seed++) {
        const int taps = seed % 2 ? 3 : 5;
        const conv2d_setup s = { batches[random_int(seed, 1, 0, 3)], random_int(seed, 2, 16, 50),
            random_int(seed, 3, taps, 12), random_int(seed, 4, taps, 12), random_int(seed, 5, 16, 50), taps,
            taps, 1, random_int(seed, 6, 0, 2), 1, 1, random_int(seed, 7, 0, 1) };
        const conv2d_beside b = { .sides = { random_int(seed, 8, 0, 1), random_int(seed, 9, 0, 1),
                                      random_int(seed, 10, 0, 1), random_int(seed, 11, 0, 1) } };
        conv2d_check(&s, &b, seed);
    }
}

/* The numbers of a setup in two contexts. */
typedef struct two_runs {
    conv2d_numbers a, b;
} two_runs;

static two_runs run_both(const conv2d_setup *s, lathe_layout layout, const lathe_context_opts opts[2])
{
    two_runs runs = { conv2d_numbers_new(s, NULL), conv2d_numbers_new(s, NULL) };
    for (int i = 0; i < 2; i++) {
        lathe_context *context = lathe_context_new(&opts[i]);
        assert_non_null(context);
        conv2d_numbers *n = i ? &runs.b : &runs.a;
        conv2d_fill(s, n, 3);
        conv2d_run_in(context, s, layout, n);
        lathe_context_free(context);
    }
    return runs;
}

static void free_both(two_runs *runs)
{
    conv2d_numbers_free(&runs->a);
    conv2d_numbers_free(&runs->b);
}

static void assert_same(const two_runs *runs, bool y, bool gx, bool gw)
{
    const conv2d_numbers *a = &runs->a, *b = &runs->b;
    assert_int_equal(!memcmp(a->y, b->y, a->y_count * sizeof *a->y), y);
    assert_int_equal(!memcmp(a->gx, b->gx, a->x_count * sizeof *a->gx), gx);
    assert_int_equal(!memcmp(a->gw, b->gw, a->w_count * sizeof *a->gw), gw);
}

static void assert_same_but_weights(const two_runs *runs)
{
    assert_memory_equal(runs->a.y, runs->b.y, runs->a.y_count * sizeof *runs->a.y);
    assert_memory_equal(runs->a.gx, runs->b.gx, runs->a.x_count * sizeof *runs->a.gx);
}

/* Other bits show which kernels ran. */
static void the_rule_and_the_context_choose(void **state)
{
    (void)state;
    const lathe_context_opts opts[2] = { { .threads = 1 }, { .threads = 1, .conv = LATHE_CONV_DIRECT } };
    static const struct {
        conv2d_setup s;
        bool direct, direct_to_data, direct_to_weights;
    } cases[] = {
        { { 4, 16, 6, 6, 32, 3, 3, 1, 1, 1, 1, 1 }, false, false, false },
        { { 4, 16, 6, 6, 16, 3, 3, 1, 1, 1, 1, 1 }, false, false, false },
        { { 4, 15, 6, 6, 64, 3, 3, 1, 1, 1, 1, 1 }, true, true, true }, /* too few channels */
        { { 4, 32, 6, 6, 33, 3, 3, 1, 1, 1, 1, 1 }, false, false, false },
        /* Filters that fill half of their sixteens; weights that are read too seldom. */
        { { 4, 33, 6, 6, 17, 3, 3, 1, 1, 1, 1, 1 }, true, true, true },
        { { 1, 160, 6, 6, 120, 3, 3, 1, 1, 1, 1, 1 }, true, true, false },
        { { 4, 32, 6, 6, 32, 3, 3, 2, 1, 1, 1, 1 }, true, true, true },
        { { 4, 32, 6, 6, 32, 3, 3, 1, 2, 2, 1, 1 }, true, true, true },
        { { 4, 32, 6, 6, 32, 3, 5, 1, 1, 1, 1, 1 }, true, true, true },
        { { 4, 16, 8, 8, 16, 5, 5, 1, 2, 1, 1, 1 }, false, false, false },
        { { 4, 15, 8, 8, 16, 5, 5, 1, 2, 1, 1, 1 }, true, true,
            true }, /* too few channels, too few filters */
        { { 4, 16, 8, 8, 15, 5, 5, 1, 2, 1, 1, 1 }, true, true, true },
        { { 4, 16, 8, 8, 16, 5, 5, 2, 2, 1, 1, 1 }, true, true, true },
        { { 4, 16, 5, 5, 16, 5, 5, 1, 2, 1, 1, 1 }, true, true, true },   /* most taps outside */
        { { 4, 16, 8, 8, 16, 5, 5, 1, 0, 1, 1, 1 }, false, true, false }, /* to the data, padding is 4 */
        { { 4, 16, 6, 6, 16, 5, 5, 1, 0, 1, 1, 1 }, true, true, true },   /* one tile */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        two_runs runs = run_both(&cases[i].s, LATHE_BATCHED, opts);
        assert_same(&runs, cases[i].direct, cases[i].direct_to_data, cases[i].direct_to_weights);
        free_both(&runs);
    }
    assert_int_equal(lathe_context_conv(NULL), LATHE_CONV_AUTO);
}

static void the_rule_chooses_with_channels_abreast(void **state)
{
    (void)state;
    const lathe_context_opts opts[2] = { { .threads = 1 }, { .threads = 1, .conv = LATHE_CONV_DIRECT } };
    static const struct {
        conv2d_setup s;
        bool direct, direct_to_weights;
    } cases[] = {
        { { 1, 16, 13, 13, 16, 3, 3, 1, 1, 1, 1, 1 }, false, false },
        { { 1, 16, 12, 13, 16, 3, 3, 1, 1, 1, 1, 1 }, true, true }, /* too few tiles, channels, filters */
        { { 1, 15, 13, 13, 16, 3, 3, 1, 1, 1, 1, 1 }, true, true },
        { { 1, 16, 13, 13, 15, 3, 3, 1, 1, 1, 1, 1 }, true, true },
        { { 1, 16, 26, 26, 16, 3, 3, 2, 1, 1, 1, 1 }, true, true },
        { { 1, 16, 15, 15, 16, 5, 5, 1, 1, 1, 1, 1 }, true, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        two_runs runs = run_both(&cases[i].s, LATHE_CHANNELS, opts);
        assert_same(&runs, cases[i].direct, cases[i].direct, cases[i].direct_to_weights);
        free_both(&runs);
    }
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * sizeof taken / sizeof *taken; i += 3)
        for (int threads = 2; threads <= 4; threads++) {
            two_runs runs = run_both(&taken[i / 2], i % 2 ? LATHE_CHANNELS : LATHE_BATCHED,
                (const lathe_context_opts[2]){ { .threads = 1 }, { .threads = threads } });
            assert_same(&runs, true, true, true);
            free_both(&runs);
        }
}

/*
 * AVX2 and AVX-512 both multiply and add in one, and in the same order. With channels abreast, a direct
 * gradient of the weights is cut by what the registers hold.
 */
static void same_bits_with_wider_vectors(void **state)
{
    (void)state;
    lathe_context *wide = lathe_context_new(&(lathe_context_opts){ .threads = 1, .isa = "avx512" });
    lathe_context_free(wide);
    lathe_error_clear();
    if (!wide) skip();
    for (size_t i = 0; i < 2 * sizeof taken / sizeof *taken; i++) {
        two_runs runs = run_both(&taken[i / 2], i % 2 ? LATHE_CHANNELS : LATHE_BATCHED,
            (const lathe_context_opts[2]){ { .threads = 1, .isa = "avx2" },
                { .threads = 1, .isa = "avx512" } });
        if (i % 2) assert_same_but_weights(&runs);
        else assert_same(&runs, true, true, true);
        free_both(&runs);
    }
}

static void gradient_check(void **state)
{
    (void)state;
    static const struct {
        int padding, taps, height, width, filters;
    } cases[] = { { 0, 3, 3, 4, 32 }, { 1, 3, 3, 4, 32 }, { 2, 3, 3, 4, 32 }, { 2, 5, 6, 7, 16 } };
    /* Differences of 400 floats' sums are too coarse. */
    size_t count = sizeof cases / sizeof *cases - (sizeof(lathe_real) < sizeof(double));
    for (size_t i = 0; i < count; i++) {
        int taps = cases[i].taps, filters = cases[i].filters;
        lathe_conv2d_opts opts = { .padding = cases[i].padding };
        lathe_leaf leaves[3] = {
            { .layout = LATHE_BATCHED, .shape = { 4, { 1, 16, cases[i].height, cases[i].width } } },
            { .layout = LATHE_PLAIN, .shape = { 4, { filters, 16, taps, taps } } },
            { .layout = LATHE_PLAIN, .shape = { 1, { filters } } },
        };
        assert_gradient("conv2d", conv2d_function, &opts, leaves, i ? 3 : 2);
    }
}

/* conv2d_relu, conv2d_relu6, conv2d_add and conv2d_add_relu: the bits of one operation after the other. */
static void what_follows_is_the_same_in_one_operation(void **state)
{
    (void)state;
    const int channels[] = { 24, 150, 32 }, taps[] = { 3, 3, 5 };
    for (int run = 0; run < 6; run++) {
        int k = run / 2;
        lathe_layout layout = run % 2 ? LATHE_CHANNELS : LATHE_BATCHED;
        const lathe_conv2d_opts opts = { .padding = taps[k] / 2 };
        lathe_leaf leaves[] = { normal_leaf(layout, (lathe_shape){ 4, { 3, channels[k], 15, 14 } }, 1),
            normal_leaf(LATHE_PLAIN, (lathe_shape){ 4, { 30, channels[k], taps[k], taps[k] } }, 2),
            normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 30 } }, 3),
            normal_leaf(layout, (lathe_shape){ 4, { 3, 30, 15, 14 } }, 4) };
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tape_layout(tape, layout);
        lathe_tensor *x[4];
        for (int i = 0; i < 4; i++)
            x[i] = lathe_tape_leaf(tape, leaves[i].layout, leaves[i].shape, leaves[i].values);
        lathe_tensor *y = lathe_conv2d(x[0], x[1], x[2], &opts);
        const lathe_tensor *want[] = { lathe_relu(y), lathe_relu6(y) },
                           *got[] = { lathe_conv2d_relu(x[0], x[1], x[2], &opts),
                               lathe_conv2d_relu6(x[0], x[1], x[2], &opts) };
        for (int i = 0; i < 2; i++)
            assert_memory_equal(got[i]->data, want[i]->data, y->stored * sizeof *y->data);
        /* The sum is taken in another order where channels are taken in pieces. */
        const lathe_tensor *sum = lathe_add(x[3], y), *sums[] = { sum, lathe_relu((lathe_tensor *)sum) },
                           *added[] = { lathe_conv2d_add(x[0], x[1], x[2], x[3], &opts),
                               lathe_conv2d_add_relu(x[0], x[1], x[2], x[3], &opts) };
        for (int i = 0; i < 2; i++)
            for (size_t j = 0; j < y->stored; j++)
                assert_true(fabs((double)(added[i]->data[j] - sums[i]->data[j])) < (k == 1 ? 1e-4 : 1e-30));
        lathe_tape_free(tape);
        free_leaves(leaves, 4);
    }
}

/* Root mean square of the differences. */
static double error_of(const lathe_real *got, const double *want, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
    return sqrt(sum / (double)count);
}

static void assert_similar(const char *what, const conv2d_setup *s, double winograd, double direct)
{
    if (winograd > 2 * direct)
        fail_msg("%s of %d to %d channels: error %g, direct %g", what, s->channels, s->filters, winograd,
            direct);
}

static void errors_are_at_most_twice_those_of_direct_sums(void **state)
{
    (void)state;
    if (sizeof(lathe_real) == 8) skip(); /* the twin's own errors are as large */
    static const conv2d_setup cases[] = { { 16, 16, 12, 12, 32, 3, 3, 1, 1, 1, 1, 1 },
        { 16, 32, 9, 9, 32, 3, 3, 1, 1, 1, 1, 0 }, { 16, 64, 8, 8, 64, 3, 3, 1, 1, 1, 1, 0 },
        { 16, 160, 8, 8, 32, 3, 3, 1, 1, 1, 1, 0 }, { 16, 16, 14, 14, 16, 5, 5, 1, 2, 1, 1, 0 },
        { 16, 32, 16, 16, 32, 5, 5, 1, 2, 1, 1, 0 }, { 16, 32, 8, 8, 64, 5, 5, 1, 2, 1, 1, 0 },
        { 16, 20, 12, 12, 50, 5, 5, 1, 0, 1, 1, 1 }, { 2, 32, 16, 16, 32, 3, 3, 1, 1, 1, 1, 0 },
        { 2, 160, 14, 14, 48, 3, 3, 1, 1, 1, 1, 1 } };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const conv2d_setup *s = &cases[i / 2];
        two_runs runs = run_both(s, i % 2 ? LATHE_CHANNELS : LATHE_BATCHED,
            (const lathe_context_opts[2]){ { 0 }, { .conv = LATHE_CONV_DIRECT } });
        const conv2d_numbers *a = &runs.a, *b = &runs.b;
        conv2d_twin t = conv2d_twin_run(s, a);
        assert_similar("y", s, error_of(a->y, t.y, a->y_count), error_of(b->y, t.y, a->y_count));
        assert_similar("gx", s, error_of(a->gx, t.gx, a->x_count), error_of(b->gx, t.gx, a->x_count));
        assert_similar("gw", s, error_of(a->gw, t.gw, a->w_count), error_of(b->gw, t.gw, a->w_count));
        conv2d_twin_free(&t);
        free_both(&runs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_shapes_agree_with_the_twin),
        cmocka_unit_test(random_shapes_agree_with_the_twin),
        cmocka_unit_test(the_rule_and_the_context_choose),
        cmocka_unit_test(the_rule_chooses_with_channels_abreast),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(same_bits_with_wider_vectors),
        cmocka_unit_test(gradient_check),
        cmocka_unit_test(errors_are_at_most_twice_those_of_direct_sums),
        cmocka_unit_test(what_follows_is_the_same_in_one_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
