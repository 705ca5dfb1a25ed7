#include "support/schedule.h"

#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

/* The rate at step t on an SGD of lr 1. */
static double rate(lathe_wsd_opts opts, uint64_t t)
{
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_wsd(optim, &opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    double lr = lathe_sched_rates_at(sched, 0, t).lr;
    lathe_sched_free(sched);
    sgd_free(optim);
    return lr;
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 20, .warmup = 3, .decay = 4 }, 0), 0.25));
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 20, .warmup = 3, .decay = 4 }, 2), 0.75));
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 20, .warmup = 3, .decay = 4 }, 3), 1));
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 20, .warmup = 3, .decay = 4 }, 16), 1));
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 20, .warmup = 3, .decay = 4 }, 17), 0.5));
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 20, .warmup = 3, .decay = 4 }, 20), 0));
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 20, .warmup = 3, .decay = 4 }, UINT64_MAX), 0));
    assert_true(
        near(rate((lathe_wsd_opts){ .total_steps = 20, .warmup = 3, .decay = 4, .shape = LATHE_WSD_LINEAR },
                 17),
            0.75));
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 20,
                              .warmup = 3,
                              .decay = 4,
                              .shape = LATHE_WSD_LINEAR,
                              .end_factor = 0.5 },
                         18),
        0.75));
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 20 }, 0), 1));
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 20 }, 16), 1));
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 20 }, 17), 0.5));
    assert_true(near(rate((lathe_wsd_opts){ .total_steps = 1, .decay = 1 }, 0), 1));
}

static void warnings(void **state)
{
    (void)state;
    assert_warning(&lathe_wsd_sched, &(lathe_wsd_opts){ .total_steps = 20, .warmup = 3, .decay = 4 }, 20,
        NULL);
    assert_warning(&lathe_wsd_sched, &(lathe_wsd_opts){ .total_steps = 20, .warmup = 3, .decay = 4 }, 0,
        NULL);
    assert_warning(&lathe_wsd_sched, &(lathe_wsd_opts){ .total_steps = 20, .warmup = 3, .decay = 4 }, 25,
        "wsd: the run is 25 steps, total_steps = 20");
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_wsd_opts opts;
        const char *message;
    } cases[] = {
        { { .warmup = 1 }, "wsd: total_steps must be given" },
        { { .total_steps = 10, .warmup = 7, .decay = 4 },
            "wsd: warmup = 7 and decay = 4 are together above total_steps = 10" },
        { { .total_steps = 10, .end_factor = 2 }, "wsd: end_factor = 2 is not legal: [0, 1]" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_wsd(optim, &cases[i].opts));
        assert_failed(LATHE_EARG, cases[i].message);
        assert_true(lathe_optim_lr(optim, 0) == 0.1);
    }
    sgd_free(optim);
}

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_wsd_sched, &(lathe_wsd_opts){ .total_steps = 1000, .warmup = 50, .decay = 200 },
        "sqrt", false);
    assert_schedule(&lathe_wsd_sched,
        &(lathe_wsd_opts){ .total_steps = 2500,
            .warmup = 100,
            .decay = 900,
            .end_factor = 0.1,
            .shape = LATHE_WSD_LINEAR },
        "linear", false);
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
