#include "op_test.h"

#include <stdlib.h>
#include <string.h>

const int test_batches[5] = { 1, 15, 16, 17, 33 };
const int test_channels[6] = { 1, 3, 15, 16, 17, 33 };

enum { MAX_LEAVES = 8 };

static lathe_leaf new_leaf(lathe_layout layout, lathe_shape shape, size_t *count, lathe_real **values)
{
    *count = lathe_shape_count(&shape);
    *values = malloc((*count + 1) * sizeof **values);
    assert_non_null(*values);
    return (lathe_leaf){ .layout = layout, .shape = shape, .values = *values };
}

lathe_leaf normal_leaf(lathe_layout layout, lathe_shape shape, uint64_t seed)
{
    size_t count;
    lathe_real *values;
    lathe_leaf leaf = new_leaf(layout, shape, &count, &values);
    fill_normal(values, count, seed);
    return leaf;
}

lathe_leaf apart_leaf(lathe_layout layout, lathe_shape shape, uint64_t seed)
{
    size_t count;
    lathe_real *values;
    lathe_leaf leaf = new_leaf(layout, shape, &count, &values);
    numbers_apart(values, count, seed);
    return leaf;
}

void free_leaves(lathe_leaf *leaves, int count)
{
    for (int i = 0; i < count; i++) {
        free((void *)(uintptr_t)leaves[i].values);
        leaves[i].values = NULL;
    }
}

void numbers_apart(lathe_real *values, size_t count, uint64_t seed)
{
    size_t *order = malloc((count + 1) * sizeof *order);
    assert_non_null(order);
    for (size_t i = 0; i < count; i++) order[i] = i;
    lathe_rng rng = lathe_rng_at(seed, lathe_rng_stream("tests/apart"), 0);
    lathe_rng_shuffle(&rng, order, count);
    for (size_t i = 0; i < count; i++)
        values[i] = (lathe_real)(0.05 * ((double)order[i] - (double)(count / 2) + 0.5));
    free(order);
}

double *leaf_doubles(const lathe_leaf *leaf)
{
    size_t count = lathe_shape_count(&leaf->shape);
    double *wide = malloc((count + 1) * sizeof *wide);
    assert_non_null(wide);
    for (size_t i = 0; i < count; i++) wide[i] = (double)leaf->values[i];
    return wide;
}

/* How leaves of images lie: as the test gives them (sixteen images abreast), and as a net has them that works
 * with channels abreast. */
typedef enum way { AS_GIVEN, CHANNELS, PICTURES, WAYS } way;

static const char *const way_names[WAYS] = { "", " (channels abreast)", " (of plain pictures)" };

static bool is_images(const lathe_leaf *leaf)
{
    return leaf->layout == LATHE_BATCHED && leaf->shape.rank == 4;
}

static int ways_of(const lathe_leaf *leaves, int count)
{
    for (int i = 0; i < count; i++)
        if (is_images(&leaves[i])) return WAYS;
    return AS_GIVEN + 1;
}

static lathe_layout layout_in(way how, const lathe_leaf *leaf)
{
    if (how == AS_GIVEN || !is_images(leaf)) return leaf->layout;
    return how == CHANNELS ? LATHE_CHANNELS : LATHE_PLAIN;
}

/*
 * The function's result on a tape; `leaves` become tensors. Plain pictures need no gradient, as in training,
 * unless they are leaf `wanted`.
 */
static lathe_tensor *run(lathe_tape *tape, lathe_mode mode, way how, int wanted, lathe_function *function,
    void *context, const lathe_leaf *leaves, int count, lathe_tensor **tensors)
{
    assert_true(count <= MAX_LEAVES);
    lathe_tape_seed(tape, 1, 0);
    lathe_tape_begin(tape, mode);
    lathe_tape_layout(tape, how == AS_GIVEN ? LATHE_BATCHED : LATHE_CHANNELS);
    for (int i = 0; i < count; i++) {
        tensors[i] = lathe_tape_leaf(tape, layout_in(how, &leaves[i]), leaves[i].shape, leaves[i].values);
        if (!tensors[i]) fail_msg("leaf %d: %s", i, lathe_error_message());
        tensors[i]->pictures = how == PICTURES && is_images(&leaves[i]);
        tensors[i]->needs_grad = !leaves[i].constant && (!tensors[i]->pictures || i == wanted);
        for (size_t j = 0; j < tensors[i]->stored; j++)
            if (lathe_tensor_is_tail(tensors[i], j)) tensors[i]->data[j] = 7;
    }
    return function(context, tensors, count);
}

static void assert_there(const char *what, const lathe_tensor *y)
{
    if (!y) fail_msg("%s: no result: %s", what, lathe_error_message());
}

void assert_result(const char *what, lathe_function *function, void *context, const lathe_leaf *leaves,
    int count, lathe_mode mode, const double *want, size_t want_count, double relative, double absolute)
{
    lathe_tensor *tensors[MAX_LEAVES];
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_real *got = malloc((want_count + 1) * sizeof *got);
    assert_non_null(got);
    for (int how = 0; how < ways_of(leaves, count); how++) {
        char name[256];
        snprintf(name, sizeof name, "%s%s", what, way_names[how]);
        lathe_tensor *y = run(tape, mode, how, -1, function, context, leaves, count, tensors);
        assert_there(name, y);
        if (lathe_tensor_read(y, got, want_count)) fail_msg("%s: %s", name, lathe_error_message());
        assert_close(name, got, want, want_count, relative, absolute);
    }
    free(got);
    lathe_tape_free(tape);
}

/* Fail unless tail lanes of the gradient are 0. */
static void assert_no_tail(const char *what, const lathe_tensor *x)
{
    for (size_t i = 0; x->has_grad && i < x->stored; i++)
        if (lathe_tensor_is_tail(x, i) && x->grad[i] != 0)
            fail_msg("%s: the gradient holds %g in tail lane %zu", what, (double)x->grad[i], i % LATHE_LANES);
}

void assert_leaf_gradient(const char *what, lathe_function *function, void *context, const lathe_leaf *leaves,
    int count, const double *gy, size_t gy_count, int leaf, const double *want, double relative,
    double absolute)
{
    lathe_tensor *tensors[MAX_LEAVES];
    lathe_tape *tape = lathe_tape_new(NULL);
    size_t n = lathe_shape_count(&leaves[leaf].shape);
    lathe_real *given = malloc((gy_count + 1) * sizeof *given), *got = malloc((n + 1) * sizeof *got);
    assert_non_null(given);
    assert_non_null(got);
    for (size_t i = 0; i < gy_count; i++) given[i] = (lathe_real)gy[i];
    for (int how = 0; how < ways_of(leaves, count); how++) {
        char name[256];
        snprintf(name, sizeof name, "%s%s", what, way_names[how]);
        lathe_tensor *y = run(tape, LATHE_TRAIN, how, leaf, function, context, leaves, count, tensors);
        assert_there(name, y);
        if (lathe_backward_from(y, given, gy_count)) fail_msg("%s: %s", name, lathe_error_message());
        assert_int_equal(lathe_tensor_read_grad(tensors[leaf], got, n), LATHE_OK);
        assert_close(name, got, want, n, relative, absolute);
        assert_no_tail(name, tensors[leaf]);
    }
    free(given);
    free(got);
    lathe_tape_free(tape);
}

lathe_leaf golden_leaf(const char *file, const char *name, lathe_layout layout, lathe_shape shape)
{
    size_t count, golden_count;
    lathe_real *values;
    lathe_leaf leaf = new_leaf(layout, shape, &count, &values);
    double *wide = golden(file, name, &golden_count);
    assert_int_equal(golden_count, count);
    for (size_t i = 0; i < count; i++) values[i] = (lathe_real)wide[i];
    free(wide);
    return leaf;
}

void assert_golden(const char *file, const char *name, lathe_function *function, void *context,
    const lathe_leaf *leaves, int count, double relative, double absolute)
{
    char part[256];
    size_t y_count, gy_count, g_count;
    golden_tried();
    snprintf(part, sizeof part, "%s.y", name);
    double *y = golden(file, part, &y_count);
    assert_result(part, function, context, leaves, count, LATHE_TRAIN, y, y_count, relative, absolute);
    snprintf(part, sizeof part, "%s.gy", name);
    double *gy = golden(file, part, &gy_count);
    for (int i = 0; i < count; i++) {
        if (leaves[i].constant) continue;
        snprintf(part, sizeof part, "%s.g%d", name, i);
        double *g = golden(file, part, &g_count);
        assert_int_equal(g_count, lathe_shape_count(&leaves[i].shape));
        assert_leaf_gradient(part, function, context, leaves, count, gy, gy_count, i, g, relative, absolute);
        free(g);
    }
    free(y);
    free(gy);
    golden_agreed();
}

/* Fail unless the newest operation of the tape with this name is there. */
static void assert_recorded(const char *op, const lathe_tape *tape)
{
    const lathe_node *node = lathe_tape_newest(tape);
    while (node && strcmp(node->op->name, op) != 0) node = node->before;
    if (!node) fail_msg("the function does not run operation %s", op);
}

void assert_gradient(const char *op, lathe_function *function, void *context, const lathe_leaf *leaves,
    int count)
{
    lathe_tensor *tensors[MAX_LEAVES];
    lathe_tape *tape = lathe_tape_new(NULL);
    char shapes[MAX_LEAVES * LATHE_SHAPE_TEXT] = "", text[LATHE_SHAPE_TEXT];
    for (int i = 0; i < count; i++) strcat(shapes, lathe_shape_text(&leaves[i].shape, text));
    for (int how = AS_GIVEN; how <= CHANNELS && how < ways_of(leaves, count); how++) {
        assert_there(op, run(tape, LATHE_TRAIN, how, -1, function, context, leaves, count, tensors));
        assert_recorded(op, tape);
        lathe_leaf lying[MAX_LEAVES];
        for (int i = 0; i < count; i++) {
            lying[i] = leaves[i];
            lying[i].layout = layout_in(how, &leaves[i]);
        }
        if (lathe_gradcheck(function, context, lying, count, NULL, NULL))
            fail_msg("%s%s of %s: %s", op, way_names[how], shapes, lathe_error_message());
    }
    lathe_tape_free(tape);
}

void assert_channels(const char *op, lathe_function *function, void *context, const lathe_leaf *leaves,
    int count)
{
    lathe_tensor *tensors[MAX_LEAVES];
    lathe_tape *tape = lathe_tape_new(NULL);
    assert_int_equal(ways_of(leaves, count), WAYS);
    const lathe_tensor *y = run(tape, LATHE_TRAIN, CHANNELS, -1, function, context, leaves, count, tensors);
    assert_there(op, y);
    assert_recorded(op, tape);
    for (const lathe_node *node = lathe_tape_newest(tape); node; node = node->before)
        if (node->op == &lathe_relayout_op)
            fail_msg("%s: images with channels abreast are laid out anew", op);
    assert_int_equal(y->layout, LATHE_CHANNELS);
    lathe_tape_free(tape);
}

/* Result and all gradients, one after the other. */
static lathe_real *outcome(way how, lathe_function *function, void *context, const lathe_leaf *leaves,
    int count, size_t *total)
{
    lathe_tensor *tensors[MAX_LEAVES];
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tensor *y = run(tape, LATHE_TRAIN, how, -1, function, context, leaves, count, tensors);
    assert_there("assert_same_bits", y);
    size_t n = lathe_shape_count(&y->shape), at = n;
    *total = n;
    for (int i = 0; i < count; i++) *total += lathe_shape_count(&leaves[i].shape);
    lathe_real *all = malloc(*total * sizeof *all), *gy = malloc(n * sizeof *gy);
    assert_non_null(all);
    assert_non_null(gy);
    fill_normal(gy, n, 99);
    lathe_tensor_read(y, all, n);
    if (lathe_backward_from(y, gy, n)) fail_msg("assert_same_bits: %s", lathe_error_message());
    for (int i = 0; i < count; i++) {
        size_t size = lathe_shape_count(&leaves[i].shape);
        lathe_tensor_read_grad(tensors[i], all + at, size);
        at += size;
    }
    free(gy);
    lathe_tape_free(tape);
    return all;
}

void assert_same_bits(lathe_function *function, void *context, const lathe_leaf *leaves, int count)
{
    for (int how = AS_GIVEN; how <= CHANNELS && how < ways_of(leaves, count); how++) {
        size_t total, again;
        lathe_threads_set(NULL, 1);
        lathe_real *want = outcome(how, function, context, leaves, count, &total);
        for (int threads = 2; threads <= 4; threads++) {
            lathe_threads_set(NULL, threads);
            lathe_real *got = outcome(how, function, context, leaves, count, &again);
            assert_int_equal(again, total);
            for (size_t i = 0; i < total; i++)
                if (memcmp(&got[i], &want[i], sizeof *got))
                    fail_msg("%d threads%s: number %zu is %.9g, with one thread it is %.9g", threads,
                        way_names[how], i, (double)got[i], (double)want[i]);
            free(got);
        }
        free(want);
    }
    lathe_threads_set(NULL, 0);
}

void assert_op_fails(lathe_function *function, void *context, const lathe_leaf *leaves, int count,
    lathe_status status, const char *fragment)
{
    lathe_tensor *tensors[MAX_LEAVES];
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_error_clear();
    if (run(tape, LATHE_TRAIN, AS_GIVEN, -1, function, context, leaves, count, tensors))
        fail_msg("no failure with '%s'", fragment);
    assert_int_equal(lathe_tape_status(tape), status);
    assert_failed(status, fragment);
    lathe_tape_free(tape);
}
