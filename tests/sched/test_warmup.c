#include "support/schedule.h"

#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

/* The rate at step t on an SGD of lr 1. */
static double rate(lathe_warmup_opts opts, uint64_t t)
{
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_warmup(optim, &opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    double lr = lathe_sched_rates_at(sched, 0, t).lr;
    lathe_sched_free(sched);
    sgd_free(optim);
    return lr;
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(near(rate((lathe_warmup_opts){ .start_factor = 0.5, .total_iters = 4 }, 0), 0.5));
    assert_true(near(rate((lathe_warmup_opts){ .start_factor = 0.5, .total_iters = 4 }, 1), 0.625));
    assert_true(near(rate((lathe_warmup_opts){ .start_factor = 0.5, .total_iters = 4 }, 4), 1));
    assert_true(near(
        rate((lathe_warmup_opts){ .start_factor = 0.5, .total_iters = 4, .shape = LATHE_WARMUP_CONSTANT }, 3),
        0.5));
    assert_true(near(
        rate((lathe_warmup_opts){ .start_factor = 0.5, .total_iters = 4, .shape = LATHE_WARMUP_CONSTANT }, 4),
        1));
}

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_warmup_sched, &(lathe_warmup_opts){ .total_iters = 200 }, "linear", false);
    assert_schedule(&lathe_warmup_sched,
        &(lathe_warmup_opts){ .shape = LATHE_WARMUP_CONSTANT, .start_factor = 0.25, .total_iters = 40 },
        "constant", false);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_warmup_opts opts;
        const char *message;
    } cases[] = {
        { { .start_factor = 2 }, "warmup: start_factor = 2 is not legal: [0, 1]" },
        { { .shape = (lathe_warmup_shape)2 }, "warmup: shape = 2 is not one of linear | constant" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_warmup(optim, &cases[i].opts));
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
