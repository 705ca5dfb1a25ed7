#include "support/schedule.h"

#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

/* The rate at step t on an SGD of lr 1. */
static double rate(lathe_multi_step_opts opts, uint64_t t)
{
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_multi_step(optim, &opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    double lr = lathe_sched_rates_at(sched, 0, t).lr;
    lathe_sched_free(sched);
    sgd_free(optim);
    return lr;
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(near(rate((lathe_multi_step_opts){ .milestones = { 5, 2, 5 }, .gamma = 0.5 }, 1), 1));
    assert_true(near(rate((lathe_multi_step_opts){ .milestones = { 5, 2, 5 }, .gamma = 0.5 }, 2), 0.5));
    assert_true(near(rate((lathe_multi_step_opts){ .milestones = { 5, 2, 5 }, .gamma = 0.5 }, 4), 0.5));
    assert_true(near(rate((lathe_multi_step_opts){ .milestones = { 5, 2, 5 }, .gamma = 0.5 }, 5), 0.125));
    assert_true(near(rate((lathe_multi_step_opts){ .milestones = { 5, 2, 5 } }, UINT64_MAX), 1e-3));
}

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_multi_step_sched,
        &(lathe_multi_step_opts){ .milestones = { 30, 80, 500 }, .gamma = 0.3 }, "plain", false);
    assert_schedule(&lathe_multi_step_sched, &(lathe_multi_step_opts){ .milestones = { 700, 80, 80, 2500 } },
        "unsorted", false);
}

static void warnings(void **state)
{
    (void)state;
    assert_warning(&lathe_multi_step_sched, &(lathe_multi_step_opts){ .milestones = { 5, 9 } }, 10, NULL);
    assert_warning(&lathe_multi_step_sched, &(lathe_multi_step_opts){ .milestones = { 5, 10 } }, 10,
        "multi_step: milestone 10 is beyond the run of 10 steps");
    assert_warning(&lathe_multi_step_sched, &(lathe_multi_step_opts){ .milestones = { 5, 10 } }, 0, NULL);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_multi_step_opts opts;
        const char *message;
    } cases[] = {
        { { .gamma = 0.5 }, "multi_step: milestones must be given" },
        { { .milestones = { 1, UINT64_MAX } }, "multi_step: milestones[1] = " },
        { { .milestones = { 1 }, .gamma = LATHE_ZERO }, "multi_step: gamma = 0 is not legal: > 0" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_multi_step(optim, &cases[i].opts));
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
        cmocka_unit_test(warnings),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, count_schedules);
}
