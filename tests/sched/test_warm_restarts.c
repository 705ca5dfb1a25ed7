#include "support/schedule.h"

#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

/* The rate at step t on an SGD of lr 1. */
static double rate(lathe_warm_restarts_opts opts, uint64_t t)
{
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_warm_restarts(optim, &opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    double lr = lathe_sched_rates_at(sched, 0, t).lr;
    lathe_sched_free(sched);
    sgd_free(optim);
    return lr;
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(near(rate((lathe_warm_restarts_opts){ .t_0 = 4 }, 0), 1));
    assert_true(near(rate((lathe_warm_restarts_opts){ .t_0 = 4 }, 2), 0.5));
    assert_true(near(rate((lathe_warm_restarts_opts){ .t_0 = 4 }, 4), 1));
    assert_true(near(rate((lathe_warm_restarts_opts){ .t_0 = 2, .t_mult = 2 }, 2), 1));
    assert_true(near(rate((lathe_warm_restarts_opts){ .t_0 = 2, .t_mult = 2 }, 4), 0.5));
    assert_true(near(rate((lathe_warm_restarts_opts){ .t_0 = 2, .t_mult = 2 }, 6), 1));
    assert_true(near(rate((lathe_warm_restarts_opts){ .t_0 = 2, .t_mult = 2 }, 10), 0.5));
    assert_true(near(rate((lathe_warm_restarts_opts){ .t_0 = 4 }, UINT64_MAX - 1), 0.5));
    assert_true(rate((lathe_warm_restarts_opts){ .t_0 = 2, .t_mult = 1000 }, UINT64_MAX) >= 0);
}

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_warm_restarts_sched, &(lathe_warm_restarts_opts){ .t_0 = 50, .eta_min = 0.001 },
        "plain", false);
    assert_schedule(&lathe_warm_restarts_sched,
        &(lathe_warm_restarts_opts){ .t_0 = 10, .t_mult = 2, .eta_min = 0.001 }, "doubling", false);
    assert_schedule(&lathe_warm_restarts_sched,
        &(lathe_warm_restarts_opts){ .t_0 = 7, .t_mult = 3, .eta_min = 0.01 }, "tripling", false);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_warm_restarts_opts opts;
        const char *message;
    } cases[] = {
        { { .t_mult = 2 }, "warm_restarts: t_0 must be given" },
        { { .t_0 = 1, .t_mult = -1 }, "warm_restarts: t_mult = -1 is not legal: [1, 1000]" },
        { { .t_0 = 1, .eta_min = 0.5 }, "warm_restarts: eta_min = 0.5 is above the optimizer's lr = 0.1" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_warm_restarts(optim, &cases[i].opts));
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
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, count_schedules);
}
