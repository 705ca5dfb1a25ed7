#include "support/support.h"

#include <math.h>

/* An operation of the test's own: y = x * x, number by number, whose backward gives factor * x * gy: right
 * for factor 2. */
typedef struct square_attributes {
    double factor, tail;
} square_attributes;

static void square_forward(lathe_node *node)
{
    const lathe_real *x = node->in[0]->data;
    for (size_t i = 0; i < node->out->stored; i++) node->out->data[i] = x[i] * x[i];
}

static void square_backward(lathe_node *node)
{
    const square_attributes *a = node->attributes;
    bool add;
    lathe_real *gx = lathe_grad_target(node->tape, node->in[0], &add);
    for (size_t i = 0; gx && i < node->out->stored; i++) {
        lathe_real g =
            (lathe_real)a->factor * node->in[0]->data[i] * node->out->grad[i] + (lathe_real)a->tail;
        gx[i] = add ? gx[i] + g : g;
    }
}

static const lathe_op square_op = { .name = "square",
    .in = { { .name = "x" } },
    .attributes_size = sizeof(square_attributes),
    .forward = square_forward,
    .backward = square_backward };

static lathe_tensor *square(lathe_tensor *x, const square_attributes *attributes)
{
    return lathe_apply(&square_op, &x, 1, attributes);
}

static lathe_tensor *square_function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return square(leaves[0], context);
}

/* x^4: the gradient of the inner square passes through the outer one. */
static lathe_tensor *twice_function(void *context, lathe_tensor *const *leaves, int count)
{
    (void)count;
    return square(square(leaves[0], context), context);
}

static void a_right_gradient_passes(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    for (int i = 0; i < 5; i++) {
        square_attributes right = { 2, 0 };
        lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { batches[i], 3 } } };
        double worst = -1;
        assert_int_equal(lathe_gradcheck(square_function, &right, &leaf, 1, NULL, &worst), LATHE_OK);
        assert_true(worst >= 0 && worst <= 1);
        leaf.layout = LATHE_PLAIN;
        assert_int_equal(lathe_gradcheck(twice_function, &right, &leaf, 1, NULL, &worst), LATHE_OK);
    }
}

static void a_wrong_gradient_is_caught(void **state)
{
    (void)state;
    lathe_real values[3] = { 0, 1, 2 };
    lathe_leaf leaf = { .layout = LATHE_PLAIN, .shape = { 1, { 3 } }, .values = values };
    square_attributes wrong = { 2.1, 0 };
    double worst;
    assert_int_equal(lathe_gradcheck(square_function, &wrong, &leaf, 1, NULL, &worst), LATHE_ESTATE);
    assert_true(worst > 1);
    assert_failed(LATHE_ESTATE, "lathe_gradcheck: leaf 0, element ");
    wrong.factor = NAN;
    assert_int_equal(lathe_gradcheck(square_function, &wrong, &leaf, 1, NULL, &worst), LATHE_ESTATE);
    assert_true(isinf(worst));
    assert_failed(LATHE_ESTATE, "backward says ");
}

/* 5 % off passes when that much is allowed: the tolerances are what was asked for. */
static void tolerances_are_obeyed(void **state)
{
    (void)state;
    lathe_leaf leaf = { .layout = LATHE_PLAIN, .shape = { 1, { 10 } } };
    square_attributes off = { 2.1, 0 };
    lathe_gradcheck_opts loose = { .relative = 0.1 };
    assert_int_equal(lathe_gradcheck(square_function, &off, &leaf, 1, &loose, NULL), LATHE_OK);
    lathe_gradcheck_opts tight = { .relative = 0.03 };
    assert_int_equal(lathe_gradcheck(square_function, &off, &leaf, 1, &tight, NULL), LATHE_ESTATE);
    lathe_error_clear();
}

static void a_gradient_in_a_tail_lane_is_caught(void **state)
{
    (void)state;
    lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { 16, 2 } } };
    square_attributes tail = { 2, 1e-12 };
    assert_int_equal(lathe_gradcheck(square_function, &tail, &leaf, 1, NULL, NULL),
        LATHE_OK); /* no tail lanes, and tiny */
    leaf.shape.dim[0] = 15;
    assert_int_equal(lathe_gradcheck(square_function, &tail, &leaf, 1, NULL, NULL), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "tail lane 15");
}

static lathe_tensor *first_only(void *context, lathe_tensor *const *leaves, int count)
{
    assert_int_equal(count, 2);
    assert_true(leaves[0]->needs_grad && !leaves[1]->needs_grad);
    assert_true(leaves[1]->data[0] == 5);
    return square(leaves[0], context);
}

static void constants_and_given_values_reach_the_function(void **state)
{
    (void)state;
    lathe_real five = 5;
    lathe_leaf leaves[2] = {
        { .layout = LATHE_PLAIN, .shape = { 1, { 4 } } },
        { .layout = LATHE_PLAIN, .shape = { 0, { 0 } }, .values = &five, .constant = true },
    };
    square_attributes right = { 2, 0 };
    assert_int_equal(lathe_gradcheck(first_only, &right, leaves, 2, NULL, NULL), LATHE_OK);
}

static lathe_tensor *no_result(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)leaves, (void)count;
    return NULL;
}

static lathe_tensor *failing(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_tape_fail(leaves[0]->tape, LATHE_ESHAPE, "failing: on purpose");
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_leaf leaf = { .layout = LATHE_PLAIN, .shape = { 1, { 4 } } };
    lathe_error_clear();
    assert_int_equal(lathe_gradcheck(NULL, NULL, &leaf, 1, NULL, NULL), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_gradcheck: function is NULL");
    assert_int_equal(lathe_gradcheck(failing, NULL, NULL, 1, NULL, NULL), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_gradcheck: leaves is NULL");
    assert_int_equal(lathe_gradcheck(failing, NULL, &leaf, 0, NULL, NULL), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_gradcheck: it needs at least one leaf");
    assert_int_equal(lathe_gradcheck(failing, NULL, &leaf, 1, &(lathe_gradcheck_opts){ .step = -1 }, NULL),
        LATHE_EARG);
    assert_failed(LATHE_EARG, "step -1");
    assert_int_equal(lathe_gradcheck(no_result, NULL, &leaf, 1, NULL, NULL), LATHE_EARG);
    assert_failed(LATHE_EARG, "the function gave NULL");
    assert_int_equal(lathe_gradcheck(failing, NULL, &leaf, 1, NULL, NULL), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, "failing: on purpose");
    leaf.shape.dim[0] = 0;
    assert_int_equal(lathe_gradcheck(failing, NULL, &leaf, 1, NULL, NULL), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, "dimension 0 is below 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_gradient_passes),
        cmocka_unit_test(a_wrong_gradient_is_caught),
        cmocka_unit_test(tolerances_are_obeyed),
        cmocka_unit_test(a_gradient_in_a_tail_lane_is_caught),
        cmocka_unit_test(constants_and_given_values_reach_the_function),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
