#include "support/loss_test.h"

#include <math.h>
#include <stdlib.h>

typedef struct focal_case {
    const int *labels;
    lathe_focal_opts opts;
} focal_case;

static lathe_tensor *focal(void *context, lathe_tensor *const *leaves, int count)
{
    const focal_case *c = context;
    (void)count;
    return lathe_focal(leaves[0], c->labels, &c->opts);
}

static lathe_tensor *sigmoid_focal(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_sigmoid_focal(leaves[0], leaves[1], context);
}

/* Probabilities 1/4 and 3/4: label 1 costs (1/4)^2 ln 4/3; the sigmoid of ln 3 is 3/4 too, a yes costs a
 * quarter of that. */
static void by_hand(void **state)
{
    (void)state;
    const lathe_real x[] = { 0, (lathe_real)log(3) }, t[] = { 0, 1 };
    const lathe_leaf leaves[] = { { .layout = LATHE_BATCHED, .shape = { 2, { 1, 2 } }, .values = x },
        { .layout = LATHE_BATCHED, .shape = { 2, { 1, 2 } }, .values = t, .constant = true } };
    focal_case c = { .labels = (int[]){ 1 } };
    const double one = log(4.0 / 3) / 16, two[] = { 0.75 * log(2) / 4, log(4.0 / 3) / 64 };
    assert_result("focal", focal, &c, leaves, 1, LATHE_EVAL, &one, 1, 1e-6, 0);
    lathe_sigmoid_focal_opts opts = { .reduction = LATHE_REDUCE_NONE };
    assert_result("sigmoid", sigmoid_focal, &opts, leaves, 2, LATHE_EVAL, two, 2, 1e-6, 0);
}

enum { MOST_CLASSES = 5 };

static void check_focal(uint64_t seed)
{
    lathe_shape shape = { 3,
        { test_batches[seed % 5], random_int(seed, 0, 2, MOST_CLASSES), random_int(seed, 1, 1, 3) } };
    size_t classes = (size_t)shape.dim[1], columns = (size_t)shape.dim[2], n = (size_t)shape.dim[0] * columns;
    lathe_real alpha[MOST_CLASSES] = { 1, 0.5, 2, 0.25, 1.5 };
    int *labels = random_labels(n, shape.dim[1], seed & 4 ? 1 : -100, seed);
    focal_case c = { labels,
        { .gamma = (double[]){ 0, 1, 3.5, LATHE_ZERO }[seed % 4],
            .reduction = (lathe_reduction)(seed % 3) } };
    if (seed & 2) c.opts.alpha = alpha;
    if (seed & 4) c.opts.ignore_index = 1;
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, shape, seed);
    double *x = leaf_doubles(&leaf), *each = calloc(n, sizeof *each),
           gamma = c.opts.gamma == 0 ? 2 : c.opts.gamma, counted = 0;
    for (size_t i = 0; i < n; i++) {
        if (labels[i] == (seed & 4 ? 1 : -100)) continue;
        const double *first = x + i / columns * classes * columns + i % columns;
        double sum = 0;
        for (size_t k = 0; k < classes; k++) sum += exp(first[k * columns]);
        double p = exp(first[(size_t)labels[i] * columns]) / sum;
        each[i] = -(seed & 2 ? (double)alpha[labels[i]] : 1) * pow(1 - p, gamma) * log(p);
        counted++;
    }
    assert_loss("focal", focal, &c, &leaf, 1, c.opts.reduction, each, n, counted);
    assert_gradient("focal", focal, &c, &leaf, 1);
    free(x);
    free(each);
    free(labels);
    free_leaves(&leaf, 1);
}

static void check_sigmoid(uint64_t seed)
{
    lathe_shape shape = { 3,
        { test_batches[seed % 5], random_int(seed, 0, 1, MOST_CLASSES), random_int(seed, 1, 1, 3) } };
    lathe_sigmoid_focal_opts opts = { (double[]){ 0, 0.75, -1 }[seed % 3],
        (double[]){ 0, 1, 3.5, LATHE_ZERO }[seed % 4], (lathe_reduction)(seed / 3 % 3) };
    lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, shape, seed), target_leaf(shape, seed) };
    double *x = leaf_doubles(&leaves[0]), *t = leaf_doubles(&leaves[1]);
    double alpha = opts.alpha == 0 ? 0.25 : opts.alpha, gamma = opts.gamma == 0 ? 2 : opts.gamma;
    size_t n = lathe_shape_count(&shape);
    for (size_t i = 0; i < n; i++) {
        double p = 1 / (1 + exp(-x[i])), right = p * t[i] + (1 - p) * (1 - t[i]);
        double weight = alpha < 0 ? 1 : alpha * t[i] + (1 - alpha) * (1 - t[i]);
        x[i] = -weight * pow(1 - right, gamma) * (t[i] * log(p) + (1 - t[i]) * log(1 - p));
    }
    assert_loss("sigmoid_focal", sigmoid_focal, &opts, leaves, 2, opts.reduction, x, n, (double)n);
    assert_gradient("sigmoid_focal", sigmoid_focal, &opts, leaves, 2);
    free(x);
    free(t);
    free_leaves(leaves, 2);
}

static void both_are_their_naive_twins_with_the_right_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        check_focal(seed);
        check_sigmoid(seed);
    }
}

static void the_sigmoid_form_is_torchvisions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        lathe_sigmoid_focal_opts opts;
    } rows[] = { { "sigmoid_focal", { .alpha = 0 } }, { "sigmoid_focal.gamma", { .gamma = 0.5 } },
        { "sigmoid_focal.plain", { .alpha = -1, .gamma = LATHE_ZERO } },
        { "sigmoid_focal.alpha", { .alpha = 0.75, .gamma = 1 } }, { "sigmoid_focal.soft", { .alpha = 0 } } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int how = 0; how < 3; how++) {
            char name[64];
            lathe_sigmoid_focal_opts opts = rows[i].opts;
            opts.reduction = (lathe_reduction)how;
            snprintf(name, sizeof name, "%s.%s", rows[i].name, reduction_names[how]);
            assert_golden_loss(name, sigmoid_focal, &opts, (lathe_shape){ 3, { 17, 3, 2 } }, 2, true);
        }
}

static void the_softmax_form_is_pytorchs(void **state)
{
    (void)state;
    lathe_leaf alpha = golden_leaf("losses.txt", "focal.alpha", LATHE_PLAIN, (lathe_shape){ 1, { 5 } });
    int *labels = golden_labels("focal.labels", 34);
    for (int how = 0; how < 3; how++) {
        const lathe_reduction reduction = (lathe_reduction)how;
        struct {
            const char *name;
            focal_case c;
        } rows[] = { { "focal", { labels, { .reduction = reduction } } },
            { "focal.gamma", { labels, { .gamma = 0.5, .reduction = reduction } } },
            { "focal.alpha", { labels, { .gamma = 3, .alpha = alpha.values, .reduction = reduction } } },
            { "focal.zero", { labels, { .gamma = LATHE_ZERO, .reduction = reduction } } } };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s.%s", rows[i].name, reduction_names[how]);
            assert_golden_loss(name, focal, &rows[i].c, (lathe_shape){ 3, { 17, 5, 2 } }, 1, false);
        }
    }
    free(labels);
    free_leaves(&alpha, 1);
}

/* Sure and right, sure and wrong, NaN where it is ignored: torchvision's gradient is NaN for the first if
 * gamma is below 1. */
static void extremes_are_right(void **state)
{
    (void)state;
    const lathe_real x[] = { 1e4, -1e4, 1e4, -1e4, NAN, NAN }, t[] = { 1, 0, 0, 1, 0, 0 };
    const lathe_leaf leaves[] = { { .layout = LATHE_BATCHED, .shape = { 2, { 3, 2 } }, .values = x },
        { .layout = LATHE_BATCHED, .shape = { 2, { 2, 2 } }, .values = t, .constant = true } };
    lathe_leaf pair[] = { leaves[0], leaves[1] };
    pair[0].shape.dim[0] = 2;
    focal_case c = { (int[]){ 0, 1, -100 }, { .gamma = 0.5, .reduction = LATHE_REDUCE_NONE } };
    lathe_sigmoid_focal_opts opts = { .alpha = -1, .gamma = 0.5, .reduction = LATHE_REDUCE_NONE };
    const double want[] = { 0, 2e4, 0 }, slope[] = { 0, 0, 1, -1, 0, 0 }, ones[] = { 1, 1, 1, 1 };
    const double each[] = { 0, 0, 1e4, 1e4 };
    assert_result("focal", focal, &c, leaves, 1, LATHE_TRAIN, want, 3, 1e-6, 1e-30);
    assert_leaf_gradient("focal", focal, &c, leaves, 1, ones, 3, 0, slope, 1e-6, 1e-30);
    assert_result("sigmoid", sigmoid_focal, &opts, pair, 2, LATHE_TRAIN, each, 4, 1e-6, 1e-30);
    const double sigmoid_slope[] = { 0, 0, 1, -1 };
    assert_leaf_gradient("sigmoid", sigmoid_focal, &opts, pair, 2, ones, 4, 0, sigmoid_slope, 1e-6, 1e-30);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    const lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { 3, 4 } } };
    lathe_leaf pair[] = { leaf, leaf };
    focal_case c = { (int[]){ 0, 4, 1 }, { .gamma = 0 } };
    assert_op_fails(focal, &c, pair, 1, LATHE_EARG, "lathe_focal: label 4 of sample 1 is outside 0 to 3");
    c.opts.gamma = -1;
    assert_op_fails(focal, &c, pair, 1, LATHE_EARG, "lathe_focal: gamma = -1 is not legal: >= 0");
    c.opts = (lathe_focal_opts){ .alpha = (lathe_real[]){ 1, 1, NAN, 1 } };
    assert_op_fails(focal, &c, pair, 1, LATHE_EARG, "lathe_focal: the alpha of class 2 is nan");
    c = (focal_case){ (int[]){ -100, -100, -100 }, { .gamma = 0 } };
    assert_op_fails(focal, &c, pair, 1, LATHE_EARG, "lathe_focal: the mean over no samples: all are ignored");
    c.labels = NULL;
    assert_op_fails(focal, &c, pair, 1, LATHE_EARG, "lathe_focal: labels is NULL");
    lathe_sigmoid_focal_opts opts = { .alpha = 1.5 };
    assert_op_fails(sigmoid_focal, &opts, pair, 2, LATHE_EARG,
        "lathe_sigmoid_focal: alpha = 1.5 is not legal: [-1, 1]");
    pair[1].shape.dim[1] = 5;
    assert_op_fails(sigmoid_focal, &opts, pair, 2, LATHE_ESHAPE,
        "lathe_sigmoid_focal: x is batched [3, 4], targets is batched [3, 5]");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_shape shape = { 3, { 200, 9, 30 } };
    lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, shape, 1), target_leaf(shape, 2) };
    lathe_sigmoid_focal_opts opts = { .reduction = LATHE_REDUCE_MEAN };
    assert_same_bits(sigmoid_focal, &opts, leaves, 2);
    focal_case c = { random_labels(6000, 9, -100, 3), { .gamma = 0 } };
    assert_same_bits(focal, &c, leaves, 1);
    free((void *)(uintptr_t)c.labels);
    free_leaves(leaves, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(both_are_their_naive_twins_with_the_right_gradient),
        cmocka_unit_test(the_sigmoid_form_is_torchvisions),
        cmocka_unit_test(the_softmax_form_is_pytorchs),
        cmocka_unit_test(extremes_are_right),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, count_losses);
}
