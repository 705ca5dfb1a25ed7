/*
 * Nets of the zoo with sixteen images abreast and with sixteen channels abreast: the same scores, gradients
 * and running statistics, up to the order of sums.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

/* Small pictures of three channels; batches within one block of images, and beyond. */
enum { CLASSES = 5, SIZE = 20, PICTURE = 3 * SIZE * SIZE, MOST = 17 };

/* A net, and how often its images are laid out anew at most where channels lie abreast: before a flatten, and
 * around operations that know images alone. */
static const struct {
    const char *name;
    int most;
} nets[] = { { "lenet5", 1 }, { "resnet8", 1 }, { "mobilenet-tiny", 1 }, { "efficientnet-tiny", 1 },
    { "fbnetv3-tiny", 3 }, { "unet", 0 }, { "cifar10-quick", 1 }, { "cifar10-full", 1 } };
enum { NETS = sizeof nets / sizeof nets[0] };

static const double rounding = sizeof(lathe_real) == 8 ? 1e-11 : 1e-4,
                    kinks = sizeof(lathe_real) == 8 ? 1e-10 : 0.02;

/* What a step leaves: the net with its gradients and buffers, and scores. */
typedef struct outcome {
    lathe_model *model;
    lathe_layer *net;
    size_t scores;
    lathe_real *score;
    int relayouts;
} outcome;

static int relayouts_of(const lathe_tape *tape)
{
    int count = 0;
    for (const lathe_node *node = lathe_tape_newest(tape); node; node = node->before)
        count += node->op == &lathe_relayout_op;
    return count;
}

static outcome step(const char *name, const lathe_real *images, int batch, bool plain, lathe_mode mode)
{
    outcome o = { .model = lathe_model_new() };
    o.net = lathe_model_build(o.model, name, &(lathe_model_spec){ 3, SIZE, SIZE, CLASSES });
    if (lathe_nn_init(o.net, 1)) fail_msg("%s: %s", name, lathe_error_message());
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, mode);
    const lathe_batch pictures = { .size = batch,
        .channels = 3,
        .height = SIZE,
        .width = SIZE,
        .images = images,
        .plain = true };
    const lathe_shape shape = { 4, { batch, 3, SIZE, SIZE } };
    lathe_tensor *y = lathe_nn_forward(o.net,
        plain ? lathe_input(tape, &pictures) : lathe_tape_leaf(tape, LATHE_BATCHED, shape, images));
    if (!y) fail_msg("%s: %s", name, lathe_error_message());
    assert_int_equal(lathe_tape_layout_of(tape), plain ? LATHE_CHANNELS : LATHE_BATCHED);
    o.scores = lathe_shape_count(&y->shape);
    o.score = malloc(o.scores * sizeof *o.score);
    assert_int_equal(lathe_tensor_read(y, o.score, o.scores), LATHE_OK);
    o.relayouts = relayouts_of(tape);
    if (mode == LATHE_TRAIN) {
        static int labels[MOST * SIZE * SIZE];
        for (int i = 0; i < MOST * SIZE * SIZE; i++) labels[i] = i * 7 % CLASSES;
        if (lathe_backward(lathe_cross_entropy(y, labels, NULL)))
            fail_msg("%s: %s", name, lathe_error_message());
    }
    lathe_tape_free(tape);
    return o;
}

static void free_outcome(outcome *o)
{
    free(o->score);
    lathe_model_free(o->model);
}

static double size_of(const lathe_real *values, size_t count)
{
    double size = 0;
    for (size_t i = 0; i < count; i++) size += (double)values[i] * (double)values[i];
    return sqrt(size);
}

/*
 * That they differ by no more than `most` times the size of all, or `least`. In float a relu's input within
 * rounding of 0 may pass a gradient in one layout and not in the other.
 */
static void assert_near(const char *net, const char *what, const lathe_real *got, const lathe_real *want,
    size_t count, double most, double least)
{
    const double size = fmax(size_of(want, count), least);
    double error = 0;
    for (size_t i = 0; i < count; i++)
        error += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
    if (!(size > 0 && sqrt(error) <= most * size))
        fail_msg("%s, %s: off by %g of %g", net, what, sqrt(error), size);
}

static void check_training(int n, int batch)
{
    const char *name = nets[n].name;
    lathe_real *images = malloc((size_t)batch * PICTURE * sizeof *images);
    fill_normal(images, (size_t)batch * PICTURE, (uint64_t)n);
    outcome want = step(name, images, batch, false, LATHE_TRAIN),
            got = step(name, images, batch, true, LATHE_TRAIN);
    assert_int_equal(want.relayouts, 0);
    if (got.relayouts > nets[n].most)
        fail_msg("%s: laid out anew %d times, at most %d are needed", name, got.relayouts, nets[n].most);
    assert_int_equal(got.scores, want.scores);
    assert_near(name, "scores", got.score, want.score, got.scores, rounding, 0);
    int count, again;
    lathe_tensor *const *had = lathe_nn_state(got.net, &again),
                        *const *has = lathe_nn_state(want.net, &count);
    assert_int_equal(again, count);
    const lathe_params *params = lathe_nn_params(want.net);
    const double whole = size_of(params->grad, params->size);
    for (int i = 0; i < count; i++)
        if (has[i]->has_grad)
            assert_near(name, has[i]->name, had[i]->grad, has[i]->grad, has[i]->stored, kinks, 0.01 * whole);
        else /* a mean of normalised numbers is 0 but for rounding */
            assert_near(name, has[i]->name, had[i]->data, has[i]->data, has[i]->stored, rounding, 0.01);
    free_outcome(&want);
    free_outcome(&got);
    free(images);
}

static void training_is_the_same(void **state)
{
    (void)state;
    for (int n = 0; n < NETS; n++) {
        check_training(n, 2);
        check_training(n, MOST);
    }
}

static void evaluation_is_the_same(void **state)
{
    (void)state;
    lathe_real images[PICTURE];
    fill_normal(images, PICTURE, 99);
    for (int n = 0; n < NETS; n++) {
        outcome want = step(nets[n].name, images, 1, false, LATHE_EVAL),
                got = step(nets[n].name, images, 1, true, LATHE_EVAL);
        assert_near(nets[n].name, "scores", got.score, want.score, want.scores, rounding, 0);
        free_outcome(&want);
        free_outcome(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_is_the_same),
        cmocka_unit_test(evaluation_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
