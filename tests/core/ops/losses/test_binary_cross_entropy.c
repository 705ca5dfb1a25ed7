#include "support/loss_test.h"

#include <math.h>
#include <stdlib.h>

static lathe_tensor *binary(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_binary_cross_entropy(leaves[0], leaves[1], context);
}

/* At logit ln 3 the probability is 3/4: a yes costs ln 4/3 with slope -1/4, a no ln 4 with slope 3/4; twice
 * if pos_weight is 2. */
static void by_hand(void **state)
{
    (void)state;
    const lathe_real x[] = { (lathe_real)log(3), (lathe_real)log(3) }, t[] = { 1, 0 };
    const lathe_leaf leaves[] = { { .layout = LATHE_BATCHED, .shape = { 2, { 2, 1 } }, .values = x },
        { .layout = LATHE_BATCHED, .shape = { 2, { 2, 1 } }, .values = t, .constant = true } };
    lathe_binary_cross_entropy_opts opts = { .pos_weight = 2, .reduction = LATHE_REDUCE_NONE };
    const double want[] = { 2 * log(4.0 / 3), log(4) }, slope[] = { -0.5, 0.75 }, ones[] = { 1, 1 };
    assert_result("loss", binary, &opts, leaves, 2, LATHE_EVAL, want, 2, 1e-6, 0);
    assert_leaf_gradient("slope", binary, &opts, leaves, 2, ones, 2, 0, slope, 1e-6, 0);
}

enum { MOST_CLASSES = 5 };

/* Twin and gradient on random shapes, weights and options. */
static void check(uint64_t seed)
{
    lathe_shape shape = { 3,
        { test_batches[seed % 5], random_int(seed, 0, 1, MOST_CLASSES), random_int(seed, 1, 1, 4) } };
    lathe_real pos[MOST_CLASSES], weight[MOST_CLASSES];
    for (int k = 0; k < MOST_CLASSES; k++) {
        pos[k] = (lathe_real)random_int(seed, 10 + (uint64_t)k, 0, 3);
        weight[k] = (lathe_real)random_int(seed, 20 + (uint64_t)k, 0, 3);
    }
    lathe_binary_cross_entropy_opts opts = { .reduction = (lathe_reduction)(seed % 3) };
    if (seed & 1) opts.pos_weights = pos;
    if (seed & 2) opts.weights = weight;
    if (seed & 4) opts.pos_weight = 1.5;
    lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, shape, seed), target_leaf(shape, seed) };
    double *x = leaf_doubles(&leaves[0]), *t = leaf_doubles(&leaves[1]);
    size_t n = lathe_shape_count(&shape), columns = (size_t)shape.dim[2];
    for (size_t i = 0; i < n; i++) {
        size_t k = i / columns % (size_t)shape.dim[1];
        double p = 1 / (1 + exp(-x[i])), yes = (seed & 1 ? (double)pos[k] : 1) * (seed & 4 ? 1.5 : 1);
        x[i] = -(seed & 2 ? (double)weight[k] : 1) * (yes * t[i] * log(p) + (1 - t[i]) * log(1 - p));
    }
    assert_loss("binary_cross_entropy", binary, &opts, leaves, 2, opts.reduction, x, n, (double)n);
    assert_gradient("binary_cross_entropy", binary, &opts, leaves, 2);
    free(x);
    free(t);
    free_leaves(leaves, 2);
}

static void it_is_its_naive_twin_with_the_right_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) check(seed);
}

static void it_is_pytorchs(void **state)
{
    (void)state;
    lathe_leaf pos = golden_leaf("losses.txt", "binary.pos_weight", LATHE_PLAIN, (lathe_shape){ 1, { 3 } });
    lathe_leaf weight = golden_leaf("losses.txt", "binary.weight", LATHE_PLAIN, (lathe_shape){ 1, { 3 } });
    for (int how = 0; how < 3; how++) {
        const lathe_reduction reduction = (lathe_reduction)how;
        struct {
            const char *name;
            lathe_binary_cross_entropy_opts opts;
        } rows[] = { { "binary", { .reduction = reduction } },
            { "binary.pos", { .pos_weight = 2.5, .reduction = reduction } },
            { "binary.all",
                { .pos_weights = pos.values, .weights = weight.values, .reduction = reduction } } };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s.%s", rows[i].name, reduction_names[how]);
            assert_golden_loss(name, binary, &rows[i].opts, (lathe_shape){ 3, { 17, 3, 2 } }, 2, true);
        }
    }
    free_leaves(&pos, 1);
    free_leaves(&weight, 1);
}

/* Logits of +-1e4: finite, and 0 or 1e4. */
static void extreme_logits_are_right(void **state)
{
    (void)state;
    const lathe_real x[] = { 1e4, -1e4, 1e4, -1e4 }, t[] = { 1, 1, 0, 0 };
    const lathe_leaf leaves[] = { { .layout = LATHE_BATCHED, .shape = { 2, { 1, 4 } }, .values = x },
        { .layout = LATHE_BATCHED, .shape = { 2, { 1, 4 } }, .values = t, .constant = true } };
    lathe_binary_cross_entropy_opts opts = { .reduction = LATHE_REDUCE_NONE };
    const double want[] = { 0, 1e4, 1e4, 0 }, slope[] = { 0, -1, 1, 0 }, ones[] = { 1, 1, 1, 1 };
    assert_result("loss", binary, &opts, leaves, 2, LATHE_TRAIN, want, 4, 1e-7, 1e-30);
    assert_leaf_gradient("slope", binary, &opts, leaves, 2, ones, 4, 0, slope, 1e-7, 1e-30);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    const lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { 3, 4 } } };
    lathe_leaf pair[] = { leaf, leaf };
    lathe_binary_cross_entropy_opts opts = { .pos_weight = -1 };
    assert_op_fails(binary, &opts, pair, 2, LATHE_EARG,
        "lathe_binary_cross_entropy: pos_weight = -1 is not legal: > 0");
    const lathe_real weights[] = { 1, 0, -2, 1 };
    opts = (lathe_binary_cross_entropy_opts){ .weights = weights };
    assert_op_fails(binary, &opts, pair, 2, LATHE_EARG,
        "the weight of class 2 is -2, not a finite number >= 0");
    opts = (lathe_binary_cross_entropy_opts){ .pos_weights = weights };
    assert_op_fails(binary, &opts, pair, 2, LATHE_EARG, "the pos_weight of class 2 is -2");
    opts = (lathe_binary_cross_entropy_opts){ .reduction = (lathe_reduction)-1 };
    assert_op_fails(binary, &opts, pair, 2, LATHE_EARG, "reduction = -1");
    pair[0].layout = pair[1].layout = LATHE_PLAIN;
    opts.reduction = LATHE_REDUCE_MEAN;
    assert_op_fails(binary, &opts, pair, 2, LATHE_ESHAPE,
        "lathe_binary_cross_entropy: x is plain [3, 4], expected batched [B, C, ...]");
    pair[0].layout = pair[1].layout = LATHE_BATCHED;
    pair[1].shape.dim[1] = 5;
    assert_op_fails(binary, &opts, pair, 2, LATHE_ESHAPE, "x is batched [3, 4], targets is batched [3, 5]");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_shape shape = { 3, { 200, 9, 30 } };
    lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, shape, 1), target_leaf(shape, 2) };
    lathe_binary_cross_entropy_opts opts = { .pos_weight = 3 };
    assert_same_bits(binary, &opts, leaves, 2);
    free_leaves(leaves, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(it_is_its_naive_twin_with_the_right_gradient),
        cmocka_unit_test(it_is_pytorchs),
        cmocka_unit_test(extreme_logits_are_right),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, count_losses);
}
