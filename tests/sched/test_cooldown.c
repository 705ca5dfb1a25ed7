#include "support/schedule.h"

#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

/* The rate at step t on an SGD of lr 1. */
static double rate(lathe_cooldown_opts opts, uint64_t t)
{
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_cooldown(optim, &opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    double lr = lathe_sched_rates_at(sched, 0, t).lr;
    lathe_sched_free(sched);
    sgd_free(optim);
    return lr;
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(near(rate((lathe_cooldown_opts){ .end_factor = 0.5, .total_iters = 4 }, 0), 1));
    assert_true(near(rate((lathe_cooldown_opts){ .end_factor = 0.5, .total_iters = 4 }, 1), 0.875));
    assert_true(near(rate((lathe_cooldown_opts){ .end_factor = 0.5, .total_iters = 4 }, 4), 0.5));
    assert_true(near(rate((lathe_cooldown_opts){ .end_factor = 0.5, .total_iters = 4 }, UINT64_MAX), 0.5));
    assert_true(near(rate((lathe_cooldown_opts){ .end_factor = LATHE_ZERO,
                              .total_iters = 4,
                              .shape = LATHE_COOLDOWN_COSINE },
                         2),
        0.5));
    assert_true(
        near(rate((lathe_cooldown_opts){ .total_iters = 4, .shape = LATHE_COOLDOWN_COSINE }, 4), 0.01));
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_cooldown_opts opts;
        const char *message;
    } cases[] = {
        { { .end_factor = 2 }, "cooldown: end_factor = 2 is not legal: [0, 1]" },
        { { .shape = (lathe_cooldown_shape)2 }, "cooldown: shape = 2 is not one of linear | cosine" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_cooldown(optim, &cases[i].opts));
        assert_failed(LATHE_EARG, cases[i].message);
        assert_true(lathe_optim_lr(optim, 0) == 0.1);
    }
    sgd_free(optim);
}

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_cooldown_sched, &(lathe_cooldown_opts){ .total_iters = 900, .end_factor = 0.02 },
        "linear", false);
    assert_schedule(&lathe_cooldown_sched,
        &(lathe_cooldown_opts){ .total_iters = 700, .end_factor = 0.05, .shape = LATHE_COOLDOWN_COSINE },
        "cosine", false);
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
