/* y[b,c,i,j] = weight[c] * x[b,c,i,j], by hand, in both layouts; its gradients are those of lathe_mul. */
#include <math.h>

#include "support/support.h"

static void each_channel_has_its_factor(void **state)
{
    (void)state;
    const lathe_layout layouts[] = { LATHE_BATCHED, LATHE_CHANNELS };
    for (int l = 0; l < 2; l++) {
        const lathe_real x[] = { 1, 2, 3, 4, 5, 6, 7, 8 }; /* [2, 2, 1, 2] */
        const double want[] = { 2, 4, -9, -12, 10, 12, -21, -24 };
        lathe_real y[8];
        lathe_model *model = lathe_model_new();
        lathe_layer *layer = lathe_nn_channel_scale(model, 2, 0.5, "layer_scale");
        assert_int_equal(lathe_nn_init(layer, 1), LATHE_OK);
        lathe_tensor *weight = lathe_nn_find(layer, "layer_scale");
        assert_true(weight->shape.rank == 3 && weight->data[0] == 0.5 && weight->data[1] == 0.5);
        weight->data[0] = 2;
        weight->data[1] = -3;
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *out =
            lathe_nn_forward(layer, lathe_tape_leaf(tape, layouts[l], (lathe_shape){ 4, { 2, 2, 1, 2 } }, x));
        assert_int_equal(lathe_backward(lathe_mean(out)), LATHE_OK);
        lathe_tensor_read(out, y, 8);
        assert_close("y", y, want, 8, 0, 0);
        assert_close("gradient", weight->grad, (const double[]){ 14 / 8., 22 / 8. }, 2, 1e-6, 0);
        lathe_tape_free(tape);
        lathe_model_free(model);
    }
}

static void mistakes(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    assert_null(lathe_nn_channel_scale(model, 0, 1, NULL));
    assert_failed(LATHE_EARG, "lathe_nn_channel_scale: channels is 0; it must be at least 1");
    lathe_model_free(model);
    model = lathe_model_new();
    assert_null(lathe_nn_channel_scale(model, 2, NAN, NULL));
    assert_failed(LATHE_EARG, "weight");
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_channel_has_its_factor),
        cmocka_unit_test(mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
