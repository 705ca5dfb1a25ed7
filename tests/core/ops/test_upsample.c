#include "support/op_test.h"

#include <math.h>
#include <stdlib.h>

static const double tolerance = sizeof(lathe_real) == 8 ? 1e-12 : 4e-6;
static const char *const mode_names[] = { "nearest", "bilinear" };

typedef struct upsample_case {
    int height, width;
    lathe_upsample_opts opts;
} upsample_case;

static lathe_tensor *upsample(void *context, lathe_tensor *const *leaves, int count)
{
    const upsample_case *c = context;
    (void)count;
    return lathe_upsample(leaves[0], c->height, c->width, &c->opts);
}

/* How much pixel `from` of `size` counts in pixel i of `count`: the formulas in upsample.h, one weight at a
 * time. */
static double weight(const lathe_upsample_opts *o, int size, int count, int i, int from)
{
    if (o->mode == LATHE_UPSAMPLE_NEAREST) return from == (int)floor((double)i * size / count + 1e-9);
    double r = o->align_corners ? count == 1 ? 0 : i * (size - 1.0) / (count - 1) :
                                  fmax((i + 0.5) * size / count - 0.5, 0);
    r = fmin(r, size - 1); /* beyond the last one, the last one */
    return fmax(1 - fabs(r - from), 0);
}

static void check_against_twin(upsample_case *c, lathe_shape shape, uint64_t seed)
{
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, shape, seed);
    int planes = shape.dim[0] * shape.dim[1], height = shape.dim[2], width = shape.dim[3];
    size_t n = (size_t)(planes * c->height * c->width);
    double *x = leaf_doubles(&leaf), *y = calloc(n, sizeof *y), *gy = malloc(n * sizeof *gy);
    double *gx = calloc((size_t)(planes * height * width), sizeof *gx);
    for (size_t i = 0; i < n; i++) gy[i] = random_int(seed, i + 100, -8, 8) / 8.0;
    for (int k = 0; k < (int)n; k++)
        for (int p = 0; p < height * width; p++) {
            int i = k / c->width % c->height, j = k % c->width, plane = k / c->width / c->height;
            double w = weight(&c->opts, height, c->height, i, p / width) *
                weight(&c->opts, width, c->width, j, p % width);
            y[k] += w * x[plane * height * width + p];
            gx[plane * height * width + p] += w * gy[k];
        }
    char what[96];
    snprintf(what, sizeof what, "%s%s %dx%d to %dx%d", mode_names[c->opts.mode],
        c->opts.align_corners ? " aligned" : "", height, width, c->height, c->width);
    assert_result(what, upsample, c, &leaf, 1, LATHE_TRAIN, y, n, tolerance, tolerance);
    assert_leaf_gradient(what, upsample, c, &leaf, 1, gy, n, 0, gx, tolerance, 8 * tolerance);
    free(x), free(y), free(gy), free(gx);
    free_leaves(&leaf, 1);
}

/*
 * A row of two pixels, 0 and 4, to four. Nearest doubles each; bilinear looks at places -1/4 (so 0), 1/4, 3/4
 * and 5/4 (so the last again); with aligned corners at 0, 1/3, 2/3 and 1.
 */
static void cases_by_hand(void **state)
{
    (void)state;
    lathe_real x[2] = { 0, 4 };
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 4, { 1, 1, 1, 2 } }, .values = x };
    upsample_case nearest = { 1, 4, { 0 } }, bilinear = { 1, 4, { LATHE_UPSAMPLE_BILINEAR, false } },
                  aligned = { 1, 4, { LATHE_UPSAMPLE_BILINEAR, true } };
    double gy[4] = { 1, 2, 4, 8 };
    assert_result("nearest", upsample, &nearest, &leaf, 1, LATHE_EVAL, (double[]){ 0, 0, 4, 4 }, 4, 0, 0);
    assert_leaf_gradient("nearest", upsample, &nearest, &leaf, 1, gy, 4, 0, (double[]){ 3, 12 }, 0, 0);
    assert_result("bilinear", upsample, &bilinear, &leaf, 1, LATHE_EVAL, (double[]){ 0, 1, 3, 4 }, 4, 0, 0);
    assert_leaf_gradient("bilinear", upsample, &bilinear, &leaf, 1, gy, 4, 0, (double[]){ 3.5, 11.5 }, 0, 0);
    assert_result("aligned", upsample, &aligned, &leaf, 1, LATHE_EVAL, (double[]){ 0, 4.0 / 3, 8.0 / 3, 4 },
        4, tolerance, 0);
}

static upsample_case random_case(uint64_t seed)
{
    return (upsample_case){ random_int(seed, 1, 1, 9), random_int(seed, 2, 1, 9),
        { seed % 3 ? LATHE_UPSAMPLE_BILINEAR : LATHE_UPSAMPLE_NEAREST, seed % 3 == 2 } };
}

static void random_cases_equal_the_twin(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 90; seed++) {
        upsample_case c = random_case(seed);
        check_against_twin(&c,
            (lathe_shape){ 4,
                { test_batches[seed % 5], random_int(seed, 3, 1, 3), random_int(seed, 4, 1, 6),
                    random_int(seed, 5, 1, 6) } },
            seed);
    }
}

static void blocks_of_channels_equal_the_twin(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 18; i++) {
        upsample_case c = random_case(i);
        lathe_shape shape = { 4, { 1 + (int)i % 2, test_channels[i / 3], 3, 4 } };
        check_against_twin(&c, shape, i);
        assert_channels("upsample", upsample, &c, &(lathe_leaf){ .layout = LATHE_BATCHED, .shape = shape },
            1);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        upsample_case c = random_case(seed);
        lathe_leaf leaf = { .layout = LATHE_BATCHED,
            .shape = { 4,
                { test_batches[seed / 3 % 5], 1, random_int(seed, 4, 1, 3), random_int(seed, 5, 1, 3) } } };
        assert_gradient("upsample", upsample, &c, &leaf, 1);
    }
}

static lathe_tensor *twice(void *context, lathe_tensor *const *leaves, int count)
{
    return lathe_add(upsample(context, leaves, count), upsample(context, leaves, count));
}

static void gradients_are_added(void **state)
{
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        upsample_case c = { 5, 4, { (lathe_upsample_mode)mode, false } };
        lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 4, { 17, 1, 2, 3 } } };
        assert_gradient("upsample", twice, &c, &leaf, 1);
    }
}

static void equals_pytorch(void **state)
{
    (void)state;
    size_t n;
    double *cases = golden("upsample.txt", "cases", &n);
    for (int i = 0; i < (int)cases[0]; i++) {
        char name[32], part[64];
        snprintf(name, sizeof name, "case%d", i);
        snprintf(part, sizeof part, "%s.setup", name);
        double *v = golden("upsample.txt", part, &n);
        assert_int_equal(n, 8);
        upsample_case c = { (int)v[4], (int)v[5], { (lathe_upsample_mode)v[6], v[7] != 0 } };
        snprintf(part, sizeof part, "%s.x0", name);
        lathe_leaf leaf = golden_leaf("upsample.txt", part, LATHE_BATCHED,
            (lathe_shape){ 4, { (int)v[0], (int)v[1], (int)v[2], (int)v[3] } });
        assert_golden("upsample.txt", name, upsample, &c, &leaf, 1, tolerance, tolerance);
        free_leaves(&leaf, 1);
        free(v);
    }
    free(cases);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        upsample_case c = { 40, 41, { (lathe_upsample_mode)mode, false } };
        lathe_leaf leaf = normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 40, 3, 19, 20 } }, 1);
        assert_same_bits(upsample, &c, &leaf, 1);
        free_leaves(&leaf, 1);
    }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 5, 4 } }, 1);
    assert_op_fails(upsample, &(upsample_case){ 0, 3, { 0 } }, &leaf, 1, LATHE_EARG,
        "lathe_upsample: height must be given");
    assert_op_fails(upsample, &(upsample_case){ 3, 1 << 30, { 0 } }, &leaf, 1, LATHE_EARG,
        "lathe_upsample: width = 1073741824 is not legal: [1, 1048576]");
    assert_op_fails(upsample, &(upsample_case){ 3, 3, { (lathe_upsample_mode)7, false } }, &leaf, 1,
        LATHE_EARG, "lathe_upsample: mode = 7 is not one of nearest | bilinear");
    leaf.layout = LATHE_PLAIN;
    assert_op_fails(upsample, &(upsample_case){ 3, 3, { 0 } }, &leaf, 1, LATHE_ESHAPE,
        "lathe_upsample: x is plain [2, 3, 5, 4]");
    free_leaves(&leaf, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_by_hand),
        cmocka_unit_test(random_cases_equal_the_twin),
        cmocka_unit_test(blocks_of_channels_equal_the_twin),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(gradients_are_added),
        cmocka_unit_test(equals_pytorch),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
