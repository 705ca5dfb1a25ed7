#include <math.h>
#include <stdlib.h>

#include "support/op_test.h"

static lathe_tape *tape;

static int setup(void **state)
{
    (void)state;
    tape = lathe_tape_new(NULL);
    return tape ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    lathe_tape_free(tape);
    return 0;
}

/* The formula in double, term by term. */
static void naive(const lathe_shape *shape, const lathe_real *x, const lathe_local_response_norm_opts *o,
    double *y)
{
    int C = shape->dim[1], H = shape->dim[2], W = shape->dim[3], radius = o->size / 2;
    int rc = o->within_channel ? 0 : radius, rs = o->within_channel ? radius : 0;
    for (int n = 0; n < shape->dim[0] * C * H * W; n++) {
        int b = n / (C * H * W), c = n / (H * W) % C, i = n / W % H, j = n % W;
        double sum = 0;
        for (int p = c - rc; p <= c + rc; p++)
            for (int q = i - rs; q <= i + rs; q++)
                for (int t = j - rs; t <= j + rs; t++)
                    if (p >= 0 && p < C && q >= 0 && q < H && t >= 0 && t < W)
                        sum += pow((double)x[((b * C + p) * H + q) * W + t], 2);
        y[n] = (double)x[n] /
            pow(o->k + o->alpha * sum / (o->within_channel ? o->size * o->size : o->size), o->beta);
    }
}

/* By hand: x = 1, 2, 3 in three channels, size 3, alpha 3, beta 1, k 1: scales 1 + (1 + 4), 1 + (1 + 4 + 9),
 * 1 + (4 + 9). */
static void test_by_hand(void **state)
{
    (void)state;
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 1, 3, 1, 1 } },
        (const lathe_real[]){ 1, 2, 3 });
    lathe_real y[3];
    lathe_tensor_read(lathe_local_response_norm(x,
                          &(lathe_local_response_norm_opts){ .size = 3, .alpha = 3, .beta = 1 }),
        y, 3);
    assert_close("y", y, (const double[]){ 1.0 / 6, 2.0 / 15, 3.0 / 14 }, 3, 1e-6, 0);
}

static lathe_shape random_shape(uint64_t seed)
{
    static const int batches[] = { 1, 15, 16, 17, 33 };
    return (lathe_shape){ 4,
        { batches[seed % 5], random_int(seed, 1, 1, 7), random_int(seed, 2, 1, 6),
            random_int(seed, 3, 1, 6) } };
}

static lathe_local_response_norm_opts random_opts(uint64_t seed)
{
    return (lathe_local_response_norm_opts){ .size = 2 * random_int(seed, 4, 0, 3) + 1,
        .alpha = 0.5,
        .beta = seed % 3 ? 0.75 : 1.2,
        .k = 1.5,
        .within_channel = seed % 2 };
}

static lathe_tensor *function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_local_response_norm(leaves[0], context);
}

static void check_against_twin(lathe_shape shape, lathe_local_response_norm_opts opts, uint64_t seed)
{
    size_t count = lathe_shape_count(&shape);
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, shape, seed);
    double *want = malloc(count * sizeof *want);
    assert_non_null(want);
    naive(&shape, leaf.values, &opts, want);
    assert_result("y", function, &opts, &leaf, 1, LATHE_EVAL, want, count,
        sizeof(lathe_real) == 8 ? 1e-13 : 2e-6, 0);
    if (opts.within_channel) assert_channels("local_response_norm", function, &opts, &leaf, 1);
    free(want);
    free_leaves(&leaf, 1);
}

static void test_twin(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++)
        check_against_twin(random_shape(seed), random_opts(seed), seed);
    for (uint64_t i = 0; i < 12; i++)
        check_against_twin((lathe_shape){ 4, { 2, test_channels[i / 2], 4, 5 } }, random_opts(i), i);
}

static void test_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        lathe_shape shape = random_shape(seed);
        if (shape.dim[0] > 17) shape.dim[0] = 2;
        lathe_local_response_norm_opts opts = random_opts(seed);
        lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = shape };
        assert_gradient("local_response_norm", function, &opts, &leaf, 1);
    }
    lathe_local_response_norm_opts within = { .size = 3, .alpha = 0.5, .within_channel = true };
    assert_gradient("local_response_norm", function, &within,
        &(lathe_leaf){ .layout = LATHE_BATCHED, .shape = { 4, { 2, 17, 2, 2 } } }, 1);
}

static void check_golden(const char *name, lathe_shape shape, lathe_local_response_norm_opts opts)
{
    size_t count;
    char key[32];
    double *numbers[4];
    static const char *const part[] = { "x", "gy", "y", "gx" };
    for (int i = 0; i < 4; i++) {
        snprintf(key, sizeof key, "%s.%s", name, part[i]);
        numbers[i] = golden("local_response_norm.txt", key, &count);
        assert_int_equal(count, lathe_shape_count(&shape));
    }
    lathe_real *real = malloc(count * sizeof *real);
    for (size_t i = 0; i < count; i++) real[i] = (lathe_real)numbers[0][i];
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, shape, real);
    x->needs_grad = x->keep_grad = true;
    lathe_tensor *y = lathe_local_response_norm(x, &opts);
    for (size_t i = 0; i < count; i++) real[i] = (lathe_real)numbers[1][i];
    assert_int_equal(lathe_backward_from(y, real, count), LATHE_OK);
    double tolerance = sizeof(lathe_real) == 8 ? 1e-12 : 3e-6;
    lathe_tensor_read(y, real, count);
    assert_close(name, real, numbers[2], count, tolerance, 0);
    lathe_tensor_read_grad(x, real, count);
    assert_close(name, real, numbers[3], count, tolerance, tolerance);
    free(real);
    for (int i = 0; i < 4; i++) free(numbers[i]);
}

static void test_golden(void **state)
{
    (void)state;
    check_golden("across3", (lathe_shape){ 4, { 2, 5, 3, 4 } },
        (lathe_local_response_norm_opts){ .size = 3, .alpha = 0.5 });
    check_golden("across5", (lathe_shape){ 4, { 17, 7, 2, 2 } },
        (lathe_local_response_norm_opts){ .alpha = 2, .beta = 0.6, .k = 2 });
    check_golden("within3", (lathe_shape){ 4, { 2, 3, 5, 4 } },
        (lathe_local_response_norm_opts){ .size = 3, .alpha = 0.5, .within_channel = true });
    check_golden("within5", (lathe_shape){ 4, { 1, 2, 7, 6 } },
        (lathe_local_response_norm_opts){ .size = 5,
            .alpha = 3,
            .beta = 1,
            .k = 0.5,
            .within_channel = true });
}

static void test_errors(void **state)
{
    (void)state;
    lathe_shape shape = { 4, { 1, 2, 2, 2 } };
    static const struct {
        lathe_local_response_norm_opts opts;
        const char *message;
    } bad[] = {
        { { .size = 4 }, "size = 4 must be odd" },
        { { .size = -1 }, "size = -1" },
        { { .alpha = -1 }, "alpha = -1" },
        { { .beta = NAN }, "beta" },
        { { .k = -1 }, "k = -1" },
        { { .k = LATHE_ZERO }, "k = 0" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lathe_tape_begin(tape, LATHE_EVAL);
        assert_null(
            lathe_local_response_norm(lathe_tape_leaf(tape, LATHE_BATCHED, shape, NULL), &bad[i].opts));
        assert_failed(LATHE_EARG, bad[i].message);
    }
    lathe_tape_begin(tape, LATHE_EVAL);
    assert_null(
        lathe_local_response_norm(lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { 1, 2 } }, NULL),
            NULL));
    assert_failed(LATHE_ESHAPE,
        "lathe_local_response_norm: x is batched [1, 2], expected batched [B, C, H, W]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
