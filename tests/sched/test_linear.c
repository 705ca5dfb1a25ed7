#include "support/schedule.h"

#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

/* The rate at step t on an SGD of lr 1. */
static double rate(lathe_linear_opts opts, uint64_t t)
{
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_linear(optim, &opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    double lr = lathe_sched_rates_at(sched, 0, t).lr;
    lathe_sched_free(sched);
    sgd_free(optim);
    return lr;
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(near(rate((lathe_linear_opts){ .start_factor = 0.5, .total_iters = 4 }, 0), 0.5));
    assert_true(near(rate((lathe_linear_opts){ .start_factor = 0.5, .total_iters = 4 }, 2), 0.75));
    assert_true(near(rate((lathe_linear_opts){ .start_factor = 0.5, .total_iters = 4 }, 4), 1));
    assert_true(near(rate((lathe_linear_opts){ .start_factor = 0.5, .total_iters = 4 }, UINT64_MAX), 1));
    assert_true(near(rate((lathe_linear_opts){ .start_factor = LATHE_ZERO }, 0), 0));
    assert_true(near(rate((lathe_linear_opts){ .end_factor = LATHE_ZERO, .start_factor = 1 }, 5), 0));
}

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_linear_sched, NULL, "defaults", false);
    assert_schedule(&lathe_linear_sched,
        &(lathe_linear_opts){ .start_factor = 1, .end_factor = 0.05, .total_iters = 1000 }, "down", false);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_linear_opts opts;
        const char *message;
    } cases[] = {
        { { .start_factor = -1 }, "linear: start_factor = -1 is not legal: >= 0" },
        { { .end_factor = -1 }, "linear: end_factor = -1 is not legal: >= 0" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_linear(optim, &cases[i].opts));
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
