#include "support/loss_test.h"

#include <math.h>
#include <stdlib.h>

typedef enum box_kind { IOU, GIOU, DIOU, CIOU } box_kind;

typedef struct box_case {
    box_kind kind;
    lathe_box_opts opts;
} box_case;

static lathe_tensor *box(void *context, lathe_tensor *const *leaves, int count)
{
    const box_case *c = context;
    (void)count;
    switch (c->kind) {
    case IOU: return lathe_iou(leaves[0], leaves[1], &c->opts);
    case GIOU: return lathe_giou(leaves[0], leaves[1], &c->opts);
    case DIOU: return lathe_diou(leaves[0], leaves[1], &c->opts);
    case CIOU: break;
    }
    return lathe_ciou(leaves[0], leaves[1], &c->opts);
}

static const char *const kind_names[] = { "iou", "giou", "diou", "ciou" };

/*
 * (0,0,2,2) and (1,1,3,3): intersection 1, union 7, smallest box around both 9 with diagonal^2 18, centers
 * apart sqrt 2, the same proportions. Losses 6/7; 6/7 + 2/9; 6/7 + 2/18; the same.
 */
static void by_hand(void **state)
{
    (void)state;
    const lathe_real x[] = { 0, 0, 2, 2 }, t[] = { 1, 1, 3, 3 };
    const lathe_leaf leaves[] = { { .layout = LATHE_BATCHED, .shape = { 2, { 1, 4 } }, .values = x },
        { .layout = LATHE_BATCHED, .shape = { 2, { 1, 4 } }, .values = t, .constant = true } };
    const double want[] = { 6.0 / 7, 6.0 / 7 + 2.0 / 9, 6.0 / 7 + 1.0 / 9, 6.0 / 7 + 1.0 / 9 };
    for (int kind = 0; kind < 4; kind++) {
        box_case c = { (box_kind)kind, { .reduction = LATHE_REDUCE_SUM } };
        assert_result(kind_names[kind], box, &c, leaves, 2, LATHE_EVAL, &want[kind], 1, 1e-6, 0);
    }
}

/* Straight from the formulas. */
static double twin(const box_case *c, const double a[4], const double b[4])
{
    const double pi = 3.14159265358979323846;
    double eps = c->opts.eps == 0 ? 1e-7 : c->opts.eps;
    double across = fmin(a[2], b[2]) - fmax(a[0], b[0]), down = fmin(a[3], b[3]) - fmax(a[1], b[1]);
    double both = across > 0 && down > 0 ? across * down : 0;
    double either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both,
           iou = both / (either + eps);
    double wide = fmax(a[2], b[2]) - fmin(a[0], b[0]), high = fmax(a[3], b[3]) - fmin(a[1], b[1]);
    if (c->kind == IOU) return 1 - iou;
    if (c->kind == GIOU) return 1 - iou + (wide * high - either) / (wide * high + eps);
    double dx = (a[0] + a[2] - b[0] - b[2]) / 2, dy = (a[1] + a[3] - b[1] - b[3]) / 2;
    double loss = 1 - iou + (dx * dx + dy * dy) / (wide * wide + high * high + eps);
    if (c->kind == DIOU) return loss;
    double v =
        4 / (pi * pi) * pow(atan((b[2] - b[0]) / (b[3] - b[1])) - atan((a[2] - a[0]) / (a[3] - a[1])), 2);
    return loss + v * v / (1 - iou + v + eps);
}

/* Boxes on a grid of 0.1, off it by `off`, so that no two edges of two boxes coincide. [B, 4, columns]; the
 * caller frees them. */
static lathe_leaf boxes(lathe_shape shape, double off, uint64_t seed)
{
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, shape, seed);
    lathe_real *values = (lathe_real *)(uintptr_t)leaf.values;
    int columns = shape.dim[2];
    for (int i = 0; i < shape.dim[0] * columns; i++) {
        lathe_real *first = values + i / columns * 4 * columns + i % columns;
        for (int n = 0; n < 2; n++) {
            int low = random_int(seed, 4 * (uint64_t)i + (uint64_t)n, 0, 20),
                size = random_int(seed, 4 * (uint64_t)i + 2 + (uint64_t)n, 4, 20);
            first[n * columns] = (lathe_real)(0.1 * low + off);
            first[(n + 2) * columns] = (lathe_real)(0.1 * (low + size) + off);
        }
    }
    return leaf;
}

static void check(box_kind kind, uint64_t seed)
{
    lathe_shape shape = { 3, { test_batches[seed % 5], 4, random_int(seed, 0, 1, 4) } };
    box_case c = { kind, { .eps = seed & 1 ? 0.05 : 0, .reduction = (lathe_reduction)(seed % 3) } };
    lathe_leaf leaves[] = { boxes(shape, 0.05, seed), boxes(shape, 0, seed + 100) };
    leaves[1].constant = true;
    double *x = leaf_doubles(&leaves[0]), *t = leaf_doubles(&leaves[1]);
    size_t columns = (size_t)shape.dim[2], n = (size_t)shape.dim[0] * columns;
    double *each = malloc(n * sizeof *each);
    assert_non_null(each);
    for (size_t i = 0; i < n; i++) {
        double a[4], b[4];
        for (size_t k = 0; k < 4; k++) {
            a[k] = x[(i / columns * 4 + k) * columns + i % columns];
            b[k] = t[(i / columns * 4 + k) * columns + i % columns];
        }
        each[i] = twin(&c, a, b);
    }
    assert_loss(kind_names[kind], box, &c, leaves, 2, c.opts.reduction, each, n, (double)n);
    /* CIoU's weight of the proportions counts as constant, so that its gradient is not that of the number it
     * gives. */
    if (kind != CIOU) assert_gradient(kind_names[kind], box, &c, leaves, 2);
    free(x);
    free(t);
    free(each);
    free_leaves(leaves, 2);
}

static void each_is_its_naive_twin_with_the_right_gradient(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++)
        for (uint64_t seed = 0; seed < 20; seed++) check((box_kind)kind, seed);
}

static void they_are_torchvisions(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++)
        for (int kind = 0; kind < 5; kind++) {
            char name[64];
            box_case c = { kind == 4 ? GIOU : (box_kind)kind,
                { kind == 4 ? 0.125 : 0, (lathe_reduction)how } };
            snprintf(name, sizeof name, "%s.%s", kind == 4 ? "giou.eps" : kind_names[kind],
                reduction_names[how]);
            assert_golden_loss(name, box, &c, (lathe_shape){ 3, { 20, 4, 2 } }, 2, true);
        }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    const lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { 3, 5 } } };
    lathe_leaf pair[] = { leaf, leaf };
    box_case c = { GIOU, { .eps = 0 } };
    assert_op_fails(box, &c, pair, 2, LATHE_ESHAPE, "lathe_giou: x is [3, 5], expected boxes [B, 4, ...]");
    pair[1].shape.dim[1] = 4;
    assert_op_fails(box, &c, pair, 2, LATHE_ESHAPE,
        "lathe_giou: x is batched [3, 5], target is batched [3, 4]");
    pair[0] = pair[1];
    c = (box_case){ CIOU, { .eps = -1 } };
    assert_op_fails(box, &c, pair, 2, LATHE_EARG, "lathe_ciou: eps = -1 is not legal: > 0");
    c = (box_case){ DIOU, { .reduction = (lathe_reduction)3 } };
    assert_op_fails(box, &c, pair, 2, LATHE_EARG, "lathe_diou: reduction = 3");
    pair[0].layout = pair[1].layout = LATHE_PLAIN;
    assert_op_fails(box, &c, pair, 2, LATHE_ESHAPE,
        "lathe_diou: x is plain [3, 4], expected batched [B, C, ...]");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_shape shape = { 3, { 100, 4, 30 } };
    lathe_leaf leaves[] = { boxes(shape, 0.05, 1), boxes(shape, 0, 2) };
    leaves[1].constant = true;
    box_case c = { CIOU, { .reduction = LATHE_REDUCE_MEAN } };
    assert_same_bits(box, &c, leaves, 2);
    free_leaves(leaves, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(each_is_its_naive_twin_with_the_right_gradient),
        cmocka_unit_test(they_are_torchvisions),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, count_losses);
}
