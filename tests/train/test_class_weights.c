/* Weights of classes in the training loss. */
#include "support/tiny.h"

#include <math.h>
#include <string.h>

static lathe_settings with(const char *loss, const char *weights)
{
    return tiny_settings(NULL,
        (const tiny_pair[]){ { "loss", loss }, { "class_weights", weights }, { "epochs", "1" },
            { NULL, NULL } });
}

/* The loss of a first step whose net gives every class the same is a weighted mean of the same number; later
 * ones differ. */
static void weights_change_the_training_alone(void **state)
{
    (void)state;
    static const char *const losses[] = { "cross_entropy", "focal", "binary_cross_entropy" };
    for (int i = 0; i < 3; i++) {
        lathe_settings plain = with(losses[i], ""), ones = with(losses[i], "1,1,1,1,1,1,1,1,1,1"),
                       weighted = with(losses[i], "1,2,0.5,1,3,1,0.25,1,1,2");
        lathe_run *a = tiny_train(&plain), *b = tiny_train(&ones), *c = tiny_train(&weighted);
        assert_int_equal(a->learner->step, 10);
        for (size_t s = 0; s < a->keeper->history.steps; s++)
            assert_true(a->keeper->history.step[s].loss == b->keeper->history.step[s].loss);
        assert_true(a->keeper->history.step[9].loss != c->keeper->history.step[9].loss);
        assert_true(isfinite(c->keeper->history.epoch[0].val_loss));
        lathe_run_free(a);
        lathe_run_free(b);
        lathe_run_free(c);
    }
}

/* Twice the weights of a weighted mean are the same mean; of a sum twice the loss. */
static void a_mean_divides_by_the_weights(void **state)
{
    (void)state;
    lathe_settings one = with("cross_entropy", "1,2,1,2,1,2,1,2,1,2"),
                   two = with("cross_entropy", "2,4,2,4,2,4,2,4,2,4");
    lathe_run *a = tiny_train(&one), *b = tiny_train(&two);
    for (size_t s = 0; s < a->keeper->history.steps; s++)
        assert_true(fabs(a->keeper->history.step[s].loss / b->keeper->history.step[s].loss - 1) < 1e-4);
    lathe_run_free(a);
    lathe_run_free(b);
    tiny_set(&one, "reduction", "sum");
    tiny_set(&two, "reduction", "sum");
    a = tiny_train(&one), b = tiny_train(&two);
    assert_true(fabs(b->keeper->history.step[0].loss / a->keeper->history.step[0].loss - 2) < 1e-5);
    lathe_run_free(a);
    lathe_run_free(b);
}

/* Two batches of 4 make the step of one batch of 8, also if the weights differ greatly between them. */
static void accumulated_batches_are_the_large_batch(void **state)
{
    (void)state;
    static const char *const losses[] = { "cross_entropy", "focal", "binary_cross_entropy" };
    for (int i = 0; i < 3; i++) {
        lathe_settings large = with(losses[i], "1,20,1,0.1,5,1,1,30,1,1");
        tiny_set(&large, "model", "mlp");
        tiny_set(&large, "batch_size", "8");
        lathe_settings small = large;
        tiny_set(&small, "batch_size", "4");
        tiny_set(&small, "accumulate", "2");
        lathe_run *a = tiny_train(&large), *b = tiny_train(&small);
        assert_int_equal(a->keeper->history.steps, 5);
        assert_int_equal(b->keeper->history.steps, 5);
        for (size_t s = 0; s < 5; s++) {
            double want = a->keeper->history.step[s].loss, got = b->keeper->history.step[s].loss;
            assert_close_double(losses[i], &got, &want, 1, 0, 1e-4);
        }
        double want = a->keeper->history.epoch[0].train_loss, got = b->keeper->history.epoch[0].train_loss;
        assert_close_double("of the epoch", &got, &want, 1, 0, 1e-4);
        lathe_run_free(a);
        lathe_run_free(b);
    }
}

/* balanced is samples / (classes * samples of the class) of the part that is trained on. */
static void balanced_counts_the_labels(void **state)
{
    (void)state;
    lathe_settings settings = with("cross_entropy", "balanced");
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run) fail_msg("%s", lathe_error_message());
    double weights[10] = { 0 };
    for (size_t i = 0; i < run->feed->train->count; i++) weights[run->feed->train->labels[i]]++;
    char text[512] = "";
    for (int k = 0; k < run->feed->data->classes; k++) {
        char number[40];
        double weight =
            weights[k] > 0 ? (double)run->feed->train->count / (run->feed->data->classes * weights[k]) : 0;
        snprintf(number, sizeof number, "%s%.17g", k ? "," : "", weight);
        strcat(text, number);
    }
    lathe_run_free(run);
    lathe_settings by_hand = with("cross_entropy", text);
    lathe_run *a = tiny_train(&settings), *b = tiny_train(&by_hand);
    for (size_t s = 0; s < a->keeper->history.steps; s++)
        assert_true(a->keeper->history.step[s].loss == b->keeper->history.step[s].loss);
    lathe_run_free(a);
    lathe_run_free(b);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *loss, *weights, *message;
    } cases[] = {
        { "mse", "balanced", "loss mse has no weights of classes" },
        { "cross_entropy", "1,2", "class_weights = '1,2' has 2 numbers," },
        { "cross_entropy", "1,-2", "number 2 is not a number >= 0" },
        { "cross_entropy", "1,,2", "number 2 is not a number >= 0" },
        { "cross_entropy", "1,2,", "number 3 is not a number >= 0" },
        { "cross_entropy", "balance", "number 1 is not a number >= 0; was balanced meant?" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_settings settings = with(cases[i].loss, cases[i].weights);
        assert_null(lathe_run_new(&settings, NULL));
        assert_failed(LATHE_EARG, cases[i].message);
    }
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_change_the_training_alone),
        cmocka_unit_test(a_mean_divides_by_the_weights),
        cmocka_unit_test(accumulated_batches_are_the_large_batch),
        cmocka_unit_test(balanced_counts_the_labels),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
