#include "support/trajectory.h"

#include <math.h>

/*
 * alpha 0.5, eps 1, g = 2: s = 2, then 3; centered: a = 1, then 1.5 and s - a^2 = 1, then 0.75.
 * Momentum 0.5 with alpha 0, eps 1 and g = 1: s = 1, v = 0.5, 0.75.
 */
static void steps_by_hand(void **state)
{
    (void)state;
    assert_steps(&lathe_rmsprop_optim, &(lathe_rmsprop_opts){ .lr = 0.5, .alpha = 0.5, .eps = 1 },
        (double[]){ 2, 2 }, (double[]){ 1 - 1 / (sqrt(2) + 1), 1 - 1 / (sqrt(2) + 1) - 1 / (sqrt(3) + 1) },
        2);
    assert_steps(&lathe_rmsprop_optim,
        &(lathe_rmsprop_opts){ .lr = 0.5, .alpha = 0.5, .eps = 1, .centered = true }, (double[]){ 2, 2 },
        (double[]){ 0.5, 0.5 - 1 / (sqrt(0.75) + 1) }, 2);
    assert_steps(&lathe_rmsprop_optim,
        &(lathe_rmsprop_opts){ .lr = 0.5, .alpha = LATHE_ZERO, .eps = 1, .momentum = 0.5 },
        (double[]){ 1, 1 }, (double[]){ 0.75, 0.375 }, 2);
}

/* Rounding must not make the variance of a gradient that stays the same negative. */
static void a_constant_gradient_gives_no_nan(void **state)
{
    (void)state;
    lathe_params *params = params_of(100);
    lathe_optim *optim = lathe_optim_rmsprop(params, &(lathe_rmsprop_opts){ .alpha = 0.5, .centered = true });
    fill_normal(params->grad, 100, 7);
    for (int step = 0; step < 200; step++) lathe_optim_step(optim);
    for (int i = 0; i < 100; i++) assert_true(isfinite(params->data[i]));
    lathe_optim_free(optim);
    params_free(params);
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    assert_trajectories_in_double(&lathe_rmsprop_optim, &(lathe_rmsprop_opts){ .lr = 0.003, .eps = 0.1 },
        "plain");
    assert_trajectories_in_double(&lathe_rmsprop_optim,
        &(lathe_rmsprop_opts){ .lr = 0.002, .eps = 0.1, .centered = true }, "centered");
    assert_trajectories(&lathe_rmsprop_optim,
        &(lathe_rmsprop_opts){ .lr = 0.005, .alpha = 0.9, .momentum = 0.9, .eps = 0.1 }, "momentum");
    assert_trajectories(&lathe_rmsprop_optim,
        &(lathe_rmsprop_opts){ .lr = 0.002,
            .momentum = 0.5,
            .centered = true,
            .weight_decay = 0.1,
            .eps = 0.1 },
        "all");
}

static void refusals(void **state)
{
    (void)state;
    assert_optim_refused(&lathe_rmsprop_optim, &(lathe_rmsprop_opts){ .lr = -1 },
        "rmsprop: lr = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_rmsprop_optim, &(lathe_rmsprop_opts){ .weight_decay = -1 },
        "rmsprop: weight_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_rmsprop_optim, &(lathe_rmsprop_opts){ .eps = -1e-8 },
        "rmsprop: eps = -1e-08 is not legal: >= 0");
    assert_optim_refused(&lathe_rmsprop_optim, &(lathe_rmsprop_opts){ .alpha = 1.5 },
        "rmsprop: alpha = 1.5 is not legal: [0, 1]");
    assert_optim_refused(&lathe_rmsprop_optim, &(lathe_rmsprop_opts){ .momentum = 1 },
        "rmsprop: momentum = 1 is not legal: [0, 1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_by_hand),
        cmocka_unit_test(a_constant_gradient_gives_no_nan),
        cmocka_unit_test(pytorch_trajectories),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, count_trajectories);
}
