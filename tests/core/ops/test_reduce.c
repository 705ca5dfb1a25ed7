#include "support/op_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double tolerance = sizeof(lathe_real) == 8 ? 1e-14 : 4e-7;

/* Which dimensions go, as bits; a mean or a maximum. */
typedef struct over {
    unsigned dims;
    bool keepdim, max;
} over;

static lathe_tensor *reduce(void *context, lathe_tensor *const *leaves, int count)
{
    const over *o = context;
    int dims[LATHE_MAX_RANK], n = 0, rank = leaves[0] ? leaves[0]->shape.rank : 0;
    (void)count;
    for (int i = rank - 1; i >= 0; i--)
        if (o->dims >> i & 1) dims[n] = n % 2 ? i : i - rank, n++; /* both ways of counting */
    return (o->max ? lathe_max_dims : lathe_mean_dims)(leaves[0], dims, n, o->keepdim);
}

/* The number of the result that number i of x comes into. */
static size_t target_of(const over *o, const lathe_shape *shape, size_t i)
{
    size_t at[LATHE_MAX_RANK], index = 0;
    for (int d = shape->rank - 1; d >= 0; i /= (size_t)shape->dim[d--]) at[d] = i % (size_t)shape->dim[d];
    for (int d = 0; d < shape->rank; d++)
        if (!(o->dims >> d & 1)) index = index * (size_t)shape->dim[d] + at[d];
    return index;
}

static size_t results_of(const over *o, const lathe_shape *shape)
{
    size_t count = 1;
    for (int d = 0; d < shape->rank; d++) count *= o->dims >> d & 1 ? 1 : (size_t)shape->dim[d];
    return count;
}

static void check(over o, const lathe_leaf *leaf)
{
    const lathe_shape *shape = &leaf->shape;
    size_t n = lathe_shape_count(shape), results = results_of(&o, shape);
    double *x = leaf_doubles(leaf), *want = malloc(results * sizeof *want), sizes = 0;
    assert_non_null(want);
    for (size_t i = 0; i < results; i++) want[i] = o.max ? -INFINITY : 0;
    for (size_t i = 0; i < n; i++) {
        double *at = &want[target_of(&o, shape, i)];
        *at = o.max ? fmax(*at, x[i]) : *at + x[i] * (double)results / (double)n;
        sizes = fmax(sizes, fabs(x[i]));
    }
    assert_result(o.max ? "max_dims" : "mean_dims", reduce, &o, leaf, 1, LATHE_TRAIN, want, results,
        tolerance, o.max ? 0 : tolerance * sizes);
    free(x);
    free(want);
}

/* Every set of dimensions of images, of both layouts, with and without keepdim. */
static void every_set_of_dimensions(void **state)
{
    (void)state;
    for (unsigned dims = 1; dims < 16; dims++)
        for (int k = 0; k < 4; k++) {
            const lathe_shape shape = { 4,
                { test_batches[(dims + 2u * (unsigned)k) % 5], test_channels[(dims + 3u * (unsigned)k) % 6],
                    2, 3 } };
            over o = { dims, k % 2, k / 2 };
            lathe_leaf leaf = apart_leaf(LATHE_BATCHED, shape, dims * 4 + (unsigned)k);
            check(o, &leaf);
            if (lathe_shape_count(&shape) < 2500)
                assert_gradient(o.max ? "max_dims" : "mean_dims", reduce, &o, &leaf, 1);
            if (o.keepdim) assert_channels(o.max ? "max_dims" : "mean_dims", reduce, &o, &leaf, 1);
            free_leaves(&leaf, 1);
        }
}

static void plain_numbers_and_features(void **state)
{
    (void)state;
    static const struct {
        lathe_layout layout;
        lathe_shape shape;
    } cases[] = {
        { LATHE_PLAIN, { 1, { 5 } } },
        { LATHE_PLAIN, { 2, { 4, 5 } } },
        { LATHE_PLAIN, { 3, { 2, 4, 3 } } },
        { LATHE_BATCHED, { 1, { 19 } } },
        { LATHE_BATCHED, { 2, { 17, 6 } } },
        { LATHE_BATCHED, { 3, { 33, 4, 3 } } },
        { LATHE_BATCHED, { 5, { 17, 2, 3, 2, 2 } } },
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        for (unsigned dims = 1; dims < 1u << cases[c].shape.rank; dims++) {
            lathe_leaf leaf = apart_leaf(cases[c].layout, cases[c].shape, c);
            over o = { dims, dims % 2, dims % 3 == 0 };
            check(o, &leaf);
            assert_gradient(o.max ? "max_dims" : "mean_dims", reduce, &o, &leaf, 1);
            o.max = !o.max;
            check(o, &leaf);
            free_leaves(&leaf, 1);
        }
}

static lathe_shape shape_of(lathe_tensor *y)
{
    assert_non_null(y);
    return y->shape;
}

static void shapes_and_cases_by_hand(void **state)
{
    (void)state;
    const lathe_real x[] = { 1, 5, 3, 5, 2, 4 };
    lathe_leaf leaf = { .layout = LATHE_PLAIN, .shape = { 2, { 2, 3 } }, .values = x };
    over rows = { 2, false, false }, most = { 2, false, true }, all = { 3, true, true };
    double means[] = { 3, 11.0 / 3 }, maxima[] = { 5, 5 }, five = 5, gy[] = { 3, 6 };
    double shared[] = { 1, 1, 1, 2, 2, 2 }, to_max[] = { 0, 3, 0, 6, 0, 0 },
           halves[] = { 0, 1.5, 0, 1.5, 0, 0 };
    assert_result("mean", reduce, &rows, &leaf, 1, LATHE_EVAL, means, 2, tolerance, 0);
    assert_result("max", reduce, &most, &leaf, 1, LATHE_EVAL, maxima, 2, 1e-30, 0);
    assert_result("max of all", reduce, &all, &leaf, 1, LATHE_EVAL, &five, 1, 1e-30, 0);
    assert_leaf_gradient("mean", reduce, &rows, &leaf, 1, gy, 2, 0, shared, tolerance, 0);
    assert_leaf_gradient("max", reduce, &most, &leaf, 1, gy, 2, 0, to_max, 1e-30, 1e-30);
    assert_leaf_gradient("two maxima", reduce, &all, &leaf, 1, gy, 1, 0, halves, 1e-30, 1e-30);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *images = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 4, 5 } }, NULL);
    const int places[] = { 2, -1 }, batch[] = { 0 };
    lathe_shape kept = shape_of(lathe_mean_dims(images, places, 2, true)),
                gone = shape_of(lathe_mean_dims(images, places, 2, false)),
                one = shape_of(lathe_max_dims(images, batch, 1, false));
    assert_true(lathe_shape_equal(&kept, &(lathe_shape){ 4, { 2, 3, 1, 1 } }));
    assert_true(lathe_shape_equal(&gone, &(lathe_shape){ 2, { 2, 3 } }));
    assert_true(lathe_shape_equal(&one, &(lathe_shape){ 3, { 3, 4, 5 } }));
    assert_int_equal(lathe_max_dims(images, batch, 1, false)->layout, LATHE_PLAIN);
    lathe_tape_free(tape);
}

/* A NaN is the maximum of its set alone, wherever it lies. */
static void a_nan_is_the_maximum(void **state)
{
    (void)state;
    lathe_real x[17 * 6];
    fill_normal(x, 17 * 6, 3);
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 4, { 17, 3, 1, 2 } }, .values = x };
    x[5] = x[16 * 6] = NAN;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    const int dims[] = { 1, 2, 3 };
    const lathe_tensor *y = lathe_max_dims(lathe_tape_leaf(tape, leaf.layout, leaf.shape, x), dims, 3, false);
    lathe_real got[17];
    assert_int_equal(lathe_tensor_read(y, got, 17), LATHE_OK);
    for (int i = 0; i < 17; i++) assert_true((got[i] != got[i]) == (i == 0 || i == 16));
    lathe_tape_free(tape);
}

static void they_are_pytorchs(void **state)
{
    (void)state;
    static const over overs[] = { { 12, false, false }, { 2, true, false }, { 1, false, false },
        { 12, false, true }, { 2, true, true }, { 5, false, true } };
    for (size_t i = 0; i < sizeof overs / sizeof overs[0]; i++) {
        char name[32], part[64];
        over o = overs[i];
        snprintf(name, sizeof name, "%s.%u", o.max ? "amax" : "mean_dims", o.dims);
        snprintf(part, sizeof part, "%s.x0", name);
        lathe_leaf leaf = golden_leaf("ops.txt", part, LATHE_BATCHED, (lathe_shape){ 4, { 17, 3, 2, 3 } });
        assert_golden("ops.txt", name, reduce, &o, &leaf, 1, tolerance, tolerance);
        free_leaves(&leaf, 1);
    }
}

static lathe_tensor *no_dimension(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_mean_dims(leaves[0], (const int[]){ 0, 2 }, 2, false);
}

static lathe_tensor *twice(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_max_dims(leaves[0], (const int[]){ 0, -2 }, 2, false);
}

static lathe_tensor *none(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_mean_dims(leaves[0], (const int[]){ 0 }, 0, false);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_leaf leaf = { .layout = LATHE_PLAIN, .shape = { 2, { 2, 3 } } };
    assert_op_fails(no_dimension, NULL, &leaf, 1, LATHE_EARG,
        "lathe_mean_dims: x is [2, 3], without dimension 2");
    assert_op_fails(twice, NULL, &leaf, 1, LATHE_EARG, "lathe_max_dims: dimension 0 is given twice");
    assert_op_fails(none, NULL, &leaf, 1, LATHE_EARG, "lathe_mean_dims: count");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 33, 17, 30, 20 } }, 5);
    static const over overs[] = { { 12, true, false }, { 2, true, false }, { 15, true, true } };
    for (int i = 0; i < 3; i++) {
        over o = overs[i];
        check(o, &leaf);
        assert_same_bits(reduce, &o, &leaf, 1);
    }
    free_leaves(&leaf, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_of_dimensions),
        cmocka_unit_test(plain_numbers_and_features),
        cmocka_unit_test(shapes_and_cases_by_hand),
        cmocka_unit_test(a_nan_is_the_maximum),
        cmocka_unit_test(they_are_pytorchs),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
