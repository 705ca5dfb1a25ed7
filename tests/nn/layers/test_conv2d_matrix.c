/* A convolution of one pixel whose weight is a matrix: the numbers and gradients of the same filters. */
#include <string.h>

#include "support/support.h"

enum { IN = 5, OUT = 7, IMAGES = 3, SIDE = 6, PIXELS = IMAGES * IN * SIDE * SIDE };

/* Both layers of a pair get these numbers. */
static void fill(lathe_layer *conv)
{
    const lathe_params *params = lathe_nn_params(conv);
    for (int p = 0; p < params->count; p++)
        fill_normal(params->tensor[p]->data, params->tensor[p]->stored, (uint64_t)p + 1);
}

/* The loss of one step; gradients are those of its parameters. */
static double step(lathe_layer *conv, lathe_layout layout, lathe_real *scores)
{
    lathe_real values[PIXELS];
    fill_normal(values, PIXELS, 9);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, layout, (lathe_shape){ 4, { IMAGES, IN, SIDE, SIDE } }, values);
    lathe_tensor *y = lathe_nn_forward(conv, x), *loss = lathe_mean(lathe_mul(y, y));
    assert_int_equal(lathe_backward(loss), LATHE_OK);
    double result = lathe_item(loss);
    lathe_tensor_read(y, scores, IMAGES * OUT * SIDE * SIDE);
    lathe_tape_free(tape);
    return result;
}

static void a_matrix_is_filters_of_one_pixel(void **state)
{
    (void)state;
    static lathe_real got[2][IMAGES * OUT * SIDE * SIDE];
    const lathe_layout layouts[] = { LATHE_BATCHED, LATHE_CHANNELS };
    for (int l = 0; l < 2; l++) {
        lathe_model *model = lathe_model_new();
        lathe_layer *conv[2];
        double loss[2];
        for (int i = 0; i < 2; i++) {
            conv[i] = lathe_nn_conv2d(model, IN, OUT, 1, &(lathe_nn_conv2d_opts){ .matrix = i });
            assert_int_equal(lathe_nn_init(conv[i], 1), LATHE_OK);
            assert_int_equal(lathe_nn_find(conv[i], "weight")->shape.rank, i ? 2 : 4);
            fill(conv[i]);
            loss[i] = step(conv[i], layouts[l], got[i]);
        }
        assert_true(loss[0] > 0 && loss[0] == loss[1]);
        assert_memory_equal(got[0], got[1], sizeof got[0]);
        const lathe_params *want = lathe_nn_params(conv[0]), *params = lathe_nn_params(conv[1]);
        assert_true(want->grad[0] != 0);
        assert_memory_equal(params->grad, want->grad, want->size * sizeof *want->grad);
        lathe_model_free(model);
    }
}

static void larger_kernels_are_no_matrix(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    assert_null(lathe_nn_conv2d(model, 2, 3, 3, &(lathe_nn_conv2d_opts){ .matrix = true }));
    assert_failed(LATHE_EARG, "a weight of two dimensions has the kernel 1, not 3 x 3");
    lathe_model_free(model);
    model = lathe_model_new();
    assert_null(
        lathe_nn_conv2d(model, 2, 3, 1, &(lathe_nn_conv2d_opts){ .matrix = true, .kernel_width = 2 }));
    assert_failed(LATHE_EARG, "a weight of two dimensions has the kernel 1, not 1 x 2");
    lathe_model_free(model);
}

/* A matrix of linear layers says nothing of kernels: a convolution refuses it. */
static void other_matrices_are_refused(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *linear = lathe_nn_linear(model, IN, OUT, NULL);
    assert_int_equal(lathe_nn_init(linear, 1), LATHE_OK);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *x =
        lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { IMAGES, IN, SIDE, SIDE } }, NULL);
    assert_null(lathe_conv2d(x, lathe_nn_find(linear, "weight"), NULL, NULL));
    assert_failed(LATHE_ESHAPE, "lathe_conv2d: weight is plain [7, 5], expected plain [O, C, kh, kw]");
    lathe_tape_free(tape);
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_matrix_is_filters_of_one_pixel),
        cmocka_unit_test(larger_kernels_are_no_matrix),
        cmocka_unit_test(other_matrices_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
