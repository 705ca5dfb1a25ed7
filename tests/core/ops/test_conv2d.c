#include "support/op_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct setup {
    int batch, channels, height, width, filters, kernel_height, kernel_width, stride, padding, dilation,
        groups, bias;
} setup;

/* All that goes in and comes out, row-major. */
typedef struct numbers {
    size_t x_count, w_count, y_count;
    int out_height, out_width;
    lathe_real *x, *w, *bias, *gy, *y, *gx, *gw, *gbias;
} numbers;

static const double relative = sizeof(lathe_real) == 8 ? 1e-12 : 1e-5;

static int results(int size, int taps, const setup *s)
{
    return (size + 2 * s->padding - s->dilation * (taps - 1) - 1) / s->stride + 1;
}

static numbers numbers_new(const setup *s)
{
    numbers n = { .out_height = results(s->height, s->kernel_height, s),
        .out_width = results(s->width, s->kernel_width, s) };
    n.x_count = (size_t)s->batch * (size_t)(s->channels * s->height * s->width);
    n.w_count = (size_t)s->filters * (size_t)(s->channels / s->groups * s->kernel_height * s->kernel_width);
    n.y_count = (size_t)s->batch * (size_t)(s->filters * n.out_height * n.out_width);
    size_t bias = (size_t)s->filters;
    lathe_real *all = calloc(2 * (n.x_count + n.w_count + n.y_count + bias), sizeof *all);
    assert_non_null(all);
    n.x = all;
    n.gx = n.x + n.x_count;
    n.w = n.gx + n.x_count;
    n.gw = n.w + n.w_count;
    n.y = n.gw + n.w_count;
    n.gy = n.y + n.y_count;
    n.bias = n.gy + n.y_count;
    n.gbias = n.bias + bias;
    return n;
}

static void numbers_free(numbers *n) { free(n->x); }

static void fill(const setup *s, numbers *n, uint64_t seed)
{
    fill_normal(n->x, n->x_count, seed * 4);
    fill_normal(n->w, n->w_count, seed * 4 + 1);
    fill_normal(n->gy, n->y_count, seed * 4 + 2);
    fill_normal(n->bias, (size_t)s->filters, seed * 4 + 3);
}

/* Tail lanes hold numbers that must not matter. */
static void spoil_tail_lanes(lathe_tensor *x)
{
    size_t count = lathe_shape_count(&x->shape);
    lathe_real *keep = malloc(count * sizeof *keep);
    assert_int_equal(lathe_tensor_read(x, keep, count), LATHE_OK);
    for (size_t i = 0; i < x->stored; i++) x->data[i] = 1000;
    for (size_t i = 0; i < count; i++) x->data[lathe_tensor_place(x, i)] = keep[i];
    free(keep);
}

static void assert_tail_lanes_zero(const lathe_tensor *x)
{
    for (size_t i = 0; i < x->stored; i++)
        if (lathe_tensor_is_tail(x, i)) assert_true(x->grad[i] == 0);
}

/* Whether the kernels for channels can do it. */
static bool can_lie_so(const setup *s)
{
    int groups = s->groups, channels = s->channels / groups, filters = s->filters / groups;
    int height = (s->kernel_height - 1) * s->dilation + s->stride,
        width = (s->kernel_width - 1) * s->dilation + s->stride;
    return s->kernel_height <= 16 && s->kernel_width <= 16 && height * width <= 1024 &&
        (groups == 1 || (channels == 1 && filters == 1) || (channels % 16 == 0 && filters % 16 == 0));
}

/* Images abreast, channels abreast, and a network's plain pictures that need no gradient. */
static const lathe_layout layouts[] = { LATHE_BATCHED, LATHE_CHANNELS, LATHE_PLAIN };

static lathe_tensor *images(lathe_tape *tape, const setup *s, lathe_layout layout, const lathe_real *values)
{
    lathe_tape_layout(tape, layout == LATHE_BATCHED ? LATHE_BATCHED : LATHE_CHANNELS);
    lathe_tensor *x = lathe_tape_leaf(tape, layout,
        (lathe_shape){ 4, { s->batch, s->channels, s->height, s->width } }, values);
    x->needs_grad = layout != LATHE_PLAIN;
    x->pictures = layout == LATHE_PLAIN;
    return x;
}

static void run(const setup *s, lathe_layout layout, numbers *n)
{
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = images(tape, s, layout, n->x);
    lathe_tensor *w = lathe_tape_leaf(tape, LATHE_PLAIN,
        (lathe_shape){ 4, { s->filters, s->channels / s->groups, s->kernel_height, s->kernel_width } }, n->w);
    lathe_tensor *bias =
        s->bias ? lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { s->filters } }, n->bias) : NULL;
    w->needs_grad = true;
    if (bias) bias->needs_grad = true;
    spoil_tail_lanes(x);
    lathe_tensor *y = lathe_conv2d(x, w, bias,
        &(lathe_conv2d_opts){ .stride = s->stride,
            .padding = s->padding,
            .dilation = s->dilation,
            .groups = s->groups });
    if (!y) fail_msg("%s", lathe_error_message());
    assert_int_equal(lathe_backward_from(y, n->gy, n->y_count), LATHE_OK);
    lathe_tensor_read(y, n->y, n->y_count);
    lathe_tensor_read_grad(w, n->gw, n->w_count);
    if (bias) lathe_tensor_read_grad(bias, n->gbias, (size_t)s->filters);
    if (x->needs_grad) {
        lathe_tensor_read_grad(x, n->gx, n->x_count);
        assert_tail_lanes_zero(x);
    }
    if (layout != LATHE_BATCHED && can_lie_so(s)) assert_int_equal(y->layout, LATHE_CHANNELS);
    lathe_tape_free(tape);
}

/* The formula in conv2d.h and its derivatives, term by term, in double. */
typedef struct twin {
    double *y, *gx, *gw, *gbias;
} twin;

static void twin_place(const setup *s, const numbers *n, twin *t, int b, int o, int i, int j)
{
    int group_channels = s->channels / s->groups, group = o / (s->filters / s->groups);
    size_t at = (((size_t)b * (size_t)s->filters + (size_t)o) * (size_t)n->out_height + (size_t)i) *
            (size_t)n->out_width +
        (size_t)j;
    double sum = s->bias ? (double)n->bias[o] : 0, g = (double)n->gy[at];
    for (int c = 0; c < group_channels; c++)
        for (int p = 0; p < s->kernel_height; p++)
            for (int q = 0; q < s->kernel_width; q++) {
                int row = i * s->stride + p * s->dilation - s->padding,
                    column = j * s->stride + q * s->dilation - s->padding;
                if (row < 0 || row >= s->height || column < 0 || column >= s->width) continue;
                int channel = group * group_channels + c;
                size_t xi = (size_t)(((b * s->channels + channel) * s->height + row) * s->width + column);
                size_t wi = (size_t)(((o * group_channels + c) * s->kernel_height + p) * s->kernel_width + q);
                sum += (double)n->w[wi] * (double)n->x[xi];
                t->gx[xi] += g * (double)n->w[wi];
                t->gw[wi] += g * (double)n->x[xi];
            }
    t->y[at] = sum;
    t->gbias[o] += g;
}

static twin twin_run(const setup *s, const numbers *n)
{
    twin t = { calloc(n->y_count, sizeof(double)), calloc(n->x_count, sizeof(double)),
        calloc(n->w_count, sizeof(double)), calloc((size_t)s->filters, sizeof(double)) };
    for (int b = 0; b < s->batch; b++)
        for (int o = 0; o < s->filters; o++)
            for (int i = 0; i < n->out_height; i++)
                for (int j = 0; j < n->out_width; j++) twin_place(s, n, &t, b, o, i, j);
    return t;
}

static const char *named(const char *what, const char *name)
{
    static char text[200];
    snprintf(text, sizeof text, "%s, %s", name, what);
    return text;
}

static void compare_with_twin(const setup *s, lathe_layout layout, const numbers *given, const twin *want)
{
    numbers n = *given;
    twin t = *want;
    char what[180];
    snprintf(what, sizeof what,
        "%s, B %d C %d %dx%d O %d kernel %dx%d stride %d padding %d dilation %d groups %d",
        lathe_layout_name(layout), s->batch, s->channels, s->height, s->width, s->filters, s->kernel_height,
        s->kernel_width, s->stride, s->padding, s->dilation, s->groups);
    run(s, layout, &n);
    double terms = s->channels * s->kernel_height * s->kernel_width,
           more = s->filters * s->kernel_height * s->kernel_width;
    double most = (double)s->batch * n.out_height * n.out_width;
    assert_close(named(what, "y"), n.y, t.y, n.y_count, relative, relative * sqrt(terms));
    if (layout != LATHE_PLAIN)
        assert_close(named(what, "gx"), n.gx, t.gx, n.x_count, relative, relative * sqrt(more));
    assert_close(named(what, "gw"), n.gw, t.gw, n.w_count, relative, relative * sqrt(most));
    if (s->bias)
        assert_close(named(what, "gbias"), n.gbias, t.gbias, (size_t)s->filters, relative,
            relative * sqrt(most));
}

static void check_against_twin(const setup *s, uint64_t seed)
{
    numbers n = numbers_new(s);
    fill(s, &n, seed);
    twin t = twin_run(s, &n);
    for (int i = 0; i < 3; i++) compare_with_twin(s, layouts[i], &n, &t);
    free(t.y), free(t.gx), free(t.gw), free(t.gbias);
    numbers_free(&n);
}

/*
 * x = 1 2 3 w = 1 0 bias 10 y = 1+5 2+6 = 16 18
 *     4 5 6       0 1                  4+8 5+9   22 24
 *     7 8 9
 * with gy all 1: gx counts each place's weights: 1 1 0 / 1 2 1 / 0 1 1; gw sums the four windows: 12 16 / 24
 * 28; gbias 4.
 */
static void a_case_by_hand(void **state)
{
    (void)state;
    setup s = { 1, 1, 3, 3, 1, 2, 2, 1, 0, 1, 1, 1 };
    numbers n = numbers_new(&s);
    for (int i = 0; i < 9; i++) n.x[i] = (lathe_real)(i + 1);
    n.w[0] = n.w[3] = 1;
    n.bias[0] = 10;
    for (int i = 0; i < 4; i++) n.gy[i] = 1;
    run(&s, LATHE_BATCHED, &n);
    assert_close("y", n.y, (double[]){ 16, 18, 22, 24 }, 4, 0, 0);
    assert_close("gx", n.gx, (double[]){ 1, 1, 0, 1, 2, 1, 0, 1, 1 }, 9, 0, 0);
    assert_close("gw", n.gw, (double[]){ 12, 16, 24, 28 }, 4, 0, 0);
    assert_close("gbias", n.gbias, (double[]){ 4 }, 1, 0, 0);
    numbers_free(&n);
}

static void chosen_shapes_agree_with_the_twin(void **state)
{
    (void)state;
    static const setup chosen[] = {
        /* B, C, H, W, O, kh, kw, stride, padding, dilation, groups, bias */
        { 33, 1, 28, 28, 6, 5, 5, 1, 2, 1, 1, 1 }, /* LeNet */
        { 16, 6, 14, 14, 16, 5, 5, 1, 0, 1, 1, 1 },
        { 17, 16, 8, 8, 32, 3, 3, 2, 1, 1, 1, 0 }, /* ResNet */
        { 16, 32, 4, 4, 16, 3, 3, 1, 1, 1, 1, 0 },
        { 15, 3, 9, 9, 13, 3, 3, 1, 1, 1, 1, 1 },
        { 16, 24, 6, 6, 24, 3, 3, 1, 1, 1, 24, 1 }, /* depthwise */
        { 16, 24, 7, 7, 24, 3, 3, 2, 1, 1, 24, 1 },
        { 16, 12, 5, 5, 24, 3, 3, 1, 1, 1, 4, 1 },
        { 16, 40, 3, 3, 30, 1, 1, 1, 0, 1, 1, 1 }, /* pointwise */
        { 16, 12, 8, 8, 24, 1, 1, 2, 0, 1, 1, 0 },
        { 33, 20, 4, 5, 70, 1, 1, 1, 0, 1, 1, 1 },
        { 33, 32, 4, 5, 64, 1, 1, 1, 0, 1, 2, 1 },
        { 17, 3, 50, 40, 3, 5, 5, 1, 2, 1, 3,
            1 }, /* depthwise: several bands of a plane, more taps than sums */
        { 16, 2, 9, 300, 2, 3, 3, 1, 1, 1, 2, 1 },  /* bands of one row */
        { 3, 2, 4, 600, 2, 3, 3, 1, 1, 1, 2, 0 },   /* rows too long for a panel */
        { 2, 2, 20, 24, 2, 17, 17, 1, 8, 1, 2, 1 }, /* more taps in a row than a panel knows */
        { 2, 3, 30, 31, 3, 3, 3, 2, 1, 2, 3, 1 },
        { 2, 2, 20, 19, 2, 4, 3, 3, 2, 1, 2, 1 },
        { 1, 3, 5, 5, 3, 2, 2, 5, 0, 1, 3, 1 },     /* places that no tap reaches */
        { 2, 3, 20, 20, 9, 11, 11, 4, 2, 1, 1, 1 }, /* AlexNet */
        { 3, 2, 30, 30, 4, 28, 28, 1, 0, 1, 1, 1 }, /* many weights a channel */
        { 1, 150, 2, 2, 5, 3, 3, 1, 1, 1, 1, 1 },   /* more strips than a part holds */
        { 1, 2, 3, 40, 2, 1, 7, 1, 3, 1, 1, 1 },
        { 1, 2, 40, 3, 2, 7, 1, 1, 3, 1, 1, 1 },
        { 1, 4, 12, 13, 4, 3, 3, 2, 4, 4, 1, 1 },    /* dilation a multiple of the stride */
        { 1, 4, 13, 12, 4, 3, 3, 4, 4, 6, 1, 1 },    /* a common divisor */
        { 1, 2, 5, 5, 3, 2, 2, 5, 0, 1, 1, 1 },      /* stride > kernel: places that no tap reaches */
        { 200, 2, 4, 4, 3, 3, 3, 1, 1, 1, 1, 1 },    /* several chunks of blocks */
        { 2, 170, 12, 60, 17, 3, 3, 1, 1, 1, 1, 1 }, /* on channels: several chunks, and windows of a row */
        { 3, 600, 3, 4, 33, 1, 1, 1, 0, 1, 1, 1 },   /* chunks of a product */
        { 2, 32, 9, 5, 48, 3, 3, 2, 1, 1, 2, 1 },    /* groups of whole sixteens */
        { 1, 1, 20, 18, 20, 7, 7, 2, 3, 1, 1, 1 },
        { 1, 2, 33, 31, 40, 3, 3, 2, 1, 1, 1, 0 },
        { 2, 4, 15, 2, 50, 3, 3, 1, 1, 1, 1, 1 },
        { 1, 17, 70, 66, 15, 5, 3, 1, 2, 1, 1, 1 },
    };
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) check_against_twin(&chosen[i], i);
}

static void random_shapes_agree_with_the_twin(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    int done = 0;
    for (uint64_t seed = 0; done < 120; seed++) {
        int groups = random_int(seed, 0, 0, 3) ? 1 : random_int(seed, 1, 1, 4);
        setup s = { batches[random_int(seed, 2, 0, 4)], groups * random_int(seed, 3, 1, 5),
            random_int(seed, 4, 1, 12), random_int(seed, 5, 1, 17), groups * random_int(seed, 6, 1, 9),
            random_int(seed, 7, 1, 5), random_int(seed, 8, 1, 5), random_int(seed, 9, 1, 4),
            random_int(seed, 10, 0, 3), random_int(seed, 11, 1, 3), groups, random_int(seed, 12, 0, 1) };
        if (s.height + 2 * s.padding <= s.dilation * (s.kernel_height - 1)) continue;
        if (s.width + 2 * s.padding <= s.dilation * (s.kernel_width - 1)) continue;
        check_against_twin(&s, seed);
        done++;
    }
}

/* Channels enough for several blocks, images enough for several windows. */
static void random_large_shapes_agree_with_the_twin(void **state)
{
    (void)state;
    int done = 0;
    for (uint64_t seed = 5000; done < 20; seed++) {
        int groups = random_int(seed, 0, 0, 3) ? 1 : 16 * random_int(seed, 1, 1, 2), of = groups > 1 ? 1 : 36;
        int size = random_int(seed, 2, 0, 5) ? 20 : 70;
        setup s = { random_int(seed, 3, 1, 3), groups * random_int(seed, 4, 1, of),
            random_int(seed, 5, 1, size), random_int(seed, 6, 1, size), groups * random_int(seed, 7, 1, of),
            random_int(seed, 8, 1, 7), random_int(seed, 9, 1, 7), random_int(seed, 10, 1, 3),
            random_int(seed, 11, 0, 3), random_int(seed, 12, 1, 2), groups, random_int(seed, 13, 0, 1) };
        if (size == 70) s.channels = groups * random_int(seed, 4, 1, 3);
        if (s.height + 2 * s.padding <= s.dilation * (s.kernel_height - 1)) continue;
        if (s.width + 2 * s.padding <= s.dilation * (s.kernel_width - 1)) continue;
        if (groups > 1) s.channels = s.filters = groups;
        check_against_twin(&s, seed);
        done++;
    }
}

static void take_golden(const char *prefix, const char *name, lathe_real *to, size_t count)
{
    char full[64];
    size_t found;
    snprintf(full, sizeof full, "%s%s", prefix, name);
    double *values = golden("conv2d.txt", full, &found);
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++) to[i] = (lathe_real)values[i];
    free(values);
}

static void compare_golden(const char *prefix, const char *name, const lathe_real *got, size_t count)
{
    char full[64];
    size_t found;
    snprintf(full, sizeof full, "%s%s", prefix, name);
    double *values = golden("conv2d.txt", full, &found);
    assert_int_equal(found, count);
    assert_close(full, got, values, count, relative, 4 * relative);
    free(values);
}

static void golden_values_from_pytorch(void **state)
{
    (void)state;
    size_t count;
    double *cases = golden("conv2d.txt", "cases", &count);
    for (int i = 0; i < (int)cases[0]; i++) {
        char prefix[32], name[40];
        snprintf(prefix, sizeof prefix, "case%d.", i);
        snprintf(name, sizeof name, "%ssetup", prefix);
        double *v = golden("conv2d.txt", name, &count);
        assert_int_equal(count, 12);
        setup s = { (int)v[0], (int)v[1], (int)v[2], (int)v[3], (int)v[4], (int)v[5], (int)v[6], (int)v[7],
            (int)v[8], (int)v[9], (int)v[10], (int)v[11] };
        free(v);
        numbers n = numbers_new(&s);
        take_golden(prefix, "x", n.x, n.x_count);
        take_golden(prefix, "w", n.w, n.w_count);
        take_golden(prefix, "gy", n.gy, n.y_count);
        if (s.bias) take_golden(prefix, "bias", n.bias, (size_t)s.filters);
        run(&s, LATHE_BATCHED, &n);
        compare_golden(prefix, "y", n.y, n.y_count);
        compare_golden(prefix, "gx", n.gx, n.x_count);
        compare_golden(prefix, "gw", n.gw, n.w_count);
        if (s.bias) compare_golden(prefix, "gbias", n.gbias, (size_t)s.filters);
        numbers_free(&n);
    }
    free(cases);
}

static lathe_tensor *conv_function(void *context, lathe_tensor *const *leaves, int count)
{
    return lathe_conv2d(leaves[0], leaves[1], count > 2 ? leaves[2] : NULL, context);
}

static void gradient_check(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    int done = 0;
    for (uint64_t seed = 1000; done < 24; seed++) {
        int groups = random_int(seed, 1, 1, 2), size = random_int(seed, 4, 1, 5),
            kernel = random_int(seed, 7, 1, 3);
        lathe_conv2d_opts opts = { .stride = random_int(seed, 9, 1, 3),
            .padding = random_int(seed, 10, 0, 2),
            .dilation = random_int(seed, 11, 1, 2),
            .groups = groups };
        if (size + 2 * opts.padding <= opts.dilation * (kernel - 1)) continue;
        int channels = random_int(seed, 3, 1, 2), filters = groups * random_int(seed, 6, 1, 2);
        lathe_leaf leaves[3] = {
            { .layout = LATHE_BATCHED, .shape = { 4, { batches[done % 5], groups * channels, size, size } } },
            { .layout = LATHE_PLAIN, .shape = { 4, { filters, channels, kernel, kernel } } },
            { .layout = LATHE_PLAIN, .shape = { 1, { filters } } },
        };
        assert_gradient("conv2d", conv_function, &opts, leaves, done % 2 ? 3 : 2);
        done++;
    }
}

static lathe_tensor *conv_relu_function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_conv2d_relu(leaves[0], leaves[1], leaves[2], context);
}

/* Biases that keep every other filter above 0, the rest below, far from the kink. */
static void gradient_check_with_relu(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    static const lathe_real bias[4] = { 30, -30, 30, -30 };
    for (uint64_t i = 0; i < 20; i++) {
        int size = random_int(i, 4, 2, 5), kernel = random_int(i, 7, 1, 2), channels = random_int(i, 3, 1, 2);
        lathe_conv2d_opts opts = { .stride = random_int(i, 9, 1, 3), .padding = random_int(i, 10, 0, 2) };
        int filters = random_int(i, 6, 1, 4);
        lathe_leaf leaves[3] = {
            { .layout = LATHE_BATCHED, .shape = { 4, { batches[i % 5], channels, size, size } } },
            { .layout = LATHE_PLAIN, .shape = { 4, { filters, channels, kernel, kernel } } },
            { .layout = LATHE_PLAIN, .shape = { 1, { filters } }, .values = bias },
        };
        assert_gradient("conv2d_relu", conv_relu_function, &opts, leaves, 3);
    }
}

static lathe_tensor *conv_add_function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_conv2d_add(leaves[0], leaves[1], leaves[2], leaves[3], context);
}

static lathe_tensor *conv_add_relu_function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_conv2d_add_relu(leaves[0], leaves[1], leaves[2], leaves[3], context);
}

static void gradient_check_with_sum(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    static const lathe_real bias[4] = { 30, -30, 30, -30 };
    for (uint64_t i = 0; i < 20; i++) {
        int size = random_int(i, 4, 2, 5), kernel = random_int(i, 7, 1, 2), channels = random_int(i, 3, 1, 2);
        lathe_conv2d_opts opts = { .stride = random_int(i, 9, 1, 3), .padding = random_int(i, 10, 0, 2) };
        int filters = random_int(i, 6, 1, 4), batch = batches[i % 5];
        int results = (size + 2 * opts.padding - kernel) / opts.stride + 1;
        lathe_leaf leaves[4] = {
            { .layout = LATHE_BATCHED, .shape = { 4, { batch, channels, size, size } } },
            { .layout = LATHE_PLAIN, .shape = { 4, { filters, channels, kernel, kernel } } },
            { .layout = LATHE_PLAIN, .shape = { 1, { filters } }, .values = bias },
            { .layout = LATHE_BATCHED, .shape = { 4, { batch, filters, results, results } } },
        };
        assert_gradient("conv2d_add", conv_add_function, &opts, leaves, 4);
        assert_gradient("conv2d_add_relu", conv_add_relu_function, &opts, leaves, 4);
    }
}

/* base + conv2d(x), and relu of it, in one operation and in several: the same bits; base stays as it was. */
static void check_sum_in_one_operation(lathe_layout layout)
{
    enum { X = 17 * 3 * 6 * 6, W = 7 * 3 * 3 * 3, Y = 17 * 7 * 6 * 6 };
    static lathe_real x_values[X], w_values[W], base_values[Y], one[Y], several[Y];
    fill_normal(x_values, X, 1);
    fill_normal(w_values, W, 2);
    fill_normal(base_values, Y, 3);
    const lathe_conv2d_opts opts = { .padding = 1 };
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tape_layout(tape, layout);
    lathe_tensor *x = lathe_tape_leaf(tape, layout, (lathe_shape){ 4, { 17, 3, 6, 6 } }, x_values);
    lathe_tensor *w = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 4, { 7, 3, 3, 3 } }, w_values);
    lathe_tensor *base = lathe_tape_leaf(tape, layout, (lathe_shape){ 4, { 17, 7, 6, 6 } }, base_values);
    for (int relu = 0; relu < 2; relu++) {
        lathe_tensor *y = lathe_add(base, lathe_conv2d(x, w, NULL, &opts));
        lathe_tensor_read(relu ? lathe_relu(y) : y, several, Y);
        lathe_tensor_read((relu ? lathe_conv2d_add_relu : lathe_conv2d_add)(x, w, NULL, base, &opts), one, Y);
        assert_memory_equal(one, several, sizeof one);
    }
    lathe_tensor_read(base, one, Y);
    assert_memory_equal(one, base_values, sizeof one);
    assert_null(lathe_conv2d_add(x, w, NULL, x, &opts));
    assert_string_equal(lathe_tape_message(tape),
        "lathe_conv2d_add: base is [17, 3, 6, 6], the result is [17, 7, 6, 6]");
    lathe_tape_free(tape);
}

static void sum_is_the_same_in_one_operation(void **state)
{
    (void)state;
    check_sum_in_one_operation(LATHE_BATCHED);
    check_sum_in_one_operation(LATHE_CHANNELS);
}

/* relu(conv2d(x)) in one operation and in two: the same bits, forward and backward, and a kept gradient stays
 * as it came. */
static void check_relu_in_one_operation(lathe_layout layout)
{
    const setup s = { 21, 5, 9, 8, 13, 3, 3, 2, 1, 1, 1, 1 };
    numbers n[2] = { numbers_new(&s), numbers_new(&s) };
    for (int fused = 0; fused < 2; fused++) {
        numbers *m = &n[fused];
        fill(&s, m, 5);
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x = images(tape, &s, layout, m->x);
        lathe_tensor *w =
            lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 4, { s.filters, s.channels, 3, 3 } }, m->w);
        lathe_tensor *bias = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { s.filters } }, m->bias);
        w->needs_grad = bias->needs_grad = true;
        const lathe_conv2d_opts opts = { .stride = 2, .padding = 1 };
        lathe_tensor *y =
            fused ? lathe_conv2d_relu(x, w, bias, &opts) : lathe_relu(lathe_conv2d(x, w, bias, &opts));
        y->keep_grad = fused;
        assert_int_equal(lathe_backward_from(y, m->gy, m->y_count), LATHE_OK);
        lathe_tensor_read(y, m->y, m->y_count);
        lathe_tensor_read_grad(x, m->gx, m->x_count);
        lathe_tensor_read_grad(w, m->gw, m->w_count);
        lathe_tensor_read_grad(bias, m->gbias, (size_t)s.filters);
        if (fused) {
            lathe_tensor_read_grad(y, n[0].gy, n[0].y_count);
            assert_memory_equal(n[0].gy, m->gy, m->y_count * sizeof *m->gy);
        }
        lathe_tape_free(tape);
    }
    assert_memory_equal(n[1].y, n[0].y, n[0].y_count * sizeof *n[0].y);
    assert_memory_equal(n[1].gx, n[0].gx, n[0].x_count * sizeof *n[0].x);
    assert_memory_equal(n[1].gw, n[0].gw, n[0].w_count * sizeof *n[0].w);
    assert_memory_equal(n[1].gbias, n[0].gbias, (size_t)s.filters * sizeof *n[0].gbias);
    numbers_free(&n[0]);
    numbers_free(&n[1]);
}

static void relu_is_the_same_in_one_operation(void **state)
{
    (void)state;
    check_relu_in_one_operation(LATHE_BATCHED);
    check_relu_in_one_operation(LATHE_CHANNELS);
}

/* The same weights twice: the second gradient is added to the first. */
static lathe_tensor *twice_function(void *context, lathe_tensor *const *leaves, int count)
{
    return conv_function(context,
        (lathe_tensor *[]){ conv_function(context, leaves, count), leaves[1], leaves[2] }, count);
}

static void gradients_add_up(void **state)
{
    (void)state;
    lathe_conv2d_opts opts = { .padding = 1, .stride = 2 };
    lathe_leaf leaves[3] = {
        { .layout = LATHE_BATCHED, .shape = { 4, { 3, 2, 5, 5 } } },
        { .layout = LATHE_PLAIN, .shape = { 4, { 2, 2, 3, 3 } } },
        { .layout = LATHE_PLAIN, .shape = { 1, { 2 } } },
    };
    assert_gradient("conv2d", twice_function, &opts, leaves, 3);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    static const setup cases[] = { { 64, 1, 28, 28, 6, 5, 5, 1, 2, 1, 1, 1 },
        { 33, 16, 9, 9, 32, 3, 3, 2, 1, 1, 1, 1 }, { 40, 8, 6, 6, 8, 3, 3, 1, 1, 1, 8, 1 },
        { 70, 20, 5, 5, 100, 1, 1, 1, 0, 1, 1, 1 }, { 1, 20, 60, 50, 40, 3, 3, 1, 1, 1, 1, 1 },
        { 3, 64, 9, 9, 80, 3, 3, 2, 1, 1, 2, 1 } };
    for (size_t i = 0; i < 3 * (sizeof cases / sizeof *cases); i++) {
        const setup *s = &cases[i / 3];
        lathe_layout layout = layouts[i % 3];
        numbers one = numbers_new(s), n = numbers_new(s);
        fill(s, &one, i);
        fill(s, &n, i);
        for (int threads = 1; threads <= 4; threads++) {
            assert_int_equal(lathe_threads_set(NULL, threads), LATHE_OK);
            run(s, layout, threads == 1 ? &one : &n);
            if (threads == 1) continue;
            assert_memory_equal(n.y, one.y, n.y_count * sizeof *n.y);
            assert_memory_equal(n.gx, one.gx, n.x_count * sizeof *n.x);
            assert_memory_equal(n.gw, one.gw, n.w_count * sizeof *n.w);
            assert_memory_equal(n.gbias, one.gbias, (size_t)s->filters * sizeof *n.gbias);
        }
        numbers_free(&one);
        numbers_free(&n);
    }
    lathe_threads_set(NULL, 0);
}

static void expect_failure(lathe_shape x_shape, lathe_layout x_layout, lathe_shape w_shape, int biases,
    lathe_conv2d_opts opts, lathe_status status, const char *fragment)
{
    lathe_error_clear();
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, x_layout, x_shape, NULL),
                 *w = lathe_tape_leaf(tape, LATHE_PLAIN, w_shape, NULL);
    lathe_tensor *bias =
        biases ? lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { biases } }, NULL) : NULL;
    assert_null(lathe_conv2d(x, w, bias, &opts));
    assert_int_equal(lathe_tape_status(tape), status);
    assert_failed(status, fragment);
    lathe_tape_free(tape);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    const lathe_shape x = { 4, { 2, 3, 8, 8 } }, w = { 4, { 4, 3, 3, 3 } };
    const lathe_conv2d_opts plain = { 0 };
    expect_failure((lathe_shape){ 2, { 2, 3 } }, LATHE_BATCHED, w, 0, plain, LATHE_ESHAPE,
        "lathe_conv2d: x is batched [2, 3]");
    expect_failure(x, LATHE_PLAIN, w, 0, plain, LATHE_ESHAPE, "x is plain [2, 3, 8, 8]");
    expect_failure(x, LATHE_BATCHED, (lathe_shape){ 2, { 4, 3 } }, 0, plain, LATHE_ESHAPE,
        "weight is plain [4, 3]");
    expect_failure(x, LATHE_BATCHED, w, 5, plain, LATHE_ESHAPE, "bias is [5], weight has 4 filters");
    expect_failure(x, LATHE_BATCHED, (lathe_shape){ 4, { 4, 2, 3, 3 } }, 0, plain, LATHE_ESHAPE,
        "x has 3 channels in 1 group, weight expects 2 a group");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .groups = 2 }, LATHE_ESHAPE,
        "3 channels and 4 filters cannot be cut into 2 groups");
    expect_failure(x, LATHE_BATCHED, (lathe_shape){ 4, { 4, 3, 9, 3 } }, 0, plain, LATHE_ESHAPE,
        "a 9 x 3 kernel with dilation 1 does not fit a 8 x 8 image with padding 0");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .dilation = 4 }, LATHE_ESHAPE,
        "with dilation 4 does not fit");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .stride = -1 }, LATHE_EARG,
        "lathe_conv2d: stride = -1 is not legal: [1, 1048576]");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .padding = -1 }, LATHE_EARG,
        "lathe_conv2d: padding = -1 is not legal: [0, 1048576]");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .dilation = 2000000000 }, LATHE_EARG,
        "lathe_conv2d: dilation = 2000000000 is not legal: [1, 1048576]");
    expect_failure(x, LATHE_BATCHED, w, 0, (lathe_conv2d_opts){ .groups = -3 }, LATHE_EARG,
        "lathe_conv2d: groups = -3 is not legal: [1, 1048576]");
    lathe_error_clear();
    assert_null(lathe_conv2d(NULL, NULL, NULL, NULL));
    assert_failed(LATHE_EARG, "lathe_conv2d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_by_hand),
        cmocka_unit_test(chosen_shapes_agree_with_the_twin),
        cmocka_unit_test(random_shapes_agree_with_the_twin),
        cmocka_unit_test(random_large_shapes_agree_with_the_twin),
        cmocka_unit_test(golden_values_from_pytorch),
        cmocka_unit_test(gradient_check),
        cmocka_unit_test(gradient_check_with_relu),
        cmocka_unit_test(gradient_check_with_sum),
        cmocka_unit_test(sum_is_the_same_in_one_operation),
        cmocka_unit_test(relu_is_the_same_in_one_operation),
        cmocka_unit_test(gradients_add_up),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
