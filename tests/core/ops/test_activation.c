#include "support/op_test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const bool wide = sizeof(lathe_real) == 8;
static const double tolerance = sizeof(lathe_real) == 8 ? 1e-13 : 6e-7; /* ten half units in the last place */

static lathe_tensor *leaky_quarter(lathe_tensor *x) { return lathe_leaky_relu(x, 0.25); }

static lathe_tensor *clip_to_two(lathe_tensor *x) { return lathe_clip(x, -1.1015625, 2.1015625); }
static lathe_tensor *elu_half(lathe_tensor *x) { return lathe_elu(x, 0.5); }
static lathe_tensor *softplus_doubled(lathe_tensor *x) { return lathe_softplus(x, 2, 0); }

static double relu(double x) { return x > 0 ? x : 0; }
static double leaky(double x) { return x > 0 ? x : 0.25 * x; }
static double gelu(double x) { return x * 0.5 * erfc(-x * M_SQRT1_2); }
static double silu(double x) { return x < 0 ? x * exp(x) / (1 + exp(x)) : x / (1 + exp(-x)); }
static double relu6(double x) { return x > 6 ? 6 : relu(x); }
static double clip(double x) { return x < -1.1015625 ? -1.1015625 : x > 2.1015625 ? 2.1015625 : x; }
static double hardsigmoid(double x) { return relu6(x + 3) / 6; }
static double hardswish(double x) { return x * hardsigmoid(x); }
static double elu(double x) { return x > 0 ? x : 0.5 * expm1(x); }
static double softplus(double x) { return 2 * x > 20 ? x : log1p(exp(2 * x)) / 2; }
static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }

/* Every activation with its naive twin, its value at 1, and what it and its slope are at the line's ends. */
static const struct activation {
    const char *name;
    lathe_tensor *(*op)(lathe_tensor *x);
    double (*twin)(double x);
    double at_one, at_minus_1e30, at_1e30, slope_below, slope_above;
} all[] = {
    { "relu", lathe_relu, relu, 1, 0, 1e30, 0, 1 },
    { "leaky_relu", leaky_quarter, leaky, 1, -0.25e30, 1e30, 0.25, 1 },
    { "gelu", lathe_gelu, gelu, 0.841344746068543, 0, 1e30, 0, 1 },
    { "silu", lathe_silu, silu, 0.731058578630005, 0, 1e30, 0, 1 },
    { "sigmoid", lathe_sigmoid, sigmoid, 0.731058578630005, 0, 1, 0, 0 },
    { "tanh", lathe_tanh, tanh, 0.761594155955765, -1, 1, 0, 0 },
    { "relu6", lathe_relu6, relu6, 1, 0, 6, 0, 0 },
    { "clip", clip_to_two, clip, 1, -1.1015625, 2.1015625, 0, 0 },
    { "hardswish", lathe_hardswish, hardswish, 2.0 / 3, 0, 1e30, 0, 1 },
    { "hardsigmoid", lathe_hardsigmoid, hardsigmoid, 2.0 / 3, 0, 1, 0, 0 },
    { "elu", elu_half, elu, 1, -0.5, 1e30, 0, 1 },
    { "softplus", softplus_doubled, softplus, 1.06346400552149, 0, 1e30, 0, 1 },
};
enum { ALL = sizeof all / sizeof all[0] };

static lathe_tensor *activate(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return ((const struct activation *)context)->op(leaves[0]);
}

static lathe_leaf row(int count, const lathe_real *values)
{
    return (lathe_leaf){ .layout = LATHE_PLAIN, .shape = { 1, { count } }, .values = values };
}

/* Values at 0 and 1 from tables of erf, exp and tanh. */
static void values_by_hand(void **state)
{
    (void)state;
    for (int i = 0; i < ALL; i++) {
        struct activation a = all[i];
        lathe_real x[] = { 0, 1 };
        lathe_leaf leaf = row(2, x);
        double want[] = { a.twin(0), a.at_one };
        assert_result(a.name, activate, &a, &leaf, 1, LATHE_EVAL, want, 2, tolerance, 0);
    }
}

/* From -20 to 20 in small steps the relative error stays within a few units of the last place. */
static void values_are_accurate(void **state)
{
    (void)state;
    enum { N = 40001 };
    lathe_real *x = malloc(N * sizeof *x);
    double *want = malloc(N * sizeof *want);
    assert_true(x && want);
    for (int i = 0; i < ALL; i++) {
        struct activation a = all[i];
        for (int j = 0; j < N; j++) {
            x[j] = (lathe_real)(-20 + 1e-3 * j);
            if (j % 5 == 0) x[j] *= (lathe_real)1e-4; /* near 0 as well */
            want[j] = a.twin((double)x[j]);
        }
        lathe_leaf leaf = row(N, x);
        /* below the smallest normal number only the absolute error counts; the twin's own argument costs gelu
         * some in double */
        assert_result(a.name, activate, &a, &leaf, 1, LATHE_EVAL, want, N, tolerance, wide ? 1e-300 : 1e-43);
    }
    free(x);
    free(want);
}

static void extremes_are_right(void **state)
{
    (void)state;
    for (int i = 0; i < ALL; i++) {
        struct activation a = all[i];
        lathe_real x[] = { -1e30, 1e30, NAN, 0, -700, 700, -100, 100 };
        lathe_leaf leaf = row(8, x);
        double want[8] = { a.at_minus_1e30, a.at_1e30, NAN, a.twin(0) };
        for (int j = 4; j < 8; j++) want[j] = a.twin((double)x[j]);
        assert_result(a.name, activate, &a, &leaf, 1, LATHE_EVAL, want, 8, 1e-6, 1e-40);
        x[2] = 1;
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *leaf_tensor = lathe_tape_leaf(tape, LATHE_PLAIN, leaf.shape, x);
        leaf_tensor->needs_grad = true;
        lathe_real ones[8], g[8];
        for (int j = 0; j < 8; j++) ones[j] = 1;
        assert_int_equal(lathe_backward_from(a.op(leaf_tensor), ones, 8), LATHE_OK);
        lathe_tensor_read_grad(leaf_tensor, g, 8);
        for (int j = 0; j < 8; j++) {
            if (j == 2 || j == 3) continue;
            double expected = x[j] > 0 ? a.slope_above : a.slope_below;
            if (!(fabs((double)g[j] - expected) < 1e-30))
                fail_msg("%s: slope at %g is %g", a.name, (double)x[j], (double)g[j]);
        }
        lathe_tape_free(tape);
    }
}

/* What `op` gives at `count` numbers. */
static void values_of(lathe_tensor *(*op)(lathe_tensor *x), int count, const lathe_real *x, lathe_real *y)
{
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *result = op(lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { count } }, x));
    assert_int_equal(lathe_tensor_read(result, y, (size_t)count), LATHE_OK);
    lathe_tape_free(tape);
}

static lathe_tensor *usual_elu(lathe_tensor *x) { return lathe_elu(x, 0); }
static lathe_tensor *usual_softplus(lathe_tensor *x) { return lathe_softplus(x, 0, 0); }
static lathe_tensor *low_softplus(lathe_tensor *x) { return lathe_softplus(x, 1, 2); }
static lathe_tensor *from_one(lathe_tensor *x) { return lathe_clip(x, 1, 1e30); }

/* Zeros are PyTorch's defaults; beyond its threshold softplus is x. */
static void settings_are_kept(void **state)
{
    (void)state;
    const lathe_real x[] = { -2, 1, 3, 19 };
    lathe_real y[4];
    const double elus[] = { expm1(-2), 1, 3, 19 }, ones[] = { 1, 1, 3, 19 },
                 pluses[] = { log1p(exp(-2)), log1p(exp(1)), log1p(exp(3)), log1p(exp(19)) },
                 low[] = { log1p(exp(-2)), log1p(exp(1)), 3, 19 };
    values_of(usual_elu, 4, x, y);
    assert_close("elu", y, elus, 4, tolerance, 0);
    values_of(from_one, 4, x, y);
    assert_close("clip", y, ones, 4, 1e-30, 0);
    values_of(usual_softplus, 4, x, y);
    assert_close("softplus", y, pluses, 4, tolerance, 0);
    values_of(low_softplus, 4, x, y);
    assert_close("softplus of threshold 2", y, low, 4, tolerance, 0);
}

/* relu's slope is 0 at 0; slope 0 of leaky relu means 0.01. */
static void corners_of_relu(void **state)
{
    (void)state;
    lathe_real x[] = { -2, 0, 3 };
    lathe_leaf leaf = row(3, x);
    double gy[] = { 10, 10, 10 }, want[] = { 0, 0, 10 };
    struct activation a = all[0];
    assert_leaf_gradient("relu", activate, &a, &leaf, 1, gy, 3, 0, want, 0, 1e-30);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *y = lathe_leaky_relu(lathe_tape_leaf(tape, LATHE_PLAIN, leaf.shape, x), 0);
    assert_true(y->data[0] == (lathe_real)0.01 * -2 && y->data[1] == 0 && y->data[2] == 3);
    lathe_tape_free(tape);
}

static lathe_shape random_shape(uint64_t seed)
{
    lathe_shape shape = { random_int(seed, 0, 1, 4), { test_batches[seed % 5] } };
    for (int i = 1; i < shape.rank; i++) shape.dim[i] = random_int(seed, (uint64_t)i, 1, 5);
    return shape;
}

static void activations_are_their_twins(void **state)
{
    (void)state;
    for (int i = 0; i < ALL; i++) {
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct activation a = all[i];
            lathe_leaf leaf = normal_leaf(seed % 4 ? LATHE_BATCHED : LATHE_PLAIN, random_shape(seed), seed);
            size_t n = lathe_shape_count(&leaf.shape);
            double *want = leaf_doubles(&leaf);
            for (size_t j = 0; j < n; j++) want[j] = a.twin(want[j]);
            assert_result(a.name, activate, &a, &leaf, 1, LATHE_TRAIN, want, n, tolerance, 0);
            free(want);
            free_leaves(&leaf, 1);
        }
    }
}

/* The same shapes for each: 22, of both layouts. */
static void check_gradients(int index)
{
    struct activation a = all[index];
    for (uint64_t seed = 0; seed < 22; seed++) {
        lathe_leaf leaf = apart_leaf(seed % 4 ? LATHE_BATCHED : LATHE_PLAIN, random_shape(seed), seed);
        assert_gradient(a.name, activate, &a, &leaf, 1);
        free_leaves(&leaf, 1);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (int i = 0; i < ALL; i++) check_gradients(i);
}

static void they_keep_channels_abreast(void **state)
{
    (void)state;
    for (int i = 0; i < ALL; i++)
        for (int k = 0; k < 6; k++) {
            struct activation a = all[i];
            lathe_leaf leaf = apart_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 2, test_channels[k], 1, 2 } }, 7);
            assert_channels(a.name, activate, &a, &leaf, 1);
            assert_gradient(a.name, activate, &a, &leaf, 1);
            free_leaves(&leaf, 1);
        }
}

static void activations_are_pytorchs(void **state)
{
    (void)state;
    for (int i = 0; i < ALL; i++) {
        struct activation a = all[i];
        char name[64];
        snprintf(name, sizeof name, "%s.x0", a.name);
        lathe_leaf leaf = golden_leaf("ops.txt", name, LATHE_BATCHED, (lathe_shape){ 2, { 17, 6 } });
        /* relative to 1: PyTorch computes gelu's tail as 1 + erf, which loses its relative accuracy */
        assert_golden("ops.txt", a.name, activate, &a, &leaf, 1, wide ? 1e-13 : 1e-6, wide ? 1e-15 : 1e-6);
        free_leaves(&leaf, 1);
    }
}

/* ---- prelu --------------------------------------------------------------------------------------------- */

static lathe_tensor *prelu(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_prelu(leaves[0], leaves[1]);
}

static void a_trained_slope(void **state)
{
    (void)state;
    for (int k = 0; k < 24; k++) {
        const lathe_shape shape = { k % 4 ? 4 : 2,
            { test_batches[k % 5], test_channels[k % 6], 2, 1 + k % 3 } };
        int slopes = k % 2 ? shape.dim[1] : 1;
        size_t n = lathe_shape_count(&shape), area = n / (size_t)shape.dim[0] / (size_t)shape.dim[1];
        lathe_leaf leaves[] = { apart_leaf(LATHE_BATCHED, shape, (uint64_t)k),
            normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { slopes } }, (uint64_t)k + 50) };
        double *x = leaf_doubles(&leaves[0]), *w = leaf_doubles(&leaves[1]);
        for (size_t i = 0; i < n; i++) x[i] *= x[i] > 0 ? 1 : w[slopes == 1 ? 0 : i / area % (size_t)slopes];
        assert_result("prelu", prelu, NULL, leaves, 2, LATHE_TRAIN, x, n, tolerance, 0);
        assert_gradient("prelu", prelu, NULL, leaves, 2);
        if (shape.rank == 4) assert_channels("prelu", prelu, NULL, leaves, 2);
        free(x);
        free(w);
        free_leaves(leaves, 2);
    }
    lathe_leaf wrong[] = { { .layout = LATHE_BATCHED, .shape = { 4, { 1, 6, 1, 1 } } },
        { .layout = LATHE_PLAIN, .shape = { 1, { 5 } } } };
    assert_op_fails(prelu, NULL, wrong, 2, LATHE_ESHAPE, "lathe_prelu: 5 slopes for 6 channels");
}

static void prelu_is_pytorchs(void **state)
{
    (void)state;
    for (int each = 0; each < 2; each++) {
        const char *name = each ? "prelu.each" : "prelu.one";
        char part[64];
        lathe_leaf leaves[2];
        snprintf(part, sizeof part, "%s.x0", name);
        leaves[0] = golden_leaf("ops.txt", part, LATHE_BATCHED, (lathe_shape){ 4, { 3, 18, 2, 1 } });
        snprintf(part, sizeof part, "%s.x1", name);
        leaves[1] = golden_leaf("ops.txt", part, LATHE_PLAIN, (lathe_shape){ 1, { each ? 18 : 1 } });
        assert_golden("ops.txt", name, prelu, NULL, leaves, 2, 10 * tolerance, 10 * tolerance);
        free_leaves(leaves, 2);
    }
}

static void threads_change_no_bit_of_prelu(void **state)
{
    (void)state;
    lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 33, 17, 30, 20 } }, 5),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 17 } }, 6) };
    assert_same_bits(prelu, NULL, leaves, 2);
    free_leaves(leaves, 2);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_error_clear();
    assert_null(lathe_gelu(NULL));
    assert_failed(LATHE_EARG, "lathe_gelu: x is NULL");
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_null(lathe_leaky_relu(lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 0 }, NULL), NAN));
    assert_failed(LATHE_EARG, "lathe_leaky_relu: slope = nan is not legal: any number");
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_null(lathe_clip(lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 0 }, NULL), 2, 1));
    assert_failed(LATHE_EARG, "lathe_clip: min = 2 is above max = 1");
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_null(lathe_elu(lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 0 }, NULL), INFINITY));
    assert_failed(LATHE_EARG, "lathe_elu: alpha = inf is not legal: any number");
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_null(lathe_softplus(lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 0 }, NULL), NAN, 1));
    assert_failed(LATHE_EARG, "lathe_softplus: beta = nan is not legal: any number");
    lathe_tape_free(tape);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, (lathe_shape){ 3, { 33, 7, 400 } }, 5);
    for (int i = 0; i < ALL; i++) {
        struct activation a = all[i];
        assert_same_bits(activate, &a, &leaf, 1);
    }
    free_leaves(&leaf, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(values_are_accurate),
        cmocka_unit_test(extremes_are_right),
        cmocka_unit_test(settings_are_kept),
        cmocka_unit_test(corners_of_relu),
        cmocka_unit_test(activations_are_their_twins),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(they_keep_channels_abreast),
        cmocka_unit_test(activations_are_pytorchs),
        cmocka_unit_test(a_trained_slope),
        cmocka_unit_test(prelu_is_pytorchs),
        cmocka_unit_test(threads_change_no_bit_of_prelu),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
