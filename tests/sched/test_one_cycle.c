#include "support/schedule.h"

#include <math.h>

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_one_cycle_sched,
        &(lathe_one_cycle_opts){ .max_lr = 0.5, .total_steps = 3000, .torch_compat = true }, "defaults",
        true);
    assert_schedule(&lathe_one_cycle_sched,
        &(lathe_one_cycle_opts){ .max_lr = 0.5,
            .total_steps = 1000,
            .anneal_strategy = LATHE_ANNEAL_LINEAR,
            .pct_start = 0.25,
            .div_factor = 10,
            .final_div_factor = 100,
            .base_momentum = 0.8,
            .max_momentum = 0.9 },
        "linear", true);
    assert_schedule(&lathe_one_cycle_sched,
        &(lathe_one_cycle_opts){ .max_lr = 0.5,
            .total_steps = 777,
            .three_phase = true,
            .torch_compat = true },
        "three", true);
    assert_schedule(&lathe_one_cycle_sched,
        &(lathe_one_cycle_opts){ .max_lr = 0.5,
            .total_steps = 2001,
            .three_phase = true,
            .torch_compat = true,
            .pct_start = 0.4,
            .anneal_strategy = LATHE_ANNEAL_LINEAR },
        "three_linear", true);
}

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

/* The rate at step t on an SGD of lr 1. */
static double rate(lathe_one_cycle_opts opts, uint64_t t)
{
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_one_cycle(optim, &opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    double lr = lathe_sched_rates_at(sched, 0, t).lr;
    lathe_sched_free(sched);
    sgd_free(optim);
    return lr;
}

/* Ten steps, 0.5 of them up: from 1 to 4 at step 4, down to 0.5 at step 9, and there it stays. */
static void by_hand(void **state)
{
    (void)state;
    assert_true(near(rate((lathe_one_cycle_opts){ .max_lr = 4,
                              .total_steps = 10,
                              .pct_start = 0.5,
                              .div_factor = 4,
                              .final_div_factor = 2,
                              .anneal_strategy = LATHE_ANNEAL_LINEAR },
                         0),
        1));
    assert_true(near(rate((lathe_one_cycle_opts){ .max_lr = 4,
                              .total_steps = 10,
                              .pct_start = 0.5,
                              .div_factor = 4,
                              .final_div_factor = 2,
                              .anneal_strategy = LATHE_ANNEAL_LINEAR },
                         1),
        1.75));
    assert_true(near(rate((lathe_one_cycle_opts){ .max_lr = 4,
                              .total_steps = 10,
                              .pct_start = 0.5,
                              .div_factor = 4,
                              .final_div_factor = 2,
                              .anneal_strategy = LATHE_ANNEAL_LINEAR },
                         4),
        4));
    assert_true(near(rate((lathe_one_cycle_opts){ .max_lr = 4,
                              .total_steps = 10,
                              .pct_start = 0.5,
                              .div_factor = 4,
                              .final_div_factor = 2,
                              .anneal_strategy = LATHE_ANNEAL_LINEAR },
                         6),
        2.6));
    assert_true(near(rate((lathe_one_cycle_opts){ .max_lr = 4,
                              .total_steps = 10,
                              .pct_start = 0.5,
                              .div_factor = 4,
                              .final_div_factor = 2,
                              .anneal_strategy = LATHE_ANNEAL_LINEAR },
                         9),
        0.5));
    assert_true(near(rate((lathe_one_cycle_opts){ .max_lr = 4,
                              .total_steps = 10,
                              .pct_start = 0.5,
                              .div_factor = 4,
                              .final_div_factor = 2,
                              .anneal_strategy = LATHE_ANNEAL_LINEAR },
                         10),
        0.5));
    assert_true(near(rate((lathe_one_cycle_opts){ .max_lr = 4,
                              .total_steps = 10,
                              .pct_start = 0.5,
                              .div_factor = 4,
                              .final_div_factor = 2,
                              .anneal_strategy = LATHE_ANNEAL_LINEAR },
                         UINT64_MAX),
        0.5));
    assert_true(isfinite(rate((lathe_one_cycle_opts){ .max_lr = 1, .total_steps = 1 }, 0)));
    assert_true(isfinite(rate((lathe_one_cycle_opts){ .max_lr = 1, .total_steps = 2, .pct_start = 0.5 }, 0)));
    assert_true(rate((lathe_one_cycle_opts){ .max_lr = 1, .total_steps = 9, .pct_start = 1 }, 8) == 1);
}

static void warnings(void **state)
{
    (void)state;
    assert_warning(&lathe_one_cycle_sched, &(lathe_one_cycle_opts){ .max_lr = 1, .total_steps = 10 }, 10,
        NULL);
    assert_warning(&lathe_one_cycle_sched, &(lathe_one_cycle_opts){ .max_lr = 1, .total_steps = 10 }, 12,
        "one_cycle: the run is 12 steps, total_steps = 10");
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_one_cycle_opts opts;
        const char *message;
    } cases[] = {
        { { .total_steps = 1 }, "one_cycle: max_lr must be given" },
        { { .max_lr = 1 }, "one_cycle: total_steps must be given" },
        { { .max_lr = 1, .total_steps = 9, .pct_start = 1.5 },
            "one_cycle: pct_start = 1.5 is not legal: [0, 1]" },
        { { .max_lr = 1, .total_steps = 9, .three_phase = true, .pct_start = 0.6 },
            "one_cycle: pct_start = 0.6 is above 0.5, so three phases do not fit" },
        { { .max_lr = 1, .total_steps = 9, .div_factor = -1 },
            "one_cycle: div_factor = -1 is not legal: > 0" },
        { { .max_lr = 1, .total_steps = 9, .base_momentum = 0.9, .max_momentum = 0.5 },
            "one_cycle: base_momentum = 0.9 is above max_momentum = 0.5" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_one_cycle(optim, &cases[i].opts));
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
