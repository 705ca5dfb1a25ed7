#include "support/loss_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Which of the four, and its options. */
typedef struct distance_case {
    const char *op;
    double edge; /* beta or delta; 0: the default */
    lathe_reduction reduction;
} distance_case;

static lathe_tensor *distance(void *context, lathe_tensor *const *leaves, int count)
{
    const distance_case *c = context;
    (void)count;
    if (!strcmp(c->op, "l1")) return lathe_l1(leaves[0], leaves[1], c->reduction);
    if (!strcmp(c->op, "mse")) return lathe_mse(leaves[0], leaves[1], c->reduction);
    if (!strcmp(c->op, "huber"))
        return lathe_huber(leaves[0], leaves[1], &(lathe_huber_opts){ c->edge, c->reduction });
    return lathe_smooth_l1(leaves[0], leaves[1], &(lathe_smooth_l1_opts){ c->edge, c->reduction });
}

/* With edge 0.5 between d = 0.25 and d = 2, beside the plain ones: 0.25, 2; 0.0625, 4; 0.0625, 1.75; 0.03125,
 * 0.875. */
static void by_hand(void **state)
{
    (void)state;
    static const struct {
        distance_case c;
        double want[2], slope[2];
    } rows[] = {
        { { "l1", 0, LATHE_REDUCE_NONE }, { 0.25, 2 }, { 1, -1 } },
        { { "mse", 0, LATHE_REDUCE_NONE }, { 0.0625, 4 }, { 0.5, -4 } },
        { { "smooth_l1", 0.5, LATHE_REDUCE_NONE }, { 0.0625, 1.75 }, { 0.5, -1 } },
        { { "smooth_l1", LATHE_ZERO, LATHE_REDUCE_NONE }, { 0.25, 2 }, { 1, -1 } },
        { { "huber", 0.5, LATHE_REDUCE_NONE }, { 0.03125, 0.875 }, { 0.25, -0.5 } },
    };
    const lathe_real x[] = { 1.25, 1 }, t[] = { 1, 3 };
    const double ones[] = { 1, 1 };
    const lathe_leaf leaves[] = { { .layout = LATHE_BATCHED, .shape = { 2, { 2, 1 } }, .values = x },
        { .layout = LATHE_BATCHED, .shape = { 2, { 2, 1 } }, .values = t } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        distance_case c = rows[i].c;
        assert_result(c.op, distance, &c, leaves, 2, LATHE_EVAL, rows[i].want, 2, 1e-7, 0);
        assert_leaf_gradient(c.op, distance, &c, leaves, 2, ones, 2, 0, rows[i].slope, 1e-7, 0);
        const double negative[] = { -rows[i].slope[0], -rows[i].slope[1] };
        assert_leaf_gradient(c.op, distance, &c, leaves, 2, ones, 2, 1, negative, 1e-7, 0);
    }
}

static double twin(const distance_case *c, double d)
{
    double a = fabs(d), edge = c->edge == 0 ? 1 : c->edge;
    if (!strcmp(c->op, "l1")) return a;
    if (!strcmp(c->op, "mse")) return d * d;
    if (!strcmp(c->op, "huber")) return a < edge ? d * d / 2 : edge * (a - edge / 2);
    return a < edge ? d * d / (2 * edge) : a - edge / 2;
}

/* The naive twin, and the gradient: distances are nowhere within 0.025 of 0, where |d| has none. */
static void check(const char *op, uint64_t seed)
{
    distance_case c = { op, (double[]){ 0, 0.3, 2, 0.7 }[seed % 4], (lathe_reduction)(seed % 3) };
    lathe_shape shape = { 3,
        { test_batches[seed % 5], random_int(seed, 0, 1, 5), random_int(seed, 1, 1, 4) } };
    lathe_layout layout = seed % 4 ? LATHE_BATCHED : LATHE_PLAIN;
    bool smooth = !strcmp(op, "mse");
    lathe_leaf leaves[] = { smooth ? normal_leaf(layout, shape, seed) : apart_leaf(layout, shape, seed),
        normal_leaf(layout, shape, seed + 100) };
    size_t n = lathe_shape_count(&shape);
    lathe_real *t = (lathe_real *)(uintptr_t)leaves[1].values;
    for (size_t i = 0; i < n; i++) t[i] = (lathe_real)(0.05 * floor(10 * (double)t[i]));
    double *a = leaf_doubles(&leaves[0]), *b = leaf_doubles(&leaves[1]);
    for (size_t i = 0; i < n; i++) a[i] = twin(&c, a[i] - b[i]);
    assert_loss(op, distance, &c, leaves, 2, c.reduction, a, n, (double)n);
    assert_gradient(op, distance, &c, leaves, 2);
    free(a);
    free(b);
    free_leaves(leaves, 2);
}

static void each_is_its_naive_twin_with_the_right_gradient(void **state)
{
    (void)state;
    static const char *const ops[] = { "l1", "mse", "smooth_l1", "huber" };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        for (uint64_t seed = 0; seed < 20; seed++) check(ops[i], seed);
}

static void they_are_pytorchs(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        distance_case c;
    } rows[] = { { "l1", { .op = "l1" } }, { "mse", { .op = "mse" } }, { "smooth_l1", { .op = "smooth_l1" } },
        { "smooth_l1.beta", { "smooth_l1", 0.25, 0 } }, { "smooth_l1.zero", { "smooth_l1", LATHE_ZERO, 0 } },
        { "huber", { .op = "huber" } }, { "huber.delta", { "huber", 0.5, 0 } } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int how = 0; how < 3; how++) {
            char name[64];
            distance_case c = rows[i].c;
            c.reduction = (lathe_reduction)how;
            snprintf(name, sizeof name, "%s.%s", rows[i].name, reduction_names[how]);
            assert_golden_loss(name, distance, &c, (lathe_shape){ 3, { 17, 3, 2 } }, 2, false);
        }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    const lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { 3, 4 } } };
    lathe_leaf pair[] = { leaf, leaf };
    pair[1].layout = LATHE_PLAIN;
    distance_case c = { "mse", 0, LATHE_REDUCE_MEAN };
    assert_op_fails(distance, &c, pair, 2, LATHE_ESHAPE,
        "lathe_mse: x is batched [3, 4], target is plain [3, 4]");
    c.op = "l1";
    assert_op_fails(distance, &c, pair, 2, LATHE_ESHAPE,
        "lathe_l1: x is batched [3, 4], target is plain [3, 4]");
    pair[1] = leaf;
    c.reduction = (lathe_reduction)7;
    assert_op_fails(distance, &c, pair, 2, LATHE_EARG,
        "lathe_l1: reduction = 7 is not one of mean | sum | none");
    c = (distance_case){ "smooth_l1", -1, LATHE_REDUCE_MEAN };
    assert_op_fails(distance, &c, pair, 2, LATHE_EARG, "lathe_smooth_l1: beta = -1 is not legal: >= 0");
    c = (distance_case){ "huber", LATHE_ZERO, LATHE_REDUCE_MEAN };
    assert_op_fails(distance, &c, pair, 2, LATHE_EARG, "lathe_huber: delta = 0 is not legal: > 0");
    c.edge = NAN;
    assert_op_fails(distance, &c, pair, 2, LATHE_EARG, "lathe_huber: delta = nan is not legal");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_shape shape = { 2, { 300, 200 } };
    lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, shape, 1), normal_leaf(LATHE_BATCHED, shape, 2) };
    distance_case c = { "huber", 0, LATHE_REDUCE_MEAN };
    assert_same_bits(distance, &c, leaves, 2);
    c.op = "mse";
    assert_same_bits(distance, &c, leaves, 2);
    free_leaves(leaves, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(each_is_its_naive_twin_with_the_right_gradient),
        cmocka_unit_test(they_are_pytorchs),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, count_losses);
}
