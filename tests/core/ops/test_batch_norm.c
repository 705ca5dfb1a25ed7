#include "support/op_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double tolerance = sizeof(lathe_real) == 8 ? 1e-11 : 4e-6;

typedef struct norm_case {
    lathe_batch_norm_opts opts;
    bool relu;
    bool plain; /* no weight, no bias */
} norm_case;

/* Leaves: x, then weight and bias unless `plain`, then running mean and variance. */
static lathe_tensor *norm(void *context, lathe_tensor *const *leaves, int count)
{
    const norm_case *c = context;
    lathe_tensor *weight = c->plain ? NULL : leaves[1], *bias = c->plain ? NULL : leaves[2];
    lathe_tensor *mean = leaves[count - 2], *var = leaves[count - 1];
    return c->relu ? lathe_batch_norm_relu(leaves[0], weight, bias, mean, var, &c->opts) :
                     lathe_batch_norm(leaves[0], weight, bias, mean, var, &c->opts);
}

static lathe_shape vector(int count) { return (lathe_shape){ 1, { count } }; }

static lathe_leaf constant(int count, const lathe_real *values)
{
    return (lathe_leaf){ .layout = LATHE_PLAIN, .shape = vector(count), .values = values, .constant = true };
}

/* The five leaves of a random case. */
static void fill_case(lathe_leaf leaves[5], lathe_shape shape, uint64_t seed)
{
    int channels = shape.dim[1];
    leaves[0] = normal_leaf(LATHE_BATCHED, shape, seed);
    for (int i = 1; i < 5; i++) leaves[i] = normal_leaf(LATHE_PLAIN, vector(channels), seed + (uint64_t)i);
    for (int c = 0; c < channels; c++) {
        lathe_real *var = (lathe_real *)(uintptr_t)leaves[4].values;
        var[c] = var[c] * var[c] + 1;
    }
    leaves[3].constant = leaves[4].constant = true;
}

/*
 * One channel, x = 1 2 3 6: mean 3, variance (4 + 1 + 0 + 9) / 4 = 3.5, unbiased 14/3; weight 2, bias 1, eps
 * 0.5: the deviation is 2, so y = (x - 3) + 1. From mean 0 and variance 1 the running ones become 0.1 * 3 and
 * 0.9 + 0.1 * 14/3. In eval with mean 1 and variance 3.5: y = (x - 1) + 1.
 * Gradient for gy = 1 0 0 0: xhat = -1 -.5 0 1.5, mean of g 1/4, mean of g * xhat -1/4:
 * gx = 2/2 * (g - 1/4 + xhat/4) = 0.5 -.375 -.25 .125; gw = -1; gb = 1.
 */
static void a_case_by_hand(void **state)
{
    (void)state;
    norm_case c = { .opts = { .eps = 0.5 } };
    lathe_real x[] = { 1, 2, 3, 6 }, w = 2, b = 1, zero = 0, one = 1, var = (lathe_real)3.5;
    lathe_leaf leaves[5] = {
        { .layout = LATHE_BATCHED, .shape = { 4, { 2, 1, 1, 2 } }, .values = x },
        { .layout = LATHE_PLAIN, .shape = vector(1), .values = &w },
        { .layout = LATHE_PLAIN, .shape = vector(1), .values = &b },
        constant(1, &zero),
        constant(1, &one),
    };
    double y[] = { -1, 0, 1, 4 }, in_eval[] = { 1, 2, 3, 6 }, gy[] = { 1, 0, 0, 0 };
    double gx[] = { 0.5, -0.375, -0.25, 0.125 }, gw = -1, gb = 1;
    assert_result("train", norm, &c, leaves, 5, LATHE_TRAIN, y, 4, tolerance, tolerance);
    assert_leaf_gradient("to x", norm, &c, leaves, 5, gy, 4, 0, gx, tolerance, tolerance);
    assert_leaf_gradient("to weight", norm, &c, leaves, 5, gy, 4, 1, &gw, tolerance, tolerance);
    assert_leaf_gradient("to bias", norm, &c, leaves, 5, gy, 4, 2, &gb, tolerance, tolerance);
    leaves[3].values = &one;
    leaves[4].values = &var;
    assert_result("eval", norm, &c, leaves, 5, LATHE_EVAL, in_eval, 4, tolerance, tolerance);
}

/* Running statistics after `mode` on one batch: out[0] mean, out[1] variance of channel 0. */
static void running_after(lathe_mode mode, const norm_case *c, const lathe_leaf leaves[5], double out[2])
{
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, mode);
    lathe_tensor *tensors[5];
    for (int i = 0; i < 5; i++)
        tensors[i] = lathe_tape_leaf(tape, leaves[i].layout, leaves[i].shape, leaves[i].values);
    assert_non_null(norm((void *)(uintptr_t)c, tensors, 5));
    out[0] = (double)tensors[3]->data[0];
    out[1] = (double)tensors[4]->data[0];
    lathe_tape_free(tape);
}

static void running_statistics_follow_in_training_only(void **state)
{
    (void)state;
    norm_case c = { { 0 }, false, false };
    lathe_real x[] = { 1, 2, 3, 6 }, w = 2, b = 1, zero = 0, one = 1;
    lathe_leaf leaves[5] = {
        { .layout = LATHE_BATCHED, .shape = { 2, { 4, 1 } }, .values = x },
        { .layout = LATHE_PLAIN, .shape = vector(1), .values = &w },
        { .layout = LATHE_PLAIN, .shape = vector(1), .values = &b },
        constant(1, &zero),
        constant(1, &one),
    };
    double got[2], trained[] = { 0.3, 0.9 + 1.4 / 3 }, untouched[] = { 0, 1 };
    running_after(LATHE_TRAIN, &c, leaves, got);
    assert_close_double("train", got, trained, 2, 1e-6, 0);
    running_after(LATHE_EVAL, &c, leaves, got);
    assert_close_double("eval", got, untouched, 2, 0, 1e-300);
    c.opts.frozen = true;
    running_after(LATHE_TRAIN, &c, leaves, got);
    assert_close_double("frozen", got, untouched, 2, 0, 1e-300);
}

/* A random case and what the textbook's formulas say about it, in double. */
typedef struct expected {
    size_t numbers;
    double *gy, *y, *gx, *gw, *gb;
} expected;

static double mean_of(const double *values, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += values[i];
    return sum / n;
}

/* One channel whose n numbers are x, with gradients gy (which relu changes): y and gx, *gw and *gb. */
static void twin_channel(int n, const double *x, double *gy, double weight, double bias, double mean,
    double deviation, bool relu, double *y, double *gx, double *gw, double *gb)
{
    *gw = *gb = 0;
    for (int i = 0; i < n; i++) {
        double xhat = (x[i] - mean) / deviation;
        y[i] = weight * xhat + bias;
        if (relu && y[i] <= 0) y[i] = gy[i] = 0;
        *gw += gy[i] * xhat;
        *gb += gy[i];
    }
    for (int i = 0; i < n; i++)
        gx[i] = weight / deviation * (gy[i] - *gb / n - (x[i] - mean) / deviation * *gw / n);
}

static expected twin(const lathe_leaf leaves[5], const norm_case *c, lathe_mode mode)
{
    const lathe_shape *s = &leaves[0].shape;
    size_t numbers = lathe_shape_count(s);
    int channels = s->dim[1], size = (int)numbers / (s->dim[0] * channels), n = s->dim[0] * size;
    expected e = { .numbers = numbers };
    double **arrays[] = { &e.gy, &e.y, &e.gx, &e.gw, &e.gb };
    for (int i = 0; i < 5; i++) assert_non_null(*arrays[i] = calloc(numbers, sizeof(double)));
    lathe_real *random = malloc(numbers * sizeof *random);
    double *part[4]; /* the channel's x, gy, y, gx */
    for (int i = 0; i < 4; i++) assert_non_null(part[i] = malloc((size_t)n * sizeof(double)));
    assert_non_null(random);
    fill_normal(random, numbers, 5);
    for (size_t i = 0; i < numbers; i++) e.gy[i] = (double)random[i];
    for (int k = 0; k < channels; k++) {
        for (int i = 0; i < n; i++) {
            int at = (i / size * channels + k) * size + i % size;
            part[0][i] = (double)leaves[0].values[at];
            part[1][i] = e.gy[at];
        }
        double mean = mean_of(part[0], n), var = 0;
        for (int i = 0; i < n; i++) var += (part[0][i] - mean) * (part[0][i] - mean) / n;
        if (mode == LATHE_EVAL) mean = (double)leaves[3].values[k], var = (double)leaves[4].values[k];
        twin_channel(n, part[0], part[1], (double)leaves[1].values[k], (double)leaves[2].values[k], mean,
            sqrt(var + (c->opts.eps > 0 ? c->opts.eps : 1e-5)), c->relu, part[2], part[3], &e.gw[k],
            &e.gb[k]);
        for (int i = 0; i < n; i++) {
            int at = (i / size * channels + k) * size + i % size;
            e.y[at] = part[2][i];
            e.gx[at] = part[3][i];
        }
    }
    for (int i = 0; i < 4; i++) free(part[i]);
    free(random);
    return e;
}

static void free_expected(expected *e)
{
    double *arrays[] = { e->gy, e->y, e->gx, e->gw, e->gb };
    for (int i = 0; i < 5; i++) free(arrays[i]);
}

static void check_against_twin(lathe_shape shape, norm_case c, uint64_t seed)
{
    lathe_leaf leaves[5];
    fill_case(leaves, shape, seed);
    expected e = twin(leaves, &c, LATHE_TRAIN);
    assert_result("train", norm, &c, leaves, 5, LATHE_TRAIN, e.y, e.numbers, tolerance, tolerance);
    double sums = tolerance * sqrt((double)e.numbers); /* rounding of sums */
    assert_leaf_gradient("to x", norm, &c, leaves, 5, e.gy, e.numbers, 0, e.gx, 2 * tolerance, 2 * tolerance);
    assert_leaf_gradient("to weight", norm, &c, leaves, 5, e.gy, e.numbers, 1, e.gw, tolerance, sums);
    assert_leaf_gradient("to bias", norm, &c, leaves, 5, e.gy, e.numbers, 2, e.gb, tolerance, sums);
    free_expected(&e);
    e = twin(leaves, &c, LATHE_EVAL);
    assert_result("eval", norm, &c, leaves, 5, LATHE_EVAL, e.y, e.numbers, tolerance, tolerance);
    free_expected(&e);
    free_leaves(leaves, 5);
}

static void equals_the_twin(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        bool flat = i % 4 == 3;
        lathe_shape shape = { flat ? 2 : 4,
            { test_batches[i % 5], random_int(1, i, 1, 20), random_int(2, i, 1, 19),
                random_int(3, i, 1, 9) } };
        if (shape.dim[0] == 1) shape.rank = 4, shape.dim[2] += 3;
        norm_case c = { .opts = { .eps = i % 3 ? 0 : 0.1 }, .relu = i % 7 > 3 };
        check_against_twin(shape, c, 100 * i);
    }
}

/* Blocks of sixteen channels with and without tails, of one image and of several, whole and in pieces. */
static void blocks_of_channels_equal_the_twin(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        lathe_shape shape = { 4, { 1 + i % 3, test_channels[i % 6], i < 6 ? 7 : 47, i < 6 ? 5 : 45 } };
        norm_case c = { .relu = i % 2 };
        check_against_twin(shape, c, 5000 + (uint64_t)i);
        lathe_leaf leaves[5];
        fill_case(leaves, shape, 1);
        assert_channels(c.relu ? "batch_norm_relu" : "batch_norm", norm, &c, leaves, 5);
        free_leaves(leaves, 5);
    }
}

/*
 * Shapes small enough for every element's difference; n is at least 4, for two numbers are always normalised
 * to -1 and 1.
 */
static lathe_shape small_shape(uint64_t i)
{
    lathe_shape shape = { i % 3 ? 4 : 2,
        { test_batches[i % 5], random_int(4, i, 1, 2), random_int(5, i, 1, 2), random_int(6, i, 1, 2) } };
    if (shape.dim[0] == 1) shape = (lathe_shape){ 4, { 1, shape.dim[1], 3, random_int(7, i, 2, 4) } };
    return shape;
}

static void check_gradients(bool frozen)
{
    for (uint64_t i = 0; i < 25; i++) {
        norm_case c = { .opts = { .eps = 0.1, .frozen = frozen } };
        lathe_leaf leaves[5];
        fill_case(leaves, small_shape(i), 1000 * i + 7);
        assert_gradient("batch_norm", norm, &c, leaves, 5);
        /* with relu: biases that keep every other channel above 0, the rest below, far from the kink */
        c.relu = true;
        for (int k = 0; k < leaves[2].shape.dim[0]; k++)
            ((lathe_real *)(uintptr_t)leaves[2].values)[k] = k % 2 ? -20 : 20;
        for (int k = 0; k < leaves[1].shape.dim[0]; k++) ((lathe_real *)(uintptr_t)leaves[1].values)[k] = 1;
        assert_gradient("batch_norm_relu", norm, &c, leaves, 5);
        free_leaves(leaves, 5);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    check_gradients(false);
}

/* A frozen norm is y = weight * (x - mean) / deviation + bias with constants, for a single number too. */
static void a_frozen_norm_is_trained_through(void **state)
{
    (void)state;
    check_gradients(true);
    norm_case c = { .opts = { .eps = 0.5, .frozen = true } };
    lathe_real x = 4, w = 2, b = 1, mean = 1, var = 3.5;
    lathe_leaf leaves[5] = {
        { .layout = LATHE_BATCHED, .shape = { 2, { 1, 1 } }, .values = &x },
        { .layout = LATHE_PLAIN, .shape = vector(1), .values = &w },
        { .layout = LATHE_PLAIN, .shape = vector(1), .values = &b },
        constant(1, &mean),
        constant(1, &var),
    };
    double gy = 3, y = 4, gx = 3, gw = 4.5, gb = 3;
    assert_result("y", norm, &c, leaves, 5, LATHE_TRAIN, &y, 1, tolerance, 0);
    assert_leaf_gradient("x", norm, &c, leaves, 5, &gy, 1, 0, &gx, tolerance, 0);
    assert_leaf_gradient("weight", norm, &c, leaves, 5, &gy, 1, 1, &gw, tolerance, 0);
    assert_leaf_gradient("bias", norm, &c, leaves, 5, &gy, 1, 2, &gb, tolerance, 0);
}

/* Three leaves without weight and bias. */
static void without_weight_and_bias(void **state)
{
    (void)state;
    norm_case plain = { .plain = true }, full = { .plain = false };
    lathe_leaf leaves[5];
    fill_case(leaves, (lathe_shape){ 4, { 17, 3, 2, 2 } }, 77);
    for (int k = 0; k < 3; k++) {
        ((lathe_real *)(uintptr_t)leaves[1].values)[k] = 1;
        ((lathe_real *)(uintptr_t)leaves[2].values)[k] = 0;
    }
    expected e = twin(leaves, &full, LATHE_TRAIN);
    lathe_leaf three[3] = { leaves[0], leaves[3], leaves[4] };
    assert_result("train", norm, &plain, three, 3, LATHE_TRAIN, e.y, e.numbers, tolerance, tolerance);
    assert_leaf_gradient("to x", norm, &plain, three, 3, e.gy, e.numbers, 0, e.gx, 2 * tolerance,
        2 * tolerance);
    free_expected(&e);
    free_leaves(leaves, 5);
}

/* One training step on the leaves; their running statistics become `mean` and `var`. */
static void train_step(norm_case *c, const lathe_leaf *leaves, int count, lathe_real *mean, lathe_real *var)
{
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *tensors[5];
    for (int k = 0; k < count; k++)
        tensors[k] = lathe_tape_leaf(tape, leaves[k].layout, leaves[k].shape, leaves[k].values);
    assert_non_null(norm(c, tensors, count));
    size_t channels = (size_t)leaves[0].shape.dim[1];
    lathe_tensor_read(tensors[count - 2], mean, channels);
    lathe_tensor_read(tensors[count - 1], var, channels);
    lathe_tape_free(tape);
}

static const char golden_file[] = "batch_norm.txt";

static void assert_golden_array(const char *name, const char *part, const lathe_real *got)
{
    char full[96];
    size_t n;
    snprintf(full, sizeof full, "%s.%s", name, part);
    double *want = golden(golden_file, full, &n);
    assert_close(full, got, want, n, tolerance, tolerance);
    free(want);
}

/* Three training steps, each with the statistics that the one before left; then an evaluation of the last
 * batch. */
static void check_steps(const char *name, lathe_shape shape, norm_case *c)
{
    int channels = shape.dim[1], count = c->plain ? 3 : 5;
    lathe_real mean[8] = { 0 }, var[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    lathe_leaf leaves[5];
    char part[64];
    for (int k = 1; k < count - 2; k++) {
        snprintf(part, sizeof part, "%s.x%d", name, k);
        leaves[k] = golden_leaf(golden_file, part, LATHE_PLAIN, vector(channels));
    }
    leaves[count - 2] = constant(channels, mean);
    leaves[count - 1] = constant(channels, var);
    for (int step = 0; step < 3; step++) {
        if (step) free_leaves(leaves, 1);
        snprintf(part, sizeof part, "%s.step%d.x0", name, step);
        leaves[0] = golden_leaf(golden_file, part, LATHE_BATCHED, shape);
        snprintf(part, sizeof part, "%s.step%d", name, step);
        if (step == 2) assert_golden(golden_file, part, norm, c, leaves, count, 4 * tolerance, 4 * tolerance);
        train_step(c, leaves, count, mean, var);
        assert_golden_array(part, "mean", mean);
        assert_golden_array(part, "var", var);
    }
    size_t n;
    snprintf(part, sizeof part, "%s.eval", name);
    double *want = golden(golden_file, part, &n);
    assert_result(part, norm, c, leaves, count, LATHE_EVAL, want, n, 4 * tolerance, 4 * tolerance);
    free(want);
    free_leaves(leaves, count - 2);
}

static void equals_pytorch_over_three_steps(void **state)
{
    (void)state;
    check_steps("images", (lathe_shape){ 4, { 17, 2, 2, 3 } }, &(norm_case){ .relu = false });
    check_steps("features", (lathe_shape){ 2, { 5, 6 } },
        &(norm_case){ .opts = { .momentum = 0.3, .eps = 1e-3 } });
    check_steps("plain", (lathe_shape){ 4, { 2, 2, 3, 3 } },
        &(norm_case){ .opts = { .momentum = 1 }, .plain = true });
    check_steps("one", (lathe_shape){ 4, { 1, 4, 2, 2 } }, &(norm_case){ .relu = false });
}

/* All numbers of a channel equal: y is the bias, and all gradients are finite. */
static void no_variance_at_all(void **state)
{
    (void)state;
    norm_case c = { .relu = false };
    lathe_leaf leaves[5];
    fill_case(leaves, (lathe_shape){ 4, { 17, 1, 3, 3 } }, 9);
    for (int i = 0; i < 17 * 9; i++) ((lathe_real *)(uintptr_t)leaves[0].values)[i] = (lathe_real)123.4;
    expected e = twin(leaves, &c, LATHE_TRAIN);
    for (size_t i = 0; i < e.numbers; i++) e.y[i] = (double)leaves[2].values[0];
    assert_result("y", norm, &c, leaves, 5, LATHE_TRAIN, e.y, e.numbers, tolerance, 0);
    double deviation = sqrt(1e-5), gw = 0;
    for (size_t i = 0; i < e.numbers; i++)
        e.gx[i] = (double)leaves[1].values[0] / deviation * (e.gy[i] - e.gb[0] / (double)e.numbers);
    assert_leaf_gradient("to x", norm, &c, leaves, 5, e.gy, e.numbers, 0, e.gx, 4 * tolerance,
        1e3 * tolerance);
    assert_leaf_gradient("to weight", norm, &c, leaves, 5, e.gy, e.numbers, 1, &gw, 0, 1e3 * tolerance);
    free_expected(&e);
    free_leaves(leaves, 5);
}

/* One NaN makes NaN of its whole channel, relu or not, and of no other. */
static void nan_is_not_hidden(void **state)
{
    (void)state;
    for (int relu = 0; relu <= 1; relu++) {
        norm_case c = { .relu = relu };
        lathe_leaf leaves[5];
        fill_case(leaves, (lathe_shape){ 4, { 17, 2, 2, 2 } }, 3);
        expected e = twin(leaves, &c, LATHE_TRAIN);
        ((lathe_real *)(uintptr_t)leaves[0].values)[16 * 8 + 5] =
            (lathe_real)NAN; /* channel 1 of the last image */
        for (size_t i = 0; i < e.numbers; i++)
            if (i / 4 % 2 == 1) e.y[i] = NAN;
        assert_result("NaN", norm, &c, leaves, 5, LATHE_TRAIN, e.y, e.numbers, tolerance, tolerance);
        free_expected(&e);
        free_leaves(leaves, 5);
    }
}

/* A mean 4096 times the deviation: sums of squares in float would leave nothing of the variance. */
static void a_large_mean_costs_no_digits(void **state)
{
    (void)state;
    norm_case c = { .relu = false };
    lathe_leaf leaves[5];
    fill_case(leaves, (lathe_shape){ 4, { 33, 2, 13, 11 } }, 21);
    for (size_t i = 0; i < 33 * 2 * 13 * 11; i++) { /* multiples of 1/512 near 4096: exact in a float */
        lathe_real *x = (lathe_real *)(uintptr_t)&leaves[0].values[i];
        *x = (lathe_real)(4096 + rint((double)*x * 512) / 512);
    }
    expected e = twin(leaves, &c, LATHE_TRAIN);
    double absolute = sizeof(lathe_real) == 8 ? 1e-9 : 5e-4; /* the mean itself is rounded, to 1/4096 */
    assert_result("y", norm, &c, leaves, 5, LATHE_TRAIN, e.y, e.numbers, 1e-5, absolute);
    lathe_real mean[2], var[2];
    c.opts.momentum = 1;
    train_step(&c, leaves, 5, mean, var);
    for (int k = 0; k < 2; k++) {
        double x[33 * 143], m, v = 0;
        for (int i = 0; i < 33 * 143; i++) x[i] = (double)leaves[0].values[(i / 143 * 2 + k) * 143 + i % 143];
        m = mean_of(x, 33 * 143);
        for (int i = 0; i < 33 * 143; i++) v += (x[i] - m) * (x[i] - m) / (33 * 143 - 1);
        assert_close("variance", &var[k], &v, 1, 1e-6, 0);
        assert_close("mean", &mean[k], &m, 1, 1e-7, 0);
    }
    free_expected(&e);
    free_leaves(leaves, 5);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    static const lathe_shape shapes[] = { { 4, { 64, 16, 16, 16 } }, { 4, { 33, 3, 40, 37 } },
        { 2, { 250, 300 } }, { 4, { 1, 20, 64, 70 } } };
    for (int i = 0; i < 4; i++) {
        norm_case c = { .relu = i == 0 };
        lathe_leaf leaves[5];
        fill_case(leaves, shapes[i], 40 + (uint64_t)i);
        assert_same_bits(norm, &c, leaves, 5);
        free_leaves(leaves, 5);
    }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    norm_case c = { .relu = false };
    lathe_leaf leaves[5];
    fill_case(leaves, (lathe_shape){ 4, { 3, 2, 2, 2 } }, 1);
    c.opts.eps = -1;
    assert_op_fails(norm, &c, leaves, 5, LATHE_EARG, "lathe_batch_norm: eps = -1 is not legal: > 0");
    c.opts = (lathe_batch_norm_opts){ .momentum = 1.5 };
    assert_op_fails(norm, &c, leaves, 5, LATHE_EARG, "lathe_batch_norm: momentum = 1.5 is not legal: (0, 1]");
    c.opts.momentum = 0;
    leaves[2].shape.dim[0] = 1;
    assert_op_fails(norm, &c, leaves, 5, LATHE_ESHAPE, "lathe_batch_norm: x has 2 channels, bias is [1]");
    leaves[2].shape.dim[0] = 2;
    leaves[0].shape = (lathe_shape){ 2, { 1, 2 } };
    c.relu = true;
    assert_op_fails(norm, &c, leaves, 5, LATHE_ESHAPE,
        "lathe_batch_norm_relu: x is [1, 2]: one number a channel");
    leaves[0].layout = LATHE_PLAIN;
    assert_op_fails(norm, &c, leaves, 5, LATHE_ESHAPE,
        "lathe_batch_norm_relu: x is plain [1, 2], expected batched");
    free_leaves(leaves, 5);
}

static lathe_tensor *without_running_mean(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_batch_norm(leaves[0], leaves[1], leaves[2], NULL, leaves[4], NULL);
}

static void running_statistics_must_be_given(void **state)
{
    (void)state;
    lathe_leaf leaves[5];
    fill_case(leaves, (lathe_shape){ 2, { 3, 2 } }, 1);
    assert_op_fails(without_running_mean, NULL, leaves, 5, LATHE_EARG,
        "lathe_batch_norm: running_mean is NULL");
    free_leaves(leaves, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_by_hand),
        cmocka_unit_test(running_statistics_follow_in_training_only),
        cmocka_unit_test(equals_the_twin),
        cmocka_unit_test(blocks_of_channels_equal_the_twin),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(a_frozen_norm_is_trained_through),
        cmocka_unit_test(without_weight_and_bias),
        cmocka_unit_test(equals_pytorch_over_three_steps),
        cmocka_unit_test(no_variance_at_all),
        cmocka_unit_test(nan_is_not_hidden),
        cmocka_unit_test(a_large_mean_costs_no_digits),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(running_statistics_must_be_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
