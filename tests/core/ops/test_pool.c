#include "support/op_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double tolerance = sizeof(lathe_real) == 8 ? 1e-13 : 1e-6;

typedef enum pool_kind { MAX, AVERAGE, ADAPTIVE } pool_kind;

/* One pooling; for ADAPTIVE, kernel and stride are the result's height and width. */
typedef struct pool_case {
    pool_kind kind;
    lathe_pool_opts opts;
} pool_case;

static const char *const op_names[] = { "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d" };

static lathe_tensor *pool(void *context, lathe_tensor *const *leaves, int count)
{
    const pool_case *c = context;
    (void)count;
    if (c->kind == MAX) return lathe_max_pool2d(leaves[0], &c->opts);
    if (c->kind == AVERAGE) return lathe_avg_pool2d(leaves[0], &c->opts);
    return lathe_adaptive_avg_pool2d(leaves[0], c->opts.kernel, c->opts.stride);
}

static lathe_shape images(int batch, int channels, int height, int width)
{
    return (lathe_shape){ 4, { batch, channels, height, width } };
}

static void check(const char *what, pool_case *c, const lathe_leaf *x, const double *y, const double *gy,
    size_t results, const double *gx)
{
    assert_result(what, pool, c, x, 1, LATHE_TRAIN, y, results, tolerance, tolerance);
    assert_leaf_gradient(what, pool, c, x, 1, gy, results, 0, gx, tolerance, tolerance);
}

/*
 * One 4x4 picture with window 2, stride 2; of equal maxima the first, row by row, gets the whole gradient:
 *
 *     1 5 | 2 0        max 5 2    average 3 1    gradient of max for 10 20:  0 10 20  0
 *     2 4 | 2 0            7 9            3 9                        30 40   0  0  0  0
 *     ----+----                                                              0  0 40  0
 *     0 3 | 9 9                                                              0 30  0  0
 *     2 7 | 9 9
 */
static void cases_by_hand(void **state)
{
    (void)state;
    lathe_real x[16] = { 1, 5, 2, 0, 2, 4, 2, 0, 0, 3, 9, 9, 2, 7, 9, 9 };
    double gy[4] = { 10, 20, 30, 40 };
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = images(1, 1, 4, 4), .values = x };
    double largest[4] = { 5, 2, 7, 9 }, to_first[16] = { 0, 10, 20, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 30, 0, 0 };
    check("max", &(pool_case){ MAX, { .kernel = 2 } }, &leaf, largest, gy, 4, to_first);
    double mean[4] = { 3, 1, 3, 9 };
    double spread[16] = { 2.5, 2.5, 5, 5, 2.5, 2.5, 5, 5, 7.5, 7.5, 10, 10, 7.5, 7.5, 10, 10 };
    check("average", &(pool_case){ AVERAGE, { .kernel = 2 } }, &leaf, mean, gy, 4, spread);
    check("adaptive", &(pool_case){ ADAPTIVE, { .kernel = 2, .stride = 2 } }, &leaf, mean, gy, 4, spread);
}

/* After a ReLU whole windows are zeros: the gradient goes to their first pixel. */
static void a_window_of_zeros(void **state)
{
    (void)state;
    lathe_real x[9] = { 0 };
    double gy[4] = { 1, 2, 4, 8 }, y[4] = { 0 }, gx[9] = { 1, 2, 0, 4, 8, 0, 0, 0, 0 };
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = images(1, 1, 3, 3), .values = x };
    check("zeros", &(pool_case){ MAX, { .kernel = 2, .stride = 1 } }, &leaf, y, gy, 4, gx);
}

/* All numbers below zero: padding counts as minus infinity, not as zero. */
static void padding_is_never_the_maximum(void **state)
{
    (void)state;
    lathe_real x[4] = { -4, -3, -2, -1 };
    double gy[4] = { 1, 2, 4, 8 }, y[4] = { -4, -3, -2, -1 };
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = images(1, 1, 2, 2), .values = x };
    check("padded", &(pool_case){ MAX, { .kernel = 2, .padding = 1 } }, &leaf, y, gy, 4, gy);
}

/* Wherever in the window it stands, so that a run that has gone wrong is noticed. */
static void nan_is_the_maximum(void **state)
{
    (void)state;
    for (int kernel = 2; kernel <= 4; kernel++)
        for (int at = 0; at < kernel * kernel; at++) {
            lathe_real x[16];
            for (int i = 0; i < kernel * kernel; i++) x[i] = i == at ? (lathe_real)NAN : (lathe_real)(i % 3);
            lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = images(1, 1, kernel, kernel), .values = x };
            double want = NAN;
            assert_result("NaN", pool, &(pool_case){ MAX, { .kernel = kernel } }, &leaf, 1, LATHE_TRAIN,
                &want, 1, 0, 1e-9);
        }
}

/* Windows along one side, by walking over every place where one may begin: the definition, not the formula.
 */
static int windows_along(int size, const lathe_pool_opts *o, int begins[64])
{
    int stride = o->stride ? o->stride : o->kernel, count = 0;
    for (int at = -o->padding; at < size + o->padding; at += stride) {
        bool fits = at + o->kernel <= size + o->padding, may_stick_out = o->ceil_mode && at < size;
        /* in ceil mode one window may stick out, if the one before it left something uncovered */
        bool needed = at == -o->padding || at - stride + o->kernel < size + o->padding;
        if (fits || (may_stick_out && needed)) begins[count++] = at;
    }
    return count;
}

static int adaptive_begin(int i, int count, int size) { return (int)floor((double)i * size / count); }

static int adaptive_end(int i, int count, int size) { return (int)ceil((double)(i + 1) * size / count); }

/* One window: its picture part, and what an average divides by. */
typedef struct box {
    int top, bottom, left, right;
    double area;
} box;

static box box_of(const pool_case *c, int i, int j, int rows, int columns, const int *tops, const int *lefts,
    int height, int width)
{
    if (c->kind == ADAPTIVE) {
        box b = { adaptive_begin(i, rows, height), adaptive_end(i, rows, height),
            adaptive_begin(j, columns, width), adaptive_end(j, columns, width), 0 };
        b.area = (b.bottom - b.top) * (b.right - b.left);
        return b;
    }
    int k = c->opts.kernel, p = c->opts.padding, area = 0, inside = 0;
    for (int y = tops[i]; y < tops[i] + k; y++)
        for (int x = lefts[j]; x < lefts[j] + k; x++) {
            area += y < height + p && x < width + p;
            inside += y >= 0 && y < height && x >= 0 && x < width;
        }
    box b = { tops[i] < 0 ? 0 : tops[i], tops[i] + k < height ? tops[i] + k : height,
        lefts[j] < 0 ? 0 : lefts[j], lefts[j] + k < width ? lefts[j] + k : width,
        c->opts.exclude_padding ? inside : area };
    return b;
}

static void twin_window(const pool_case *c, const box *b, int width, const double *x, double gy, double *y,
    double *gx)
{
    int best = b->top * width + b->left;
    double sum = 0;
    for (int p = b->top; p < b->bottom; p++)
        for (int q = b->left; q < b->right; q++) {
            sum += x[p * width + q];
            if (x[p * width + q] > x[best]) best = p * width + q;
            if (c->kind != MAX) gx[p * width + q] += gy / b->area;
        }
    *y = c->kind == MAX ? x[best] : sum / b->area;
    if (c->kind == MAX) gx[best] += gy;
}

/* Result and gradient of a random case, plane by plane and window by window in double. */
static void check_against_twin(pool_case *c, const lathe_leaf *leaf)
{
    int planes = leaf->shape.dim[0] * leaf->shape.dim[1], height = leaf->shape.dim[2],
        width = leaf->shape.dim[3];
    int tops[64], lefts[64];
    int rows = c->kind == ADAPTIVE ? c->opts.kernel : windows_along(height, &c->opts, tops);
    int columns = c->kind == ADAPTIVE ? c->opts.stride : windows_along(width, &c->opts, lefts);
    size_t results = (size_t)(planes * rows * columns);
    double *x = leaf_doubles(leaf), *gx = calloc((size_t)(planes * height * width), sizeof *gx);
    double *y = calloc(results, sizeof *y), *gy = calloc(results, sizeof *gy);
    assert_true(gx && y && gy);
    for (size_t i = 0; i < results; i++) gy[i] = random_int(11, i, -64, 64) / 16.0;
    for (int n = 0; n < planes; n++)
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) {
                box b = box_of(c, i, j, rows, columns, tops, lefts, height, width);
                int at = (n * rows + i) * columns + j, plane = n * height * width;
                twin_window(c, &b, width, x + plane, gy[at], &y[at], gx + plane);
            }
    char what[128];
    snprintf(what, sizeof what, "%s kernel %d stride %d padding %d ceil %d of %dx%d", op_names[c->kind],
        c->opts.kernel, c->opts.stride, c->opts.padding, c->opts.ceil_mode, height, width);
    check(what, c, leaf, y, gy, results, gx);
    free(x);
    free(gx);
    free(y);
    free(gy);
}

static pool_case random_case(uint64_t seed, int *least)
{
    pool_case c = { .kind = (pool_kind)(seed % 3) };
    c.opts.kernel = random_int(seed, 1, 1, 5);
    c.opts.stride = random_int(seed, 2, c.kind == ADAPTIVE ? 1 : 0, 6);
    *least = 1;
    if (c.kind == ADAPTIVE) return c;
    c.opts.padding = random_int(seed, 3, 0, c.opts.kernel / 2);
    c.opts.ceil_mode = random_int(seed, 4, 0, 1);
    c.opts.exclude_padding = random_int(seed, 5, 0, 1);
    *least = c.opts.kernel - 2 * c.opts.padding > 1 ? c.opts.kernel - 2 * c.opts.padding : 1;
    return c;
}

/* Multiples of 1/2, none below 0: ties, also of zeros. */
static lathe_leaf leaf_with_ties(lathe_shape shape, uint64_t seed)
{
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, shape, seed);
    for (size_t i = 0; i < lathe_shape_count(&shape); i++) {
        lathe_real *x = (lathe_real *)(uintptr_t)&leaf.values[i];
        *x = *x > 0 ? (lathe_real)(rint((double)*x * 2) / 2) : 0;
    }
    return leaf;
}

static void random_cases_equal_the_twin(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        int least;
        pool_case c = random_case(seed, &least);
        lathe_shape shape = images(test_batches[seed % 5], random_int(seed, 6, 1, 4),
            least + random_int(seed, 7, 0, 7), least + random_int(seed, 8, 0, 7));
        lathe_leaf leaf = leaf_with_ties(shape, seed);
        check_against_twin(&c, &leaf);
        free_leaves(&leaf, 1);
    }
}

static void blocks_of_channels_equal_the_twin(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 18; seed++) {
        int least;
        pool_case c = random_case(seed, &least);
        lathe_leaf leaf =
            leaf_with_ties(images(1 + (int)seed % 2, test_channels[seed / 3], least + 5, least + 4), seed);
        check_against_twin(&c, &leaf);
        assert_channels(op_names[c.kind], pool, &c, &leaf, 1);
        free_leaves(&leaf, 1);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 75; seed++) {
        int least;
        pool_case c = random_case(seed, &least);
        int batch = test_batches[(seed / 3) % 5], extra = batch > 1 ? 1 : 4;
        lathe_leaf leaf = apart_leaf(LATHE_BATCHED,
            images(batch, random_int(seed, 6, 1, 2), least + random_int(seed, 7, 0, extra),
                least + random_int(seed, 8, 0, extra)),
            seed);
        assert_gradient(op_names[c.kind], pool, &c, &leaf, 1);
        free_leaves(&leaf, 1);
    }
}

static lathe_tensor *relu_pool(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_relu_max_pool2d(leaves[0], context);
}

/* Twice the same tensor: the second gradient is added to the first. */
static lathe_tensor *pool_twice(void *context, lathe_tensor *const *leaves, int count)
{
    return lathe_add(pool(context, leaves, count), pool(context, leaves, count));
}

/* relu and pooling in one operation and in two: equal to the bit, in windows that overlap, reach the padding,
 * or hold nothing above 0. */
static void a_relu_before_costs_nothing_else(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    for (uint64_t seed = 0; seed < 24; seed++) {
        int batch = random_int(seed, 0, 1, 20), height = random_int(seed, 1, 3, 9),
            width = random_int(seed, 2, 3, 9);
        int kernel = random_int(seed, 3, 1, 3);
        const lathe_pool_opts opts = { .kernel = kernel,
            .stride = random_int(seed, 4, 1, 3),
            .padding = seed % 2 ? kernel / 2 : 0,
            .ceil_mode = seed % 3 == 0 };
        size_t count = (size_t)(batch * 2 * height * width), results = 0;
        lathe_real *x = malloc(count * sizeof *x),
                   *gx[2] = { malloc(count * sizeof *x), malloc(count * sizeof *x) };
        lathe_real *y[2] = { 0 }, *gy = NULL;
        fill_normal(x, count, seed);
        for (size_t i = 0; seed % 4 == 0 && i < count; i++) x[i] -= 1;
        for (int fused = 0; fused <= 1; fused++) {
            lathe_tape_begin(tape, LATHE_TRAIN);
            lathe_tensor *leaf = lathe_tape_leaf(tape, LATHE_BATCHED, images(batch, 2, height, width), x);
            leaf->needs_grad = true;
            lathe_tensor *out =
                fused ? lathe_relu_max_pool2d(leaf, &opts) : lathe_max_pool2d(lathe_relu(leaf), &opts);
            assert_non_null(out);
            results = lathe_shape_count(&out->shape);
            if (!gy) fill_normal(gy = malloc(results * sizeof *gy), results, seed + 100);
            lathe_tensor_read(out, y[fused] = malloc(results * sizeof *gy), results);
            assert_int_equal(lathe_backward_from(out, gy, results), LATHE_OK);
            lathe_tensor_read_grad(leaf, gx[fused], count);
        }
        assert_memory_equal(y[0], y[1], results * sizeof *gy);
        for (size_t i = 0; i < count; i++) assert_true(gx[0][i] == gx[1][i]); /* -0 equals 0 */
        lathe_leaf apart = apart_leaf(LATHE_BATCHED, images(batch, 2, height, width), seed);
        assert_gradient("relu_max_pool2d", relu_pool, (void *)&opts, &apart, 1);
        assert_channels("relu_max_pool2d", relu_pool, (void *)&opts, &apart, 1);
        free_leaves(&apart, 1);
        free(x), free(gx[0]), free(gx[1]), free(y[0]), free(y[1]), free(gy);
    }
    lathe_tape_free(tape);
}

static void gradients_are_added(void **state)
{
    (void)state;
    for (int kind = MAX; kind <= ADAPTIVE; kind++)
        for (int kernel = 2; kernel <= 3; kernel++) {
            pool_case c = { (pool_kind)kind, { .kernel = kernel, .stride = 2 } };
            lathe_leaf leaf = apart_leaf(LATHE_BATCHED, images(17, 1, 4, 5), (uint64_t)kind);
            assert_gradient(op_names[kind], pool_twice, &c, &leaf, 1);
            free_leaves(&leaf, 1);
        }
}

static void equals_pytorch(void **state)
{
    (void)state;
    size_t n;
    double *cases = golden("pool.txt", "cases", &n);
    for (int i = 0; i < (int)cases[0]; i++) {
        char name[32], part[64];
        snprintf(name, sizeof name, "case%d", i);
        snprintf(part, sizeof part, "%s.setup", name);
        double *v = golden("pool.txt", part, &n);
        assert_int_equal(n, 10);
        pool_case c = { (pool_kind)v[0],
            { .kernel = (int)v[5],
                .stride = (int)v[6],
                .padding = (int)v[7],
                .ceil_mode = v[8] != 0,
                .exclude_padding = v[9] != 0 } };
        snprintf(part, sizeof part, "%s.x0", name);
        lathe_leaf leaf =
            golden_leaf("pool.txt", part, LATHE_BATCHED, images((int)v[1], (int)v[2], (int)v[3], (int)v[4]));
        assert_golden("pool.txt", name, pool, &c, &leaf, 1, tolerance, tolerance);
        free_leaves(&leaf, 1);
        free(v);
    }
    free(cases);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    pool_case cases[] = { { MAX, { .kernel = 3, .stride = 2, .padding = 1 } }, { AVERAGE, { .kernel = 2 } },
        { ADAPTIVE, { .kernel = 5, .stride = 7 } } };
    for (int i = 0; i < 3; i++) {
        lathe_leaf leaf = normal_leaf(LATHE_BATCHED, images(40, 6, 29, 28), (uint64_t)i);
        assert_same_bits(pool, &cases[i], &leaf, 1);
        free_leaves(&leaf, 1);
    }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        pool_case c;
        lathe_status status;
        const char *message;
    } mistakes[] = {
        { { MAX, { .kernel = 0 } }, LATHE_EARG, "lathe_max_pool2d: kernel must be given" },
        { { MAX, { .kernel = 2, .stride = -1 } }, LATHE_EARG,
            "lathe_max_pool2d: stride = -1 is not legal: >= 0" },
        { { AVERAGE, { .kernel = 3, .padding = 2 } }, LATHE_EARG,
            "lathe_avg_pool2d: padding = 2, must be 0 to kernel / 2 = 1" },
        { { AVERAGE, { .kernel = 3, .padding = -1 } }, LATHE_EARG, "padding = -1" },
        { { MAX, { .kernel = 6 } }, LATHE_ESHAPE,
            "lathe_max_pool2d: kernel 6 with padding 0 does not fit into x [2, 3, 5, 4]" },
        { { MAX, { .kernel = 2147483647 } }, LATHE_ESHAPE, "kernel 2147483647 with padding 0 does not fit" },
        { { ADAPTIVE, { .kernel = 0, .stride = 3 } }, LATHE_EARG,
            "lathe_adaptive_avg_pool2d: height must be given" },
    };
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, images(2, 3, 5, 4), 1);
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        pool_case c = mistakes[i].c;
        assert_op_fails(pool, &c, &leaf, 1, mistakes[i].status, mistakes[i].message);
    }
    leaf.layout = LATHE_PLAIN;
    assert_op_fails(pool, &(pool_case){ MAX, { .kernel = 2 } }, &leaf, 1, LATHE_ESHAPE,
        "lathe_max_pool2d: x is plain [2, 3, 5, 4]");
    leaf.layout = LATHE_BATCHED;
    leaf.shape = (lathe_shape){ 2, { 2, 60 } };
    assert_op_fails(pool, &(pool_case){ ADAPTIVE, { .kernel = 1, .stride = 1 } }, &leaf, 1, LATHE_ESHAPE,
        "x is batched [2, 60], expected");
    free_leaves(&leaf, 1);
}

static lathe_tensor *without_options(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_max_pool2d(leaves[0], NULL);
}

static void a_kernel_must_be_given(void **state)
{
    (void)state;
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, images(1, 1, 2, 2), 1);
    assert_op_fails(without_options, NULL, &leaf, 1, LATHE_EARG, "lathe_max_pool2d: kernel must be given");
    free_leaves(&leaf, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_by_hand),
        cmocka_unit_test(a_window_of_zeros),
        cmocka_unit_test(padding_is_never_the_maximum),
        cmocka_unit_test(nan_is_the_maximum),
        cmocka_unit_test(random_cases_equal_the_twin),
        cmocka_unit_test(blocks_of_channels_equal_the_twin),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(a_relu_before_costs_nothing_else),
        cmocka_unit_test(gradients_are_added),
        cmocka_unit_test(equals_pytorch),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(a_kernel_must_be_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
