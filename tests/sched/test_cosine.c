#include "support/schedule.h"

#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

/* The rate at step t on an SGD of lr 1. */
static double rate(lathe_cosine_opts opts, uint64_t t)
{
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_cosine(optim, &opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    double lr = lathe_sched_rates_at(sched, 0, t).lr;
    lathe_sched_free(sched);
    sgd_free(optim);
    return lr;
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(near(rate((lathe_cosine_opts){ .t_max = 4 }, 0), 1));
    assert_true(near(rate((lathe_cosine_opts){ .t_max = 4 }, 2), 0.5));
    assert_true(near(rate((lathe_cosine_opts){ .t_max = 4 }, 4), 0));
    assert_true(near(rate((lathe_cosine_opts){ .t_max = 4 }, 6), 0.5));
    assert_true(near(rate((lathe_cosine_opts){ .t_max = 4 }, 8), 1));
    assert_true(near(rate((lathe_cosine_opts){ .t_max = 4 }, 8 * ((uint64_t)1 << 50) + 4), 0));
    assert_true(near(rate((lathe_cosine_opts){ .t_max = 3, .eta_min = 0.2 }, 3), 0.2));
    assert_true(near(rate((lathe_cosine_opts){ .t_max = 3, .eta_min = 0.2 }, 1), 0.8));
}

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_cosine_sched, &(lathe_cosine_opts){ .t_max = 1000, .eta_min = 0.001 }, "plain",
        false);
    assert_schedule(&lathe_cosine_sched, &(lathe_cosine_opts){ .t_max = 77, .eta_min = 0.01 }, "odd", false);
}

static void warnings(void **state)
{
    (void)state;
    assert_warning(&lathe_cosine_sched, &(lathe_cosine_opts){ .t_max = 10 }, 10, NULL);
    assert_warning(&lathe_cosine_sched, &(lathe_cosine_opts){ .t_max = 10 }, 11, NULL);
    assert_warning(&lathe_cosine_sched, &(lathe_cosine_opts){ .t_max = 10 }, 12,
        "cosine: the run of 12 steps continues after t_max = 10");
    assert_warning(&lathe_cosine_sched, &(lathe_cosine_opts){ .t_max = 10 }, 9,
        "cosine: the run of 9 steps ends before t_max = 10");
    assert_warning(&lathe_cosine_sched, &(lathe_cosine_opts){ .t_max = 10 }, 0, NULL);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_cosine_opts opts;
        const char *message;
    } cases[] = {
        { { .eta_min = 0 }, "cosine: t_max must be given" },
        { { .t_max = 1, .eta_min = 0.5 }, "cosine: eta_min = 0.5 is above the optimizer's lr = 0.1" },
        { { .t_max = 1, .eta_min = -1 }, "cosine: eta_min = -1 is not legal: >= 0" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_cosine(optim, &cases[i].opts));
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
