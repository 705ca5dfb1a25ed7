/* study/account.c: what a run did, from rows made by hand. */
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 60, EPOCH = 10, EPOCHS = STEPS / EPOCH };

static const lathe_task_metric accuracy_metric[] = {
    { .name = "accuracy", .title = "accuracy", .percent = true }, { .name = NULL }
};

/* Three triangular cycles of 20 steps: epochs of 10 steps end at maxima and minima by turns. */
static double triangle(int step) { return 0.001 + 0.01 * (1 - abs(step % 20 - 10) / 10.0); }

/* Two falls, each of 20 steps, from 0.1: the rate jumps up at 20 and 40. */
static double saw(int step) { return 0.1 * (1 - step % 20 / 20.0); }

static double flat(int step)
{
    (void)step;
    return 0.01;
}

static lathe_history history_of(double (*rate)(int), const double accuracy[EPOCHS], const double val[EPOCHS],
    const double train[EPOCHS])
{
    lathe_history h = { 0 };
    lathe_history_set_metrics(&h, accuracy_metric);
    for (int i = 0; i < STEPS; i++)
        assert_int_equal(lathe_history_add_step(&h,
                             &(lathe_step_row){ .step = (uint64_t)i,
                                 .epoch = (uint64_t)(i / EPOCH),
                                 .lr = rate(i) }),
            LATHE_OK);
    for (int i = 0; i < EPOCHS; i++)
        assert_int_equal(lathe_history_add_epoch(&h,
                             &(lathe_epoch_row){ .epoch = (uint64_t)i,
                                 .step = (uint64_t)(i + 1) * EPOCH,
                                 .train_loss = train[i],
                                 .val_loss = val[i],
                                 .val = { accuracy[i] } }),
            LATHE_OK);
    return h;
}

static lathe_account account_of(const lathe_history *const *histories, size_t runs)
{
    lathe_account a;
    if (lathe_account_of(histories, runs, &a)) fail_msg("%s", lathe_error_message());
    return a;
}

static bool near(double a, double b) { return fabs(a - b) < 1e-6; }

static const double steady[EPOCHS] = { 1, 0.9, 0.8, 0.7, 0.6, 0.5 };

/*
 * Accuracy at the minima 90, 91, 92 %, at the maxima 80, 82, 84 %. The second maximum stands between 90 and
 * 91, the third between 91 and 92: differences of 8.5 and 7.5 points. Their mean is 8, s = 0.7071068, half
 * 12.7062 s / sqrt(2) = 6.3531.
 */
static void cycles_of_a_run(void **state)
{
    (void)state;
    static const double accuracy[EPOCHS] = { 0.8, 0.9, 0.82, 0.91, 0.84, 0.92 };
    lathe_history h = history_of(triangle, accuracy, steady, steady);
    const lathe_account a = account_of((const lathe_history *const[]){ &h }, 1);
    char words[256];
    assert_true(a.cycles == 3 && a.runs == 1 && near(a.low_lr, 0.001) && near(a.high_lr, 0.011));
    assert_true(near(a.minima, 0.91) && near(a.maxima, 0.83));
    assert_true(!a.over_seeds && a.gap.count == 2 && near(a.gap.mean, 0.08));
    assert_true(near(a.gap.low, 0.08 - 0.063531) && near(a.gap.high, 0.08 + 0.063531));
    assert_true(a.best == 0.92 && a.best_step == 60 && a.best_epoch == 6);
    assert_true(a.fit_known && !a.over_fits && a.fit_epoch == 6);
    assert_string_equal(lathe_account_words(&a, words),
        "3 cycles between 0.001 and 0.011: accuracy 91.0 % at minima, 83.0 % at maxima (+8.0, 95 % interval "
        "+1.6 to +14.4); best 92.0 % in epoch 6; does not over-fit");
    size_t count;
    lathe_cycle *cycle = lathe_history_cycles(&h, -1, &count);
    assert_true(count == 3 && cycle[0].max_step == 10 && cycle[0].min_step == 20 && cycle[2].min_step == 59);
    assert_true(near(cycle[1].max_lr, 0.011) && near(cycle[1].min_lr, 0.001));
    assert_true(cycle[0].at_max == 0.8 && cycle[0].at_min == 0.9 && isnan(cycle[0].before));
    assert_true(cycle[2].before == 0.91 && cycle[2].at_max == 0.84 && cycle[2].at_min == 0.92);
    lathe_free(cycle);
    lathe_history_free(&h);
}

/* Differences of the seeds 8, 9, 10 points: mean 9, s = 1, half 4.302653 / sqrt(3) = 2.484138. */
static void seeds_are_compared_if_there_are_three(void **state)
{
    (void)state;
    lathe_history h[3];
    for (int i = 0; i < 3; i++) {
        const double low = 0.88 - 0.01 * i;
        h[i] = history_of(triangle, (const double[]){ low, 0.96, low, 0.96, low, 0.96 }, steady, steady);
    }
    const lathe_account a = account_of((const lathe_history *const[]){ &h[0], &h[1], &h[2] }, 3);
    assert_true(a.over_seeds && a.gap.count == 3 && near(a.gap.mean, 0.09));
    assert_true(near(a.gap.high - a.gap.mean, 0.02484138));
    for (int i = 0; i < 3; i++) lathe_history_free(&h[i]);
}

/* Of validation losses at the ends of the cycles, 0.5, 0.6, 0.8; those at the maxima do not count. */
static void over_fitting(void **state)
{
    (void)state;
    static const double rising[EPOCHS] = { 9, 0.5, 9, 0.6, 9, 0.8 }, level[EPOCHS] = { 1, 1, 1, 1, 1, 1 };
    lathe_history h = history_of(triangle, steady, rising, steady);
    lathe_account a = account_of((const lathe_history *const[]){ &h }, 1);
    assert_true(a.fit_known && a.over_fits && a.fit_epoch == 2);
    assert_true(a.val_from == 0.5 && a.val_to == 0.8 && a.train_from == 0.9 && a.train_to == 0.5);
    char words[256];
    assert_non_null(strstr(lathe_account_words(&a, words), "; over-fits since epoch 2"));
    lathe_history_free(&h);
    h = history_of(triangle, steady, rising, level); /* the training loss does not fall */
    a = account_of((const lathe_history *const[]){ &h }, 1);
    assert_true(a.fit_known && !a.over_fits);
    assert_null(strstr(lathe_account_words(&a, words), "over-fit"));
    lathe_history_free(&h);
}

/* Evaluations within epochs count instead. That at the jump belongs to the cycle that ends there. */
static void warm_restarts(void **state)
{
    (void)state;
    lathe_history h = history_of(saw, steady, steady, steady);
    for (uint64_t step = 2; step <= STEPS; step += 2)
        assert_int_equal(lathe_history_add_eval(&h,
                             &(lathe_eval_row){ .step = step,
                                 .loss = 1,
                                 .metric = { step % 20 == 0 ? 0.9 :
                                         step % 20 == 2     ? 0.7 :
                                                              0.8 } }),
            LATHE_OK);
    const lathe_account a = account_of((const lathe_history *const[]){ &h }, 1);
    assert_true(a.cycles == 3 && near(a.minima, 0.9) && near(a.maxima, 0.7));
    assert_true(a.best == 0.9 && a.best_step == 20 && a.best_epoch == 2);
    lathe_history_free(&h);
}

static void without_cycles(void **state)
{
    (void)state;
    lathe_history h = history_of(flat, steady, steady, steady), none = { 0 };
    lathe_account a = account_of((const lathe_history *const[]){ &h }, 1);
    char words[256];
    assert_true(a.cycles == 0 && isnan(a.minima) && isnan(a.gap.mean) && a.best == 1 && a.best_epoch == 1);
    assert_string_equal(lathe_account_words(&a, words), "best 100.0 % in epoch 1; does not over-fit");
    a = account_of((const lathe_history *const[]){ &none }, 1);
    assert_true(a.cycles == 0 && isnan(a.best) && !a.fit_known && isnan(a.low_lr));
    assert_string_equal(lathe_account_words(&a, words), "");
    assert_failed(lathe_account_of((const lathe_history *const[]){ &h }, 0, &a), "runs = 0");
    lathe_history_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cycles_of_a_run),
        cmocka_unit_test(seeds_are_compared_if_there_are_three),
        cmocka_unit_test(over_fitting),
        cmocka_unit_test(warm_restarts),
        cmocka_unit_test(without_cycles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
