/* Sequential, residual and concat: what they compute, their paths, their gradients, their mistakes. */
#include <string.h>

#include "support/support.h"

/* Run net on a batch of 17 pictures [2, 3, 3] and leave the result in y. */
static lathe_shape run(lathe_layer *net, lathe_tape *tape, lathe_real *y, size_t room)
{
    lathe_real values[17 * 2 * 9];
    fill_normal(values, sizeof values / sizeof values[0], 1);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *result = lathe_nn_forward(net,
        lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 17, 2, 3, 3 } }, values));
    if (!result) fail_msg("%s", lathe_error_message());
    size_t count = lathe_shape_count(&result->shape);
    assert_true(count <= room);
    lathe_tensor_read(result, y, count);
    return result->shape;
}

static void test_residual(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *body = lathe_nn_conv2d(model, 2, 2, 3, &(lathe_nn_conv2d_opts){ .padding = 1 });
    lathe_layer *shortcut = lathe_nn_conv2d(model, 2, 2, 1, NULL);
    lathe_layer *plain = lathe_nn_residual(model, lathe_nn_tanh(model), NULL);
    lathe_layer *net = lathe_nn_residual(model, body, shortcut);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    assert_string_equal(lathe_nn_find(net, "body.weight")->name, "body.weight");
    assert_non_null(lathe_nn_find(net, "shortcut.bias"));
    lathe_tape *tape = lathe_tape_new(NULL);
    enum { COUNT = 17 * 18 };
    lathe_real y[COUNT], a[COUNT], b[COUNT], x[COUNT];
    double want[COUNT];
    run(net, tape, y, COUNT), run(body, tape, a, COUNT), run(shortcut, tape, b, COUNT);
    for (int i = 0; i < COUNT; i++) want[i] = (double)a[i] + (double)b[i];
    assert_close("residual", y, want, COUNT, 1e-6, 1e-6);
    assert_int_equal(lathe_nn_init(plain, 1), LATHE_OK);
    run(plain, tape, y, COUNT), run(plain->child[0], tape, a, COUNT);
    fill_normal(x, COUNT, 1);
    for (int i = 0; i < COUNT; i++) want[i] = (double)a[i] + (double)x[i];
    assert_close("identity shortcut", y, want, COUNT, 1e-6, 1e-6);
    lathe_tape_free(tape);
    lathe_model_free(model);
}

static void test_concat(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net =
        lathe_nn_concat(model, lathe_nn_relu(model), lathe_nn_conv2d(model, 2, 3, 1, NULL), NULL);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    assert_non_null(lathe_nn_find(net, "1.weight"));
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_real y[17 * 5 * 9], a[17 * 2 * 9], b[17 * 3 * 9];
    lathe_shape shape = run(net, tape, y, 17 * 5 * 9);
    assert_true(lathe_shape_equal(&shape, &(lathe_shape){ 4, { 17, 5, 3, 3 } }));
    run(net->child[0], tape, a, 17 * 2 * 9), run(net->child[1], tape, b, 17 * 3 * 9);
    for (int i = 0; i < 17; i++) {
        assert_memory_equal(y + i * 45, a + i * 18, 18 * sizeof *y);
        assert_memory_equal(y + i * 45 + 18, b + i * 27, 27 * sizeof *y);
    }
    lathe_tape_free(tape);
    lathe_model_free(model);
}

/* The gradient through a net with shortcut and branches, with respect to its input. */
static lathe_tensor *forward(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return lathe_nn_forward(context, leaves[0]);
}

static void test_gradient(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model,
        lathe_nn_residual(model, lathe_nn_conv2d(model, 2, 2, 3, &(lathe_nn_conv2d_opts){ .padding = 1 }),
            NULL),
        lathe_nn_concat(model, lathe_nn_tanh(model), lathe_nn_identity(model), NULL), lathe_nn_flatten(model),
        lathe_nn_linear(model, 36, 3, NULL), NULL);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 4, { 3, 2, 3, 3 } } };
    if (lathe_gradcheck(forward, net, &leaf, 1, NULL, NULL)) fail_msg("%s", lathe_error_message());
    lathe_model_free(model);
}

/* A frozen layer gets no gradient; what lies before it still does. */
static void test_frozen(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model, lathe_nn_flatten(model),
        lathe_nn_linear(model, 18, 4, NULL), lathe_nn_linear(model, 4, 2, NULL), NULL);
    lathe_nn_init(net, 1);
    lathe_nn_freeze(net->child[2], true);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_real values[2 * 18];
    fill_normal(values, 36, 1);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 2, 2, 3, 3 } }, values);
    assert_int_equal(lathe_backward(
                         lathe_cross_entropy(lathe_nn_forward(net, x), (const int[]){ 0, 1 }, NULL)),
        LATHE_OK);
    assert_true(lathe_nn_find(net, "1.weight")->has_grad && lathe_nn_find(net, "1.weight")->grad[0] != 0);
    assert_true(!lathe_nn_find(net, "2.weight")->has_grad && lathe_nn_find(net, "2.weight")->grad[0] == 0);
    lathe_tape_free(tape);
    lathe_model_free(model);
}

/* Batch norm and relu in one operation or in two: the same results and gradients, and one node fewer. */
static void test_fusion(void **state)
{
    (void)state;
    enum { COUNT = 17 * 2 * 9, WEIGHTS = 2 * 2 * 9 };
    lathe_model *model = lathe_model_new();
    lathe_layer *net =
        lathe_nn_sequential(model, lathe_nn_conv2d(model, 2, 2, 3, &(lathe_nn_conv2d_opts){ .padding = 1 }),
            lathe_nn_batch_norm(model, 2, NULL), lathe_nn_relu(model), NULL);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_real y[COUNT], gy[COUNT];
    double want[COUNT], want_gradient[WEIGHTS];
    fill_normal(gy, COUNT, 2);
    for (int fused = 0; fused <= 1; fused++) {
        int nodes = 0;
        lathe_nn_fusion(model, fused);
        run(net, tape, y, COUNT);
        for (const lathe_node *node = lathe_tape_newest(tape); node; node = node->before) nodes++;
        assert_int_equal(nodes, fused ? 2 : 3);
        assert_string_equal(lathe_tape_newest(tape)->scope, fused ? "1" : "2");
        lathe_tensor *weight = lathe_nn_find(net, "0.weight");
        weight->has_grad = false;
        assert_int_equal(lathe_backward_from(lathe_tape_newest(tape)->out, gy, COUNT), LATHE_OK);
        if (fused) assert_close("y", y, want, COUNT, 0, 0);
        if (fused) assert_close("gradient", weight->grad, want_gradient, WEIGHTS, 0, 0);
        for (int i = 0; i < COUNT; i++) want[i] = (double)y[i];
        for (int i = 0; i < WEIGHTS; i++) want_gradient[i] = (double)weight->grad[i];
    }
    lathe_tape_free(tape);
    lathe_model_free(model);
}

/* A relu between a convolution and max pooling goes into the pooling, which sees fewer numbers; one without a
 * pooling into the convolution. */
static void test_relu_goes_where_it_costs_least(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model, lathe_nn_conv2d(model, 1, 2, 3, NULL), lathe_nn_relu(model),
        lathe_nn_conv2d(model, 2, 2, 3, NULL), lathe_nn_relu(model), lathe_nn_max_pool2d(model, 2, NULL),
        lathe_nn_flatten(model), NULL);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    lathe_tape *tape = lathe_tape_new(NULL);
    const char *expected[] = { "flatten", "relu_max_pool2d", "conv2d", "conv2d_relu" };
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_non_null(lathe_nn_forward(net,
        lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 3, 1, 8, 8 } }, NULL)));
    size_t nodes = 0;
    for (const lathe_node *node = lathe_tape_newest(tape); node; node = node->before, nodes++)
        assert_string_equal(node->op->name, expected[nodes]);
    assert_int_equal(nodes, 4);
    lathe_tape_free(tape);
    lathe_model_free(model);
}

static void test_mistakes(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    assert_null(lathe_nn_residual(model, NULL, NULL));
    assert_failed(LATHE_EARG, "lathe_nn_residual: body is NULL");
    lathe_model_free(model);
    model = lathe_model_new();
    assert_null(lathe_nn_concat(model, NULL));
    assert_failed(LATHE_EARG, "0 layers given; it takes 1 to 64");
    lathe_model_free(model);

    /* The failure of a layer deep inside names it, and the loss's backward gives it again. */
    model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model, lathe_nn_relu(model),
        lathe_nn_residual(model,
            lathe_nn_sequential(model, lathe_nn_tanh(model), lathe_nn_conv2d(model, 3, 2, 1, NULL), NULL),
            NULL),
        lathe_nn_flatten(model), NULL);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 1, 2, 3, 3 } }, NULL);
    lathe_tensor *loss = lathe_mean(lathe_nn_forward(net, x));
    assert_null(loss);
    assert_failed(LATHE_ESHAPE, "layer 1.body.1: lathe_conv2d: ");
    assert_string_not_equal(lathe_tape_message(tape), "");
    lathe_tape_free(tape);
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_residual),
        cmocka_unit_test(test_concat),
        cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_fusion),
        cmocka_unit_test(test_relu_goes_where_it_costs_least),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
