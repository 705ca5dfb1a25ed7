#include "support/schedule.h"

#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

/* The rate at step t on an SGD of lr 1. */
static double rate(lathe_polynomial_opts opts, uint64_t t)
{
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_polynomial(optim, &opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    double lr = lathe_sched_rates_at(sched, 0, t).lr;
    lathe_sched_free(sched);
    sgd_free(optim);
    return lr;
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(near(rate((lathe_polynomial_opts){ .total_iters = 4 }, 0), 1));
    assert_true(near(rate((lathe_polynomial_opts){ .total_iters = 4 }, 1), 0.75));
    assert_true(near(rate((lathe_polynomial_opts){ .total_iters = 4, .power = 2 }, 2), 0.25));
    assert_true(near(rate((lathe_polynomial_opts){ .total_iters = 4 }, 4), 0));
    assert_true(near(rate((lathe_polynomial_opts){ .total_iters = 4 }, UINT64_MAX), 0));
}

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_polynomial_sched, NULL, "defaults", false);
    assert_schedule(&lathe_polynomial_sched, &(lathe_polynomial_opts){ .total_iters = 1000, .power = 2 },
        "square", false);
    assert_schedule(&lathe_polynomial_sched, &(lathe_polynomial_opts){ .total_iters = 333, .power = 0.5 },
        "root", false);
}

static void warnings(void **state)
{
    (void)state;
    assert_warning(&lathe_polynomial_sched, &(lathe_polynomial_opts){ .total_iters = 10 }, 10, NULL);
    assert_warning(&lathe_polynomial_sched, &(lathe_polynomial_opts){ .total_iters = 10 }, 11,
        "polynomial: the rate is 0 from step 10 of the run of 11");
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_polynomial_opts opts;
        const char *message;
    } cases[] = {
        { { .power = -1 }, "polynomial: power = -1 is not legal: > 0" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_polynomial(optim, &cases[i].opts));
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
