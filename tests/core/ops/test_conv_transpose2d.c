#include "support/op_test.h"

#include <math.h>
#include <stdlib.h>

static const double tolerance = sizeof(lathe_real) == 8 ? 1e-12 : 2e-5;

static lathe_tensor *transposed(void *context, lathe_tensor *const *leaves, int count)
{
    return lathe_conv_transpose2d(leaves[0], leaves[1], count > 2 ? leaves[2] : NULL, context);
}

/* The formula in conv_transpose2d.h and its derivatives, in double, number by number. */
typedef struct twin {
    int batch, channels, height, width, outputs, kernel, kernel_width;
    lathe_conv_transpose2d_opts o;
    int out_height, out_width;
} twin;

static lathe_shape in_shape(const twin *t)
{
    return (lathe_shape){ 4, { t->batch, t->channels, t->height, t->width } };
}
static lathe_shape weight_shape(const twin *t)
{
    return (lathe_shape){ 4, { t->channels, t->outputs / t->o.groups, t->kernel, t->kernel_width } };
}
static size_t results(const twin *t)
{
    return (size_t)(t->batch * t->outputs * t->out_height * t->out_width);
}

static int stride_width(const twin *t) { return t->o.stride_width ? t->o.stride_width : t->o.stride; }
static int dilation_width(const twin *t) { return t->o.dilation_width ? t->o.dilation_width : t->o.dilation; }

static void twin_run(const twin *t, const double *x, const double *w, const double *bias, const double *gy,
    double *y, double *gx, double *gw)
{
    int each = t->outputs / t->o.groups, group_channels = t->channels / t->o.groups,
        plane = t->out_height * t->out_width;
    for (int i = 0; i < (int)results(t); i++) y[i] = bias ? bias[i / plane % t->outputs] : 0;
    for (int n = 0; n < t->batch * t->channels * t->height * t->width; n++) {
        int j = n % t->width, i = n / t->width % t->height, c = n / t->width / t->height % t->channels,
            b = n / t->width / t->height / t->channels;
        for (int m = 0; m < each * t->kernel * t->kernel_width; m++) {
            int q = m % t->kernel_width, p = m / t->kernel_width % t->kernel,
                o = m / t->kernel_width / t->kernel + c / group_channels * each;
            int row = i * t->o.stride + p * t->o.dilation - t->o.padding - t->o.padding_sides.top,
                column = j * stride_width(t) + q * dilation_width(t) - t->o.padding - t->o.padding_sides.left;
            if (row < 0 || row >= t->out_height || column < 0 || column >= t->out_width) continue;
            int at = ((b * t->outputs + o) * t->out_height + row) * t->out_width + column,
                weight = c * each * t->kernel * t->kernel_width + m;
            y[at] += w[weight] * x[n];
            gx[n] += w[weight] * gy[at];
            gw[weight] += x[n] * gy[at];
        }
    }
}

static void check_against_twin(twin *t, bool has_bias, uint64_t seed)
{
    lathe_leaf leaves[3] = { normal_leaf(LATHE_BATCHED, in_shape(t), seed * 3),
        normal_leaf(LATHE_PLAIN, weight_shape(t), seed * 3 + 1),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { t->outputs } }, seed * 3 + 2) };
    const lathe_sides *sides = &t->o.padding_sides;
    int count = has_bias ? 3 : 2, more = t->o.output_padding + 1 - 2 * t->o.padding;
    t->out_height =
        (t->height - 1) * t->o.stride + t->o.dilation * (t->kernel - 1) + more - sides->top - sides->bottom;
    t->out_width = (t->width - 1) * stride_width(t) + dilation_width(t) * (t->kernel_width - 1) + more -
        sides->left - sides->right;
    size_t n = results(t), xs = lathe_shape_count(&leaves[0].shape), ws = lathe_shape_count(&leaves[1].shape);
    double *x = leaf_doubles(&leaves[0]), *w = leaf_doubles(&leaves[1]), *bias = leaf_doubles(&leaves[2]);
    double *y = calloc(n, sizeof *y), *gx = calloc(xs, sizeof *gx), *gw = calloc(ws, sizeof *gw),
           *gb = calloc((size_t)t->outputs, sizeof *gb);
    double *gy = malloc(n * sizeof *gy);
    for (size_t i = 0; i < n; i++) gy[i] = random_int(seed, i + 100, -8, 8) / 8.0;
    for (size_t i = 0; i < n; i++)
        gb[i / (size_t)(t->out_height * t->out_width) % (size_t)t->outputs] += gy[i];
    twin_run(t, x, w, has_bias ? bias : NULL, gy, y, gx, gw);
    char what[128];
    snprintf(what, sizeof what, "%dx%d kernel %dx%d stride %dx%d padding %d+%d dilation %dx%d groups %d",
        t->height, t->width, t->kernel, t->kernel_width, t->o.stride, stride_width(t), t->o.padding,
        t->o.output_padding, t->o.dilation, dilation_width(t), t->o.groups);
    double slack = tolerance * sqrt((double)n);
    assert_result(what, transposed, &t->o, leaves, count, LATHE_TRAIN, y, n, tolerance, tolerance);
    assert_leaf_gradient(what, transposed, &t->o, leaves, count, gy, n, 0, gx, tolerance, tolerance);
    assert_leaf_gradient(what, transposed, &t->o, leaves, count, gy, n, 1, gw, tolerance, slack);
    if (has_bias)
        assert_leaf_gradient(what, transposed, &t->o, leaves, count, gy, n, 2, gb, tolerance, slack);
    free(x), free(w), free(bias), free(y), free(gx), free(gw), free(gb), free(gy);
    free_leaves(leaves, 3);
}

static twin random_twin(uint64_t seed, int largest)
{
    int groups = random_int(seed, 1, 1, 3);
    twin t = { .batch = test_batches[seed % 5],
        .channels = groups * random_int(seed, 2, 1, 3),
        .height = random_int(seed, 3, 1, largest),
        .width = random_int(seed, 4, 1, largest),
        .outputs = groups * random_int(seed, 5, 1, 3),
        .kernel = random_int(seed, 6, 1, 4),
        .kernel_width = random_int(seed, 11, 1, 4) };
    t.o = (lathe_conv_transpose2d_opts){ .stride = random_int(seed, 7, 1, 3),
        .dilation = random_int(seed, 8, 1, 2),
        .groups = groups };
    t.o.output_padding = random_int(seed, 9, 0, t.o.stride - 1);
    int narrower = t.kernel < t.kernel_width ? t.kernel : t.kernel_width;
    t.o.padding = random_int(seed, 10, 0, (t.o.dilation * (narrower - 1) + t.o.output_padding) / 2);
    if (seed % 3) return t;
    t.o.stride_width = random_int(seed, 12, t.o.output_padding + 1, 4);
    t.o.dilation_width = random_int(seed, 13, t.o.dilation, 3);
    int room = (t.width - 1) * t.o.stride_width + t.o.dilation_width * (t.kernel_width - 1) - 2 * t.o.padding;
    if (room > 0) t.o.padding_sides.left = random_int(seed, 14, 0, room);
    room = (t.height - 1) * t.o.stride + t.o.dilation * (t.kernel - 1) - 2 * t.o.padding;
    if (room > 0) t.o.padding_sides.bottom = random_int(seed, 15, 0, room);
    return t;
}

/*
 * Stride 2, kernel 2: each pixel paints its own square. x = 1 2 / 3 4, w = 1 10 / 100 1000, bias 5:
 *
 *     y    6   15    7   25      gy = 1 everywhere: gx = 1111 everywhere, gw = 10 (the sum of x) everywhere
 *        105 1005  205 2005
 *          8   35    9   45
 *        305 3005  405 4005
 */
static void a_case_by_hand(void **state)
{
    (void)state;
    lathe_real x[4] = { 1, 2, 3, 4 }, w[4] = { 1, 10, 100, 1000 }, bias[1] = { 5 };
    double y[16] = { 6, 15, 7, 25, 105, 1005, 205, 2005, 8, 35, 9, 45, 305, 3005, 405, 4005 }, gy[16];
    for (int i = 0; i < 16; i++) gy[i] = 1;
    lathe_leaf leaves[3] = { { .layout = LATHE_BATCHED, .shape = { 4, { 1, 1, 2, 2 } }, .values = x },
        { .layout = LATHE_PLAIN, .shape = { 4, { 1, 1, 2, 2 } }, .values = w },
        { .layout = LATHE_PLAIN, .shape = { 1, { 1 } }, .values = bias } };
    lathe_conv_transpose2d_opts o = { .stride = 2 };
    assert_result("y", transposed, &o, leaves, 3, LATHE_EVAL, y, 16, 0, 0);
    assert_leaf_gradient("gx", transposed, &o, leaves, 3, gy, 16, 0, (double[]){ 1111, 1111, 1111, 1111 }, 0,
        0);
    assert_leaf_gradient("gw", transposed, &o, leaves, 3, gy, 16, 1, (double[]){ 10, 10, 10, 10 }, 0, 0);
    assert_leaf_gradient("gbias", transposed, &o, leaves, 3, gy, 16, 2, (double[]){ 16 }, 0, 0);
}

static void random_cases_equal_the_twin(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        twin t = random_twin(seed, 6);
        check_against_twin(&t, seed % 2, seed);
    }
    twin wide = { .batch = 18,
        .channels = 32,
        .height = 5,
        .width = 4,
        .outputs = 17,
        .kernel = 2,
        .kernel_width = 2,
        .o = { .stride = 2, .dilation = 1, .groups = 1 } };
    check_against_twin(&wide, true, 100);
    twin many = { .batch = 2,
        .channels = 40,
        .height = 7,
        .width = 9,
        .outputs = 35,
        .kernel = 4,
        .kernel_width = 4,
        .o = { .stride = 2, .padding = 1, .dilation = 1, .groups = 1 } };
    check_against_twin(&many, true, 102);
    twin product = { .batch = 17,
        .channels = 20,
        .height = 3,
        .width = 4,
        .outputs = 24,
        .kernel = 1,
        .kernel_width = 1,
        .o = { .stride = 1, .dilation = 1, .groups = 1 } };
    check_against_twin(&product, true, 101);
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 24; seed++) {
        twin t = random_twin(seed, 3);
        lathe_leaf leaves[3] = { { .layout = LATHE_BATCHED, .shape = in_shape(&t) },
            { .layout = LATHE_PLAIN, .shape = weight_shape(&t) },
            { .layout = LATHE_PLAIN, .shape = { 1, { t.outputs } } } };
        assert_gradient("conv_transpose2d", transposed, &t.o, leaves, seed % 3 ? 3 : 2);
    }
}

/* The same leaves twice: second gradients are added to the first. */
static lathe_tensor *twice(void *context, lathe_tensor *const *leaves, int count)
{
    return lathe_add(transposed(context, leaves, count), transposed(context, leaves, count));
}

static void gradients_are_added(void **state)
{
    (void)state;
    lathe_conv_transpose2d_opts o = { .stride = 2, .padding = 1 };
    lathe_leaf leaves[3] = { { .layout = LATHE_BATCHED, .shape = { 4, { 3, 2, 3, 2 } } },
        { .layout = LATHE_PLAIN, .shape = { 4, { 2, 2, 3, 3 } } },
        { .layout = LATHE_PLAIN, .shape = { 1, { 2 } } } };
    assert_gradient("conv_transpose2d", twice, &o, leaves, 3);
}

static void equals_pytorch(void **state)
{
    (void)state;
    size_t n;
    double *cases = golden("conv_transpose2d.txt", "cases", &n);
    for (int i = 0; i < (int)cases[0]; i++) {
        char name[32], part[64];
        snprintf(name, sizeof name, "case%d", i);
        snprintf(part, sizeof part, "%s.setup", name);
        double *v = golden("conv_transpose2d.txt", part, &n);
        assert_int_equal(n, 12);
        twin t = { .batch = (int)v[0],
            .channels = (int)v[1],
            .height = (int)v[2],
            .width = (int)v[3],
            .outputs = (int)v[4],
            .kernel = (int)v[5],
            .kernel_width = (int)v[5],
            .o = { .stride = (int)v[6],
                .padding = (int)v[7],
                .output_padding = (int)v[8],
                .dilation = (int)v[9],
                .groups = (int)v[10] } };
        int count = v[11] != 0 ? 3 : 2;
        lathe_shape shapes[3] = { in_shape(&t), weight_shape(&t), { 1, { t.outputs } } };
        lathe_leaf leaves[3];
        for (int k = 0; k < count; k++) {
            snprintf(part, sizeof part, "%s.x%d", name, k);
            leaves[k] = golden_leaf("conv_transpose2d.txt", part, k ? LATHE_PLAIN : LATHE_BATCHED, shapes[k]);
        }
        assert_golden("conv_transpose2d.txt", name, transposed, &t.o, leaves, count, tolerance,
            8 * tolerance);
        free_leaves(leaves, count);
        free(v);
    }
    free(cases);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    lathe_conv_transpose2d_opts o = { .stride = 2 };
    lathe_leaf leaves[3] = { normal_leaf(LATHE_BATCHED, (lathe_shape){ 4, { 40, 12, 9, 8 } }, 1),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 4, { 12, 6, 2, 2 } }, 2),
        normal_leaf(LATHE_PLAIN, (lathe_shape){ 1, { 6 } }, 3) };
    assert_same_bits(transposed, &o, leaves, 3);
    free_leaves(leaves, 3);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        lathe_conv_transpose2d_opts o;
        lathe_shape x, w, bias;
        lathe_status status;
        const char *message;
    } mistakes[] = {
        { { .stride = -1 }, { 4, { 2, 4, 3, 3 } }, { 4, { 4, 2, 3, 3 } }, { 1, { 2 } }, LATHE_EARG,
            "lathe_conv_transpose2d: stride = -1 is not legal: [1, 1048576]" },
        { { .padding = -1 }, { 4, { 2, 4, 3, 3 } }, { 4, { 4, 2, 3, 3 } }, { 1, { 2 } }, LATHE_EARG,
            "lathe_conv_transpose2d: padding = -1 is not legal: [0, 1048576]" },
        { { .dilation = -2 }, { 4, { 2, 4, 3, 3 } }, { 4, { 4, 2, 3, 3 } }, { 1, { 2 } }, LATHE_EARG,
            "lathe_conv_transpose2d: dilation = -2 is not legal: [1, 1048576]" },
        { { .groups = -1 }, { 4, { 2, 4, 3, 3 } }, { 4, { 4, 2, 3, 3 } }, { 1, { 2 } }, LATHE_EARG,
            "lathe_conv_transpose2d: groups = -1 is not legal: [1, 1048576]" },
        { { .stride = 2, .output_padding = 2 }, { 4, { 2, 4, 3, 3 } }, { 4, { 4, 2, 3, 3 } }, { 1, { 2 } },
            LATHE_EARG, "lathe_conv_transpose2d: output_padding is 2, it must be 0 to 1" },
        { { .stride = 2, .stride_width = 1, .output_padding = 1 }, { 4, { 2, 4, 3, 3 } },
            { 4, { 4, 2, 3, 3 } }, { 1, { 2 } }, LATHE_EARG, "output_padding is 1, it must be 0 to 0" },
        { { .padding_sides = { .right = -1 } }, { 4, { 2, 4, 3, 3 } }, { 4, { 4, 2, 3, 3 } }, { 1, { 2 } },
            LATHE_EARG, "padding_sides.right = -1 is not legal" },
        { { .groups = 3 }, { 4, { 2, 4, 3, 3 } }, { 4, { 4, 2, 3, 3 } }, { 1, { 6 } }, LATHE_ESHAPE,
            "4 channels cannot be cut into 3 groups" },
        { { .stride = 1 }, { 4, { 2, 5, 3, 3 } }, { 4, { 4, 2, 3, 3 } }, { 1, { 2 } }, LATHE_ESHAPE,
            "x has 5 channels, weight expects 4" },
        { { .stride = 1 }, { 4, { 2, 4, 3, 3 } }, { 3, { 4, 2, 3 } }, { 1, { 2 } }, LATHE_ESHAPE,
            "weight is plain [4, 2, 3]" },
        { { .stride = 1 }, { 2, { 2, 4 } }, { 4, { 4, 2, 3, 3 } }, { 1, { 2 } }, LATHE_ESHAPE,
            "lathe_conv_transpose2d: x is batched [2, 4], expected batched [B, C, H, W]" },
        { { .groups = 2 }, { 4, { 2, 4, 3, 3 } }, { 4, { 4, 2, 3, 3 } }, { 1, { 2 } }, LATHE_ESHAPE,
            "bias is [2], the result has 4 channels" },
        { { .padding = 3 }, { 4, { 2, 4, 3, 3 } }, { 4, { 4, 2, 3, 3 } }, { 1, { 2 } }, LATHE_ESHAPE,
            "the result would be -1 x -1" },
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        lathe_conv_transpose2d_opts o = mistakes[i].o;
        lathe_leaf leaves[3] = { normal_leaf(LATHE_BATCHED, mistakes[i].x, 1),
            normal_leaf(LATHE_PLAIN, mistakes[i].w, 2), normal_leaf(LATHE_PLAIN, mistakes[i].bias, 3) };
        assert_op_fails(transposed, &o, leaves, 3, mistakes[i].status, mistakes[i].message);
        free_leaves(leaves, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_by_hand),
        cmocka_unit_test(random_cases_equal_the_twin),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(gradients_are_added),
        cmocka_unit_test(equals_pytorch),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
