#include "support/op_test.h"

#include <math.h>
#include <stdlib.h>

typedef struct numbers {
    int batch, features, outputs;
    bool has_bias;
    lathe_real *x, *w, *bias, *gy, *y, *gx, *gw, *gbias;
    size_t x_count, w_count, y_count;
} numbers;

static const double relative = sizeof(lathe_real) == 8 ? 1e-12 : 1e-5;

static numbers numbers_new(int batch, int features, int outputs, bool has_bias)
{
    numbers n = { .batch = batch, .features = features, .outputs = outputs, .has_bias = has_bias };
    n.x_count = (size_t)(batch * features);
    n.w_count = (size_t)(outputs * features);
    n.y_count = (size_t)(batch * outputs);
    lathe_real *all = calloc(2 * (n.x_count + n.w_count + n.y_count + (size_t)outputs), sizeof *all);
    assert_non_null(all);
    n.x = all;
    n.gx = n.x + n.x_count;
    n.w = n.gx + n.x_count;
    n.gw = n.w + n.w_count;
    n.y = n.gw + n.w_count;
    n.gy = n.y + n.y_count;
    n.bias = n.gy + n.y_count;
    n.gbias = n.bias + outputs;
    return n;
}

static void fill(numbers *n, uint64_t seed)
{
    fill_normal(n->x, n->x_count, seed * 4);
    fill_normal(n->w, n->w_count, seed * 4 + 1);
    fill_normal(n->gy, n->y_count, seed * 4 + 2);
    fill_normal(n->bias, (size_t)n->outputs, seed * 4 + 3);
}

static void run(numbers *n)
{
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x =
        lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { n->batch, n->features } }, n->x);
    lathe_tensor *w =
        lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 2, { n->outputs, n->features } }, n->w);
    lathe_tensor *bias =
        n->has_bias ? lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { n->outputs } }, n->bias) : NULL;
    x->needs_grad = w->needs_grad = true;
    if (bias) bias->needs_grad = true;
    int tail = (n->batch - 1) % LATHE_LANES +
        1; /* lanes from here on, in the last block, hold numbers that must not matter */
    for (size_t i = x->stored - (size_t)(n->features * LATHE_LANES); i < x->stored; i++)
        if ((int)(i % LATHE_LANES) >= tail) x->data[i] = 1000;
    lathe_tensor *y = lathe_linear(x, w, bias);
    if (!y) fail_msg("%s", lathe_error_message());
    assert_int_equal(lathe_backward_from(y, n->gy, n->y_count), LATHE_OK);
    lathe_tensor_read(y, n->y, n->y_count);
    lathe_tensor_read_grad(x, n->gx, n->x_count);
    lathe_tensor_read_grad(w, n->gw, n->w_count);
    if (bias) lathe_tensor_read_grad(bias, n->gbias, (size_t)n->outputs);
    for (size_t i = x->stored - (size_t)(n->features * LATHE_LANES); i < x->stored; i++)
        if ((int)(i % LATHE_LANES) >= tail) assert_true(x->grad[i] == 0);
    lathe_tape_free(tape);
}

/* The formula in linear.h and its derivatives, in double. */
static void check_against_twin(int batch, int features, int outputs, bool has_bias, uint64_t seed)
{
    numbers n = numbers_new(batch, features, outputs, has_bias);
    fill(&n, seed);
    run(&n);
    double *y = calloc(n.y_count, sizeof *y), *gx = calloc(n.x_count, sizeof *gx),
           *gw = calloc(n.w_count, sizeof *gw);
    double *gbias = calloc((size_t)outputs, sizeof *gbias);
    for (int b = 0; b < batch; b++)
        for (int o = 0; o < outputs; o++) {
            double g = (double)n.gy[b * outputs + o];
            y[b * outputs + o] = has_bias ? (double)n.bias[o] : 0;
            gbias[o] += g;
            for (int f = 0; f < features; f++) {
                y[b * outputs + o] += (double)n.w[o * features + f] * (double)n.x[b * features + f];
                gx[b * features + f] += g * (double)n.w[o * features + f];
                gw[o * features + f] += g * (double)n.x[b * features + f];
            }
        }
    char what[80];
    snprintf(what, sizeof what, "B %d F %d O %d", batch, features, outputs);
    assert_close(what, n.y, y, n.y_count, relative, relative * sqrt(features));
    assert_close(what, n.gx, gx, n.x_count, relative, relative * sqrt(outputs));
    assert_close(what, n.gw, gw, n.w_count, relative, relative * sqrt(batch));
    if (has_bias) assert_close(what, n.gbias, gbias, (size_t)outputs, relative, relative * sqrt(batch));
    free(y), free(gx), free(gw), free(gbias), free(n.x);
}

/* x = 1 2 3, w = 1 0 2 / 0 1 -1, bias 10 20: y = 1+6+10, 2-3+20. With gy = 1 2: gx = w' gy = 1 2 0, gw = gy
 * x. */
static void a_case_by_hand(void **state)
{
    (void)state;
    numbers n = numbers_new(1, 3, 2, true);
    for (int i = 0; i < 3; i++) n.x[i] = (lathe_real)(i + 1);
    const lathe_real w[6] = { 1, 0, 2, 0, 1, -1 };
    for (int i = 0; i < 6; i++) n.w[i] = w[i];
    n.bias[0] = 10, n.bias[1] = 20;
    n.gy[0] = 1, n.gy[1] = 2;
    run(&n);
    assert_close("y", n.y, (double[]){ 17, 19 }, 2, 0, 0);
    assert_close("gx", n.gx, (double[]){ 1, 2, 0 }, 3, 0, 0);
    assert_close("gw", n.gw, (double[]){ 1, 2, 3, 2, 4, 6 }, 6, 0, 0);
    assert_close("gbias", n.gbias, (double[]){ 1, 2 }, 2, 0, 0);
    free(n.x);
}

static void shapes_agree_with_the_twin(void **state)
{
    (void)state;
    static const int batches[] = { 1, 3, 4, 5, 15, 16, 17, 33 };
    for (uint64_t i = 0; i < 40; i++)
        check_against_twin(batches[i % 8], random_int(i, 1, 1, 300), random_int(i, 2, 1, 70), i % 2 == 0, i);
    check_against_twin(64, 784, 120, true, 100);
    check_against_twin(100, 400, 10, true, 101);
    check_against_twin(1, 1, 1, true, 102);
    check_against_twin(18, 2050, 530, true, 103); /* several runs of features, of outputs, */
    check_against_twin(270, 53, 5, true, 104);    /* of images */
}

static void golden_values_from_pytorch(void **state)
{
    (void)state;
    size_t count;
    double *cases = golden("linear.txt", "cases", &count);
    for (int i = 0; i < (int)cases[0]; i++) {
        char name[40];
        snprintf(name, sizeof name, "case%d.setup", i);
        double *v = golden("linear.txt", name, &count);
        assert_int_equal(count, 4);
        numbers n = numbers_new((int)v[0], (int)v[1], (int)v[2], v[3] != 0);
        free(v);
        struct {
            const char *name;
            lathe_real *at;
            size_t count;
            bool given;
        } parts[] = { { "x", n.x, n.x_count, true }, { "w", n.w, n.w_count, true },
            { "gy", n.gy, n.y_count, true }, { "bias", n.bias, (size_t)n.outputs, true },
            { "y", n.y, n.y_count, false }, { "gx", n.gx, n.x_count, false },
            { "gw", n.gw, n.w_count, false }, { "gbias", n.gbias, (size_t)n.outputs, false } };
        for (int part = 0; part < 8; part++) {
            if (part == 4) run(&n);
            if (part % 4 == 3 && !n.has_bias) continue;
            snprintf(name, sizeof name, "case%d.%s", i, parts[part].name);
            double *values = golden("linear.txt", name, &count);
            assert_int_equal(count, parts[part].count);
            for (size_t j = 0; parts[part].given && j < count; j++) parts[part].at[j] = (lathe_real)values[j];
            if (!parts[part].given) assert_close(name, parts[part].at, values, count, relative, 4 * relative);
            free(values);
        }
        free(n.x);
    }
    free(cases);
}

static lathe_tensor *linear_function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context;
    return lathe_linear(leaves[0], leaves[1], count > 2 ? leaves[2] : NULL);
}

/* The same weights twice: the second gradient is added to the first. */
static lathe_tensor *twice_function(void *context, lathe_tensor *const *leaves, int count)
{
    return linear_function(context,
        (lathe_tensor *[]){ linear_function(context, leaves, count), leaves[1], leaves[2] }, count);
}

static void gradient_check(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    for (uint64_t i = 0; i < 20; i++) {
        int features = random_int(i, 11, 1, 9), outputs = i % 4 ? random_int(i, 12, 1, 9) : features;
        lathe_leaf leaves[3] = {
            { .layout = LATHE_BATCHED, .shape = { 2, { batches[i % 5], features } } },
            { .layout = LATHE_PLAIN, .shape = { 2, { outputs, features } } },
            { .layout = LATHE_PLAIN, .shape = { 1, { outputs } } },
        };
        assert_gradient("linear", i % 4 ? linear_function : twice_function, NULL, leaves, i % 4 == 1 ? 2 : 3);
    }
}

static lathe_tensor *linear_relu_function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_linear_relu(leaves[0], leaves[1], leaves[2]);
}

/* Biases that keep every other output above 0, the rest below, far from the kink. */
static void gradient_check_with_relu(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    static const lathe_real bias[6] = { 30, -30, 30, -30, 30, -30 };
    for (uint64_t i = 0; i < 20; i++) {
        int features = random_int(i, 11, 1, 9), outputs = random_int(i, 12, 1, 6);
        lathe_leaf leaves[3] = {
            { .layout = LATHE_BATCHED, .shape = { 2, { batches[i % 5], features } } },
            { .layout = LATHE_PLAIN, .shape = { 2, { outputs, features } } },
            { .layout = LATHE_PLAIN, .shape = { 1, { outputs } }, .values = bias },
        };
        assert_gradient("linear_relu", linear_relu_function, NULL, leaves, 3);
    }
}

/* relu(linear(x)) in one operation and in two: the same bits, forward and backward. */
static void relu_is_the_same_in_one_operation(void **state)
{
    (void)state;
    numbers n[2] = { numbers_new(37, 50, 30, true), numbers_new(37, 50, 30, true) };
    for (int fused = 0; fused < 2; fused++) {
        numbers *m = &n[fused];
        fill(m, 5);
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x =
            lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { m->batch, m->features } }, m->x);
        lathe_tensor *w =
            lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 2, { m->outputs, m->features } }, m->w);
        lathe_tensor *bias = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { m->outputs } }, m->bias);
        x->needs_grad = w->needs_grad = bias->needs_grad = true;
        lathe_tensor *y = fused ? lathe_linear_relu(x, w, bias) : lathe_relu(lathe_linear(x, w, bias));
        assert_int_equal(lathe_backward_from(y, m->gy, m->y_count), LATHE_OK);
        lathe_tensor_read(y, m->y, m->y_count);
        lathe_tensor_read_grad(x, m->gx, m->x_count);
        lathe_tensor_read_grad(w, m->gw, m->w_count);
        lathe_tensor_read_grad(bias, m->gbias, (size_t)m->outputs);
        lathe_tape_free(tape);
    }
    assert_memory_equal(n[1].y, n[0].y, n[0].y_count * sizeof *n[0].y);
    assert_memory_equal(n[1].gx, n[0].gx, n[0].x_count * sizeof *n[0].x);
    assert_memory_equal(n[1].gw, n[0].gw, n[0].w_count * sizeof *n[0].w);
    assert_memory_equal(n[1].gbias, n[0].gbias, (size_t)n[0].outputs * sizeof *n[0].gbias);
    free(n[0].x), free(n[1].x);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    numbers one = numbers_new(130, 300, 77, true), n = numbers_new(130, 300, 77, true);
    fill(&one, 1);
    fill(&n, 1);
    for (int threads = 1; threads <= 4; threads++) {
        assert_int_equal(lathe_threads_set(NULL, threads), LATHE_OK);
        run(threads == 1 ? &one : &n);
        if (threads == 1) continue;
        assert_memory_equal(n.y, one.y, n.y_count * sizeof *n.y);
        assert_memory_equal(n.gx, one.gx, n.x_count * sizeof *n.x);
        assert_memory_equal(n.gw, one.gw, n.w_count * sizeof *n.w);
        assert_memory_equal(n.gbias, one.gbias, (size_t)n.outputs * sizeof *n.gbias);
    }
    lathe_threads_set(NULL, 0);
    free(one.x), free(n.x);
}

static void expect_failure(lathe_shape x_shape, lathe_layout x_layout, lathe_shape w_shape, int biases,
    const char *fragment)
{
    lathe_error_clear();
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, x_layout, x_shape, NULL),
                 *w = lathe_tape_leaf(tape, LATHE_PLAIN, w_shape, NULL);
    assert_null(lathe_linear(x, w,
        biases ? lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { biases } }, NULL) : NULL));
    assert_int_equal(lathe_tape_status(tape), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, fragment);
    lathe_tape_free(tape);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    const lathe_shape w = { 2, { 10, 99 } };
    expect_failure((lathe_shape){ 2, { 4, 128 } }, LATHE_BATCHED, w, 0,
        "lathe_linear: x has 128 features, weight expects 99");
    expect_failure((lathe_shape){ 4, { 4, 1, 9, 11 } }, LATHE_BATCHED, w, 0, "x is batched [4, 1, 9, 11]");
    expect_failure((lathe_shape){ 2, { 4, 99 } }, LATHE_PLAIN, w, 0, "x is plain [4, 99]");
    expect_failure((lathe_shape){ 2, { 4, 99 } }, LATHE_BATCHED, (lathe_shape){ 1, { 99 } }, 0,
        "lathe_linear: weight is plain [99], expected plain [O, F]");
    expect_failure((lathe_shape){ 2, { 4, 99 } }, LATHE_BATCHED, w, 9, "bias is [9], weight has 10 outputs");
    lathe_error_clear();
    assert_null(lathe_linear(NULL, NULL, NULL));
    assert_failed(LATHE_EARG, "lathe_linear");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_by_hand),
        cmocka_unit_test(shapes_agree_with_the_twin),
        cmocka_unit_test(golden_values_from_pytorch),
        cmocka_unit_test(gradient_check),
        cmocka_unit_test(gradient_check_with_relu),
        cmocka_unit_test(relu_is_the_same_in_one_operation),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
