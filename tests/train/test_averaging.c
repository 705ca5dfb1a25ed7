/* Averaged weights: they, not the last ones, are what a run evaluates, tests and saves as its best. */
#include "support/tiny.h"

#include <math.h>
#include <string.h>

/* What the hook below gathers: averages in double, from the outside. */
typedef struct twin {
    double average[200];
    size_t count;
    uint64_t updates, start, every;
    double decay; /* 0: equal weights */
} twin;

static bool follow(void *context, const lathe_run *run, const lathe_step_row *row)
{
    (void)row;
    twin *t = context;
    const lathe_params *params = lathe_nn_params(run->learner->net);
    if (run->learner->step < t->start || (run->learner->step - t->start) % t->every) return true;
    assert_true(params->size <= 200);
    t->count = params->size;
    double share = t->decay > 0 && t->updates ? 1 - t->decay : 1 / (double)(t->updates + 1);
    for (size_t i = 0; i < params->size; i++)
        t->average[i] += share * ((double)params->data[i] - t->average[i]);
    t->updates++;
    return true;
}

/* Train, and compare the average that the checkpoint holds with the twin's. */
static void compare_with_twin(const tiny_pair *pairs, twin t)
{
    lathe_settings settings = tiny_settings("twin", pairs);
    lathe_run *run = lathe_run_new(&settings, &(lathe_run_hooks){ .context = &t, .on_step = follow });
    assert_non_null(run);
    assert_int_equal(lathe_run_train(run), LATHE_OK);
    const lathe_params *params = lathe_nn_params(run->learner->net);
    lathe_safetensors *file = lathe_safetensors_read(test_path("twin/last.safetensors"));
    assert_non_null(file);
    assert_true(t.updates > 2);
    for (int i = 0; i < params->count; i++) {
        lathe_tensor *tensor = params->tensor[i];
        double *want = t.average + (tensor->data - params->data);
        assert_int_equal(lathe_safetensors_load(file, &tensor, 1, "optimizer.average.", false), LATHE_OK);
        assert_close(tensor->name, tensor->data, want, lathe_shape_count(&tensor->shape), 1e-6, 1e-6);
    }
    lathe_safetensors_free(file);
    lathe_run_free(run);
}

static void as_a_twin_in_double(void **state)
{
    (void)state;
    compare_with_twin((const tiny_pair[]){ { "ema", "0.9" }, { "epochs", "5" }, { NULL, NULL } },
        (twin){ .start = 1, .every = 1, .decay = 0.9 });
    compare_with_twin((const tiny_pair[]){ { "swa_start", "2ep" }, { "swa_every", "7" }, { "epochs", "5" },
                          { NULL, NULL } },
        (twin){ .start = 20, .every = 7 });
    compare_with_twin((const tiny_pair[]){ { "swa_start", "1ep" }, { "epochs", "5" }, { NULL, NULL } },
        (twin){ .start = 10, .every = 10 });
}

/* A net with the average of the last checkpoint and the running statistics of a pass over the training data
 * measures what the run did. */
static void what_is_measured_is_the_average(void **state)
{
    (void)state;
    static const tiny_pair cases[][5] = { { { "ema", "0.95" }, { "epochs", "3" }, { "val_split", "0" } },
        { { "swa_start", "10" }, { "swa_every", "2" }, { "epochs", "3" }, { "val_split", "0" } } };
    for (int i = 0; i < 2; i++) {
        lathe_settings settings = tiny_settings("measured", cases[i]),
                       plain = tiny_settings("plain", cases[i]);
        lathe_run *run = tiny_train(&settings);
        double averaged = run->test_score.loss;
        lathe_score last;
        assert_int_equal(lathe_run_evaluate(run, run->feed->test, NULL, &last),
            LATHE_OK); /* the net has its own weights again */
        lathe_run_free(run);
        tiny_set(&plain, "ema", "0");
        tiny_set(&plain, "swa_start", "");
        run = tiny_train(&plain);
        assert_true(run->test_score.loss == last.loss); /* averaging changed nothing in the training */
        assert_true(averaged != last.loss);
        tiny_assert_same("averaging", "measured", "plain", "steps.csv");
        lathe_run_free(run);
    }
}

/* The best weights in best.safetensors are the averaged ones, and say so. */
static void the_best_file_says_what_it_holds(void **state)
{
    (void)state;
    static const char *const want[] = { "ema", "swa", NULL };
    for (int i = 0; i < 3; i++) {
        lathe_settings settings =
            tiny_settings("says", (const tiny_pair[]){ { "epochs", "4" }, { NULL, NULL } });
        if (i == 0) tiny_set(&settings, "ema", "0.5");
        if (i == 1) tiny_set(&settings, "swa_start", "5"), tiny_set(&settings, "swa_every", "5");
        lathe_run *run = tiny_train(&settings);
        lathe_safetensors *file = lathe_safetensors_read(test_path("says/best.safetensors"));
        const char *text = lathe_safetensors_text(file, "lathe.weights");
        if (want[i]) assert_string_equal(text, want[i]);
        else assert_null(text);
        lathe_safetensors_free(file);
        lathe_score tested = run->test_score, read;
        assert_int_equal(lathe_run_load(run, test_path("says/best.safetensors")), LATHE_OK);
        assert_int_equal(lathe_run_evaluate(run, run->feed->test, NULL, &read), LATHE_OK);
        assert_true(read.loss == tested.loss);
        lathe_run_free(run);
    }
}

static void two_averages_are_refused(void **state)
{
    (void)state;
    lathe_settings settings =
        tiny_settings(NULL, (const tiny_pair[]){ { "ema", "0.9" }, { "swa_start", "2ep" }, { NULL, NULL } });
    assert_failed(lathe_settings_check(&settings), "ema = 0.9 and swa_start = 2ep: choose one");
    tiny_set(&settings, "ema", "0");
    tiny_set(&settings, "swa_every", "0");
    assert_failed(lathe_settings_check(&settings), "swa_every = 0 is not legal");
    tiny_set(&settings, "swa_every", "often");
    assert_failed(lathe_settings_check(&settings), "swa_every");
    assert_failed(lathe_settings_set(&settings, "ema", "1"), "ema");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_a_twin_in_double),
        cmocka_unit_test(what_is_measured_is_the_average),
        cmocka_unit_test(the_best_file_says_what_it_holds),
        cmocka_unit_test(two_averages_are_refused),
    };
    return cmocka_run_group_tests_name("train.test_averaging", tests, NULL, NULL);
}
