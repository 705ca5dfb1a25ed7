#include "support/loss_test.h"

#include <math.h>
#include <stdlib.h>

static lathe_tensor *kl_div(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_kl_div(leaves[0], leaves[1], context);
}

/* Halves against (1/4, 3/4): 1/2 ln 2 + 1/2 ln 2/3 = 1/2 ln 4/3. A target of 0 counts as nothing, even
 * against probability 0. */
static void by_hand(void **state)
{
    (void)state;
    const lathe_real x[] = { (lathe_real)log(0.25), (lathe_real)log(0.75), -INFINITY, 0 },
                     t[] = { 0.5, 0.5, 0, 1 };
    const lathe_leaf leaves[] = { { .layout = LATHE_BATCHED, .shape = { 2, { 2, 2 } }, .values = x },
        { .layout = LATHE_BATCHED, .shape = { 2, { 2, 2 } }, .values = t, .constant = true } };
    lathe_kl_div_opts opts = { .batchmean = true };
    const double want = log(4.0 / 3) / 4, slope[] = { -0.25, -0.25, 0, -0.5 }, one = 1;
    assert_result("loss", kl_div, &opts, leaves, 2, LATHE_EVAL, &want, 1, 1e-6, 0);
    assert_leaf_gradient("slope", kl_div, &opts, leaves, 2, &one, 1, 0, slope, 1e-6, 0);
}

static void check(uint64_t seed)
{
    lathe_shape shape = { 3,
        { test_batches[seed % 5], random_int(seed, 0, 1, 5), random_int(seed, 1, 1, 4) } };
    lathe_kl_div_opts opts = { .log_target = seed & 1, .reduction = (lathe_reduction)(seed % 3) };
    opts.batchmean = opts.reduction == LATHE_REDUCE_MEAN && seed & 2;
    lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, shape, seed), target_leaf(shape, seed) };
    double *x = leaf_doubles(&leaves[0]), *t = leaf_doubles(&leaves[1]);
    size_t n = lathe_shape_count(&shape);
    for (size_t i = 0; i < n; i++) {
        double target = opts.log_target ? exp(t[i]) : t[i];
        x[i] = target > 0 ? target * (log(target) - x[i]) : 0;
    }
    assert_loss("kl_div", kl_div, &opts, leaves, 2, opts.reduction, x, n,
        opts.batchmean ? shape.dim[0] : (double)n);
    assert_gradient("kl_div", kl_div, &opts, leaves, 2);
    free(x);
    free(t);
    free_leaves(leaves, 2);
}

static void it_is_its_naive_twin_with_the_right_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) check(seed);
}

static void it_is_pytorchs(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++)
        for (int log_target = 0; log_target < 2; log_target++) {
            char name[64];
            snprintf(name, sizeof name, "kl_div%s.%s", log_target ? ".log" : "",
                how < 3 ? reduction_names[how] : "batchmean");
            lathe_kl_div_opts opts = { log_target, how == 3,
                how < 3 ? (lathe_reduction)how : LATHE_REDUCE_MEAN };
            assert_golden_loss(name, kl_div, &opts, (lathe_shape){ 3, { 17, 4, 2 } }, 2, true);
        }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    const lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { 3, 4 } } };
    lathe_leaf pair[] = { leaf, leaf };
    lathe_kl_div_opts opts = { .batchmean = true, .reduction = LATHE_REDUCE_SUM };
    assert_op_fails(kl_div, &opts, pair, 2, LATHE_EARG,
        "lathe_kl_div: batchmean is a mean, yet the reduction is sum");
    opts.reduction = (lathe_reduction)3;
    assert_op_fails(kl_div, &opts, pair, 2, LATHE_EARG, "lathe_kl_div: reduction = 3");
    pair[1].shape.dim[0] = 4;
    assert_op_fails(kl_div, &opts, pair, 2, LATHE_ESHAPE,
        "lathe_kl_div: x is batched [3, 4], targets is batched [4, 4]");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_shape shape = { 2, { 300, 200 } };
    lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, shape, 1), target_leaf(shape, 2) };
    lathe_kl_div_opts opts = { .batchmean = true };
    assert_same_bits(kl_div, &opts, leaves, 2);
    free_leaves(leaves, 2);
}

static lathe_tensor *labels_as_logarithms(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_loss_find("kl_div")->classify(leaves[0], (int[]){ 1, 0 },
        &(lathe_kl_div_opts){ .log_target = true });
}

static void labels_are_probabilities(void **state)
{
    (void)state;
    const lathe_leaf leaf = { .layout = LATHE_BATCHED,
        .shape = { 2, { 2, 2 } },
        .values = (lathe_real[]){ 1, 3, 1, 0 } };
    assert_op_fails(labels_as_logarithms, NULL, &leaf, 1, LATHE_EARG,
        "log_target: labels give probabilities");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_probabilities),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(it_is_its_naive_twin_with_the_right_gradient),
        cmocka_unit_test(it_is_pytorchs),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, count_losses);
}
