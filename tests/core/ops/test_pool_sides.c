/* Pooling with settings of single axes and sides, and with TensorFlow's padding. */
#include <math.h>
#include <stdlib.h>

#include "support/op_test.h"

static const double tolerance = sizeof(lathe_real) == 8 ? 1e-13 : 2e-6;

typedef struct pool_case {
    bool average;
    lathe_pool_opts opts;
} pool_case;

static lathe_tensor *pool(void *context, lathe_tensor *const *leaves, int count)
{
    const pool_case *c = context;
    (void)count;
    return c->average ? lathe_avg_pool2d(leaves[0], &c->opts) : lathe_max_pool2d(leaves[0], &c->opts);
}

static const char *name_of(const pool_case *c) { return c->average ? "avg_pool2d" : "max_pool2d"; }

/* One axis, by the formulas in pool.h. */
typedef struct axis {
    int size, kernel, stride, dilation, before, results;
} axis;

static axis axis_of(int size, int kernel, int stride, int dilation, int before, int after, bool same)
{
    int extent = dilation * (kernel - 1) + 1;
    if (same) {
        int padding = ((size + stride - 1) / stride - 1) * stride + extent - size;
        if (padding < 0) padding = 0;
        before = padding / 2;
        after = padding - before;
    }
    int room = size + before + after - extent;
    return (axis){ size, kernel, stride, dilation, before, room < 0 ? 0 : room / stride + 1 };
}

static void axes_of(const lathe_pool_opts *o, int height, int width, axis *rows, axis *columns)
{
    int kernel = o->kernel_width ? o->kernel_width : o->kernel, dilation = o->dilation ? o->dilation : 1;
    *rows = axis_of(height, o->kernel, o->stride ? o->stride : o->kernel, dilation,
        o->padding + o->padding_sides.top, o->padding + o->padding_sides.bottom, o->same);
    *columns = axis_of(width, kernel,
        o->stride_width ? o->stride_width :
            o->stride   ? o->stride :
                          kernel,
        o->dilation_width ? o->dilation_width : dilation, o->padding + o->padding_sides.left,
        o->padding + o->padding_sides.right, o->same);
}

/* Where in the picture a window's place is; -1 in the padding. */
static int place(const axis *a, int result, int tap)
{
    int at = result * a->stride + tap * a->dilation - a->before;
    return at < a->size ? at : -1;
}

/* One window; false if it sees no pixel. */
static bool twin_window(const pool_case *c, const axis *rows, const axis *columns, int i, int j,
    const double *x, double gy, double *y, double *gx)
{
    int best = -1, seen = 0;
    double sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int p = 0; p < rows->kernel; p++)
            for (int q = 0; q < columns->kernel; q++) {
                int row = place(rows, i, p), column = place(columns, j, q), at = row * columns->size + column;
                if (row < 0 || column < 0) continue;
                double area = c->opts.exclude_padding ? seen : (double)rows->kernel * columns->kernel;
                if (pass == 1 && c->average) gx[at] += gy / area;
                if (pass == 1) continue;
                seen++;
                sum += x[at];
                if (best < 0 || x[at] > x[best]) best = at;
            }
    if (!seen) return false;
    if (!c->average) gx[best] += gy;
    *y = !c->average ? x[best] : sum / (c->opts.exclude_padding ? seen : rows->kernel * columns->kernel);
    return true;
}

/* Whether there is such a pooling of such pictures. */
static bool check_against_twin(pool_case *c, lathe_shape shape, uint64_t seed)
{
    axis rows, columns;
    axes_of(&c->opts, shape.dim[2], shape.dim[3], &rows, &columns);
    if (!rows.results || !columns.results) return false;
    lathe_leaf leaf = apart_leaf(LATHE_BATCHED, shape, seed);
    int planes = shape.dim[0] * shape.dim[1], size = shape.dim[2] * shape.dim[3],
        each = rows.results * columns.results;
    size_t results = (size_t)(planes * each);
    double *x = leaf_doubles(&leaf), *gx = calloc((size_t)(planes * size) + 2 * results, sizeof *gx),
           *y = gx + planes * size, *gy = y + results;
    bool sees = true;
    for (size_t i = 0; i < results; i++) gy[i] = random_int(seed, i, -64, 64) / 16.0;
    for (int n = 0; n < planes * each; n++)
        sees = twin_window(c, &rows, &columns, n % each / columns.results, n % columns.results,
                   x + n / each * size, gy[n], &y[n], gx + n / each * size) &&
            sees;
    char what[128];
    snprintf(what, sizeof what, "%s, seed %d", name_of(c), (int)seed);
    if (!sees) assert_op_fails(pool, c, &leaf, 1, LATHE_ESHAPE, "a window would lie in the padding alone");
    else {
        assert_result(what, pool, c, &leaf, 1, LATHE_TRAIN, y, results, tolerance, 8 * tolerance);
        assert_leaf_gradient(what, pool, c, &leaf, 1, gy, results, 0, gx, tolerance, 8 * tolerance);
    }
    free(x);
    free(gx);
    free_leaves(&leaf, 1);
    return sees;
}

static pool_case random_case(uint64_t seed)
{
    pool_case c = { .average = seed % 2 };
    lathe_pool_opts *o = &c.opts;
    o->kernel = random_int(seed, 1, 1, 4);
    o->kernel_width = random_int(seed, 2, 0, 4);
    o->stride = random_int(seed, 3, 0, 3);
    o->stride_width = random_int(seed, 4, 0, 3);
    if (!c.average) {
        o->dilation = random_int(seed, 5, 0, 2);
        o->dilation_width = random_int(seed, 6, 0, 3);
    }
    o->exclude_padding = random_int(seed, 7, 0, 1);
    o->same = random_int(seed, 8, 0, 1);
    if (!o->same)
        o->padding_sides = (lathe_sides){ random_int(seed, 9, 0, 2), random_int(seed, 10, 0, 2),
            random_int(seed, 11, 0, 2), random_int(seed, 12, 0, 2) };
    return c;
}

static void random_settings_equal_the_twin(void **state)
{
    (void)state;
    int done = 0, blind = 0;
    for (uint64_t seed = 0; done < 160; seed++) {
        pool_case c = random_case(seed);
        lathe_shape shape = { 4,
            { test_batches[seed % 5], seed % 7 ? random_int(seed, 20, 1, 3) : 17, random_int(seed, 21, 1, 8),
                random_int(seed, 22, 1, 9) } };
        if (check_against_twin(&c, shape, seed)) done++;
        else blind++;
    }
    assert_true(blind > 3);
}

static void gradient_check(void **state)
{
    (void)state;
    int done = 0;
    for (uint64_t seed = 300; done < 40; seed++) {
        pool_case c = random_case(seed);
        lathe_shape shape = { 4, { test_batches[done / 2 % 5], 1, random_int(seed, 21, 2, 4), 4 } };
        if (!check_against_twin(&c, shape, seed)) continue;
        lathe_leaf leaf = apart_leaf(LATHE_BATCHED, shape, seed);
        assert_gradient(name_of(&c), pool, &c, &leaf, 1);
        free_leaves(&leaf, 1);
        done++;
    }
}

static void equals_pytorch(void **state)
{
    (void)state;
    size_t n;
    double *cases = golden("pool.txt", "sides", &n);
    for (int i = 0; i < (int)cases[0]; i++) {
        char name[32], part[64];
        snprintf(name, sizeof name, "sides%d", i);
        snprintf(part, sizeof part, "%s.setup", name);
        double *v = golden("pool.txt", part, &n);
        assert_int_equal(n, 16);
        int s[16];
        for (int k = 0; k < 16; k++) s[k] = (int)v[k];
        free(v);
        pool_case c = { s[0] == 1,
            { .kernel = s[5],
                .kernel_width = s[6],
                .stride = s[7],
                .stride_width = s[8],
                .dilation = s[9],
                .dilation_width = s[10],
                .padding_sides = { s[11], s[12], s[13], s[14] },
                .same = s[15] } };
        snprintf(part, sizeof part, "%s.x0", name);
        lathe_leaf leaf =
            golden_leaf("pool.txt", part, LATHE_BATCHED, (lathe_shape){ 4, { s[1], s[2], s[3], s[4] } });
        assert_golden("pool.txt", name, pool, &c, &leaf, 1, tolerance, tolerance);
        free_leaves(&leaf, 1);
    }
    free(cases);
}

static void channels_stay_abreast(void **state)
{
    (void)state;
    lathe_leaf leaf = apart_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 2, 18, 9, 8 } }, 1);
    pool_case wide = { false, { .kernel = 2, .kernel_width = 3, .dilation = 2, .same = true } };
    assert_channels("max_pool2d", pool, &wide, &leaf, 1);
    pool_case mean = { true, { .kernel = 1, .kernel_width = 3, .padding_sides = { 0, 0, 1, 1 } } };
    assert_channels("avg_pool2d", pool, &mean, &leaf, 1);
    free_leaves(&leaf, 1);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        pool_case c;
        lathe_status status;
        const char *message;
    } mistakes[] = {
        { { false, { .kernel = 2, .kernel_width = -1 } }, LATHE_EARG,
            "lathe_max_pool2d: kernel_width = -1 is not legal" },
        { { false, { .kernel = 2, .stride_width = -1 } }, LATHE_EARG, "stride_width = -1 is not legal" },
        { { false, { .kernel = 2, .dilation = -1 } }, LATHE_EARG, "dilation = -1 is not legal" },
        { { false, { .kernel = 2, .padding_sides = { .right = -1 } } }, LATHE_EARG,
            "padding_sides.right = -1 is not legal" },
        { { false, { .kernel = 4, .kernel_width = 2, .padding = 2 } }, LATHE_EARG,
            "padding = 2, must be 0 to kernel / 2 = 1" },
        { { true, { .kernel = 2, .dilation = 2 } }, LATHE_EARG,
            "lathe_avg_pool2d: dilation is 2; means have none" },
        { { true, { .kernel = 2, .dilation_width = 3 } }, LATHE_EARG,
            "dilation_width is 3; means have none" },
        { { true, { .kernel = 2, .same = true, .padding = 1 } }, LATHE_EARG,
            "same chooses the padding, but padding is given, too" },
        { { true, { .kernel = 2, .same = true, .ceil_mode = true } }, LATHE_EARG,
            "same chooses the padding, but ceil_mode is given, too" },
        { { false, { .kernel = 2147483647, .same = true } }, LATHE_EARG,
            "same would pad a 5 x 4 image by more than 1048576" },
        { { false, { .kernel = 2, .padding_sides = { .top = 2 } } }, LATHE_ESHAPE,
            "a window would lie in the padding alone" },
        { { false, { .kernel = 2, .kernel_width = 6 } }, LATHE_ESHAPE,
            "kernel 2 x 6 with padding 0 does not fit into x [2, 3, 5, 4]" },
    };
    lathe_leaf leaf = normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 5, 4 } }, 1);
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        pool_case c = mistakes[i].c;
        assert_op_fails(pool, &c, &leaf, 1, mistakes[i].status, mistakes[i].message);
    }
    free_leaves(&leaf, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_settings_equal_the_twin),
        cmocka_unit_test(gradient_check),
        cmocka_unit_test(equals_pytorch),
        cmocka_unit_test(channels_stay_abreast),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
