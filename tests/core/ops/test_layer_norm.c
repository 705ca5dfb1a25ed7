#include <math.h>
#include <stdlib.h>

#include "support/op_test.h"

static const double tolerance = sizeof(lathe_real) == 8 ? 1e-11 : 1e-5;

static lathe_tensor *last(void *context, lathe_tensor *const *leaves, int count)
{
    return lathe_layer_norm(leaves[0], count > 1 ? leaves[1] : NULL, count > 2 ? leaves[2] : NULL, context);
}

static lathe_tensor *channels(void *context, lathe_tensor *const *leaves, int count)
{
    return lathe_layer_norm2d(leaves[0], count > 1 ? leaves[1] : NULL, count > 2 ? leaves[2] : NULL,
        *(const double *)context);
}

/* Rows of x in row-major order: number i of row r is at (r / inner * length + i) * inner + r % inner. */
typedef struct twin {
    int rows, length, inner;
    double eps;
    double *x, *w, *b, *gy, *y, *gx, *gw, *gb;
} twin;

static void twin_row(const twin *t, int r)
{
    int first = r / t->inner * t->length * t->inner + r % t->inner;
    double mean = 0, var = 0, h = 0, product = 0;
    for (int i = 0; i < t->length; i++) mean += t->x[first + i * t->inner] / t->length;
    for (int i = 0; i < t->length; i++) {
        double d = t->x[first + i * t->inner] - mean;
        var += d * d / t->length;
    }
    double inverse = 1 / sqrt(var + t->eps);
    for (int i = 0; i < t->length; i++) {
        int at = first + i * t->inner;
        double normal = (t->x[at] - mean) * inverse;
        t->y[at] = normal * t->w[i] + t->b[i];
        t->gw[i] += t->gy[at] * normal;
        t->gb[i] += t->gy[at];
        h += t->gy[at] * t->w[i] / t->length;
        product += t->gy[at] * t->w[i] * normal / t->length;
    }
    for (int i = 0; i < t->length; i++) {
        int at = first + i * t->inner;
        t->gx[at] = inverse * (t->gy[at] * t->w[i] - h - (t->x[at] - mean) * inverse * product);
    }
}

/* dims 0: over channels. */
static void check(lathe_shape shape, int dims, int parameters, double eps, uint64_t seed)
{
    int count = (int)lathe_shape_count(&shape), length = dims ? 1 : shape.dim[1], inner = 1;
    lathe_shape of = { 1, { length } };
    if (dims) of.rank = dims;
    for (int i = 0; i < dims; i++) length *= of.dim[i] = shape.dim[shape.rank - dims + i];
    for (int i = 2; !dims && i < shape.rank; i++) inner *= shape.dim[i];
    lathe_leaf leaves[3] = { normal_leaf(LATHE_BATCHED, shape, seed * 3),
        normal_leaf(LATHE_PLAIN, of, seed * 3 + 1), normal_leaf(LATHE_PLAIN, of, seed * 3 + 2) };
    twin t = { .rows = count / length, .length = length, .inner = inner, .eps = eps ? eps : 1e-5 };
    t.x = leaf_doubles(&leaves[0]), t.w = leaf_doubles(&leaves[1]), t.b = leaf_doubles(&leaves[2]);
    size_t n = (size_t)count, m = (size_t)length;
    t.gy = calloc(3 * n + 2 * m, sizeof(double));
    t.y = t.gy + n, t.gx = t.y + n, t.gw = t.gx + n, t.gb = t.gw + m;
    for (size_t i = 0; i < n; i++) t.gy[i] = random_int(seed, i, -8, 8) / 8.0;
    for (int i = 0; i < length && parameters < 2; i++) t.b[i] = 0;
    for (int i = 0; i < length && parameters < 1; i++) t.w[i] = 1;
    for (int r = 0; r < t.rows; r++) twin_row(&t, r);
    char text[LATHE_SHAPE_TEXT], what[140];
    snprintf(what, sizeof what, "x %s, dims %d, %d parameters", lathe_shape_text(&shape, text), dims,
        parameters);
    lathe_layer_norm_opts opts = { .eps = eps, .dims = dims };
    lathe_function *function = dims ? last : channels;
    void *context = dims ? (void *)&opts : (void *)&eps;
    double slack = tolerance * 4 * sqrt((double)count);
    assert_result(what, function, context, leaves, 1 + parameters, LATHE_TRAIN, t.y, n, tolerance,
        4 * tolerance);
    assert_result(what, function, context, leaves, 1 + parameters, LATHE_EVAL, t.y, n, tolerance,
        4 * tolerance);
    assert_leaf_gradient(what, function, context, leaves, 1 + parameters, t.gy, n, 0, t.gx, tolerance,
        16 * tolerance);
    if (parameters > 0)
        assert_leaf_gradient(what, function, context, leaves, 1 + parameters, t.gy, n, 1, t.gw, tolerance,
            slack);
    if (parameters > 1)
        assert_leaf_gradient(what, function, context, leaves, 1 + parameters, t.gy, n, 2, t.gb, tolerance,
            slack);
    free(t.x), free(t.w), free(t.b), free(t.gy);
    free_leaves(leaves, 3);
}

/* Rows of two numbers that are 2 apart: -1 and 1 times the weights, plus the biases. */
static void a_case_by_hand(void **state)
{
    (void)state;
    lathe_real x[4] = { 1, 10, 3, 12 }, w[2] = { 2, 3 }, b[2] = { 0, 5 };
    double small = 1e-20;
    lathe_leaf leaves[3] = { { .layout = LATHE_BATCHED, .shape = { 4, { 1, 2, 1, 2 } }, .values = x },
        { .layout = LATHE_PLAIN, .shape = { 1, { 2 } }, .values = w },
        { .layout = LATHE_PLAIN, .shape = { 1, { 2 } }, .values = b } };
    assert_result("channels", channels, &small, leaves, 3, LATHE_EVAL, (double[]){ -2, -2, 8, 8 }, 4, 1e-6,
        0);
    lathe_real rows[4] = { 1, 3, 10, 12 };
    leaves[0].values = rows;
    lathe_layer_norm_opts opts = { .eps = small, .dims = 1 };
    assert_result("last", last, &opts, leaves, 3, LATHE_EVAL, (double[]){ -2, 8, -2, 8 }, 4, 1e-6, 0);
}

static void rows_equal_the_twin(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        int c = test_channels[i], b = test_batches[i % 5];
        check((lathe_shape){ 4, { b, c, 3, 3 } }, 0, i % 3, i % 2 ? 1e-6 : 0, (uint64_t)i);
        check((lathe_shape){ 4, { b, c, 2, 3 } }, 3, i % 3, 0, (uint64_t)i + 10);
        check((lathe_shape){ 4, { b, 3, c, 3 } }, 2, 2 - i % 3, 1e-3, (uint64_t)i + 20);
        check((lathe_shape){ 4, { b, 2, 3, c } }, 1, 2, 0, (uint64_t)i + 30);
        check((lathe_shape){ 2, { b, c + 1 } }, 1, 2, 0, (uint64_t)i + 40);
        check((lathe_shape){ 2, { b, c + 1 } }, 0, 2, 0, (uint64_t)i + 50);
        check((lathe_shape){ 5, { b, 2, c, 2, 2 } }, 0, 2, 0.1, (uint64_t)i + 60);
    }
    check((lathe_shape){ 4, { 2, 96, 14, 15 } }, 0, 2, 1e-6, 70); /* convnext, many tiles and tasks */
    check((lathe_shape){ 4, { 17, 70, 9, 10 } }, 0, 2, 1e-6, 71);
    check((lathe_shape){ 4, { 3, 300, 1, 1 } }, 0, 2, 1e-6, 72); /* several chunks of a sum */
    check((lathe_shape){ 4, { 18, 20, 20, 20 } }, 3, 2, 1e-6, 73);
}

/* Numbers far from 0 whose deviation is small beside their mean. */
static void a_large_mean_does_no_harm(void **state)
{
    (void)state;
    enum { C = 64 };
    lathe_real x[C];
    double y[C], eps = 1e-5;
    for (int i = 0; i < C; i++) x[i] = 1000 + (lathe_real)(i % 2), y[i] = i % 2 ? 1 : -1;
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 4, { 1, C, 1, 1 } }, .values = x };
    assert_result("channels", channels, &eps, &leaf, 1, LATHE_TRAIN, y, C, 1e-4, 0);
}

static void gradient_check(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 24; i++) {
        int b = test_batches[i % 5], c = random_int(i, 1, 3, 5), h = random_int(i, 2, 2, 3),
            w = random_int(i, 3, 2, 3), dims = random_int(i, 4, 1, 3);
        lathe_shape x = { 4, { b, c, h, w } }, of = { dims, { c, h, w } };
        for (int k = 0; k < dims; k++) of.dim[k] = x.dim[4 - dims + k];
        lathe_leaf leaves[3] = { { .layout = LATHE_BATCHED, .shape = x },
            { .layout = LATHE_PLAIN, .shape = of }, { .layout = LATHE_PLAIN, .shape = of } };
        lathe_layer_norm_opts opts = { .eps = 0.1, .dims = dims };
        assert_gradient("layer_norm", last, &opts, leaves, 1 + (int)i % 3);
        double eps = 0.1;
        leaves[1].shape = leaves[2].shape = (lathe_shape){ 1, { c } };
        assert_gradient("layer_norm2d", channels, &eps, leaves, 1 + (int)i % 3);
    }
}

static void equals_pytorch(void **state)
{
    (void)state;
    lathe_layer_norm_opts all = { 0 }, one = { .eps = 1e-3, .dims = 1 }, two = { .dims = 2 };
    double eps = 1e-6;
    const struct {
        const char *name;
        lathe_function *function;
        void *context;
        lathe_shape x, of;
        int count;
    } cases[] = {
        { "layer.all", last, &all, { 4, { 3, 3, 2, 3 } }, { 3, { 3, 2, 3 } }, 3 },
        { "layer.last", last, &one, { 4, { 2, 3, 2, 5 } }, { 1, { 5 } }, 3 },
        { "layer.two", last, &two, { 4, { 2, 3, 3, 4 } }, { 2, { 3, 4 } }, 1 },
        { "layer.features", last, &all, { 2, { 5, 7 } }, { 1, { 7 } }, 3 },
        { "layer2d", channels, &eps, { 4, { 2, 20, 2, 3 } }, { 1, { 20 } }, 3 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lathe_leaf leaves[3];
        for (int k = 0; k < cases[i].count; k++) {
            char name[40];
            snprintf(name, sizeof name, "%s.x%d", cases[i].name, k);
            leaves[k] =
                golden_leaf("norms.txt", name, k ? LATHE_PLAIN : LATHE_BATCHED, k ? cases[i].of : cases[i].x);
        }
        assert_golden("norms.txt", cases[i].name, cases[i].function, cases[i].context, leaves, cases[i].count,
            tolerance, 8 * tolerance);
        free_leaves(leaves, cases[i].count);
    }
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    lathe_leaf leaves[3] = { normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 20, 40, 15, 9 } }, 1),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 40 } }, 2),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 40 } }, 3) };
    double eps = 1e-5;
    assert_same_bits(channels, &eps, leaves, 3);
    assert_channels("layer_norm2d", channels, &eps, leaves, 3);
    free_leaves(leaves, 3);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        lathe_layer_norm_opts opts;
        lathe_shape x, of;
        lathe_status status;
        const char *message;
    } mistakes[] = {
        { { .eps = -1 }, { 4, { 2, 3, 4, 5 } }, { 1, { 5 } }, LATHE_EARG,
            "lathe_layer_norm: eps = -1 is not legal: > 0" },
        { { .dims = 4 }, { 4, { 2, 3, 4, 5 } }, { 1, { 5 } }, LATHE_EARG,
            "dims is 4, x has 3 dimensions beside the batch" },
        { { .dims = 5 }, { 4, { 2, 3, 4, 5 } }, { 1, { 5 } }, LATHE_EARG, "dims = 5 is not legal: [0, 4]" },
        { { .dims = 1 }, { 4, { 2, 3, 4, 5 } }, { 1, { 4 } }, LATHE_ESHAPE,
            "lathe_layer_norm: weight is plain [4], expected plain [5]" },
        { { 0 }, { 4, { 2, 3, 4, 5 } }, { 1, { 5 } }, LATHE_ESHAPE,
            "weight is plain [5], expected plain [3, 4, 5]" },
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        lathe_layer_norm_opts opts = mistakes[i].opts;
        lathe_leaf leaves[3] = { normal_leaf(LATHE_BATCHED, mistakes[i].x, 1),
            normal_leaf(LATHE_PLAIN, mistakes[i].of, 2), normal_leaf(LATHE_PLAIN, mistakes[i].of, 3) };
        assert_op_fails(last, &opts, leaves, 3, mistakes[i].status, mistakes[i].message);
        free_leaves(leaves, 3);
    }
    lathe_leaf leaves[3] = { normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 4, 5 } }, 1),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 3 } }, 2),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 4 } }, 2) };
    double eps = 1e-5, negative = -1;
    assert_op_fails(channels, &eps, leaves, 3, LATHE_ESHAPE,
        "lathe_layer_norm2d: x has 3 channels, bias is [4]");
    assert_op_fails(channels, &negative, leaves, 2, LATHE_EARG,
        "lathe_layer_norm2d: eps = -1 is not legal: > 0");
    free_leaves(leaves, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_by_hand),
        cmocka_unit_test(rows_equal_the_twin),
        cmocka_unit_test(a_large_mean_does_no_harm),
        cmocka_unit_test(gradient_check),
        cmocka_unit_test(equals_pytorch),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
