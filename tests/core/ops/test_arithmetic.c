#include "support/op_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double tolerance = sizeof(lathe_real) == 8 ? 1e-14 : 2e-7;

static lathe_tensor *add(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_add(leaves[0], leaves[1]);
}

static lathe_tensor *add_relu(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_add_relu(leaves[0], leaves[1]);
}

/* The sum is used once more, and x stands in both places. */
static lathe_tensor *twice_relu(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_add_relu(lathe_add_relu(leaves[0], leaves[0]), leaves[0]);
}

static lathe_tensor *mul(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_mul(leaves[0], leaves[1]);
}

static lathe_tensor *scale(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_scale(leaves[0], *(const double *)context);
}

static lathe_tensor *mean(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_mean(leaves[0]);
}

/* x + x, and (x + x) * x: one tensor in both places, and gradients that meet. */
static lathe_tensor *twice(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_mul(lathe_add(leaves[0], leaves[0]), leaves[0]);
}

static lathe_leaf row(int count, const lathe_real *values)
{
    return (lathe_leaf){ .layout = LATHE_PLAIN, .shape = { 1, { count } }, .values = values };
}

static void cases_by_hand(void **state)
{
    (void)state;
    lathe_real a[] = { 1, -2, 3 }, b[] = { 10, 20, 30 };
    lathe_leaf leaves[] = { row(3, a), row(3, b) };
    double sum[] = { 11, 18, 33 }, product[] = { 10, -40, 90 }, half[] = { 0.5, -1, 1.5 }, average = 2.0 / 3,
           gy[] = { 1, 2, 3 };
    double by_b[] = { 10, 40, 90 }, by_half[] = { 0.5, 1, 1.5 }, third[] = { 1.0 / 3, 1.0 / 3, 1.0 / 3 },
           factor = 0.5;
    assert_result("add", add, NULL, leaves, 2, LATHE_EVAL, sum, 3, 0, 1e-30);
    double kept[] = { 11, 18, 0 }, gy_kept[] = { 1, 2, 0 };
    lathe_real c[] = { 10, 20, -30 };
    lathe_leaf falling[] = { row(3, a), row(3, c) };
    assert_result("add_relu", add_relu, NULL, falling, 2, LATHE_EVAL, kept, 3, 0, 1e-30);
    assert_leaf_gradient("add_relu to a", add_relu, NULL, falling, 2, gy, 3, 0, gy_kept, 0, 1e-30);
    assert_leaf_gradient("add_relu to b", add_relu, NULL, falling, 2, gy, 3, 1, gy_kept, 0, 1e-30);
    assert_result("mul", mul, NULL, leaves, 2, LATHE_EVAL, product, 3, 0, 1e-30);
    assert_result("scale", scale, &factor, leaves, 1, LATHE_EVAL, half, 3, 0, 1e-30);
    assert_result("mean", mean, NULL, leaves, 1, LATHE_EVAL, &average, 1, tolerance, 0);
    assert_leaf_gradient("add to a", add, NULL, leaves, 2, gy, 3, 0, gy, 0, 1e-30);
    assert_leaf_gradient("add to b", add, NULL, leaves, 2, gy, 3, 1, gy, 0, 1e-30);
    assert_leaf_gradient("mul to a", mul, NULL, leaves, 2, gy, 3, 0, by_b, 0, 1e-30);
    assert_leaf_gradient("scale", scale, &factor, leaves, 1, gy, 3, 0, by_half, 0, 1e-30);
    assert_leaf_gradient("mean", mean, NULL, leaves, 1, gy, 1, 0, third, tolerance, 0);
    double four_x[] = { 4, -16, 36 }; /* d(2 x^2) gy */
    assert_leaf_gradient("twice", twice, NULL, leaves, 1, gy, 3, 0, four_x, 0, 1e-30);
}

static lathe_shape random_shape(uint64_t seed)
{
    lathe_shape shape = { random_int(seed, 0, 1, 4), { test_batches[seed % 5] } };
    for (int i = 1; i < shape.rank; i++) shape.dim[i] = random_int(seed, (uint64_t)i, 1, 4);
    return shape;
}

static void results_are_their_twins_with_the_right_gradients(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 24; seed++) {
        lathe_layout layout = seed % 4 ? LATHE_BATCHED : LATHE_PLAIN;
        lathe_leaf leaves[] = { normal_leaf(layout, random_shape(seed), seed),
            normal_leaf(layout, random_shape(seed), seed + 50) };
        leaves[0].constant = seed % 6 == 1, leaves[1].constant = seed % 6 == 2;
        size_t n = lathe_shape_count(&leaves[0].shape);
        double *a = leaf_doubles(&leaves[0]), *b = leaf_doubles(&leaves[1]), *want = leaf_doubles(&leaves[0]);
        double factor = -1.5 + 0.25 * (double)seed, sum = 0, sizes = 0;
        for (size_t i = 0; i < n; i++) want[i] = a[i] + b[i];
        assert_result("add", add, NULL, leaves, 2, LATHE_TRAIN, want, n, tolerance, tolerance);
        for (size_t i = 0; i < n; i++) want[i] = a[i] + b[i] > 0 ? a[i] + b[i] : 0;
        assert_result("add_relu", add_relu, NULL, leaves, 2, LATHE_TRAIN, want, n, tolerance, tolerance);
        for (size_t i = 0; i < n; i++) want[i] = a[i] * b[i];
        assert_result("mul", mul, NULL, leaves, 2, LATHE_TRAIN, want, n, tolerance, 0);
        for (size_t i = 0; i < n; i++) want[i] = factor * a[i];
        assert_result("scale", scale, &factor, leaves, 1, LATHE_TRAIN, want, n, tolerance, 0);
        for (size_t i = 0; i < n; i++) sum += a[i], sizes += fabs(a[i]);
        sum /= (double)n;
        assert_result("mean", mean, NULL, leaves, 1, LATHE_TRAIN, &sum, 1, tolerance,
            tolerance * sizes / (double)n);
        assert_gradient("add", add, NULL, leaves, 2);
        assert_gradient("mul", mul, NULL, leaves, 2);
        leaves[0].constant = false;
        assert_gradient("scale", scale, &factor, leaves, 1);
        assert_gradient("sum", mean, NULL, leaves, 1);
        assert_gradient("mul", twice, NULL, leaves, 1);
        free(a);
        free(b);
        free(want);
        free_leaves(leaves, 2);
    }
}

/* A sum leaves tail lanes out, whatever lies abreast. */
static void they_keep_channels_abreast(void **state)
{
    (void)state;
    double factor = 0.75;
    for (int k = 0; k < 6; k++) {
        lathe_shape shape = { 4, { 2, test_channels[k], 1, 2 } };
        lathe_leaf leaves[] = { apart_leaf(LATHE_BATCHED, shape, 1), apart_leaf(LATHE_BATCHED, shape, 2) };
        assert_channels("add", add, NULL, leaves, 2);
        assert_channels("add_relu", add_relu, NULL, leaves, 2);
        assert_channels("mul", mul, NULL, leaves, 2);
        assert_channels("scale", scale, &factor, leaves, 1);
        assert_gradient("mul", mul, NULL, leaves, 2);
        assert_gradient("sum", mean, NULL, leaves, 1);
        free_leaves(leaves, 2);
    }
}

/* Numbers of both signs, far from the kink. */
static void gradients_of_add_relu(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 24; seed++) {
        lathe_layout layout = seed % 4 ? LATHE_BATCHED : LATHE_PLAIN;
        lathe_leaf leaves[] = { normal_leaf(layout, random_shape(seed), seed),
            normal_leaf(layout, random_shape(seed), seed + 50) };
        for (size_t i = 0; i < lathe_shape_count(&leaves[0].shape); i++)
            for (int k = 0; k < 2; k++) ((lathe_real *)(uintptr_t)leaves[k].values)[i] += i % 3 ? 20 : -20;
        leaves[0].constant = seed % 6 == 1, leaves[1].constant = seed % 6 == 2;
        assert_gradient("add_relu", add_relu, NULL, leaves, 2);
        leaves[0].constant = false;
        assert_gradient("add_relu", twice_relu, NULL, leaves, 1);
        free_leaves(leaves, 2);
    }
}

/* y's gradient is kept as it came in, and is not a's memory. */
static void a_kept_gradient_stays_whole(void **state)
{
    (void)state;
    const lathe_real a[3] = { 1, -5, 3 }, b[3] = { 1, 1, 1 }, gy[3] = { 4, 5, 6 };
    lathe_real got[3];
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x[2] = { lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { 3 } }, a),
        lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { 3 } }, b) };
    x[0]->needs_grad = x[1]->needs_grad = x[0]->keep_grad = x[1]->keep_grad = true;
    lathe_tensor *y = lathe_add_relu(x[0], x[1]);
    y->keep_grad = true;
    assert_int_equal(lathe_backward_from(y, gy, 3), LATHE_OK);
    assert_int_equal(lathe_tensor_read_grad(y, got, 3), LATHE_OK);
    assert_memory_equal(got, gy, sizeof gy);
    const lathe_real masked[3] = { 4, 0, 6 };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lathe_tensor_read_grad(x[i], got, 3), LATHE_OK);
        assert_memory_equal(got, masked, sizeof masked);
    }
    lathe_tape_free(tape);
}

/* ---- one spread over the other ------------------------------------------------------------------------- */

/* b's dimensions beside [B, C, H, W]: 1 or the same. A lower rank is that of a plain b. */
typedef struct spread_case {
    int rank, same[4];
    bool plain;
} spread_case;

static const spread_case spreads[] = {
    { 4, { 1, 1, 0, 0 }, false }, /* squeeze and excitation */
    { 1, { 1 }, true },           /* a number a channel */
    { 4, { 0, 1, 0, 0 }, true },
    { 4, { 0, 1, 0, 0 }, false },
    { 3, { 1, 0, 0 }, true },
    { 4, { 1, 0, 1, 1 }, false }, /* a number a pixel */
    { 4, { 0, 0, 1, 1 }, true },
    { 4, { 1, 0, 0, 0 }, false }, /* a number an image */
    { 4, { 1, 0, 0, 0 }, true },
    { 4, { 0, 0, 0, 0 }, false },
    { 4, { 0, 1, 1, 1 }, true },
    { 4, { 1, 1, 1, 0 }, false },
    { 4, { 1, 1, 0, 1 }, false },
    { 4, { 1, 1, 1, 1 }, true },
    { 2, { 1, 1 }, true },
};
enum { SPREADS = sizeof spreads / sizeof spreads[0] };

static lathe_shape spread_shape(const spread_case *c, const lathe_shape *a)
{
    lathe_shape b = { c->rank, { 0 } };
    int before = c->rank == 1 ? 1 : 4 - c->rank;
    for (int i = 0; i < c->rank; i++) b.dim[i] = c->same[i] ? a->dim[before + i] : 1;
    return b;
}

/* The number of b that meets number i of a [B, C, H, W], by PyTorch's rule. */
static size_t meets(const spread_case *c, const lathe_shape *a, size_t i)
{
    size_t at[4], index = 0;
    int before = c->rank == 1 ? 1 : 4 - c->rank;
    for (int d = 3; d >= 0; i /= (size_t)a->dim[d--]) at[d] = i % (size_t)a->dim[d];
    for (int d = 0; d < c->rank; d++)
        if (c->same[d]) index = index * (size_t)a->dim[before + d] + at[before + d];
    return index;
}

static void spread_results(const spread_case *c, const lathe_leaf leaves[2])
{
    const lathe_shape *shape = &leaves[0].shape;
    size_t n = lathe_shape_count(shape);
    double *a = leaf_doubles(&leaves[0]), *b = leaf_doubles(&leaves[1]), *want = leaf_doubles(&leaves[0]);
    for (size_t i = 0; i < n; i++) want[i] = a[i] + b[meets(c, shape, i)];
    assert_result("add", add, NULL, leaves, 2, LATHE_TRAIN, want, n, tolerance, tolerance);
    for (size_t i = 0; i < n; i++) want[i] = fmax(want[i], 0);
    assert_result("add_relu", add_relu, NULL, leaves, 2, LATHE_TRAIN, want, n, tolerance, tolerance);
    for (size_t i = 0; i < n; i++) want[i] = a[i] * b[meets(c, shape, i)];
    assert_result("mul", mul, NULL, leaves, 2, LATHE_TRAIN, want, n, tolerance, 0);
    free(a);
    free(b);
    free(want);
}

static void one_is_spread_over_the_other(void **state)
{
    (void)state;
    static const int batches[] = { 1, 17, 16, 33 }, channels[] = { 17, 3, 16, 33 };
    for (int k = 0; k < SPREADS * 4; k++) {
        const spread_case *c = &spreads[k / 4];
        const lathe_shape shape = { 4, { batches[k % 4], channels[k % 4], 2, 3 } };
        lathe_leaf leaves[] = { apart_leaf(LATHE_BATCHED, shape, (uint64_t)k),
            normal_leaf(c->plain ? LATHE_PLAIN : LATHE_BATCHED, spread_shape(c, &shape), (uint64_t)k + 50) };
        spread_results(c, leaves);
        if (k % 4 < 2) {
            assert_gradient("add", add, NULL, leaves, 2);
            assert_gradient("mul", mul, NULL, leaves, 2);
        }
        assert_channels("mul", mul, NULL, leaves, 2);
        if (k % 4 == 3) {
            assert_same_bits(mul, NULL, leaves, 2);
            assert_same_bits(add_relu, NULL, leaves, 2);
        }
        free_leaves(leaves, 2);
    }
}

/* Many runs and more than one grain: the sums of b's gradient, beside sums in double. */
static void spread_over_much(void **state)
{
    (void)state;
    for (int k = 0; k < SPREADS; k++) {
        const spread_case *c = &spreads[k];
        const lathe_shape shape = { 4, { 17, 18, 33, 32 } };
        lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, shape, (uint64_t)k),
            normal_leaf(c->plain ? LATHE_PLAIN : LATHE_BATCHED, spread_shape(c, &shape), (uint64_t)k + 50) };
        spread_results(c, leaves);
        size_t n = lathe_shape_count(&shape), small = lathe_shape_count(&leaves[1].shape);
        double *a = leaf_doubles(&leaves[0]), *gy = malloc(n * sizeof *gy), *sum = calloc(small, sizeof *sum);
        for (size_t i = 0; i < n; i++) gy[i] = (double)(i * 7 % 5) - 2;
        for (size_t i = 0; i < n; i++) sum[meets(c, &shape, i)] += gy[i] * a[i];
        assert_leaf_gradient("mul", mul, NULL, leaves, 2, gy, n, 1, sum, 3 * tolerance, n / small * 1e-7);
        memset(sum, 0, small * sizeof *sum);
        for (size_t i = 0; i < n; i++) sum[meets(c, &shape, i)] += gy[i];
        assert_leaf_gradient("add", add, NULL, leaves, 2, gy, n, 1, sum, 1e-30, 1e-30);
        free(a);
        free(gy);
        free(sum);
        free_leaves(leaves, 2);
    }
}

/* Without sixteen abreast, and with features instead of images. */
static void spread_over_plain_numbers_and_features(void **state)
{
    (void)state;
    static const struct {
        lathe_layout layout, other;
        lathe_shape a, b;
    } cases[] = {
        { LATHE_PLAIN, LATHE_PLAIN, { 3, { 2, 3, 4 } }, { 2, { 3, 1 } } },
        { LATHE_PLAIN, LATHE_PLAIN, { 2, { 2, 3 } }, { 1, { 3 } } },
        { LATHE_PLAIN, LATHE_PLAIN, { 1, { 3 } }, { 1, { 1 } } },
        { LATHE_PLAIN, LATHE_PLAIN, { 1, { 3 } }, { 0, { 0 } } },
        { LATHE_BATCHED, LATHE_PLAIN, { 2, { 17, 3 } }, { 1, { 3 } } },
        { LATHE_BATCHED, LATHE_BATCHED, { 2, { 17, 3 } }, { 2, { 17, 1 } } },
        { LATHE_BATCHED, LATHE_PLAIN, { 2, { 17, 3 } }, { 0, { 0 } } },
        { LATHE_BATCHED, LATHE_PLAIN, { 1, { 17 } }, { 1, { 1 } } },
        { LATHE_BATCHED, LATHE_BATCHED, { 3, { 17, 2, 3 } }, { 3, { 1, 1, 3 } } },
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        lathe_leaf leaves[] = { apart_leaf(cases[k].layout, cases[k].a, k),
            apart_leaf(cases[k].other, cases[k].b, k) };
        assert_gradient("add", add, NULL, leaves, 2);
        assert_gradient("mul", mul, NULL, leaves, 2);
        free_leaves(leaves, 2);
    }
    lathe_leaf wide[] = { normal_leaf(LATHE_PLAIN, (lathe_shape){ 2, { 401, 99 } }, 1),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 99 } }, 2) };
    assert_same_bits(add, NULL, wide, 2);
    free_leaves(wide, 2);
    const lathe_real a[] = { 1, 2, 3, 4, 5, 6 }, b[] = { 10, 20, 30 }, c[] = { 10, 20 };
    lathe_leaf leaves[] = { { .layout = LATHE_PLAIN, .shape = { 2, { 2, 3 } }, .values = a }, row(3, b) };
    double rows[] = { 11, 22, 33, 14, 25, 36 }, gy[] = { 1, 2, 3, 4, 5, 6 }, sums[] = { 5, 7, 9 };
    assert_result("add", add, NULL, leaves, 2, LATHE_EVAL, rows, 6, 1e-30, 0);
    assert_leaf_gradient("add", add, NULL, leaves, 2, gy, 6, 1, sums, 1e-30, 0);
    leaves[1] = (lathe_leaf){ .layout = LATHE_PLAIN, .shape = { 2, { 2, 1 } }, .values = c };
    double products[] = { 10, 20, 30, 80, 100, 120 }, with_a[] = { 14, 77 };
    assert_result("mul", mul, NULL, leaves, 2, LATHE_EVAL, products, 6, 1e-30, 0);
    assert_leaf_gradient("mul", mul, NULL, leaves, 2, gy, 6, 1, with_a, 1e-30, 0);
}

static void spreading_is_pytorchs(void **state)
{
    (void)state;
    static const lathe_shape shapes[] = { { 4, { 17, 5, 1, 1 } }, { 3, { 5, 1, 1 } },
        { 4, { 17, 1, 2, 3 } } };
    for (int k = 0; k < 3; k++) {
        char name[32], part[64];
        for (int product = 0; product < 2; product++) {
            snprintf(name, sizeof name, "%s.spread%d", product ? "mul" : "add", k);
            snprintf(part, sizeof part, "%s.x0", name);
            lathe_leaf leaves[2];
            leaves[0] = golden_leaf("ops.txt", part, LATHE_BATCHED, (lathe_shape){ 4, { 17, 5, 2, 3 } });
            snprintf(part, sizeof part, "%s.x1", name);
            leaves[1] = golden_leaf("ops.txt", part, k == 1 ? LATHE_PLAIN : LATHE_BATCHED, shapes[k]);
            assert_golden("ops.txt", name, product ? mul : add, NULL, leaves, 2, 10 * tolerance,
                10 * tolerance);
            free_leaves(leaves, 2);
        }
    }
}

static void the_mean_is_pytorchs(void **state)
{
    (void)state;
    lathe_leaf leaf = golden_leaf("ops.txt", "mean.x0", LATHE_BATCHED, (lathe_shape){ 4, { 17, 2, 5, 4 } });
    assert_golden("ops.txt", "mean", mean, NULL, &leaf, 1, tolerance, tolerance);
    free_leaves(&leaf, 1);
}

/* A hundred thousand numbers of about 1000: float sums in lanes, double between them. */
static void the_mean_of_many_is_accurate(void **state)
{
    (void)state;
    lathe_shape shape = { 2, { 33, 3001 } };
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, shape, 3);
    size_t n = lathe_shape_count(&shape);
    double *wide = leaf_doubles(&leaf), sum = 0;
    lathe_real *values = malloc(n * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++) {
        values[i] = (lathe_real)(1000 + wide[i]);
        sum += (double)values[i];
    }
    lathe_leaf large = { .layout = LATHE_BATCHED, .shape = shape, .values = values };
    sum /= (double)n;
    assert_result("mean", mean, NULL, &large, 1, LATHE_EVAL, &sum, 1, 3e-7, 0);
    free(values);
    free(wide);
    free_leaves(&leaf, 1);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_leaf leaves[] = { row(3, NULL), row(4, NULL) };
    double bad = INFINITY;
    assert_op_fails(add, NULL, leaves, 2, LATHE_ESHAPE, "lathe_add: a is plain [3], b is plain [4]");
    assert_op_fails(add_relu, NULL, leaves, 2, LATHE_ESHAPE,
        "lathe_add_relu: a is plain [3], b is plain [4]");
    leaves[1] = leaves[0];
    leaves[1].layout = LATHE_BATCHED;
    assert_op_fails(mul, NULL, leaves, 2, LATHE_ESHAPE, "lathe_mul: a is plain [3], b is batched [3]");
    assert_op_fails(scale, &bad, leaves, 1, LATHE_EARG, "lathe_scale: factor = inf is not legal: any number");
    lathe_error_clear();
    assert_null(lathe_mean(NULL));
    assert_failed(LATHE_EARG, "lathe_sum: x is NULL");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_shape shape = { 3, { 33, 9, 400 } };
    lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, shape, 1), normal_leaf(LATHE_BATCHED, shape, 2) };
    double factor = 0.3;
    assert_same_bits(add, NULL, leaves, 2);
    assert_same_bits(mul, NULL, leaves, 2);
    assert_same_bits(scale, &factor, leaves, 1);
    assert_same_bits(mean, NULL, leaves, 1);
    free_leaves(leaves, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_by_hand),
        cmocka_unit_test(results_are_their_twins_with_the_right_gradients),
        cmocka_unit_test(they_keep_channels_abreast),
        cmocka_unit_test(gradients_of_add_relu),
        cmocka_unit_test(a_kept_gradient_stays_whole),
        cmocka_unit_test(one_is_spread_over_the_other),
        cmocka_unit_test(spread_over_much),
        cmocka_unit_test(spread_over_plain_numbers_and_features),
        cmocka_unit_test(spreading_is_pytorchs),
        cmocka_unit_test(the_mean_is_pytorchs),
        cmocka_unit_test(the_mean_of_many_is_accurate),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
