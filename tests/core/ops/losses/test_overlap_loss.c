#include "support/loss_test.h"

#include <math.h>
#include <stdlib.h>

/* Labels, or NULL: leaf 0 holds probabilities and leaf 1 targets. */
typedef struct overlap_case {
    bool jaccard;
    const int *labels;
    lathe_overlap_opts opts;
} overlap_case;

static lathe_tensor *overlap(void *context, lathe_tensor *const *leaves, int count)
{
    const overlap_case *c = context;
    (void)count;
    if (!c->labels)
        return (c->jaccard ? lathe_jaccard_soft : lathe_dice_soft)(leaves[0], leaves[1], &c->opts);
    return (c->jaccard ? lathe_jaccard : lathe_dice)(leaves[0], c->labels, &c->opts);
}

typedef struct iou_case {
    const int *labels;
    lathe_cross_entropy_iou_opts opts;
} iou_case;

static lathe_tensor *cross_entropy_iou(void *context, lathe_tensor *const *leaves, int count)
{
    const iou_case *c = context;
    (void)count;
    return lathe_cross_entropy_iou(leaves[0], c->labels, &c->opts);
}

/*
 * Two pixels, two classes, probabilities 1/4 and 3/4 each, both labelled 1. Class 0 does not occur: 0. Class
 * 1 has sum p t = 3/2, sum p = 3/2, sum t = 2: Dice 3 / 3.5, Jaccard 1.5 / 2. Beside it cross-entropy ln 4/3.
 */
static void by_hand(void **state)
{
    (void)state;
    lathe_real l = (lathe_real)log(3), x[] = { 0, l, 0, l };
    const lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { 2, 2 } }, .values = x };
    const int labels[] = { 1, 1 };
    overlap_case c = { false, labels, { .reduction = LATHE_REDUCE_NONE } };
    const double dice[] = { 0, 1.0 / 7 }, jaccard[] = { 0, 0.25 }, mean = 0.125,
                 both = log(4.0 / 3) + 0.5 * 0.125;
    assert_result("dice", overlap, &c, &leaf, 1, LATHE_EVAL, dice, 2, 1e-6, 0);
    c.jaccard = true;
    assert_result("jaccard", overlap, &c, &leaf, 1, LATHE_EVAL, jaccard, 2, 1e-6, 0);
    c.opts.reduction = LATHE_REDUCE_MEAN;
    assert_result("jaccard mean", overlap, &c, &leaf, 1, LATHE_EVAL, &mean, 1, 1e-6, 0);
    iou_case i = { labels, { .lambda = 0.5 } };
    assert_result("with cross-entropy", cross_entropy_iou, &i, &leaf, 1, LATHE_EVAL, &both, 1, 1e-6, 0);
}

/* Class by class over all pixels, from probabilities and targets; pixels of an ignored label (NULL: none)
 * left out. */
static void twin(const overlap_case *c, const lathe_shape *shape, const double *p, const double *t,
    double *each)
{
    int classes = shape->dim[1], columns = shape->dim[2];
    int ignored = c->opts.ignore_index ? c->opts.ignore_index : -100;
    for (int k = 0; k < classes; k++) {
        double both = 0, of_p = 0, of_t = 0;
        for (int i = 0; i < shape->dim[0] * columns; i++) {
            if (c->labels && c->labels[i] == ignored) continue;
            int at = (i / columns * classes + k) * columns + i % columns;
            double target = c->labels ? c->labels[i] == k : t[at];
            both += p[at] * target;
            of_p += p[at];
            of_t += target;
        }
        double smooth = c->opts.smooth;
        each[k] = c->jaccard ? 1 - (both + smooth) / (of_p + of_t - both + smooth) :
                               1 - (2 * both + smooth) / (of_p + of_t + smooth);
        if (of_t == 0) each[k] = 0;
    }
}

static void softmax_by_hand(const lathe_shape *shape, double *x)
{
    int classes = shape->dim[1], columns = shape->dim[2];
    for (int i = 0; i < shape->dim[0] * columns; i++) {
        double *first = x + i / columns * classes * columns + i % columns, sum = 0;
        for (int k = 0; k < classes; k++) sum += first[k * columns] = exp(first[k * columns]);
        for (int k = 0; k < classes; k++) first[k * columns] /= sum;
    }
}

static void check(uint64_t seed)
{
    lathe_shape shape = { 3,
        { test_batches[seed % 5], random_int(seed, 0, 1, 5), random_int(seed, 1, 1, 4) } };
    int *labels =
        random_labels((size_t)shape.dim[0] * (size_t)shape.dim[2], shape.dim[1], seed & 4 ? 1 : -100, seed);
    if (seed & 4 && shape.dim[1] > 1) labels[0] = 0;
    overlap_case c = { seed & 1, seed & 2 ? labels : NULL, { .reduction = (lathe_reduction)(seed % 3) } };
    if (seed & 4) c.opts.ignore_index = 1;
    if (seed & 8) c.opts.smooth = 0.75;
    lathe_leaf leaves[] = { c.labels ? normal_leaf(LATHE_BATCHED, shape, seed) :
                                       target_leaf(shape, seed + 50),
        target_leaf(shape, seed) };
    leaves[0].constant = false;
    double *p = leaf_doubles(&leaves[0]), *t = leaf_doubles(&leaves[1]), each[5];
    if (c.labels) softmax_by_hand(&shape, p);
    twin(&c, &shape, p, t, each);
    assert_loss("overlap", overlap, &c, leaves, 2, c.opts.reduction, each, (size_t)shape.dim[1],
        shape.dim[1]);
    assert_gradient(c.jaccard ? "jaccard" : "dice", overlap, &c, leaves, 2);
    free(p);
    free(t);
    free(labels);
    free_leaves(leaves, 2);
}

static void they_are_their_naive_twins_with_the_right_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 48; seed++) check(seed);
}

static void golden_overlap(const char *kind, const int *labels, lathe_reduction how)
{
    char name[64];
    const lathe_shape shape = { 4, { 17, 4, 3, 2 } };
    overlap_case c = { *kind == 'j', labels, { .reduction = how } };
    snprintf(name, sizeof name, "%s.%s", kind, reduction_names[how]);
    assert_golden_loss(name, overlap, &c, shape, 1, false);
    c.opts.smooth = 1.5;
    snprintf(name, sizeof name, "%s.smooth.%s", kind, reduction_names[how]);
    assert_golden_loss(name, overlap, &c, shape, 1, false);
    c.opts.smooth = 0.5;
    c.labels = NULL;
    snprintf(name, sizeof name, "%s.soft.%s", kind, reduction_names[how]);
    assert_golden_loss(name, overlap, &c, (lathe_shape){ 3, { 17, 2, 3 } }, 2, true);
}

static void they_are_pytorchs(void **state)
{
    (void)state;
    int *labels = golden_labels("overlap.labels", 102);
    lathe_leaf weights = golden_leaf("losses.txt", "overlap.weights", LATHE_PLAIN, (lathe_shape){ 1, { 4 } });
    for (int how = 0; how < 3; how++) {
        golden_overlap("dice", labels, (lathe_reduction)how);
        golden_overlap("jaccard", labels, (lathe_reduction)how);
        if (how == LATHE_REDUCE_NONE) continue;
        char name[64];
        iou_case c = { labels,
            { .lambda = 0.5,
                .class_weights = weights.values,
                .label_smoothing = 0.1,
                .smooth = 0.25,
                .reduction = (lathe_reduction)how } };
        snprintf(name, sizeof name, "cross_entropy_iou.%s", reduction_names[how]);
        assert_golden_loss(name, cross_entropy_iou, &c, (lathe_shape){ 4, { 17, 4, 3, 2 } }, 1, false);
    }
    free_leaves(&weights, 1);
    free(labels);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    const lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 3, { 2, 3, 2 } } };
    lathe_leaf pair[] = { leaf, leaf };
    const int labels[] = { 0, 1, 2, 3 };
    overlap_case c = { false, labels, { .smooth = 0 } };
    assert_op_fails(overlap, &c, pair, 1, LATHE_EARG,
        "lathe_dice: label 3 of sample 1, place 1, is outside 0 to 2");
    c.opts.smooth = -1;
    assert_op_fails(overlap, &c, pair, 1, LATHE_EARG, "lathe_dice: smooth = -1 is not legal: >= 0");
    c = (overlap_case){ true, NULL, { .reduction = (lathe_reduction)5 } };
    assert_op_fails(overlap, &c, pair, 2, LATHE_EARG, "lathe_jaccard: reduction = 5");
    pair[1].shape.dim[2] = 3;
    assert_op_fails(overlap, &c, pair, 2, LATHE_ESHAPE,
        "lathe_jaccard: p is batched [2, 3, 2], targets is batched [2, 3, 3]");
    iou_case i = { labels, { .reduction = LATHE_REDUCE_NONE } };
    assert_op_fails(cross_entropy_iou, &i, pair, 1, LATHE_EARG, "lathe_cross_entropy_iou: reduction none");
    i.opts = (lathe_cross_entropy_iou_opts){ .lambda = -1 };
    assert_op_fails(cross_entropy_iou, &i, pair, 1, LATHE_EARG,
        "lathe_cross_entropy_iou: lambda = -1 is not legal");
    pair[0].layout = LATHE_PLAIN;
    c.labels = labels;
    assert_op_fails(overlap, &c, pair, 1, LATHE_ESHAPE, "lathe_jaccard: x is [2, 3, 2] and not batched");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, (lathe_shape){ 3, { 50, 9, 60 } }, 1);
    int *labels = random_labels(3000, 9, -100, 3);
    iou_case c = { labels, { .lambda = 2 } };
    assert_same_bits(cross_entropy_iou, &c, &leaf, 1);
    free(labels);
    free_leaves(&leaf, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(they_are_their_naive_twins_with_the_right_gradient),
        cmocka_unit_test(they_are_pytorchs),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, count_losses);
}
