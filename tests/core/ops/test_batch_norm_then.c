/* A batch norm and the activation or the sum behind it as one operation: the bits of two, and gradients. */
#include "support/op_test.h"

#include <stdlib.h>
#include <string.h>

/* Where the base of a sum comes from, and who else needs gradients. */
typedef enum twist { PLAIN, OF_X, USED_AGAIN, NO_GRADIENT, KEPT, TWISTS } twist;

/* The operation's name, and the activation or the sum that it ends with. */
typedef struct pair {
    const char *name;
    lathe_tensor *(*activation)(lathe_tensor *x);
    bool frozen;
    lathe_tensor *(*sum)(lathe_tensor *y, lathe_tensor *base);
    twist twist;
} pair;

static const pair pairs[] = {
    { "batch_norm_relu6", lathe_relu6, false },
    { "batch_norm_hardswish", lathe_hardswish, false },
    { "batch_norm_silu", lathe_silu, false },
    { "batch_norm_relu", lathe_relu, false },
    { .name = "batch_norm_add", .sum = lathe_add },
    { .name = "batch_norm_add_relu", .sum = lathe_add_relu },
    { .name = "batch_norm_add_relu", .sum = lathe_add_relu, .frozen = true },
};
enum { PAIRS = sizeof pairs / sizeof pairs[0], BASE = 5, LEAVES };

static int leaves_of(const pair *p) { return p->sum ? LEAVES : BASE; }

static lathe_tensor *twisted(const pair *p, lathe_tensor *y, lathe_tensor *base)
{
    if (y && p->twist == KEPT) y->keep_grad = true;
    return y && p->twist == USED_AGAIN ? lathe_add(y, base) : y;
}

static lathe_tensor *fused(void *context, lathe_tensor *const *leaves, int count)
{
    const pair *p = context;
    lathe_tensor *in[LEAVES];
    int i = 0;
    while (strcmp(lathe_op_at(i)->name, p->name) != 0) i++;
    memcpy(in, leaves, (size_t)count * sizeof *in);
    if (p->twist == OF_X) in[BASE] = in[0];
    lathe_tensor *y = lathe_apply(lathe_op_at(i), in, count, &(lathe_batch_norm_opts){ .frozen = p->frozen });
    return p->sum ? twisted(p, y, in[BASE]) : y;
}

static lathe_tensor *apart(void *context, lathe_tensor *const *leaves, int count)
{
    const pair *p = context;
    (void)count;
    lathe_tensor *y = lathe_batch_norm(leaves[0], leaves[1], leaves[2], leaves[3], leaves[4],
        &(lathe_batch_norm_opts){ .frozen = p->frozen });
    if (!p->sum) return p->activation(y);
    lathe_tensor *base = leaves[p->twist == OF_X ? 0 : BASE];
    return twisted(p, p->sum(y, base), base);
}

/* Numbers of which every activation has some in each of its parts. */
static void fill_leaves(lathe_leaf leaves[LEAVES], lathe_shape shape, uint64_t seed)
{
    leaves[0] = normal_leaf(LATHE_BATCHED, shape, seed);
    leaves[BASE] = normal_leaf(LATHE_BATCHED, shape, seed + BASE);
    for (int i = 1; i < BASE; i++)
        leaves[i] = normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { shape.dim[1] } }, seed + (uint64_t)i);
    for (int c = 0; c < shape.dim[1]; c++) {
        *(lathe_real *)(uintptr_t)&leaves[1].values[c] = (lathe_real)(2 + c % 3);
        *(lathe_real *)(uintptr_t)&leaves[2].values[c] = (lathe_real)(c % 5 - 1);
        *(lathe_real *)(uintptr_t)&leaves[4].values[c] = (lathe_real)(1 + c % 2);
    }
    leaves[3].constant = leaves[4].constant = true;
}

/* Result and gradients one after the other; the result's gradient is that of a product with fixed numbers. */
static lathe_real *outcome(lathe_function *function, const pair *p, bool channels, const lathe_leaf *leaves,
    size_t *total)
{
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tape_layout(tape, channels ? LATHE_CHANNELS : LATHE_BATCHED);
    lathe_tensor *tensors[LEAVES];
    for (int i = 0; i < leaves_of(p); i++) {
        bool plain = leaves[i].layout == LATHE_PLAIN;
        tensors[i] = lathe_tape_leaf(tape, plain || !channels ? leaves[i].layout : LATHE_CHANNELS,
            leaves[i].shape, leaves[i].values);
        tensors[i]->needs_grad = !leaves[i].constant && !(i == BASE && p->twist == NO_GRADIENT);
    }
    lathe_tensor *y = function((void *)(uintptr_t)p, tensors, leaves_of(p));
    if (!y) fail_msg("%s: %s", p->name, lathe_error_message());
    size_t n = lathe_shape_count(&y->shape), parameters = (size_t)leaves[1].shape.dim[0];
    *total = 4 * n + 2 * parameters;
    lathe_real *all = calloc(*total, sizeof *all), *gy = malloc(n * sizeof *gy);
    assert_true(all && gy);
    fill_normal(gy, n, 99);
    assert_int_equal(lathe_tensor_read(y, all, n), LATHE_OK);
    assert_int_equal(lathe_backward_from(y, gy, n), LATHE_OK);
    assert_int_equal(lathe_tensor_read_grad(tensors[0], all + n, n), LATHE_OK);
    if (p->sum && tensors[BASE]->has_grad) lathe_tensor_read_grad(tensors[BASE], all + 2 * n, n);
    if (y->keep_grad) lathe_tensor_read_grad(y, all + 3 * n, n);
    for (size_t i = 0; i < 2; i++)
        lathe_tensor_read_grad(tensors[1 + i], all + 4 * n + i * parameters, parameters);
    free(gy);
    lathe_tape_free(tape);
    return all;
}

static void assert_bits_of_two(const pair *p, bool channels, lathe_shape shape, uint64_t seed)
{
    lathe_leaf leaves[LEAVES];
    fill_leaves(leaves, shape, seed);
    size_t total, again;
    lathe_real *got = outcome(fused, p, channels, leaves, &total),
               *want = outcome(apart, p, channels, leaves, &again);
    assert_int_equal(total, again);
    for (size_t i = 0; i < total; i++)
        if (memcmp(&got[i], &want[i], sizeof *got) != 0 && !(got[i] == 0 && want[i] == 0))
            fail_msg("%s, twist %d, seed %d: number %zu is %.9g, apart %.9g", p->name, (int)p->twist,
                (int)seed, i, (double)got[i], (double)want[i]);
    free(got);
    free(want);
    free_leaves(leaves, LEAVES);
}

static void the_bits_are_those_of_two(void **state)
{
    (void)state;
    static const lathe_shape shapes[] = { { 4, { 17, 5, 7, 6 } }, { 4, { 3, 33, 19, 18 } },
        { 2, { 40, 9 } } };
    for (int k = 0; k < PAIRS * 6; k++) {
        pair p = pairs[k / 6];
        const lathe_shape *shape = &shapes[k % 6 / 2];
        if (k % 2 && shape->rank != 4) continue;
        for (p.twist = PLAIN; p.twist < (p.sum ? TWISTS : OF_X); p.twist++)
            assert_bits_of_two(&p, k % 2, *shape, (uint64_t)k);
    }
}

/* Each with weights and biases that keep its numbers away from kinks: in one channel below, in one above. */
static void check_gradients(const char *name, double weight, double low, double high)
{
    pair p = pairs[0];
    for (int k = PAIRS - 1; k >= 0; k--)
        if (!strcmp(pairs[k].name, name)) p = pairs[k];
    for (int k = 0; k < 20; k++) {
        p.frozen = k % 4 == 3;
        lathe_leaf leaves[LEAVES];
        const lathe_shape shape = { 4, { test_batches[k % 5], 1 + k % 3, 2, 2 + k % 2 } };
        fill_leaves(leaves, shape, 31 * (uint64_t)k);
        for (int c = 0; c < shape.dim[1]; c++) {
            *(lathe_real *)(uintptr_t)&leaves[1].values[c] = (lathe_real)weight;
            *(lathe_real *)(uintptr_t)&leaves[2].values[c] = (lathe_real)(c % 2 ? high : low);
        }
        p.twist = p.sum && k % 2 ? USED_AGAIN : PLAIN;
        assert_gradient(name, fused, &p, leaves, leaves_of(&p));
        free_leaves(leaves, LEAVES);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    check_gradients("batch_norm_relu6", 0.5, 3, 20);
    check_gradients("batch_norm_hardswish", 0.25, 0.5, 20);
    check_gradients("batch_norm_silu", 1.5, 0.5, 2);
    check_gradients("batch_norm_add", 1.5, 0.5, 2);
    check_gradients("batch_norm_add_relu", 0.5, -20, 20);
}

static void channels_stay_abreast_and_threads_change_no_bit(void **state)
{
    (void)state;
    for (int k = 0; k < PAIRS; k++) {
        pair p = pairs[k];
        lathe_leaf leaves[LEAVES];
        fill_leaves(leaves, (lathe_shape){ 4, { 17, 18, 20, 20 } }, (uint64_t)k);
        assert_channels(p.name, fused, &p, leaves, leaves_of(&p));
        assert_same_bits(fused, &p, leaves, leaves_of(&p));
        free_leaves(leaves, LEAVES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bits_are_those_of_two),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(channels_stay_abreast_and_threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
