#include "conv2d_test.h"

#include <math.h>
#include <stdlib.h>

const double conv2d_relative = sizeof(lathe_real) == 8 ? 1e-12 : 1e-5;

static int larger(int a, int b) { return a > b ? a : b; }

static conv2d_axis axis_of(int size, int taps, int stride, int dilation, int before, int after, bool same)
{
    int extent = dilation * (taps - 1) + 1;
    if (same) {
        int padding = larger(((size + stride - 1) / stride - 1) * stride + extent - size, 0);
        before = padding / 2;
        after = padding - before;
    }
    int room = size + before + after - extent;
    return (conv2d_axis){ size, taps, stride, dilation, before, room < 0 ? 0 : room / stride + 1 };
}

static void take_settings(const conv2d_setup *s, const conv2d_beside *given, conv2d_numbers *n)
{
    conv2d_beside none = { 0 };
    const conv2d_beside *b = given ? given : &none;
    n->opts = (lathe_conv2d_opts){ .stride = s->stride,
        .padding = s->padding,
        .dilation = s->dilation,
        .groups = s->groups,
        .stride_width = b->stride_width,
        .dilation_width = b->dilation_width,
        .padding_sides = b->sides,
        .same = b->same };
    n->rows = axis_of(s->height, s->kernel_height, s->stride, s->dilation, s->padding + b->sides.top,
        s->padding + b->sides.bottom, b->same);
    n->columns = axis_of(s->width, s->kernel_width, b->stride_width ? b->stride_width : s->stride,
        b->dilation_width ? b->dilation_width : s->dilation, s->padding + b->sides.left,
        s->padding + b->sides.right, b->same);
}

conv2d_numbers conv2d_numbers_new(const conv2d_setup *s, const conv2d_beside *beside)
{
    conv2d_numbers n = { 0 };
    take_settings(s, beside, &n);
    n.x_count = (size_t)s->batch * (size_t)(s->channels * s->height * s->width);
    n.w_count = (size_t)s->filters * (size_t)(s->channels / s->groups * s->kernel_height * s->kernel_width);
    n.y_count = (size_t)s->batch * (size_t)(s->filters * n.rows.results * n.columns.results);
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

void conv2d_numbers_free(conv2d_numbers *n) { free(n->x); }

void conv2d_fill(const conv2d_setup *s, conv2d_numbers *n, uint64_t seed)
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
static bool can_lie_so(const conv2d_setup *s, const conv2d_numbers *n)
{
    int groups = s->groups, channels = s->channels / groups, filters = s->filters / groups;
    int height = (n->rows.taps - 1) * n->rows.dilation + n->rows.stride,
        width = (n->columns.taps - 1) * n->columns.dilation + n->columns.stride;
    return s->kernel_height <= 16 && s->kernel_width <= 16 && (long)height * width <= 1024 &&
        (groups == 1 || (channels == 1 && filters == 1) || (channels % 16 == 0 && filters % 16 == 0));
}

/* Images abreast, channels abreast, and a network's plain pictures that need no gradient. */
const lathe_layout conv2d_layouts[] = { LATHE_BATCHED, LATHE_CHANNELS, LATHE_PLAIN };

lathe_tensor *conv2d_images(lathe_tape *tape, const conv2d_setup *s, lathe_layout layout,
    const lathe_real *values)
{
    lathe_tape_layout(tape, layout == LATHE_BATCHED ? LATHE_BATCHED : LATHE_CHANNELS);
    lathe_tensor *x = lathe_tape_leaf(tape, layout,
        (lathe_shape){ 4, { s->batch, s->channels, s->height, s->width } }, values);
    x->needs_grad = layout != LATHE_PLAIN;
    x->pictures = layout == LATHE_PLAIN;
    return x;
}

void conv2d_run_in(lathe_context *context, const conv2d_setup *s, lathe_layout layout, conv2d_numbers *n)
{
    lathe_tape *tape = lathe_tape_new(context);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = conv2d_images(tape, s, layout, n->x);
    lathe_tensor *w = lathe_tape_leaf(tape, LATHE_PLAIN,
        (lathe_shape){ 4, { s->filters, s->channels / s->groups, s->kernel_height, s->kernel_width } }, n->w);
    lathe_tensor *bias =
        s->bias ? lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { s->filters } }, n->bias) : NULL;
    w->needs_grad = true;
    if (bias) bias->needs_grad = true;
    spoil_tail_lanes(x);
    lathe_tensor *y = lathe_conv2d(x, w, bias, &n->opts);
    if (!y) fail_msg("%s", lathe_error_message());
    assert_int_equal(lathe_backward_from(y, n->gy, n->y_count), LATHE_OK);
    lathe_tensor_read(y, n->y, n->y_count);
    lathe_tensor_read_grad(w, n->gw, n->w_count);
    if (bias) lathe_tensor_read_grad(bias, n->gbias, (size_t)s->filters);
    if (x->needs_grad) {
        lathe_tensor_read_grad(x, n->gx, n->x_count);
        assert_tail_lanes_zero(x);
    }
    if (layout != LATHE_BATCHED && can_lie_so(s, n)) assert_int_equal(y->layout, LATHE_CHANNELS);
    lathe_tape_free(tape);
}

void conv2d_run(const conv2d_setup *s, lathe_layout layout, conv2d_numbers *n)
{
    conv2d_run_in(NULL, s, layout, n);
}

static void twin_place(const conv2d_setup *s, const conv2d_numbers *n, conv2d_twin *t, int b, int o, int i,
    int j)
{
    int group_channels = s->channels / s->groups, group = o / (s->filters / s->groups);
    size_t at = (((size_t)b * (size_t)s->filters + (size_t)o) * (size_t)n->rows.results + (size_t)i) *
            (size_t)n->columns.results +
        (size_t)j;
    double sum = s->bias ? (double)n->bias[o] : 0, g = (double)n->gy[at];
    for (int c = 0; c < group_channels; c++)
        for (int p = 0; p < s->kernel_height; p++)
            for (int q = 0; q < s->kernel_width; q++) {
                int row = i * n->rows.stride + p * n->rows.dilation - n->rows.before,
                    column = j * n->columns.stride + q * n->columns.dilation - n->columns.before;
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

conv2d_twin conv2d_twin_run(const conv2d_setup *s, const conv2d_numbers *n)
{
    conv2d_twin t = { calloc(n->y_count, sizeof(double)), calloc(n->x_count, sizeof(double)),
        calloc(n->w_count, sizeof(double)), calloc((size_t)s->filters, sizeof(double)) };
    for (int b = 0; b < s->batch; b++)
        for (int o = 0; o < s->filters; o++)
            for (int i = 0; i < n->rows.results; i++)
                for (int j = 0; j < n->columns.results; j++) twin_place(s, n, &t, b, o, i, j);
    return t;
}

void conv2d_twin_free(conv2d_twin *t) { free(t->y), free(t->gx), free(t->gw), free(t->gbias); }

static const char *named(const char *what, const char *name)
{
    static char text[200];
    snprintf(text, sizeof text, "%s, %s", name, what);
    return text;
}

static void compare_with_twin(const conv2d_setup *s, lathe_layout layout, const conv2d_numbers *given,
    const conv2d_twin *want)
{
    conv2d_numbers n = *given;
    conv2d_twin t = *want;
    char what[180];
    snprintf(what, sizeof what,
        "%s%s, B %d C %d %dx%d O %d kernel %dx%d stride %dx%d padding top %d left %d dilation %dx%d groups "
        "%d",
        lathe_layout_name(layout), lathe_context_conv(NULL) == LATHE_CONV_DIRECT ? ", direct" : "", s->batch,
        s->channels, s->height, s->width, s->filters, s->kernel_height, s->kernel_width, n.rows.stride,
        n.columns.stride, n.rows.before, n.columns.before, n.rows.dilation, n.columns.dilation, s->groups);
    conv2d_run(s, layout, &n);
    double terms = s->channels * s->kernel_height * s->kernel_width,
           more = s->filters * s->kernel_height * s->kernel_width;
    double most = (double)s->batch * n.rows.results * n.columns.results;
    assert_close(named(what, "y"), n.y, t.y, n.y_count, conv2d_relative, conv2d_relative * sqrt(terms));
    if (layout != LATHE_PLAIN)
        assert_close(named(what, "gx"), n.gx, t.gx, n.x_count, conv2d_relative, conv2d_relative * sqrt(more));
    assert_close(named(what, "gw"), n.gw, t.gw, n.w_count, conv2d_relative, conv2d_relative * sqrt(most));
    if (s->bias)
        assert_close(named(what, "gbias"), n.gbias, t.gbias, (size_t)s->filters, conv2d_relative,
            conv2d_relative * sqrt(most));
}

void conv2d_check(const conv2d_setup *s, const conv2d_beside *beside, uint64_t seed)
{
    conv2d_numbers n = conv2d_numbers_new(s, beside);
    conv2d_fill(s, &n, seed);
    conv2d_twin t = conv2d_twin_run(s, &n);
    for (int i = 0; i < 3; i++) compare_with_twin(s, conv2d_layouts[i], &n, &t);
    lathe_context_set_conv(NULL, LATHE_CONV_DIRECT);
    compare_with_twin(s, LATHE_BATCHED, &n, &t);
    lathe_context_set_conv(NULL, LATHE_CONV_AUTO);
    conv2d_twin_free(&t);
    conv2d_numbers_free(&n);
}

lathe_tensor *conv2d_function(void *context, lathe_tensor *const *leaves, int count)
{
    return lathe_conv2d(leaves[0], leaves[1], count > 2 ? leaves[2] : NULL, context);
}
