/* A step of several batches, and early stops. */
#include "support/tiny.h"

#include <math.h>
#include <string.h>

/* Without batch norm and dropout, which see one batch at a time. */
static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    return lathe_nn_sequential(model, lathe_nn_flatten(model), lathe_nn_linear(model, 36, 8, NULL),
        lathe_nn_relu(model), lathe_nn_linear(model, 8, spec->classes, NULL), NULL);
}

static const lathe_model_type two_layers = { .name = "two_layers",
    .summary = "two linear layers",
    .native = { 1, 6, 6, 10 },
    .build = build };

/* `count` numbers of a run's weights and of another's. */
static void assert_same_weights(const char *what, lathe_run *a, lathe_run *b, double tolerance)
{
    const lathe_params *params[] = { lathe_nn_params(a->learner->net), lathe_nn_params(b->learner->net) };
    assert_int_equal(params[0]->size, params[1]->size);
    for (size_t i = 0; i < params[0]->size; i++) {
        double apart = fabs((double)params[0]->data[i] - (double)params[1]->data[i]);
        if (!(apart <= tolerance)) fail_msg("%s: weight %zu is %g off", what, i, apart);
    }
}

/* Batches of 4, three to a step, are batches of 12; at the epoch's end 4 are left of 40. Plain gradient
 * descent shows rounding alone. */
static void batches_add_up_to_a_large_one(void **state)
{
    (void)state;
    static const char *const reductions[] = { "mean", "sum" };
    for (int i = 0; i < 2; i++) {
        lathe_settings large = tiny_settings(NULL,
            (const tiny_pair[]){ { "model", "two_layers" }, { "optim", "sgd" }, { "lr", "0.01" },
                { "epochs", "5" }, { "batch_size", "12" }, { "reduction", reductions[i] }, { NULL, NULL } });
        lathe_settings small = large;
        tiny_set(&small, "batch_size", "4");
        tiny_set(&small, "accumulate", "3");
        lathe_run *a = tiny_train(&large), *b = tiny_train(&small);
        assert_int_equal(b->learner->step, 20);
        assert_int_equal(a->learner->step, b->learner->step);
        assert_int_equal(a->learner->images, b->learner->images);
        assert_same_weights(reductions[i], a, b, 2e-6);
        for (size_t s = 0; s < a->keeper->history.steps; s++)
            assert_true(fabs(a->keeper->history.step[s].loss / b->keeper->history.step[s].loss - 1) < 1e-5);
        for (size_t e = 0; e < a->keeper->history.epochs; e++) {
            assert_true(fabs(a->keeper->history.epoch[e].train_loss / b->keeper->history.epoch[e].train_loss -
                            1) < 1e-5);
            assert_true(a->keeper->history.epoch[e].train[0] == b->keeper->history.epoch[e].train[0]);
        }
        lathe_run_free(a);
        lathe_run_free(b);
    }
}

static void schedules_count_steps(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings(NULL,
        (const tiny_pair[]){ { "accumulate", "4" }, { "epochs", "4" }, { "sched", "step" },
            { "step_size", "1ep" }, { "sched.gamma", "0.5" }, { NULL, NULL } });
    lathe_run *run = tiny_train(&settings);
    assert_true(run->steps_per_epoch == 3);
    assert_int_equal(run->learner->step, 12);
    for (size_t s = 0; s < 12; s++)
        assert_true(run->keeper->history.step[s].lr == 0.01 * pow(0.5, (double)(s / 3)));
    lathe_run_free(run);
}

/* min_delta 0.5 of a loss of 2.4: it must fall by 0.5, or to half. */
static void improvement_may_be_relative(void **state)
{
    (void)state;
    static const char *const modes[] = { "abs", "rel" };
    for (int i = 0; i < 2; i++) {
        lathe_settings settings = tiny_settings(NULL,
            (const tiny_pair[]){ { "early_stop", "train_loss" }, { "patience", "4" }, { "min_delta", "0.3" },
                { "min_delta_mode", modes[i] }, { "epochs", "60" }, { NULL, NULL } });
        lathe_run *run = tiny_train(&settings);
        assert_int_equal(run->end, LATHE_RUN_EARLY_STOP);
        double reference = run->keeper->history.epoch[0].train_loss;
        size_t waited = 0, e = 1;
        for (; e < run->keeper->history.epochs; e++) {
            double loss = run->keeper->history.epoch[e].train_loss;
            bool better = loss < reference - (i ? 0.3 * reference : 0.3);
            waited = better ? 0 : waited + 1;
            if (better) reference = loss;
            if (waited == 4) break;
        }
        assert_int_equal(e + 1, run->keeper->history.epochs);
        lathe_run_free(run);
    }
}

/* After an early stop the net has the best weights; training on begins with the last ones. */
static void an_early_stop_restores_the_best(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("stopped",
        (const tiny_pair[]){ { "early_stop", "val_loss" }, { "patience", "3" }, { "lr", "0.2" },
            { NULL, NULL } });
    lathe_run *run = tiny_train(&settings);
    assert_int_equal(run->end, LATHE_RUN_EARLY_STOP);
    lathe_score score;
    assert_int_equal(lathe_run_evaluate(run, run->feed->val, NULL, &score), LATHE_OK);
    assert_true(score.loss == run->keeper->history.epoch[run->keeper->best_epoch].val_loss);
    assert_true(run->keeper->best_epoch + 1 < run->keeper->history.epochs);
    double tested = run->test_score.loss;
    assert_int_equal(lathe_run_train(run), LATHE_OK); /* stopped it is, and nothing changes */
    assert_int_equal(run->end, LATHE_RUN_EARLY_STOP);
    assert_true(run->test_score.loss == tested);
    lathe_run_free(run);
}

int main(void)
{
    lathe_model_register(&two_layers);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_add_up_to_a_large_one),
        cmocka_unit_test(schedules_count_steps),
        cmocka_unit_test(improvement_may_be_relative),
        cmocka_unit_test(an_early_stop_restores_the_best),
    };
    return cmocka_run_group_tests_name("train.test_step", tests, NULL, NULL);
}
