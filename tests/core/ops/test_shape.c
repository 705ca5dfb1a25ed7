#include "support/op_test.h"

#include <stdlib.h>
#include <string.h>

/* Numbers are moved, not computed: everything here is exact. */
static const double exactly = 1e-300;

static lathe_tensor *flatten(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_flatten(leaves[0]);
}

static lathe_tensor *reshape(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_reshape(leaves[0], *(const lathe_shape *)context);
}

static lathe_tensor *concat(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context;
    return lathe_concat(leaves, count);
}

typedef struct subsample_case {
    int stride, channels;
} subsample_case;

static lathe_tensor *subsample(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    const subsample_case *c = context;
    return lathe_subsample(leaves[0], c->stride, c->channels);
}

typedef struct slice_case {
    int first, count;
} slice_case;

static lathe_tensor *slice(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    const slice_case *c = context;
    return lathe_slice(leaves[0], c->first, c->count);
}

/* x times a view of x, and x itself a leaf or the result of an operation: the gradient of a view meets
 * another. */
static lathe_tensor *view_beside_itself(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    lathe_tensor *x = lathe_scale(leaves[0], 3);
    lathe_tensor *flat = lathe_flatten(x);
    return lathe_add(lathe_mul(flat, flat), lathe_flatten(lathe_mul(x, x)));
}

static void a_case_by_hand(void **state)
{
    (void)state;
    lathe_real a[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, b[] = { 10, 20, 30, 40 };
    lathe_leaf leaves[] = {
        { .layout = LATHE_BATCHED, .shape = { 3, { 2, 2, 2 } }, .values = a },
        { .layout = LATHE_BATCHED, .shape = { 3, { 2, 1, 2 } }, .values = b },
    };
    double same[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, joined[] = { 1, 2, 3, 4, 10, 20, 5, 6, 7, 8, 30, 40 };
    double gy[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, to_a[] = { 1, 2, 3, 4, 7, 8, 9, 10 },
           to_b[] = { 5, 6, 11, 12 };
    assert_result("flatten", flatten, NULL, leaves, 1, LATHE_EVAL, same, 8, 0, exactly);
    assert_result("concat", concat, NULL, leaves, 2, LATHE_EVAL, joined, 12, 0, exactly);
    assert_leaf_gradient("concat to 0", concat, NULL, leaves, 2, gy, 12, 0, to_a, 0, exactly);
    assert_leaf_gradient("concat to 1", concat, NULL, leaves, 2, gy, 12, 1, to_b, 0, exactly);

    /* 3x3 with stride 2 leaves the corners; one zero channel before, one behind */
    lathe_real x[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    lathe_leaf picture = { .layout = LATHE_BATCHED, .shape = { 4, { 1, 1, 3, 3 } }, .values = x };
    subsample_case c = { 2, 3 };
    double corners[] = { 0, 0, 0, 0, 1, 3, 7, 9, 0, 0, 0, 0 }, back[] = { 5, 0, 6, 0, 0, 0, 7, 0, 8 };
    assert_result("subsample", subsample, &c, &picture, 1, LATHE_EVAL, corners, 12, 0, exactly);
    assert_leaf_gradient("subsample", subsample, &c, &picture, 1, gy, 12, 0, back, 0, exactly);
}

/* The result is the same numbers in row-major order, and no copy. */
static void views_share_numbers(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 17, 2, 3, 4 } }, NULL);
    lathe_tensor *y = lathe_reshape(x, (lathe_shape){ 3, { 17, -1, 6 } });
    assert_ptr_equal(x->data, y->data);
    assert_true(lathe_shape_equal(&y->shape, &(lathe_shape){ 3, { 17, 4, 6 } }));
    assert_true(y->layout == LATHE_BATCHED && y->stored == x->stored && !y->needs_grad);
    x->needs_grad = true;
    y = lathe_flatten(x);
    assert_true(lathe_shape_equal(&y->shape, &(lathe_shape){ 2, { 17, 24 } }) && y->needs_grad);
    lathe_tensor *plain = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 2, { 6, 4 } }, NULL);
    y = lathe_reshape(plain, (lathe_shape){ 3, { -1, 2, 4 } });
    assert_true(lathe_shape_equal(&y->shape, &(lathe_shape){ 3, { 3, 2, 4 } }));
    y = lathe_reshape(plain, (lathe_shape){ 1, { 24 } });
    assert_true(y && y->shape.rank == 1);
    lathe_tape_free(tape);
}

static lathe_shape random_shape(uint64_t seed)
{
    lathe_shape shape = { random_int(seed, 0, 1, 4), { test_batches[seed % 5] } };
    for (int i = 1; i < shape.rank; i++) shape.dim[i] = random_int(seed, (uint64_t)i, 1, 4);
    return shape;
}

static void views_are_their_twins_with_the_right_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 24; seed++) {
        lathe_leaf leaf = normal_leaf(seed % 4 ? LATHE_BATCHED : LATHE_PLAIN, random_shape(seed), seed);
        lathe_shape other = { 3, { leaf.shape.dim[0], 1, -1 } };
        size_t n = lathe_shape_count(&leaf.shape);
        double *want = leaf_doubles(&leaf);
        assert_result("flatten", flatten, NULL, &leaf, 1, LATHE_TRAIN, want, n, 0, exactly);
        assert_result("reshape", reshape, &other, &leaf, 1, LATHE_TRAIN, want, n, 0, exactly);
        assert_gradient("flatten", flatten, NULL, &leaf, 1);
        assert_gradient("reshape", reshape, &other, &leaf, 1);
        assert_gradient("flatten", view_beside_itself, NULL, &leaf, 1);
        free(want);
        free_leaves(&leaf, 1);
    }
}

/* Inputs of [batch, channels[i], ...]. */
static void check_concat(lathe_shape shape, const int *channels, int inputs, int constant, uint64_t seed)
{
    lathe_leaf leaves[3];
    double *x[3];
    size_t n = 0;
    for (int i = 0; i < inputs; i++) {
        shape.dim[1] = channels[i];
        n += lathe_shape_count(&shape);
        leaves[i] = normal_leaf(LATHE_BATCHED, shape, seed * 3 + (uint64_t)i);
        leaves[i].constant = i == constant;
        x[i] = leaf_doubles(&leaves[i]);
    }
    double *want = malloc(n * sizeof *want), *to = want;
    assert_non_null(want);
    for (int b = 0; b < shape.dim[0]; b++)
        for (int i = 0; i < inputs; i++) {
            size_t own = lathe_shape_count(&leaves[i].shape) / (size_t)shape.dim[0];
            memcpy(to, x[i] + (size_t)b * own, own * sizeof *to);
            to += own;
        }
    assert_result("concat", concat, NULL, leaves, inputs, LATHE_TRAIN, want, n, 0, exactly);
    assert_gradient("concat", concat, NULL, leaves, inputs);
    bool whole = shape.rank == 4;
    for (int i = 0; i + 1 < inputs; i++) whole = whole && channels[i] % LATHE_LANES == 0;
    if (whole) assert_channels("concat", concat, NULL, leaves, inputs);
    for (int i = 0; i < inputs; i++) free(x[i]);
    free(want);
    free_leaves(leaves, inputs);
}

/* Three inputs of different channels; the middle one is wanted for no gradient now and then. Then blocks of
 * channels, whole and not. */
static void concat_is_its_naive_twin_with_the_right_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 24; seed++) {
        int inputs = 1 + (int)(seed % 3), channels[3];
        for (uint64_t i = 0; i < 3; i++) channels[i] = random_int(seed, 1 + i, 1, 4);
        check_concat((lathe_shape){ 3, { test_batches[seed % 5], 0, random_int(seed, 0, 1, 3) } }, channels,
            inputs, seed % 4 ? -1 : 1, seed);
    }
    static const int blocks[][3] = { { 16, 5, 0 }, { 32, 16, 1 }, { 5, 16, 0 }, { 16, 17, 3 },
        { 16, 16, 0 } };
    for (int i = 0; i < 5; i++)
        check_concat((lathe_shape){ 4, { 1 + i % 2, 0, 1, 2 } }, blocks[i], blocks[i][2] ? 3 : 2, -1,
            100 + (uint64_t)i);
}

static void check_subsample(lathe_shape shape, int stride, int wanted, uint64_t seed)
{
    subsample_case c = { stride, wanted };
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, shape, seed);
    int batch = shape.dim[0], channels = shape.dim[1], height = shape.dim[2], width = shape.dim[3];
    int out_height = (height + stride - 1) / stride, out_width = (width + stride - 1) / stride,
        before = (wanted - channels) / 2;
    size_t n = (size_t)(batch * wanted * out_height * out_width), at = 0;
    double *x = leaf_doubles(&leaf), *want = calloc(n, sizeof *want);
    assert_non_null(want);
    for (int b = 0; b < batch; b++)
        for (int k = 0; k < wanted; k++)
            for (int i = 0; i < out_height; i++)
                for (int j = 0; j < out_width; j++, at++)
                    if (k >= before && k < before + channels)
                        want[at] =
                            x[((b * channels + k - before) * height + i * stride) * width + j * stride];
    assert_result("subsample", subsample, &c, &leaf, 1, LATHE_TRAIN, want, n, 0, exactly);
    assert_gradient("subsample", subsample, &c, &leaf, 1);
    assert_channels("subsample", subsample, &c, &leaf, 1);
    free(x);
    free(want);
    free_leaves(&leaf, 1);
}

/* Blocks of channels that move by whole blocks, by half of one, and by any number. */
static void subsample_is_its_naive_twin_with_the_right_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 24; seed++) {
        int channels = random_int(seed, 0, 1, 3);
        check_subsample((lathe_shape){ 4,
                            { test_batches[seed % 5], channels, random_int(seed, 1, 1, 5),
                                random_int(seed, 2, 1, 5) } },
            random_int(seed, 3, 1, 3), channels + random_int(seed, 4, 0, 3), seed);
    }
    static const int moves[][2] = { { 16, 32 }, { 32, 64 }, { 17, 33 }, { 3, 40 }, { 16, 20 }, { 1, 16 },
        { 33, 33 }, { 20, 67 } };
    for (int i = 0; i < 8; i++)
        check_subsample((lathe_shape){ 4, { 1 + i % 2, moves[i][0], 3, 2 } }, 1 + (i + 1) % 2, moves[i][1],
            50 + (uint64_t)i);
}

static void check_slice(lathe_shape shape, slice_case c, uint64_t seed)
{
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, shape, seed);
    int batch = shape.dim[0], channels = shape.dim[1],
        area = (int)lathe_shape_count(&shape) / (batch * channels);
    size_t n = (size_t)(batch * c.count * area), at = 0;
    double *x = leaf_doubles(&leaf), *want = calloc(n, sizeof *want);
    assert_non_null(want);
    for (int b = 0; b < batch; b++)
        for (int k = c.first; k < c.first + c.count; k++)
            for (int i = 0; i < area; i++) want[at++] = x[(b * channels + k) * area + i];
    assert_result("slice", slice, &c, &leaf, 1, LATHE_TRAIN, want, n, 0, exactly);
    assert_gradient("slice", slice, &c, &leaf, 1);
    if (shape.rank == 4 && c.first % LATHE_LANES == 0) assert_channels("slice", slice, &c, &leaf, 1);
    free(x);
    free(want);
    free_leaves(&leaf, 1);
}

static void slice_is_its_naive_twin_with_the_right_gradient(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 24; seed++) {
        int channels = random_int(seed, 0, 1, 6);
        slice_case c = { .first = random_int(seed, 2, 0, channels - 1) };
        c.count = random_int(seed, 3, 1, channels - c.first);
        check_slice((lathe_shape){ 3, { test_batches[seed % 5], channels, random_int(seed, 1, 1, 5) } }, c,
            seed);
    }
    static const slice_case blocks[] = { { 0, 16 }, { 16, 5 }, { 16, 24 }, { 32, 8 }, { 3, 20 }, { 0, 40 } };
    for (int i = 0; i < 6; i++)
        check_slice((lathe_shape){ 4, { 1 + i % 2, 40, 1, 2 } }, blocks[i], 60 + (uint64_t)i);
}

static void shapes_are_pytorchs(void **state)
{
    (void)state;
    const double tolerance = sizeof(lathe_real) == 8 ? exactly : 1e-7;
    lathe_leaf joined[] = {
        golden_leaf("ops.txt", "concat.x0", LATHE_BATCHED, (lathe_shape){ 4, { 17, 2, 3, 2 } }),
        golden_leaf("ops.txt", "concat.x1", LATHE_BATCHED, (lathe_shape){ 4, { 17, 1, 3, 2 } }),
        golden_leaf("ops.txt", "concat.x2", LATHE_BATCHED, (lathe_shape){ 4, { 17, 3, 3, 2 } }),
    };
    assert_golden("ops.txt", "concat", concat, NULL, joined, 3, 0, tolerance);
    lathe_leaf leaf =
        golden_leaf("ops.txt", "flatten.x0", LATHE_BATCHED, (lathe_shape){ 4, { 17, 2, 5, 4 } });
    subsample_case c = { 2, 5 };
    lathe_shape other = { 3, { 17, 4, 10 } };
    assert_golden("ops.txt", "subsample", subsample, &c, &leaf, 1, 0, tolerance);
    assert_golden("ops.txt", "flatten", flatten, NULL, &leaf, 1, 0, tolerance);
    assert_golden("ops.txt", "reshape", reshape, &other, &leaf, 1, 0, tolerance);
    free_leaves(joined, 3);
    free_leaves(&leaf, 1);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { 4, 6 } } }, plain = leaf,
               single = { .layout = LATHE_PLAIN };
    plain.layout = LATHE_PLAIN;
    assert_op_fails(flatten, NULL, &single, 1, LATHE_ESHAPE, "lathe_flatten: x is a single number");
    static const lathe_shape wrong[] = { { 2, { 4, 5 } }, { 2, { -1, -1 } }, { 2, { 5, -1 } },
        { 3, { 4, 0, 6 } }, { 2, { -2, 12 } }, { 6, { 4 } }, { -1, { 4 } }, { 0, { 0 } },
        { 4, { 65536, 65536, 65536, 65536 } } };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        lathe_shape shape = wrong[i];
        assert_op_fails(reshape, &shape, &leaf, 1, LATHE_ESHAPE, "does not hold the 24 numbers of x, [4, 6]");
    }
    lathe_shape mixed = { 2, { 8, 3 } };
    assert_op_fails(reshape, &mixed, &leaf, 1, LATHE_ESHAPE,
        "lathe_reshape: [8, 3] does not keep the batch of x, [4, 6]");

    lathe_leaf pair[] = { leaf, leaf };
    pair[1].shape.dim[0] = 5;
    assert_op_fails(concat, NULL, pair, 2, LATHE_ESHAPE,
        "lathe_concat: input 0 is [4, 6], input 1 is [5, 6]");
    pair[1] = plain;
    assert_op_fails(concat, NULL, pair, 2, LATHE_ESHAPE,
        "lathe_concat: input 1 is plain [4, 6], expected batched [B, C, ...]");
    lathe_error_clear();
    assert_null(lathe_concat(NULL, 2));
    assert_failed(LATHE_EARG, "lathe_concat: 0 inputs, expected 1 to 64");
    lathe_tensor *none = NULL;
    assert_null(lathe_concat(&none, 65));
    assert_failed(LATHE_EARG, "lathe_concat: 65 inputs");

    subsample_case c = { 2, 6 };
    assert_op_fails(subsample, &c, &leaf, 1, LATHE_ESHAPE,
        "lathe_subsample: x is batched [4, 6], expected batched [B, C, H, W]");
    lathe_leaf picture = { .layout = LATHE_BATCHED, .shape = { 4, { 1, 3, 2, 2 } } };
    c.stride = 0;
    assert_op_fails(subsample, &c, &picture, 1, LATHE_EARG, "lathe_subsample: stride must be given");
    c = (subsample_case){ 1, 2 };
    assert_op_fails(subsample, &c, &picture, 1, LATHE_ESHAPE,
        "lathe_subsample: x has 3 channels, more than the 2 wanted");

    slice_case out[] = { { 2, 5 }, { -1, 2 }, { 0, 0 }, { 6, 1 } };
    static const char *const why[] = { "lathe_slice: 5 channels from 2 of [4, 6]",
        "lathe_slice: first = -1 is not legal: >= 0", "lathe_slice: count must be given",
        "lathe_slice: 1 channels from 6 of [4, 6]" };
    for (int i = 0; i < 4; i++) assert_op_fails(slice, &out[i], &leaf, 1, LATHE_EARG, why[i]);
    slice_case first = { 0, 1 };
    assert_op_fails(slice, &first, &plain, 1, LATHE_ESHAPE,
        "lathe_slice: x is plain [4, 6], expected batched [B, C, ...]");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_leaf blocks[] = { normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 2, 32, 30, 31 } }, 1),
        normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 2, 17, 30, 31 } }, 2) };
    assert_same_bits(concat, NULL, blocks, 2);
    assert_same_bits(subsample, &(subsample_case){ 2, 56 }, blocks, 1);
    assert_same_bits(slice, &(slice_case){ 16, 10 }, blocks, 1);
    free_leaves(blocks, 2);
    lathe_leaf leaves[] = { normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 33, 5, 20, 21 } }, 1),
        normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 33, 2, 20, 21 } }, 2) };
    subsample_case c = { 2, 8 };
    assert_same_bits(concat, NULL, leaves, 2);
    assert_same_bits(subsample, &c, leaves, 1);
    slice_case part = { 1, 3 };
    assert_same_bits(slice, &part, leaves, 1);
    assert_same_bits(view_beside_itself, NULL, leaves, 1);
    free_leaves(leaves, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_by_hand),
        cmocka_unit_test(views_share_numbers),
        cmocka_unit_test(views_are_their_twins_with_the_right_gradient),
        cmocka_unit_test(concat_is_its_naive_twin_with_the_right_gradient),
        cmocka_unit_test(subsample_is_its_naive_twin_with_the_right_gradient),
        cmocka_unit_test(slice_is_its_naive_twin_with_the_right_gradient),
        cmocka_unit_test(shapes_are_pytorchs),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
