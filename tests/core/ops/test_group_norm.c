#include <math.h>
#include <stdlib.h>

#include "support/op_test.h"

static const double tolerance = sizeof(lathe_real) == 8 ? 1e-11 : 1e-5;

/* groups 0: instance_norm */
static lathe_tensor *norm(void *context, lathe_tensor *const *leaves, int count)
{
    const lathe_group_norm_opts *o = context;
    lathe_tensor *weight = count > 1 ? leaves[1] : NULL, *bias = count > 2 ? leaves[2] : NULL;
    return o->groups ? lathe_group_norm(leaves[0], weight, bias, o) :
                       lathe_instance_norm(leaves[0], weight, bias, o->eps);
}

static const char *name_of(const lathe_group_norm_opts *o)
{
    return o->groups ? "group_norm" : "instance_norm";
}

typedef struct twin {
    int channels, groups, places;
    double eps;
    double *x, *w, *b, *gy, *y, *gx, *gw, *gb;
} twin;

/* Group `group` of the image whose first number is `at`. */
static void twin_group(const twin *t, int at, int group)
{
    int each = t->channels / t->groups, count = each * t->places, first = at + group * count;
    double mean = 0, var = 0, h = 0, product = 0;
    for (int i = first; i < first + count; i++) mean += t->x[i] / count;
    for (int i = first; i < first + count; i++) var += (t->x[i] - mean) * (t->x[i] - mean) / count;
    double inverse = 1 / sqrt(var + t->eps);
    for (int i = first; i < first + count; i++) {
        int c = (i - at) / t->places;
        double normal = (t->x[i] - mean) * inverse;
        t->y[i] = normal * t->w[c] + t->b[c];
        t->gw[c] += t->gy[i] * normal;
        t->gb[c] += t->gy[i];
        h += t->gy[i] * t->w[c] / count;
        product += t->gy[i] * t->w[c] * normal / count;
    }
    for (int i = first; i < first + count; i++) {
        int c = (i - at) / t->places;
        t->gx[i] = inverse * (t->gy[i] * t->w[c] - h - (t->x[i] - mean) * inverse * product);
    }
}

static void check(lathe_shape shape, int groups, int parameters, double eps, uint64_t seed)
{
    int count = (int)lathe_shape_count(&shape), channels = shape.dim[1];
    lathe_shape of = { 1, { channels } };
    lathe_leaf leaves[3] = { normal_leaf(LATHE_BATCHED, shape, seed * 3),
        normal_leaf(LATHE_PLAIN, of, seed * 3 + 1), normal_leaf(LATHE_PLAIN, of, seed * 3 + 2) };
    twin t = { .channels = channels,
        .groups = groups ? groups : channels,
        .places = count / shape.dim[0] / channels,
        .eps = eps ? eps : 1e-5 };
    t.x = leaf_doubles(&leaves[0]), t.w = leaf_doubles(&leaves[1]), t.b = leaf_doubles(&leaves[2]);
    size_t n = (size_t)count, m = (size_t)channels;
    t.gy = calloc(3 * n + 2 * m, sizeof(double));
    t.y = t.gy + n, t.gx = t.y + n, t.gw = t.gx + n, t.gb = t.gw + m;
    for (size_t i = 0; i < n; i++) t.gy[i] = random_int(seed, i, -8, 8) / 8.0;
    for (int i = 0; i < channels && parameters < 2; i++) t.b[i] = 0;
    for (int i = 0; i < channels && parameters < 1; i++) t.w[i] = 1;
    for (int i = 0; i < shape.dim[0] * t.groups; i++)
        twin_group(&t, i / t.groups * channels * t.places, i % t.groups);
    char text[LATHE_SHAPE_TEXT], what[140];
    snprintf(what, sizeof what, "x %s, %d groups, %d parameters", lathe_shape_text(&shape, text), groups,
        parameters);
    lathe_group_norm_opts opts = { .groups = groups, .eps = eps };
    double slack = tolerance * 4 * sqrt((double)count);
    int given = 1 + parameters;
    assert_result(what, norm, &opts, leaves, given, LATHE_TRAIN, t.y, n, tolerance, 4 * tolerance);
    assert_result(what, norm, &opts, leaves, given, LATHE_EVAL, t.y, n, tolerance, 4 * tolerance);
    assert_leaf_gradient(what, norm, &opts, leaves, given, t.gy, n, 0, t.gx, tolerance, 16 * tolerance);
    if (given > 1) assert_leaf_gradient(what, norm, &opts, leaves, given, t.gy, n, 1, t.gw, tolerance, slack);
    if (given > 2) assert_leaf_gradient(what, norm, &opts, leaves, given, t.gy, n, 2, t.gb, tolerance, slack);
    free(t.x), free(t.w), free(t.b), free(t.gy);
    free_leaves(leaves, 3);
}

/* Two groups of one channel, and one group of both: numbers 2 apart become -1 and 1. */
static void a_case_by_hand(void **state)
{
    (void)state;
    lathe_real x[4] = { 1, 3, 10, 12 }, w[2] = { 2, 3 }, b[2] = { 0, 5 };
    lathe_leaf leaves[3] = { { .layout = LATHE_BATCHED, .shape = { 4, { 1, 2, 1, 2 } }, .values = x },
        { .layout = LATHE_PLAIN, .shape = { 1, { 2 } }, .values = w },
        { .layout = LATHE_PLAIN, .shape = { 1, { 2 } }, .values = b } };
    lathe_group_norm_opts two = { .groups = 2, .eps = 1e-20 }, one = { .groups = 1, .eps = 1e-20 };
    assert_result("two", norm, &two, leaves, 3, LATHE_EVAL, (double[]){ -2, 2, 2, 8 }, 4, 1e-6, 0);
    lathe_real same[4] = { 1, 3, 3, 1 };
    leaves[0].values = same;
    assert_result("one", norm, &one, leaves, 3, LATHE_EVAL, (double[]){ -2, 2, 8, 2 }, 4, 1e-6, 0);
}

static void groups_equal_the_twin(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        int c = test_channels[i], b = test_batches[i % 5];
        uint64_t seed = (uint64_t)i;
        check((lathe_shape){ 4, { b, c, 3, 4 } }, 1, i % 3, i % 2 ? 1e-3 : 0, seed);
        check((lathe_shape){ 4, { b, c, 3, 3 } }, 0, 2 - i % 3, 0, seed + 10);
        check((lathe_shape){ 4, { b, 2 * c, 2, 5 } }, c, 2, 0, seed + 20);
        check((lathe_shape){ 4, { b, 3 * c, 3, 2 } }, 3, 2, 0, seed + 30);
        check((lathe_shape){ 2, { b, 6 * c } }, 2, 2, 0, seed + 40);
        check((lathe_shape){ 5, { b, 2 * c, 2, 2, 2 } }, 2, 2, 0, seed + 50);
    }
    check((lathe_shape){ 4, { 1, 8, 60, 70 } }, 4, 2, 0, 70); /* several pieces of a plane */
    check((lathe_shape){ 4, { 17, 20, 48, 46 } }, 5, 2, 0, 71);
    check((lathe_shape){ 4, { 1, 18, 50, 50 } }, 0, 2, 0, 72);
}

static void gradient_check(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 24; i++) {
        int groups = random_int(i, 1, 1, 2), c = groups * random_int(i, 2, 1, 2);
        lathe_shape of = { 1, { c } };
        lathe_leaf leaves[3] = { { .layout = LATHE_BATCHED,
                                     .shape = { 4, { test_batches[i % 5], c, random_int(i, 3, 2, 3), 2 } } },
            { .layout = LATHE_PLAIN, .shape = of }, { .layout = LATHE_PLAIN, .shape = of } };
        lathe_group_norm_opts group = { .groups = groups, .eps = 0.1 }, instance = { .eps = 0.1 };
        assert_gradient("group_norm", norm, &group, leaves, 1 + (int)i % 3);
        assert_gradient("instance_norm", norm, &instance, leaves, 1 + (int)i % 3);
    }
}

static void equals_pytorch(void **state)
{
    (void)state;
    const struct {
        const char *name;
        lathe_group_norm_opts opts;
        lathe_shape x;
        int count;
    } cases[] = {
        { "group", { .groups = 2 }, { 4, { 3, 6, 2, 3 } }, 3 },
        { "group.one", { .groups = 1, .eps = 1e-3 }, { 4, { 2, 5, 3, 2 } }, 1 },
        { "group.features", { .groups = 4 }, { 2, { 17, 8 } }, 3 },
        { "instance", { 0 }, { 4, { 2, 18, 3, 3 } }, 1 },
        { "instance.affine", { .eps = 1e-2 }, { 4, { 2, 3, 2, 3 } }, 3 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lathe_leaf leaves[3];
        lathe_group_norm_opts opts = cases[i].opts;
        for (int k = 0; k < cases[i].count; k++) {
            char part[40];
            snprintf(part, sizeof part, "%s.x%d", cases[i].name, k);
            leaves[k] = golden_leaf("norms.txt", part, k ? LATHE_PLAIN : LATHE_BATCHED,
                k ? (lathe_shape){ 1, { cases[i].x.dim[1] } } : cases[i].x);
        }
        assert_golden("norms.txt", cases[i].name, norm, &opts, leaves, cases[i].count, tolerance,
            16 * tolerance);
        free_leaves(leaves, cases[i].count);
    }
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    lathe_leaf leaves[3] = { normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 20, 40, 25, 19 } }, 1),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 40 } }, 2),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 40 } }, 3) };
    lathe_group_norm_opts group = { .groups = 8 }, instance = { 0 };
    assert_same_bits(norm, &group, leaves, 3);
    assert_channels(name_of(&group), norm, &group, leaves, 3);
    assert_channels(name_of(&instance), norm, &instance, leaves, 3);
    free_leaves(leaves, 3);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_leaf leaves[3] = { normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 2, 4, 3, 3 } }, 1),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 4 } }, 2),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 3 } }, 2) };
    assert_op_fails(norm, &(lathe_group_norm_opts){ .groups = 3 }, leaves, 2, LATHE_ESHAPE,
        "lathe_group_norm: 4 channels cannot be cut into 3 groups");
    assert_op_fails(norm, &(lathe_group_norm_opts){ .groups = -1 }, leaves, 2, LATHE_EARG,
        "lathe_group_norm: groups = -1 is not legal: >= 1");
    assert_op_fails(norm, &(lathe_group_norm_opts){ .groups = 2, .eps = -1 }, leaves, 2, LATHE_EARG,
        "lathe_group_norm: eps = -1 is not legal: > 0");
    assert_op_fails(norm, &(lathe_group_norm_opts){ .groups = 2 }, leaves, 3, LATHE_ESHAPE,
        "lathe_group_norm: x has 4 channels, bias is [3]");
    assert_op_fails(norm, &(lathe_group_norm_opts){ 0 }, leaves, 3, LATHE_ESHAPE,
        "lathe_instance_norm: x has 4 channels, bias is [3]");
    assert_op_fails(norm, &(lathe_group_norm_opts){ .eps = -1 }, leaves, 2, LATHE_EARG,
        "lathe_instance_norm: eps = -1 is not legal: > 0");
    free_leaves(leaves, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_by_hand),
        cmocka_unit_test(groups_equal_the_twin),
        cmocka_unit_test(gradient_check),
        cmocka_unit_test(equals_pytorch),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
