/*
 * Gradients of whole nets against central differences: in LATHE_EVAL with respect to the picture (a saliency
 * map), and in LATHE_TRAIN through frozen batch norms.
 */
#include <math.h>

#include "support/support.h"

enum { SIZE = 12, PICTURE = 3 * SIZE * SIZE, CLASSES = 4 };

static const lathe_shape picture_shape = { 4, { 1, 3, SIZE, SIZE } };

/* A net whose running statistics are those of some batches, not 0 and 1. */
static lathe_layer *net_of(lathe_model *model, const char *name, lathe_tape *tape)
{
    lathe_layer *net = lathe_model_build(model, name, &(lathe_model_spec){ 3, SIZE, SIZE, CLASSES });
    assert_int_equal(lathe_nn_init(net, 3), LATHE_OK);
    static lathe_real batch[8 * PICTURE];
    for (uint64_t i = 0; i < 3; i++) {
        fill_normal(batch, 8 * PICTURE, 10 + i);
        lathe_tape_begin(tape, LATHE_TRAIN);
        assert_non_null(lathe_nn_forward(net,
            lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 8, 3, SIZE, SIZE } }, batch)));
    }
    return net;
}

/* The logit of class 1 for the picture; with `gradient`, backward from it. */
static double logit_of(lathe_tape *tape, lathe_mode mode, lathe_layer *net, const lathe_real *picture,
    lathe_real *gradient)
{
    static const lathe_real one[CLASSES] = { 0, 1 };
    lathe_real out[CLASSES];
    lathe_tape_begin(tape, mode);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, picture_shape, picture);
    x->needs_grad = gradient != NULL;
    lathe_tensor *y = lathe_nn_forward(net, x);
    if (!y) fail_msg("%s", lathe_error_message());
    assert_int_equal(lathe_tensor_read(y, out, CLASSES), LATHE_OK);
    if (gradient) {
        assert_int_equal(lathe_backward_from(y, one, CLASSES), LATHE_OK);
        assert_int_equal(lathe_tensor_read_grad(x, gradient, PICTURE), LATHE_OK);
    }
    return (double)out[1];
}

/* Differences of `number`, each `stride`-th of `count`, against their gradients, by the size of all. */
static void assert_differences(const char *name, lathe_tape *tape, lathe_layer *net, lathe_real *picture,
    lathe_real *number, const lathe_real *gradient, size_t count, size_t stride)
{
    const double step = sizeof(lathe_real) == 8 ? 1e-6 : 3e-3, most = sizeof(lathe_real) == 8 ? 1e-6 : 0.05;
    const double noise = sizeof(lathe_real) == 8 ? 3e-11 : 3e-6; /* rounding of a logit, by the step */
    double error = 0, size = 0;
    for (size_t i = 0; i < count; i += stride) {
        lathe_real own = number[i];
        number[i] = (lathe_real)((double)own + step);
        double above = logit_of(tape, LATHE_EVAL, net, picture, NULL), up = (double)number[i];
        number[i] = (lathe_real)((double)own - step);
        double below = logit_of(tape, LATHE_EVAL, net, picture, NULL), down = (double)number[i];
        number[i] = own;
        double difference = (above - below) / (up - down), off = difference - (double)gradient[i];
        error += fmax(off * off - noise * noise, 0);
        size += difference * difference;
    }
    if (!(size > 0 && error <= most * most * size))
        fail_msg("%s: gradients are off by %g of %g", name, sqrt(error), sqrt(size));
}

static const char *const nets[] = { "resnet8", "mobilenet-tiny", "lenet5", "cifar10-full" };

/* The gradient of a class's logit with respect to the picture. Parameters get none, nothing changes. */
static void saliency_in_evaluation(void **state)
{
    (void)state;
    static lathe_real picture[PICTURE], gradient[PICTURE];
    for (size_t n = 0; n < sizeof nets / sizeof nets[0]; n++) {
        lathe_model *model = lathe_model_new();
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_layer *net = net_of(model, nets[n], tape);
        fill_normal(picture, PICTURE, 77);
        double alone = logit_of(tape, LATHE_EVAL, net, picture, NULL);
        assert_true(logit_of(tape, LATHE_EVAL, net, picture, gradient) == alone);
        assert_differences(nets[n], tape, net, picture, picture, gradient, PICTURE, 5);
        const lathe_params *params = lathe_nn_params(net);
        for (int i = 0; i < params->count; i++) assert_false(params->tensor[i]->has_grad);
        lathe_tape_free(tape);
        lathe_model_free(model);
    }
}

/* With frozen norms, training computes what evaluation does, for one picture too, and gradients of it all. */
static void frozen_norms_are_trained_through(void **state)
{
    (void)state;
    static lathe_real picture[PICTURE], gradient[PICTURE];
    lathe_model *model = lathe_model_new();
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_layer *net = net_of(model, "resnet8", tape);
    fill_normal(picture, PICTURE, 77);
    double before = logit_of(tape, LATHE_EVAL, net, picture, NULL);
    double moving = logit_of(tape, LATHE_TRAIN, net, picture, NULL);
    double moved = logit_of(tape, LATHE_EVAL, net, picture, NULL);
    assert_true(moving != before && moved != before);
    lathe_nn_freeze_norm(net, true);
    assert_true(logit_of(tape, LATHE_TRAIN, net, picture, gradient) == moved);
    assert_differences("picture", tape, net, picture, picture, gradient, PICTURE, 5);
    const lathe_params *params = lathe_nn_params(net);
    for (int i = 0; i < params->count; i++) {
        lathe_tensor *tensor = params->tensor[i];
        assert_true(tensor->has_grad);
        size_t stride = tensor->stored / 20 + 1;
        assert_differences(tensor->name, tape, net, picture, tensor->data, tensor->grad, tensor->stored,
            stride);
    }
    lathe_nn_freeze_norm(net, false);
    assert_true(logit_of(tape, LATHE_TRAIN, net, picture, NULL) != moved);
    lathe_nn_freeze_norm(NULL, true);
    lathe_tape_free(tape);
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saliency_in_evaluation),
        cmocka_unit_test(frozen_norms_are_trained_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
