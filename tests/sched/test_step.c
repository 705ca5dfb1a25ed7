#include "support/schedule.h"

#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

/* The rate at step t on an SGD of lr 1. */
static double rate(lathe_step_opts opts, uint64_t t)
{
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_step_lr(optim, &opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    double lr = lathe_sched_rates_at(sched, 0, t).lr;
    lathe_sched_free(sched);
    sgd_free(optim);
    return lr;
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(near(rate((lathe_step_opts){ .step_size = 3 }, 0), 1));
    assert_true(near(rate((lathe_step_opts){ .step_size = 3 }, 2), 1));
    assert_true(near(rate((lathe_step_opts){ .step_size = 3 }, 3), 0.1));
    assert_true(near(rate((lathe_step_opts){ .step_size = 3, .gamma = 0.5 }, 8), 0.25));
    assert_true(near(rate((lathe_step_opts){ .step_size = 1, .gamma = 0.5 }, UINT64_MAX), 0));
}

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_step_sched, &(lathe_step_opts){ .step_size = 30, .gamma = 0.5 }, "plain", false);
    assert_schedule(&lathe_step_sched, &(lathe_step_opts){ .step_size = 700 }, "defaults", false);
}

/* A length that the run does not reach, here and in other schedules, and an end far before the run's. */
static void lengths_beside_the_run_are_told(void **state)
{
    (void)state;
    const lathe_cooldown_opts cooldown = { .total_iters = 10 };
    const lathe_polynomial_opts polynomial = { .total_iters = 10 };
    const lathe_linear_opts linear = { .total_iters = 10 };
    const lathe_warmup_opts warmup = { .total_iters = 10 };
    const lathe_warm_restarts_opts restarts = { .t_0 = 10 };
    const lathe_step_opts step = { .step_size = 10 };
    static const char *const early = "the run of 9 steps ends before total_iters = 10";
    const struct {
        const lathe_sched_type *type;
        const void *opts;
        const char *at_9, *at_10, *at_11;
    } cases[] = {
        { &lathe_cooldown_sched, &cooldown, early, NULL, "cooldown: the rate is at its end from step 10" },
        { &lathe_polynomial_sched, &polynomial, early, NULL, "polynomial: the rate is 0 from step 10" },
        { &lathe_linear_sched, &linear, early, NULL, NULL },
        { &lathe_warmup_sched, &warmup, early, NULL, NULL },
        { &lathe_warm_restarts_sched, &restarts, "the run of 9 steps ends before t_0 = 10", NULL, NULL },
        { &lathe_step_sched, &step, "the run of 9 steps ends before the first drop, step_size = 10",
            "the run of 10 steps ends before the first drop", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_warning(cases[i].type, cases[i].opts, 0, NULL);
        assert_warning(cases[i].type, cases[i].opts, 9, cases[i].at_9);
        assert_warning(cases[i].type, cases[i].opts, 10, cases[i].at_10);
        assert_warning(cases[i].type, cases[i].opts, 11, cases[i].at_11);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_step_opts opts;
        const char *message;
    } cases[] = {
        { { .gamma = 0.5 }, "step: step_size must be given" },
        { { .step_size = 1, .gamma = -1 }, "step: gamma = -1 is not legal: > 0" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_step_lr(optim, &cases[i].opts));
        assert_failed(LATHE_EARG, cases[i].message);
        assert_true(lathe_optim_lr(optim, 0) == 0.1);
    }
    sgd_free(optim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pytorch_schedules),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(lengths_beside_the_run_are_told),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, count_schedules);
}
