#include "support/op_test.h"

#include <stdlib.h>

static lathe_tensor *shuffle(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_channel_shuffle(leaves[0], *(const int *)context);
}

/* Twice x, so that x's gradient is added to. */
static lathe_tensor *twice(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_add(lathe_scale(leaves[0], 0.5), lathe_channel_shuffle(leaves[0], *(const int *)context));
}

static void a_case_by_hand(void **state)
{
    (void)state;
    const lathe_real x[] = { 1, 2, 3, 4, 5, 6 };
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 4, { 1, 6, 1, 1 } }, .values = x };
    int groups = 2;
    double want[] = { 1, 4, 2, 5, 3, 6 }, back[] = { 1, 3, 5, 2, 4, 6 }, gy[] = { 1, 2, 3, 4, 5, 6 };
    assert_result("channel_shuffle", shuffle, &groups, &leaf, 1, LATHE_EVAL, want, 6, 1e-30, 0);
    assert_leaf_gradient("channel_shuffle", shuffle, &groups, &leaf, 1, gy, 6, 0, back, 1e-30, 0);
}

static void it_is_its_naive_twin(void **state)
{
    (void)state;
    static const int channels[] = { 6, 16, 24, 48 }, groups[] = { 1, 2, 3, 6, 8 };
    for (int k = 0; k < 24; k++) {
        int c = channels[k % 4], g = groups[k % 5];
        if (c % g) g = 2;
        lathe_shape shape = { k % 3 ? 4 : 2, { test_batches[k % 5], c, 2, 3 } };
        lathe_leaf leaf = normal_leaf(LATHE_BATCHED, shape, (uint64_t)k);
        size_t n = lathe_shape_count(&shape), area = shape.rank == 4 ? 6 : 1;
        double *x = leaf_doubles(&leaf), *want = leaf_doubles(&leaf);
        for (size_t i = 0; i < n; i++) {
            int to = (int)(i / area % (size_t)c), from = to % g * (c / g) + to / g;
            want[i] = x[i / area / (size_t)c * (size_t)c * area + (size_t)from * area + i % area];
        }
        assert_result("channel_shuffle", shuffle, &g, &leaf, 1, LATHE_TRAIN, want, n, 1e-30, 0);
        if (n < 3000) assert_gradient("channel_shuffle", twice, &g, &leaf, 1);
        if (shape.rank == 4) assert_channels("channel_shuffle", shuffle, &g, &leaf, 1);
        free(x);
        free(want);
        free_leaves(&leaf, 1);
    }
}

static void it_is_pytorchs(void **state)
{
    (void)state;
    int groups = 3;
    lathe_leaf leaf =
        golden_leaf("ops.txt", "channel_shuffle.x0", LATHE_BATCHED, (lathe_shape){ 4, { 3, 18, 2, 1 } });
    assert_golden("ops.txt", "channel_shuffle", shuffle, &groups, &leaf, 1, 1e-30, 0);
    free_leaves(&leaf, 1);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 4, { 1, 6, 2, 2 } } };
    int none = 0, five = 5;
    assert_op_fails(shuffle, &none, &leaf, 1, LATHE_EARG, "lathe_channel_shuffle: groups");
    assert_op_fails(shuffle, &five, &leaf, 1, LATHE_ESHAPE, "5 groups do not divide 6 channels");
    leaf.layout = LATHE_PLAIN;
    assert_op_fails(shuffle, &five, &leaf, 1, LATHE_ESHAPE, "expected batched [B, C, ...]");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    int groups = 4;
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 17, 24, 30, 20 } }, 5);
    assert_same_bits(twice, &groups, &leaf, 1);
    free_leaves(&leaf, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_by_hand),
        cmocka_unit_test(it_is_its_naive_twin),
        cmocka_unit_test(it_is_pytorchs),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
