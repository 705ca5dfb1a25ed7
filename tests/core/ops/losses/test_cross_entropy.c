#include "support/loss_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double tolerance = sizeof(lathe_real) == 8 ? 1e-12 : 2e-6;

typedef struct loss_case {
    const int *labels; /* NULL: leaf 1 holds soft targets */
    lathe_cross_entropy_opts opts;
} loss_case;

static lathe_tensor *cross_entropy(void *context, lathe_tensor *const *leaves, int count)
{
    const loss_case *c = context;
    (void)count;
    return c->labels ? lathe_cross_entropy(leaves[0], c->labels, &c->opts) :
                       lathe_cross_entropy_soft(leaves[0], leaves[1], &c->opts);
}

static lathe_shape matrix(int rows, int columns) { return (lathe_shape){ 2, { rows, columns } }; }

static lathe_leaf batched(int batch, int classes, const lathe_real *values)
{
    return (lathe_leaf){ .layout = LATHE_BATCHED, .shape = matrix(batch, classes), .values = values };
}

/*
 * Two classes, logits 0 and ln 3: the probabilities are 1/4 and 3/4. Labels 0 and 1 cost ln 4 and ln 4/3;
 * their mean is (2 ln 4 - ln 3) / 2 and its gradient half of (1/4 - 1, 3/4) and of (1/4, 3/4 - 1).
 */
static void a_case_by_hand(void **state)
{
    (void)state;
    lathe_real l = (lathe_real)log(3), x[] = { 0, l, 0, l };
    loss_case c = { .labels = (int[]){ 0, 1 } };
    lathe_leaf leaf = batched(2, 2, x);
    double want = (2 * log(4) - log(3)) / 2, gradient[] = { -0.375, 0.375, 0.125, -0.125 }, one = 1;
    assert_result("loss", cross_entropy, &c, &leaf, 1, LATHE_TRAIN, &want, 1, tolerance, 0);
    assert_result("loss in eval", cross_entropy, &c, &leaf, 1, LATHE_EVAL, &want, 1, tolerance, 0);
    assert_leaf_gradient("gradient", cross_entropy, &c, &leaf, 1, &one, 1, 0, gradient, tolerance, tolerance);
}

/* The formulas of PyTorch's documentation, in double. losses [batch]; returns what a mean divides by. */
static double twin(const loss_case *c, const double *x, const double *soft, int batch, int classes,
    double *losses)
{
    double total = 0, s = c->opts.label_smoothing;
    int ignored = c->opts.ignore_index ? c->opts.ignore_index : -100;
    for (int b = 0; b < batch; b++) {
        const double *row = x + b * classes;
        double largest = row[0], sum = 0;
        for (int k = 1; k < classes; k++) largest = fmax(largest, row[k]);
        for (int k = 0; k < classes; k++) sum += exp(row[k] - largest);
        losses[b] = 0;
        if (c->labels && c->labels[b] == ignored) continue;
        for (int k = 0; k < classes; k++) {
            double weight = c->opts.class_weights ? (double)c->opts.class_weights[k] : 1;
            double target = c->labels ? (k == c->labels[b]) : soft[b * classes + k];
            losses[b] -= weight * ((1 - s) * target + s / classes) * (row[k] - largest - log(sum));
            if (c->labels && k == c->labels[b]) total += weight;
        }
        if (!c->labels) total += 1;
    }
    return total;
}

enum { MAX_BATCH = 33, MAX_CLASSES = 20 };

/* A random case: shape, labels, weights and options by `seed`. */
typedef struct random_case {
    loss_case c;
    int labels[MAX_BATCH], batch, classes;
    lathe_real weights[MAX_CLASSES], soft[MAX_BATCH * MAX_CLASSES];
    lathe_leaf leaves[2];
} random_case;

static void fill_case(random_case *r, uint64_t seed)
{
    memset(r, 0, sizeof *r);
    r->batch = test_batches[seed % 5];
    r->classes = seed % 7 == 0 ? 1 : random_int(seed, 0, 2, MAX_CLASSES);
    for (int b = 0; b < r->batch; b++) r->labels[b] = random_int(seed, 10 + (uint64_t)b, 0, r->classes - 1);
    for (int k = 0; k < r->classes; k++)
        r->weights[k] = (lathe_real)(0.1 * random_int(seed, 100 + (uint64_t)k, 1, 30));
    for (int i = 0; i < r->batch * r->classes; i++)
        r->soft[i] = (lathe_real)(0.01 * random_int(seed, 200 + (uint64_t)i, 0, 100));
    if (random_int(seed, 1, 0, 2)) r->c.labels = r->labels;
    if (seed & 1) r->c.opts.class_weights = r->weights;
    if (seed & 2) r->c.opts.label_smoothing = 0.1 * random_int(seed, 2, 1, 10);
    if (seed & 4) r->c.opts.ignore_index = r->classes - 1;
    r->labels[0] = 0; /* class 0 is never ignored: a sample is left for the mean */
    r->c.opts.reduction = (lathe_reduction)random_int(seed, 3, 0, 2);
    r->leaves[0] = normal_leaf(LATHE_BATCHED, matrix(r->batch, r->classes), seed);
    r->leaves[1] = batched(r->batch, r->classes, r->soft);
    r->leaves[1].constant = true;
}

static void cross_entropy_is_its_naive_twin(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        random_case r;
        fill_case(&r, seed);
        double losses[MAX_BATCH], *x = leaf_doubles(&r.leaves[0]), *soft = leaf_doubles(&r.leaves[1]),
                                  sum = 0;
        double total = twin(&r.c, x, soft, r.batch, r.classes, losses);
        for (int b = 0; b < r.batch; b++) sum += losses[b];
        double mean = sum / total;
        lathe_reduction how = r.c.opts.reduction;
        assert_result("cross-entropy", cross_entropy, &r.c, r.leaves, 2, LATHE_TRAIN,
            how == LATHE_REDUCE_NONE    ? losses :
                how == LATHE_REDUCE_SUM ? &sum :
                                          &mean,
            how == LATHE_REDUCE_NONE ? (size_t)r.batch : 1, tolerance, tolerance);
        free(x);
        free(soft);
        free_leaves(r.leaves, 1);
    }
}

static void cross_entropy_has_the_right_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        random_case r;
        fill_case(&r, seed);
        assert_gradient(r.c.labels ? "cross_entropy" : "cross_entropy_soft", cross_entropy, &r.c, r.leaves,
            2);
        free_leaves(r.leaves, 1);
    }
}

static lathe_leaf golden_part(const char *name, const char *part, int rows, int columns)
{
    char full[128];
    snprintf(full, sizeof full, "%s.%s", name, part);
    return golden_leaf("ops.txt", full, LATHE_BATCHED, matrix(rows, columns));
}

static void losses_are_pytorchs(void **state)
{
    (void)state;
    static const char *const reductions[] = { "mean", "sum", "none" };
    lathe_leaf weights = golden_part("cross_entropy", "weights", 1, 5),
               label = golden_part("cross_entropy", "labels", 17, 1);
    int labels[17];
    for (int i = 0; i < 17; i++) labels[i] = (int)label.values[i];
    for (int how = 0; how < 3; how++) {
        char name[64];
        lathe_reduction reduction = (lathe_reduction)how;
        snprintf(name, sizeof name, "cross_entropy.%s", reductions[how]);
        lathe_leaf leaves[] = { golden_part(name, "x0", 17, 5),
            golden_part("cross_entropy", "targets", 17, 5) };
        leaves[1].constant = true;
        loss_case plain = { labels, { .reduction = reduction } };
        assert_golden("ops.txt", name, cross_entropy, &plain, leaves, 1, tolerance, tolerance);
        loss_case all = { labels, { weights.values, 0.1, 4, reduction } };
        snprintf(name, sizeof name, "cross_entropy.all.%s", reductions[how]);
        assert_golden("ops.txt", name, cross_entropy, &all, leaves, 1, tolerance, tolerance);
        loss_case soft = { NULL, { weights.values, 0.2, 0, reduction } };
        snprintf(name, sizeof name, "cross_entropy.soft.%s", reductions[how]);
        assert_golden("ops.txt", name, cross_entropy, &soft, leaves, 2, tolerance, tolerance);
        free_leaves(leaves, 2);
    }
    free_leaves(&weights, 1);
    free_leaves(&label, 1);
}

/* Each pixel is a sample: the same losses, gradients and mean as of the pixels in a row. */
static void pixels_are_samples(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        int batch = test_batches[seed % 5], classes = random_int(seed, 0, 1, 5),
            columns = random_int(seed, 1, 1, 4);
        size_t rows = (size_t)batch * (size_t)columns;
        int *labels = random_labels(rows, classes, -100, seed);
        lathe_leaf leaf =
            normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { batch, classes, 1, columns } }, seed);
        loss_case c = { labels,
            { .label_smoothing = seed & 1 ? 0.2 : 0, .reduction = (lathe_reduction)(seed % 3) } };
        double *x = leaf_doubles(&leaf), *row = malloc(rows * (size_t)classes * sizeof *row),
               *losses = malloc(rows * sizeof *losses);
        assert_true(row && losses);
        for (int i = 0; i < (int)rows; i++)
            for (int k = 0; k < classes; k++)
                row[i * classes + k] = x[(i / columns * classes + k) * columns + i % columns];
        double total = twin(&c, row, NULL, (int)rows, classes, losses);
        assert_loss("pixels", cross_entropy, &c, &leaf, 1, c.opts.reduction, losses, rows, total);
        assert_gradient("cross_entropy", cross_entropy, &c, &leaf, 1);
        free(x);
        free(row);
        free(losses);
        free(labels);
        free_leaves(&leaf, 1);
    }
}

static void pixels_are_pytorchs(void **state)
{
    (void)state;
    const lathe_shape shape = { 4, { 17, 4, 3, 2 } };
    lathe_leaf weights = golden_leaf("losses.txt", "pixels.weights", LATHE_PLAIN, (lathe_shape){ 1, { 4 } });
    int *labels = golden_labels("pixels.labels", 102);
    for (int how = 0; how < 3; how++) {
        char name[64];
        loss_case plain = { labels, { .reduction = (lathe_reduction)how } };
        snprintf(name, sizeof name, "pixels.%s", reduction_names[how]);
        assert_golden_loss(name, cross_entropy, &plain, shape, 1, false);
        loss_case all = { labels, { weights.values, 0.1, 3, (lathe_reduction)how } };
        snprintf(name, sizeof name, "pixels.all.%s", reduction_names[how]);
        assert_golden_loss(name, cross_entropy, &all, shape, 1, false);
        loss_case soft = { NULL, { weights.values, 0.2, 0, (lathe_reduction)how } };
        snprintf(name, sizeof name, "pixels.soft.%s", reduction_names[how]);
        assert_golden_loss(name, cross_entropy, &soft, shape, 2, true);
    }
    free_leaves(&weights, 1);
    free(labels);
}

/* Logits of +-1e4, all equal, and one of -infinity: losses and gradients stay finite and right. */
static void extreme_logits_are_right(void **state)
{
    (void)state;
    lathe_real x[] = {
        1e4, -1e4, 0,     /* label 1: 2e4 */
        1e4, 1e4, 1e4,    /* ln 3 */
        -1e4, -1e4, -1e4, /* ln 3 */
        0, -INFINITY, 0,  /* label 0: ln 2 */
        1e4, -1e4, -1e4,  /* label 0: 0 */
    };
    loss_case c = { .labels = (int[]){ 1, 0, 2, 0, 0 }, .opts = { .reduction = LATHE_REDUCE_NONE } };
    lathe_leaf leaf = batched(5, 3, x);
    double want[] = { 2e4, log(3), log(3), log(2), 0 }, third = 1.0 / 3;
    double gy[] = { 1, 1, 1, 1, 1 };
    double gradient[] = { 1, -1, 0, third - 1, third, third, third, third, third - 1, -0.5, 0, 0.5, 0, 0, 0 };
    assert_result("losses", cross_entropy, &c, &leaf, 1, LATHE_TRAIN, want, 5, tolerance, tolerance);
    assert_leaf_gradient("gradient", cross_entropy, &c, &leaf, 1, gy, 5, 0, gradient, tolerance, tolerance);

    lathe_real targets[] = { 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0 };
    lathe_leaf pair[] = { leaf, batched(5, 3, targets) };
    pair[1].constant = true;
    c.labels = NULL;
    assert_result("soft losses", cross_entropy, &c, pair, 2, LATHE_TRAIN, want, 5, tolerance, tolerance);
    assert_leaf_gradient("soft gradient", cross_entropy, &c, pair, 2, gy, 5, 0, gradient, tolerance,
        tolerance);
}

/* An ignored sample may hold anything; without any other the sum is 0 and the mean is refused. */
static void ignored_samples_take_no_part(void **state)
{
    (void)state;
    lathe_real x[] = { NAN, NAN, 0, 0 };
    loss_case c = { .labels = (int[]){ -100, 1 } };
    lathe_leaf leaf = batched(2, 2, x);
    double want = log(2), one = 1, gradient[] = { 0, 0, 0.5, -0.5 };
    assert_result("mean", cross_entropy, &c, &leaf, 1, LATHE_TRAIN, &want, 1, tolerance, 0);
    assert_leaf_gradient("gradient", cross_entropy, &c, &leaf, 1, &one, 1, 0, gradient, tolerance, 0);
    c.labels = (int[]){ -100, -100 };
    assert_op_fails(cross_entropy, &c, &leaf, 1, LATHE_EARG, "lathe_cross_entropy: the mean over no samples");
    c.opts.reduction = LATHE_REDUCE_SUM;
    double zero = 0;
    assert_result("sum", cross_entropy, &c, &leaf, 1, LATHE_TRAIN, &zero, 1, 0, 1e-300);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_leaf leaf = batched(3, 4, NULL), plain = leaf, deep = leaf;
    plain.layout = LATHE_PLAIN;
    deep.shape = (lathe_shape){ 1, { 12 } };
    int labels[] = { 0, 3, 4 };
    loss_case c = { .labels = labels };
    assert_op_fails(cross_entropy, &c, &leaf, 1, LATHE_EARG,
        "lathe_cross_entropy: label 4 of sample 2 is outside 0 to 3");
    labels[2] = -1;
    assert_op_fails(cross_entropy, &c, &leaf, 1, LATHE_EARG, "label -1 of sample 2");
    labels[2] = 2;
    assert_op_fails(cross_entropy, &c, &plain, 1, LATHE_ESHAPE,
        "lathe_cross_entropy: x is plain [3, 4], expected batched [B, C, ...]");
    assert_op_fails(cross_entropy, &c, &deep, 1, LATHE_ESHAPE,
        "lathe_cross_entropy: x is batched [12], expected batched [B, C, ...]");
    c.opts.label_smoothing = 1.5;
    assert_op_fails(cross_entropy, &c, &leaf, 1, LATHE_EARG,
        "lathe_cross_entropy: label_smoothing = 1.5 is not legal: [0, 1]");
    c.opts = (lathe_cross_entropy_opts){ .reduction = (lathe_reduction)7 };
    assert_op_fails(cross_entropy, &c, &leaf, 1, LATHE_EARG, "reduction = 7 is not one of mean | sum | none");
    lathe_real weights[] = { 1, 0, -2, 1 };
    c.opts = (lathe_cross_entropy_opts){ .class_weights = weights };
    assert_op_fails(cross_entropy, &c, &leaf, 1, LATHE_EARG, "the weight of class 2 is -2");
    weights[0] = weights[2] = weights[3] = 0;
    assert_op_fails(cross_entropy, &c, &leaf, 1, LATHE_EARG, "class weights of 0 in all");

    loss_case soft = { 0 };
    lathe_leaf pair[] = { leaf, batched(3, 5, NULL) };
    assert_op_fails(cross_entropy, &soft, pair, 2, LATHE_ESHAPE,
        "lathe_cross_entropy_soft: x is batched [3, 4], targets is batched [3, 5]");
    pair[1] = plain;
    assert_op_fails(cross_entropy, &soft, pair, 2, LATHE_ESHAPE,
        "lathe_cross_entropy_soft: x is batched [3, 4], targets is plain [3, 4]");

    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_null(lathe_cross_entropy(NULL, labels, NULL));
    assert_failed(LATHE_EARG, "lathe_cross_entropy: x is NULL");
    assert_null(lathe_cross_entropy(lathe_tape_leaf(tape, LATHE_BATCHED, leaf.shape, NULL), NULL, NULL));
    assert_failed(LATHE_EARG, "lathe_cross_entropy: labels is NULL");
    lathe_tape_free(tape);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    enum { BATCH = 300, CLASSES = 200 };
    int labels[BATCH];
    for (int i = 0; i < BATCH; i++) labels[i] = random_int(1, (uint64_t)i, 0, CLASSES - 1);
    lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, matrix(BATCH, CLASSES), 1),
        normal_leaf(LATHE_BATCHED, matrix(BATCH, CLASSES), 2) };
    loss_case c = { .labels = labels, .opts = { .label_smoothing = 0.1 } };
    assert_same_bits(cross_entropy, &c, leaves, 1);
    free_leaves(leaves, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_by_hand),
        cmocka_unit_test(cross_entropy_is_its_naive_twin),
        cmocka_unit_test(cross_entropy_has_the_right_gradient),
        cmocka_unit_test(pixels_are_samples),
        cmocka_unit_test(pixels_are_pytorchs),
        cmocka_unit_test(losses_are_pytorchs),
        cmocka_unit_test(extreme_logits_are_right),
        cmocka_unit_test(ignored_samples_take_no_part),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, count_losses);
}
