#include "support/op_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static lathe_tensor *dropout(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_dropout(leaves[0], *(const double *)context);
}

/* What the header promises, number by number: the word of storage place `place` for (seed, step, ticket). */
static uint32_t word_of(size_t place, uint64_t seed, uint64_t step, uint32_t ticket)
{
    lathe_rng rng = lathe_rng_at(seed, lathe_rng_stream("dropout"), step);
    size_t group = place / 64, in_group = place % 64;
    uint32_t output[4],
        counter[4] = { (uint32_t)(group * 16 + in_group % 32 / 2), ticket, (uint32_t)step,
            (uint32_t)(step >> 32) };
    lathe_philox(counter, rng.key, output);
    return output[in_group / 32 * 2 + in_group % 2];
}

static void dropout_is_its_naive_twin(void **state)
{
    (void)state;
    static const double ps[] = { 0.5, 0.1, 0.9, 0.25 };
    for (uint64_t seed = 0; seed < 25; seed++) {
        double p = ps[seed % 4];
        uint64_t step = seed * 0x123456789u;
        lathe_shape shape = { 3,
            { test_batches[seed % 5], random_int(seed, 0, 1, 9), random_int(seed, 1, 1, 9) } };
        lathe_leaf leaf = normal_leaf(seed % 3 ? LATHE_BATCHED : LATHE_PLAIN, shape, seed);
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_seed(tape, seed, step);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x = lathe_tape_leaf(tape, leaf.layout, shape, leaf.values);
        x->needs_grad = true;
        lathe_tensor *once = lathe_dropout(x, p), *twice = lathe_dropout(once, p);
        size_t n = lathe_shape_count(&shape);
        lathe_real *got = malloc(n * sizeof *got), *gy = malloc(n * sizeof *gy), *gx = malloc(n * sizeof *gx);
        double *want = malloc(n * sizeof *want), *want_gx = malloc(n * sizeof *want_gx);
        assert_true(got && gy && gx && want && want_gx);
        fill_normal(gy, n, seed + 1);
        for (size_t i = 0; i < n; i++) {
            size_t place = lathe_tensor_place(x, i);
            double factor = 1;
            for (uint32_t ticket = 0; ticket < 2; ticket++)
                factor *= word_of(place, seed, step, ticket) < (uint32_t)(p * 4294967296.0) ?
                    0 :
                    (double)(lathe_real)(1 / (1 - p));
            want[i] = (double)leaf.values[i] * factor;
            want_gx[i] = (double)gy[i] * factor;
        }
        lathe_tensor_read(twice, got, n);
        assert_close("dropout", got, want, n, 2e-7, 0);
        assert_int_equal(lathe_backward_from(twice, gy, n), LATHE_OK);
        lathe_tensor_read_grad(x, gx, n);
        assert_close("dropout's gradient", gx, want_gx, n, 2e-7, 0);
        free(got), free(gy), free(gx), free(want), free(want_gx);
        free_leaves(&leaf, 1);
        lathe_tape_free(tape);
    }
}

static void dropout_has_the_right_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 25; seed++) {
        double p = 0.1 * random_int(seed, 0, 1, 9);
        lathe_shape shape = { 2, { test_batches[seed % 5], random_int(seed, 1, 1, 9) } };
        lathe_leaf leaf = normal_leaf(seed % 3 ? LATHE_BATCHED : LATHE_PLAIN, shape, seed);
        assert_gradient("dropout", dropout, &p, &leaf, 1);
        free_leaves(&leaf, 1);
    }
}

/* The numbers of one step that fell, as a string of 0 and 1. */
static void pattern(lathe_tape *tape, double p, char *text, int count)
{
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { count } }, NULL);
    for (int i = 0; i < count; i++) x->data[i] = 1;
    lathe_tensor *y = lathe_dropout(x, p);
    for (int i = 0; i < count; i++) text[i] = y->data[i] == 0 ? '0' : '1';
    text[count] = '\0';
}

/* A resumed run drops what the first one would have; seeds, steps and dropouts of one step differ. */
static void the_key_decides_and_nothing_else(void **state)
{
    (void)state;
    char first[200], second[200], resumed[200], other[200];
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_seed(tape, 7, 0);
    pattern(tape, 0.5, first, 150);
    pattern(tape, 0.5, second, 150);
    assert_string_not_equal(first, second);
    lathe_tape_seed(tape, 7, 1);
    pattern(tape, 0.5, resumed, 150);
    assert_string_equal(second, resumed);
    lathe_tape_seed(tape, 8, 1);
    pattern(tape, 0.5, other, 150);
    assert_string_not_equal(second, other);
    lathe_tape_free(tape);
}

/* With n = 200,000 the share that falls is p to within 5 standard deviations, and the mean of ones stays 1.
 */
static void the_share_that_falls_is_p(void **state)
{
    (void)state;
    enum { N = 200000 };
    static const double ps[] = { 0.01, 0.3, 0.5, 0.97 };
    char *text = malloc(N + 1);
    assert_non_null(text);
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int i = 0; i < 4; i++) {
        int fell = 0;
        pattern(tape, ps[i], text, N);
        for (int j = 0; j < N; j++) fell += text[j] == '0';
        assert_true(fabs((double)fell / N - ps[i]) < 5 * sqrt(ps[i] * (1 - ps[i]) / N));
    }
    free(text);
    lathe_tape_free(tape);
}

static void nothing_falls_in_eval_or_for_p_0(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { 4 } }, NULL);
    assert_ptr_equal(lathe_dropout(x, 0.9), x);
    lathe_tape_begin(tape, LATHE_TRAIN);
    x = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { 4 } }, NULL);
    assert_ptr_equal(lathe_dropout(x, 0), x);
    assert_int_equal(lathe_tape_ticket(tape), 1);
    lathe_tape_free(tape);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_leaf leaf = { .layout = LATHE_PLAIN, .shape = { 1, { 4 } } };
    double wrong[] = { 1, -0.1, NAN };
    for (int i = 0; i < 3; i++)
        assert_op_fails(dropout, &wrong[i], &leaf, 1, LATHE_EARG, "lathe_dropout: p ");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, (lathe_shape){ 3, { 33, 9, 150 } }, 1);
    double p = 0.3;
    assert_same_bits(dropout, &p, &leaf, 1);
    free_leaves(&leaf, 1);
}

/* ---- stochastic depth ---------------------------------------------------------------------------------- */

typedef struct depth {
    double p;
    lathe_depth_mode mode;
} depth;

static lathe_tensor *stochastic_depth(void *context, lathe_tensor *const *leaves, int count)
{
    const depth *d = context;
    (void)count;
    return lathe_stochastic_depth(leaves[0], d->p, d->mode);
}

/* Whether image `image` falls, for tickets from 0: the numbers of (seed, step) in their order. */
static bool falls(int image, double p, uint64_t seed, uint64_t step, uint32_t ticket)
{
    lathe_rng rng = lathe_rng_at(seed, lathe_rng_stream("stochastic_depth"), step);
    rng.counter[1] = ticket;
    double number = 0;
    for (int i = 0; i <= image; i++) number = lathe_rng_uniform(&rng);
    return number < p;
}

/* On the tape of assert_result: seed 1, step 0, the first ticket. In each layout the same images fall. */
static void depth_is_its_naive_twin(void **state)
{
    (void)state;
    static const double ps[] = { 0.5, 0.125, 0.875, 1 };
    for (uint64_t seed = 0; seed < 20; seed++) {
        depth d = { ps[seed % 4], seed % 5 == 4 ? LATHE_DEPTH_BATCH : LATHE_DEPTH_ROW };
        lathe_shape shape = { random_int(seed, 0, 1, 4), { test_batches[seed % 5], 3, 2, 3 } };
        if (seed % 2) shape = (lathe_shape){ 4, { test_batches[seed / 2 % 5], 17, 2, 3 } };
        lathe_leaf leaf = normal_leaf(seed % 7 ? LATHE_BATCHED : LATHE_PLAIN, shape, seed);
        size_t n = lathe_shape_count(&shape), per = n / (size_t)shape.dim[0];
        double *x = leaf_doubles(&leaf), *want = leaf_doubles(&leaf);
        for (size_t i = 0; i < n; i++) {
            int image = d.mode == LATHE_DEPTH_ROW ? (int)(i / per) : 0;
            want[i] = falls(image, d.p, 1, 0, 0) ? 0 : x[i] / (1 - d.p);
        }
        assert_result("stochastic_depth", stochastic_depth, &d, &leaf, 1, LATHE_TRAIN, want, n, 2e-7, 0);
        assert_result("in evaluation", stochastic_depth, &d, &leaf, 1, LATHE_EVAL, x, n, 1e-30, 0);
        if (d.p < 1) assert_gradient("stochastic_depth", stochastic_depth, &d, &leaf, 1);
        if (leaf.layout == LATHE_BATCHED && shape.rank == 4)
            assert_channels("stochastic_depth", stochastic_depth, &d, &leaf, 1);
        free(x);
        free(want);
        free_leaves(&leaf, 1);
    }
}

/* Steps and tickets count, p does not change what a later dropout drops, and p = 0 changes nothing. */
static void depth_goes_by_its_key(void **state)
{
    (void)state;
    enum { IMAGES = 100 };
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_seed(tape, 5, 9);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { IMAGES, 1 } }, NULL);
    for (size_t i = 0; i < x->stored; i++) x->data[i] = 1;
    assert_ptr_equal(lathe_stochastic_depth(x, 0, LATHE_DEPTH_ROW), x);
    const lathe_tensor *y = lathe_stochastic_depth(x, 0.25, LATHE_DEPTH_ROW);
    int fell = 0;
    for (int i = 0; i < IMAGES; i++) {
        assert_true((y->data[lathe_tensor_place(y, (size_t)i)] == 0) == falls(i, 0.25, 5, 9, 1));
        fell += falls(i, 0.25, 5, 9, 1);
    }
    assert_true(fell > 10 && fell < 40);
    lathe_tape_free(tape);
}

static void mistakes_of_depth_are_named(void **state)
{
    (void)state;
    const lathe_real one[] = { 1 };
    lathe_leaf leaf = { .layout = LATHE_PLAIN, .shape = { 1, { 1 } }, .values = one };
    depth d = { -0.5, LATHE_DEPTH_ROW };
    assert_op_fails(stochastic_depth, &d, &leaf, 1, LATHE_EARG,
        "lathe_stochastic_depth: p = -0.5 is not legal: [0, 1]");
    d = (depth){ 0.5, (lathe_depth_mode)2 };
    assert_op_fails(stochastic_depth, &d, &leaf, 1, LATHE_EARG, "mode");
    d.mode = LATHE_DEPTH_ROW;
    leaf.shape.rank = 0;
    assert_op_fails(stochastic_depth, &d, &leaf, 1, LATHE_ESHAPE, "x is a single number");
}

static void threads_drop_the_same_images(void **state)
{
    (void)state;
    depth d = { 0.5, LATHE_DEPTH_ROW };
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 33, 17, 30, 20 } }, 5);
    assert_same_bits(stochastic_depth, &d, &leaf, 1);
    free_leaves(&leaf, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dropout_is_its_naive_twin),
        cmocka_unit_test(dropout_has_the_right_gradient),
        cmocka_unit_test(the_key_decides_and_nothing_else),
        cmocka_unit_test(the_share_that_falls_is_p),
        cmocka_unit_test(nothing_falls_in_eval_or_for_p_0),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(depth_is_its_naive_twin),
        cmocka_unit_test(depth_goes_by_its_key),
        cmocka_unit_test(mistakes_of_depth_are_named),
        cmocka_unit_test(threads_drop_the_same_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
