#include "support/trajectory.h"

/*
 * lambd 1, alpha 1, lr 0.5: eta = 0.5, then 0.5 / 1.5 = 1/3; g = 0: p = 0.5, then 1/3. g = 1 and hardly any
 * lambd: plain descent.
 */
static void steps_by_hand(void **state)
{
    (void)state;
    assert_steps(&lathe_asgd_optim, &(lathe_asgd_opts){ .lr = 0.5, .lambd = 1, .alpha = 1 },
        (double[]){ 0, 0 }, (double[]){ 0.5, 1. / 3 }, 2);
    assert_steps(&lathe_asgd_optim, &(lathe_asgd_opts){ .lr = 0.5, .lambd = LATHE_ZERO }, (double[]){ 1, 1 },
        (double[]){ 0.5, 0 }, 2);
    assert_steps(&lathe_asgd_optim, &(lathe_asgd_opts){ .lr = 0.5, .lambd = LATHE_ZERO, .weight_decay = 1 },
        (double[]){ 1 }, (double[]){ 0 }, 1);
}

/*
 * Descent from 0 by 1 a step with t0 = 1: ax is p = -1, -2, -3 while t - 1 - t0 <= 1, then the mean of what
 * followed: -3.5, -4.
 */
static void the_average_is_there_to_use(void **state)
{
    (void)state;
    static const double want[] = { -1, -2, -3, -3.5, -4 };
    lathe_params *params = params_of(1);
    lathe_optim *optim =
        lathe_optim_asgd(params, &(lathe_asgd_opts){ .lr = 1, .lambd = LATHE_ZERO, .t0 = 1 });
    params->grad[0] = 1;
    for (int step = 0; step < 5; step++) {
        lathe_optim_step(optim);
        assert_close("ax", lathe_optim_asgd_average(optim), &want[step], 1, 1e-6, 0);
    }
    lathe_params_swap(params, lathe_optim_asgd_average(optim));
    assert_true((double)params->data[0] == -4 && (double)lathe_optim_asgd_average(optim)[0] == -5);
    lathe_params_swap(params, lathe_optim_asgd_average(optim));
    lathe_optim_step(optim);
    assert_true((double)params->data[0] == -6);
    lathe_optim_free(optim);
    optim = lathe_optim_sgd(params, NULL);
    assert_null(lathe_optim_asgd_average(optim));
    assert_failed(LATHE_EARG, "lathe_optim_asgd_average: the optimizer is sgd, not asgd");
    lathe_optim_free(optim);
    assert_null(lathe_optim_asgd_average(NULL));
    assert_failed(LATHE_EARG, "lathe_optim_asgd_average: optim is NULL");
    params_free(params);
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    assert_trajectories(&lathe_asgd_optim, &(lathe_asgd_opts){ .lr = 0.001 }, "plain");
    assert_trajectories(&lathe_asgd_optim,
        &(lathe_asgd_opts){ .lr = 0.001, .lambd = 0.01, .alpha = 0.6, .t0 = 100, .weight_decay = 0.01 },
        "averaged");
    assert_last_slots(&lathe_asgd_optim, &(lathe_asgd_opts){ .lr = 0.001 }, "plain", 0, "ax");
    assert_last_slots(&lathe_asgd_optim,
        &(lathe_asgd_opts){ .lr = 0.001, .lambd = 0.01, .alpha = 0.6, .t0 = 100, .weight_decay = 0.01 },
        "averaged", 0, "ax");
}

static void refusals(void **state)
{
    (void)state;
    assert_optim_refused(&lathe_asgd_optim, &(lathe_asgd_opts){ .lr = -1 },
        "asgd: lr = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_asgd_optim, &(lathe_asgd_opts){ .weight_decay = -1 },
        "asgd: weight_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_asgd_optim, &(lathe_asgd_opts){ .lambd = -1 },
        "asgd: lambd = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_asgd_optim, &(lathe_asgd_opts){ .alpha = -1 },
        "asgd: alpha = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_asgd_optim, &(lathe_asgd_opts){ .t0 = -1 },
        "asgd: t0 = -1 is not legal: >= 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_by_hand),
        cmocka_unit_test(the_average_is_there_to_use),
        cmocka_unit_test(pytorch_trajectories),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, count_trajectories);
}
