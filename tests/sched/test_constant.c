#include "support/schedule.h"

static void the_rate_stays(void **state)
{
    (void)state;
    lathe_optim *optim = sgd_with(0.5, 0.9);
    for (int given = 0; given < 2; given++) {
        lathe_sched *sched = lathe_sched_constant(optim, &(lathe_constant_opts){ .lr = given ? 0.25 : 0 });
        for (int step = 0; step < 10; step++, lathe_sched_step(sched))
            assert_true(
                lathe_optim_lr(optim, 0) == (given ? 0.25 : 0.5) && lathe_optim_momentum(optim, 0) == 0.9);
        assert_true(lathe_sched_rates_at(sched, 0, UINT64_MAX).lr == (given ? 0.25 : 0.5));
        lathe_sched_free(sched);
    }
    assert_null(lathe_sched_constant(optim, &(lathe_constant_opts){ .lr = -1 }));
    assert_failed(LATHE_EARG, "constant: lr = -1 is not legal: >= 0");
    sgd_free(optim);
}

static void pytorch_schedules(void **state)
{
    (void)state;
    assert_schedule(&lathe_constant_sched, NULL, "plain", false);
    assert_schedule(&lathe_constant_sched, &(lathe_constant_opts){ .lr = 0.25 }, "own", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_rate_stays),
        cmocka_unit_test(pytorch_schedules) };
    return cmocka_run_group_tests(tests, NULL, count_schedules);
}
