#include "support/op_test.h"

#include <math.h>
#include <stdlib.h>

static const double tolerance = sizeof(lathe_real) == 8 ? 1e-13 : 2e-6;

static lathe_tensor *softmax(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_softmax(leaves[0]);
}

static lathe_tensor *log_softmax(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_log_softmax(leaves[0]);
}

/* Logits 0 and ln 3 give 1/4 and 3/4; gradients p (gy - sum of gy p) and gy - p sum of gy. */
static void a_case_by_hand(void **state)
{
    (void)state;
    lathe_real x[] = { 0, (lathe_real)log(3) };
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { 1, 2 } }, .values = x };
    double p[] = { 0.25, 0.75 }, log_p[] = { log(0.25), log(0.75) }, gy[] = { 1, 0 };
    double g[] = { 0.25 * 0.75, -0.75 * 0.25 }, log_g[] = { 0.75, -0.75 };
    assert_result("softmax", softmax, NULL, &leaf, 1, LATHE_EVAL, p, 2, tolerance, 0);
    assert_result("log_softmax", log_softmax, NULL, &leaf, 1, LATHE_EVAL, log_p, 2, tolerance, 0);
    assert_leaf_gradient("softmax", softmax, NULL, &leaf, 1, gy, 2, 0, g, tolerance, tolerance);
    assert_leaf_gradient("log_softmax", log_softmax, NULL, &leaf, 1, gy, 2, 0, log_g, tolerance, tolerance);
}

static lathe_shape random_shape(uint64_t seed)
{
    lathe_shape shape = { 2 + random_int(seed, 0, 0, 2),
        { test_batches[seed % 5], random_int(seed, 1, 1, 9) } };
    for (int i = 2; i < shape.rank; i++) shape.dim[i] = random_int(seed, (uint64_t)i, 1, 3);
    return shape;
}

static void softmax_is_its_naive_twin_with_the_right_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 25; seed++) {
        lathe_leaf leaf = normal_leaf(LATHE_BATCHED, random_shape(seed), seed);
        size_t n = lathe_shape_count(&leaf.shape), classes = (size_t)leaf.shape.dim[1];
        size_t inner = n / (size_t)leaf.shape.dim[0] / classes;
        double *p = leaf_doubles(&leaf), *log_p = leaf_doubles(&leaf);
        for (size_t b = 0; b < n / classes / inner; b++)
            for (size_t j = 0; j < inner; j++) {
                double sum = 0;
                for (size_t k = 0; k < classes; k++) sum += exp(p[(b * classes + k) * inner + j]);
                for (size_t k = 0; k < classes; k++) {
                    size_t at = (b * classes + k) * inner + j;
                    log_p[at] = p[at] - log(sum);
                    p[at] = exp(p[at]) / sum;
                }
            }
        assert_result("softmax", softmax, NULL, &leaf, 1, LATHE_TRAIN, p, n, tolerance, 0);
        assert_result("log_softmax", log_softmax, NULL, &leaf, 1, LATHE_TRAIN, log_p, n, tolerance,
            tolerance);
        assert_gradient("softmax", softmax, NULL, &leaf, 1);
        assert_gradient("log_softmax", log_softmax, NULL, &leaf, 1);
        free(p);
        free(log_p);
        free_leaves(&leaf, 1);
    }
}

static void extreme_logits_are_right(void **state)
{
    (void)state;
    lathe_real x[] = { 1e4, -1e4, -1e4, -1e4, -1e4, -1e4, 1e4, 1e4, 1e4, 0, -INFINITY, 0 };
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { 4, 3 } }, .values = x };
    double t = 1.0 / 3, p[] = { 1, 0, 0, t, t, t, t, t, t, 0.5, 0, 0.5 };
    double log_p[] = { 0, -2e4, -2e4, log(t), log(t), log(t), log(t), log(t), log(t), log(0.5), -INFINITY,
        log(0.5) };
    assert_result("softmax", softmax, NULL, &leaf, 1, LATHE_EVAL, p, 12, tolerance, tolerance);
    assert_result("log_softmax", log_softmax, NULL, &leaf, 1, LATHE_EVAL, log_p, 12, tolerance, tolerance);
}

static void softmax_is_pytorchs(void **state)
{
    (void)state;
    lathe_leaf leaf = golden_leaf("ops.txt", "softmax.x0", LATHE_BATCHED, (lathe_shape){ 3, { 17, 4, 3 } });
    assert_golden("ops.txt", "softmax", softmax, NULL, &leaf, 1, tolerance, tolerance);
    assert_golden("ops.txt", "log_softmax", log_softmax, NULL, &leaf, 1, tolerance, tolerance);
    free_leaves(&leaf, 1);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_leaf plain = { .layout = LATHE_PLAIN, .shape = { 2, { 2, 3 } } };
    lathe_leaf flat = { .layout = LATHE_BATCHED, .shape = { 1, { 2 } } };
    assert_op_fails(softmax, NULL, &plain, 1, LATHE_ESHAPE,
        "lathe_softmax: x is plain [2, 3], expected batched [B, C, ...]");
    assert_op_fails(log_softmax, NULL, &flat, 1, LATHE_ESHAPE,
        "lathe_log_softmax: x is batched [2], expected batched [B, C, ...]");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, (lathe_shape){ 3, { 33, 10, 150 } }, 1);
    assert_same_bits(softmax, NULL, &leaf, 1);
    assert_same_bits(log_softmax, NULL, &leaf, 1);
    free_leaves(&leaf, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_by_hand),
        cmocka_unit_test(softmax_is_its_naive_twin_with_the_right_gradient),
        cmocka_unit_test(extreme_logits_are_right),
        cmocka_unit_test(softmax_is_pytorchs),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
