#include "support/schedule.h"

#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

/* The rate at step t on an SGD of lr 1. */
static double rate(lathe_exponential_opts opts, uint64_t t)
{
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_exponential(optim, &opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    double lr = lathe_sched_rates_at(sched, 0, t).lr;
    lathe_sched_free(sched);
    sgd_free(optim);
    return lr;
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(near(rate((lathe_exponential_opts){ .gamma = 0.5 }, 0), 1));
    assert_true(near(rate((lathe_exponential_opts){ .gamma = 0.5 }, 3), 0.125));
    assert_true(near(rate((lathe_exponential_opts){ .gamma = 0.5 }, UINT64_MAX), 0));
    assert_true(isfinite(rate((lathe_exponential_opts){ .gamma = 2 }, 1 << 20)));
}

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_exponential_sched, &(lathe_exponential_opts){ .gamma = 0.999 }, "plain", false);
    assert_schedule(&lathe_exponential_sched, &(lathe_exponential_opts){ .gamma = 0.95 }, "fast", false);
}

static void warnings(void **state)
{
    (void)state;
    assert_warning(&lathe_exponential_sched, &(lathe_exponential_opts){ .gamma = 0.9 }, 10, NULL);
    assert_warning(&lathe_exponential_sched, &(lathe_exponential_opts){ .gamma = 1.5 }, 0,
        "exponential: gamma = 1.5 is above 1: the learning rate grows");
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_exponential_opts opts;
        const char *message;
    } cases[] = {
        { { .gamma = 0 }, "exponential: gamma must be given" },
        { { .gamma = -0.5 }, "exponential: gamma = -0.5 is not legal: > 0" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_exponential(optim, &cases[i].opts));
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
